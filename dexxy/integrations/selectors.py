"""How far each repository has been read, and what stands in the way."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, OuterRef, Prefetch, Subquery

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.integrations.models import (
    GitHubRepository,
    RunState,
    StreamName,
    SyncProblem,
    SyncRun,
    SyncStatus,
    SyncStream,
)
from dexxy.integrations.receipts import Receipt, receipt_of
from dexxy.integrations.services.github.access.repository_state import Repositories
from dexxy.integrations.services.github.connecting.repositories import RepositoryNotFoundError
from dexxy.integrations.services.github.reading.pace import Pace
from dexxy.members.models import Identity

# A page names so many problems of a repository and counts the rest.
PROBLEMS_SHOWN = 5
_STREAM_ORDER = {name: index for index, name in enumerate(StreamName.values)}


@dataclass(frozen=True)
class Progress:
    """How much of what is expected has been read; None where nobody knows yet."""

    done: int
    expected: int | None
    percent: int | None
    remaining: timedelta | None = None


@dataclass(frozen=True)
class RepositoryOverview:
    """One repository with everything a person wants to know about its sync."""

    repository: GitHubRepository
    streams: list[tuple[SyncStream, Progress]]
    progress: Progress
    run: SyncRun | None
    receipt: Receipt | None
    problems: list[SyncProblem]
    problem_count: int

    @property
    def paused_until(self) -> datetime | None:
        """Until when GitHub's rate limit keeps it from being read, if it does."""
        credential = self.repository.installation.credential
        if credential is None or not credential.is_paused:
            return None
        is_stopped = self.repository.sync_status in {SyncStatus.PAUSED, SyncStatus.DISABLED}
        return None if is_stopped else credential.paused_until

    @property
    def resting(self) -> list[SyncStream]:
        """The lists of threads that GitHub does not show, although it shows the repository."""
        return [stream for stream in self.repository.streams.all() if _rests(stream)]

    @property
    def is_moving(self) -> bool:
        """Whether a page that shows this should look again soon."""
        return self.paused_until is None and self.repository.sync_status in {
            SyncStatus.PENDING,
            SyncStatus.SYNCING,
        }


def _rests(stream: SyncStream) -> bool:
    return bool(stream.refusal) and stream.name in StreamName.thread_lists()


def repository_overview(viewer: Viewer, repository: GitHubRepository) -> RepositoryOverview:
    """Return one repository as `repository_overviews` does, also when it is not followed any more.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see it.
    """
    require_membership(viewer, repository.source.workspace)
    workspace = repository.source.workspace
    return _overviews(workspace, GitHubRepository.objects.filter(pk=repository.pk))[0]


def repository_overviews(viewer: Viewer, workspace: Workspace) -> list[RepositoryOverview]:
    """Return the connected repositories of WORKSPACE by name.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    return _overviews(workspace, GitHubRepository.objects.followed().of_workspace(workspace))


def repository_followed_in(
    viewer: Viewer, workspace: Workspace, repository_id: int
) -> GitHubRepository:
    """Return a repository that WORKSPACE follows.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        RepositoryNotFoundError: WORKSPACE follows no such repository, though another one may.
    """
    require_membership(viewer, workspace)
    followed = GitHubRepository.objects.followed().of_workspace(workspace)
    repository = followed.filter(pk=repository_id).first()
    if repository is None:
        raise RepositoryNotFoundError("There is no such repository.")
    return repository


def _overviews(workspace: Workspace, wanted: Repositories) -> list[RepositoryOverview]:
    repositories: list[Any] = list(
        wanted.select_related("source", "installation__credential")
        .prefetch_related("streams", _newest_problems())
        .annotate(problem_count=Count("problems"), **_newest_runs())
        .order_by("full_name", "pk")
    )
    runs = SyncRun.objects.in_bulk(
        {pk for one in repositories for pk in (one.newest_run, one.newest_receipt) if pk}
    )
    is_reading = any(run.state == RunState.RUNNING for run in runs.values())
    people = people_unread(workspace) if is_reading else 0
    return [_overview(one, runs, people) for one in repositories]


def _newest_runs() -> dict[str, Subquery]:
    """Find each repository's newest run, and the newest that has a receipt.

    The receipt outlives its run: while the next one reads, the last counts still stand.
    """
    runs = SyncRun.objects.filter(repository=OuterRef("pk")).order_by("-started_at", "-pk")
    with_receipt = runs.filter(state=RunState.DONE).exclude(receipt={})
    return {
        "newest_run": Subquery(runs.values("pk")[:1]),
        "newest_receipt": Subquery(with_receipt.values("pk")[:1]),
    }


def people_unread(workspace: Workspace) -> int:
    """Count the accounts whose profiles nobody has read yet."""
    unread = Identity.objects.filter(workspace=workspace, profile_read_at=None)
    return unread.exclude(node_id="").count()


def progress_of(
    streams: Iterable[SyncStream], run: SyncRun | None = None, people: int = 0
) -> Progress:
    """Sum up STREAMS; the pace of RUN says how long the rest will take.

    Args:
        people: how many profiles are still to be read.
    """
    streams = list(streams)
    done = sum(stream.read for stream in streams)
    if streams and all(stream.is_done for stream in streams):
        return Progress(done, done, 100)
    # What a stream has left, or None where GitHub has not said how long it is.
    left = [_left(stream) for stream in streams]
    known = [number for number in left if number is not None]
    if not streams or len(known) < len(left):
        return Progress(done, None, None)
    expected = done + sum(known)
    # 100 is for what is done: the last thread of a million is not there yet.
    percent = min(99, done * 100 // expected) if expected else 0
    return Progress(done, expected, percent, _remaining(done, sum(known), run, people))


def check_interval() -> timedelta:
    """Return how often a repository is read that nothing else wakes."""
    return timedelta(seconds=settings.DEXXY_SYNC_INTERVAL)


def _newest_problems() -> "Prefetch[str]":
    problems = SyncProblem.objects.order_by("-updated_at", "-pk")[:PROBLEMS_SHOWN]
    return Prefetch("problems", problems, to_attr="newest_problems")


def _overview(repository: Any, runs: dict[int, SyncRun], people: int) -> RepositoryOverview:
    lists = [one for one in repository.streams.all() if one.name in StreamName.thread_lists()]
    streams = sorted(lists, key=lambda one: _STREAM_ORDER[one.name])
    run, with_receipt = runs.get(repository.newest_run), runs.get(repository.newest_receipt)
    return RepositoryOverview(
        repository=repository,
        streams=[(stream, progress_of([stream])) for stream in streams],
        progress=progress_of(streams, run, people),
        run=run,
        receipt=receipt_of(with_receipt.receipt) if with_receipt else None,
        problems=repository.newest_problems,
        problem_count=repository.problem_count,
    )


def _left(stream: SyncStream) -> int | None:
    if stream.is_done:
        return 0
    return None if stream.expected is None else max(0, stream.expected - stream.read)


def _remaining(done: int, left: int, run: SyncRun | None, people: int) -> timedelta | None:
    if run is None or run.state != RunState.RUNNING:
        return None
    # The threads that are left bring as many new people as those that were read.
    people += people * left // done if done else 0
    return Pace.of(run.pace).remaining(threads=left, people=people)


def lists_of_threads(repository: GitHubRepository) -> list[SyncStream]:
    """Return the lists of whole threads of a repository, and its sweeps, as they were begun."""
    return list(repository.streams.exclude(name__endswith="_edits").order_by("pk"))
