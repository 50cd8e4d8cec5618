"""How far each repository has been read, and what stands in the way."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Max, OuterRef, Prefetch, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.pages import PAGE, Page, page_by_key
from dexxy.integrations.models import (
    GitHubRepository,
    RequestKind,
    RunState,
    StreamName,
    SyncProblem,
    SyncRun,
    SyncStatus,
    SyncStream,
)
from dexxy.integrations.progress import Progress, progress_of
from dexxy.integrations.receipts import Receipt, receipt_of
from dexxy.integrations.services.github.access.repository_state import Repositories
from dexxy.integrations.services.github.connecting.repositories import RepositoryNotFoundError
from dexxy.integrations.services.github.reading.request_sizes import START, RequestSizes
from dexxy.integrations.services.github.reading.scans import SWEEPS
from dexxy.integrations.services.github.scheduling.intervals import RHYTHMS, at_most_as_set
from dexxy.integrations.sync_phase import SyncPhase, phase_of
from dexxy.integrations.sync_status import STOPPED
from dexxy.members.models import Identity
from dexxy.messages.models import MessageKind, Thread

# A page names so many problems of a repository and counts the rest.
PROBLEMS_SHOWN = 5
# Among the counts of a run with news: how many openings there are, one a thread.
_STORED = f"stored_{MessageKind.OPENED}"
_STREAM_ORDER = {name: index for index, name in enumerate(StreamName.values)}


@dataclass(frozen=True)
class RepositoryOverview:
    """One repository with everything a person wants to know about its sync.

    Args:
        run: the newest, whatever became of it.
        messages: how many are here, as the last run with news counted; None before the first.
        people_left: how many profiles of the workspace are still to be read; 0 while nothing is.
    """

    repository: GitHubRepository
    streams: list[tuple[SyncStream, Progress]]
    progress: Progress
    run: SyncRun | None
    receipt: Receipt | None
    problems: list[SyncProblem]
    problem_count: int
    messages: int | None
    people_left: int

    @property
    def phase(self) -> SyncPhase | None:
        """What is read just now; None where nothing is."""
        if self.paused_until is not None:
            return None
        return phase_of(self.run, self.repository.streams.all(), self.people_left)

    @property
    def is_starting(self) -> bool:
        """Whether a person asked for a sync that has not begun yet."""
        return self.repository.sync_requested and self.paused_until is None

    @property
    def paused_until(self) -> datetime | None:
        """Until when GitHub's rate limit keeps it from being read, if it does."""
        credential = self.repository.installation.credential
        if credential is None or not credential.is_paused:
            return None
        is_stopped = self.repository.sync_status in STOPPED
        return None if is_stopped else credential.paused_until

    @property
    def pause_reason(self) -> str:
        """Why it is paused until then, in GitHub's sense; '' where it is not."""
        credential = self.repository.installation.credential
        return credential.pause_reason if credential and self.paused_until else ""

    @property
    def resting(self) -> list[SyncStream]:
        """The lists that GitHub does not show, although it shows the repository."""
        return [stream for stream in self.repository.streams.all() if _rests(stream)]

    @property
    def all_streams(self) -> list[SyncStream]:
        """Every list that is read of it, in a fixed order."""
        return sorted(self.repository.streams.all(), key=lambda one: _STREAM_ORDER[one.name])

    @property
    def is_sweeping(self) -> bool:
        """Whether all threads are being compared with GitHub."""
        return not all(stream.is_done for stream in self._sweeps)

    @property
    def sweep_remaining(self) -> timedelta | None:
        """How long that still takes, by how long it has; None where nobody knows."""
        began, progress = self.repository.sweep_began_at, progress_of(self._sweeps)
        if began is None or progress.expected is None or not progress.done:
            return None
        left = progress.expected - progress.done
        return (timezone.now() - began) * left / progress.done

    @property
    def _sweeps(self) -> list[SyncStream]:
        return [one for one in self.repository.streams.all() if one.name in SWEEPS]

    @property
    def is_moving(self) -> bool:
        """Whether a page that shows this should look again soon."""
        is_read = self.repository.sync_status in {SyncStatus.PENDING, SyncStatus.SYNCING}
        return self.is_starting or (is_read and self.paused_until is None)


def _rests(stream: SyncStream) -> bool:
    return bool(stream.refusal) and stream.name in StreamName.shown()


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
    repository = followed.select_related("source__workspace").filter(pk=repository_id).first()
    if repository is None:
        raise RepositoryNotFoundError(_("There is no such repository."))
    return repository


def repository_problems(
    viewer: Viewer, repository: GitHubRepository, after: str | None = None
) -> Page[SyncProblem]:
    """Return the threads of a repository that fail by themselves, the newest first.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see it.
        InvalidCursorError: AFTER is not served.
    """
    require_membership(viewer, repository.source.workspace)
    return page_by_key(SyncProblem.objects.filter(repository=repository), PAGE, after)


def _overviews(workspace: Workspace, wanted: Repositories) -> list[RepositoryOverview]:
    repositories: list[Any] = list(
        wanted.select_related("source", "installation__credential")
        .prefetch_related("streams", _newest_problems())
        .annotate(problem_count=Count("problems"), **_newest_runs())
        .order_by("full_name", "pk")
    )
    runs = SyncRun.objects.in_bulk(
        {pk for one in repositories for name in _newest_runs() if (pk := getattr(one, name))}
    )
    is_reading = any(run.state == RunState.RUNNING for run in runs.values())
    people = people_unread(workspace) if is_reading else 0
    return [_overview(one, runs, people) for one in repositories]


def _newest_runs() -> dict[str, Subquery]:
    """Find each repository's newest run, and the newest with a receipt and with counts of messages.

    They outlive their run: while the next one reads, the last counts still stand.
    """
    runs = SyncRun.objects.filter(repository=OuterRef("pk")).order_by("-started_at", "-pk")
    with_receipt = runs.filter(state=RunState.DONE).exclude(receipt={})
    return {
        "newest_run": Subquery(runs.values("pk")[:1]),
        "newest_receipt": Subquery(with_receipt.values("pk")[:1]),
        "newest_count": Subquery(runs.filter(counts__has_key=_STORED).values("pk")[:1]),
    }


def people_unread(workspace: Workspace) -> int:
    """Count the accounts whose profiles nobody has read yet."""
    unread = Identity.objects.filter(workspace=workspace, profile_read_at=None)
    return unread.exclude(node_id="").count()


def check_intervals() -> tuple[timedelta, timedelta]:
    """Return the shortest and the longest time between two looks at a repository."""
    shortest, longest = RHYTHMS[0].look, RHYTHMS[-1].look_with_webhooks
    return at_most_as_set(shortest), at_most_as_set(longest)


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
        progress=progress_of(streams, run, people, _people_at_once(repository, run)),
        run=run,
        receipt=receipt_of(with_receipt.receipt) if with_receipt else None,
        problems=repository.newest_problems,
        problem_count=repository.problem_count,
        messages=_messages(runs.get(repository.newest_count)),
        people_left=people,
    )


def _messages(run: SyncRun | None) -> int | None:
    if run is None:
        return None
    return sum(int(count) for name, count in run.counts.items() if name.startswith("stored_"))


def _people_at_once(repository: GitHubRepository, run: SyncRun | None) -> int:
    if run is None or run.state != RunState.RUNNING:
        return START[RequestKind.PEOPLE]
    return RequestSizes(repository).to_ask(RequestKind.PEOPLE)


def lists_of_threads(repository: GitHubRepository) -> list[SyncStream]:
    """Return the lists of whole threads of a repository, and its sweeps, as they were begun."""
    others = repository.streams.exclude(name__endswith="_edits").exclude(
        name__in=[StreamName.RELEASES, StreamName.COMMITS]
    )
    return list(others.order_by("pk"))


@dataclass(frozen=True, slots=True)
class MarksLeft:
    """Threads that are still to be read again.

    Args:
        until: the time from which on all of them are due.
    """

    threads: int
    until: datetime


def marks_left(repository: GitHubRepository) -> MarksLeft | None:
    """Return what a sync of a repository has left to be read again; None if that is nothing."""
    marked = Thread.objects.filter(
        workspace_id=repository.source.workspace_id, source_id=repository.source_id
    ).filter(refetch_at__isnull=False)
    found = marked.aggregate(threads=Count("pk"), until=Max("refetch_at"))
    return MarksLeft(found["threads"], found["until"]) if found["threads"] else None
