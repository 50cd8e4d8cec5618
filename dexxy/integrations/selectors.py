"""How far each repository has been read, and what stands in the way."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Prefetch, QuerySet
from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_admin, require_membership
from dexxy.integrations.models import (
    AccountType,
    GitHubInstallation,
    GitHubRepository,
    RunState,
    StreamName,
    SyncProblem,
    SyncRun,
    SyncStatus,
    SyncStream,
)
from dexxy.integrations.services.github_registration import PERMISSIONS
from dexxy.messages.models import ThreadKind

# A page names so many problems of a repository and counts the rest.
PROBLEMS_SHOWN = 5
_STREAM_ORDER = {name: place for place, name in enumerate(StreamName.values)}


@dataclass(frozen=True)
class Progress:
    """How much of what is expected has been read; None where nobody knows yet."""

    done: int
    expected: int | None
    percent: int | None
    remaining: timedelta | None = None


@dataclass(frozen=True)
class ReceiptLine:
    """How many threads of one kind are here, and how many GitHub counted at that time."""

    kind: ThreadKind
    here: int
    github: int
    taken_at: datetime

    @property
    def agrees(self) -> bool:
        return self.here == self.github


@dataclass(frozen=True)
class Receipt:
    """The counts of a run beside GitHub's."""

    lines: list[ReceiptLine]

    @property
    def taken_at(self) -> datetime:
        """Since when all of them hold."""
        return min(line.taken_at for line in self.lines)


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
        until = credential.paused_until if credential else None
        is_ours = self.repository.sync_status in {SyncStatus.PAUSED, SyncStatus.DISABLED}
        return until if until and until > timezone.now() and not is_ours else None

    @property
    def is_moving(self) -> bool:
        """Whether a page that shows this should look again soon."""
        return self.paused_until is None and self.repository.sync_status in {
            SyncStatus.PENDING,
            SyncStatus.SYNCING,
        }


@dataclass(frozen=True)
class Connection:
    """What a workspace reads GitHub with, and what stands in the way.

    Args:
        missing: permissions that the App asks for and the account has not granted.
        settings_url: where on GitHub the account's owners change what the App may read, or ''.
    """

    installation: GitHubInstallation
    missing: list[str]
    settings_url: str


def github_connection(viewer: Viewer, workspace: Workspace) -> Connection | None:
    """Return what WORKSPACE reads GitHub with, or None where it is not connected.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    # What is secret is not looked at: it may have been encrypted with a key that is lost.
    rows = GitHubInstallation.objects.select_related("app").defer(
        "access_token", "app__client_secret", "app__private_key", "app__webhook_secret"
    )
    found = rows.filter(workspace=workspace).first()
    if found is None:
        return None
    missing = [name for name in PERMISSIONS if name not in found.permissions]
    return Connection(found, missing if found.is_by_app else [], _settings_url(found))


def _settings_url(installation: GitHubInstallation) -> str:
    # https://docs.github.com/en/apps/using-github-apps/reviewing-and-modifying-installed-github-apps
    if not installation.is_by_app or installation.deleted_at is not None:
        return ""
    is_organization = installation.account_type == AccountType.ORGANIZATION
    place = f"/organizations/{installation.account_login}" if is_organization else ""
    return f"{installation.web_url}{place}/settings/installations/{installation.installation_id}"


def github_installation(viewer: Viewer, workspace: Workspace) -> Connection | None:
    """Return what WORKSPACE reads GitHub with, to an admin.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, AdminOnlyError: VIEWER may not.
    """
    require_admin(viewer, workspace)
    return github_connection(viewer, workspace)


def repository_overview(viewer: Viewer, repository: GitHubRepository) -> "RepositoryOverview":
    """Return one repository as `repository_overviews` does, also when it is not followed any more.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see it.
    """
    require_membership(viewer, repository.source.workspace)
    return _overviews(GitHubRepository.objects.filter(pk=repository.pk))[0]


def repository_overviews(viewer: Viewer, workspace: Workspace) -> list[RepositoryOverview]:
    """Return the connected repositories of WORKSPACE by name.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    followed = GitHubRepository.objects.filter(source__workspace=workspace, is_archived=False)
    return _overviews(followed)


def _overviews(wanted: QuerySet[GitHubRepository]) -> list[RepositoryOverview]:
    repositories = list(
        wanted.select_related("source", "installation__credential")
        # The token is nobody's business here, and decrypting it can fail.
        .defer("installation__access_token")
        .prefetch_related("streams", _newest_problems())
        .annotate(problem_count=Count("problems"))
        .order_by("full_name", "pk")
    )
    newest = SyncRun.objects.filter(repository__in=repositories).order_by(
        "repository_id", "-started_at", "-pk"
    )
    runs = {run.repository_id: run for run in newest.distinct("repository_id")}
    # The receipt outlives its run: while the next one reads, the last counts still stand.
    with_receipt = newest.filter(state=RunState.DONE).exclude(receipt={}).distinct("repository_id")
    receipts = {run.repository_id: receipt_of(run.receipt) for run in with_receipt}
    return [_overview(one, runs.get(one.pk), receipts.get(one.pk)) for one in repositories]


def progress_of(streams: Iterable[SyncStream], run: SyncRun | None = None) -> Progress:
    """Sum up STREAMS; RUN's own speed says how long the rest will take."""
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
    return Progress(done, expected, percent, _remaining(sum(known), run))


def receipt_of(stored: Any) -> Receipt | None:
    """Read what a run stored, or None where it stored no counts."""
    lines = [_receipt_line(kind, stored[kind]) for kind in ThreadKind if kind in stored]
    complete = [line for line in lines if line is not None]
    return Receipt(complete) if complete else None


def check_interval() -> timedelta:
    """Return how often a repository is read that nothing else wakes."""
    return timedelta(seconds=settings.DEXXY_SYNC_INTERVAL)


def _receipt_line(kind: ThreadKind, stored: dict[str, Any]) -> ReceiptLine | None:
    # What is here is counted when the run ends; what is switched off on GitHub never is.
    if "here" not in stored or not stored.get("is_enabled", True):
        return None
    taken_at = datetime.fromisoformat(stored["taken_at"])
    return ReceiptLine(kind, stored["here"], stored["github"], taken_at)


def _newest_problems() -> "Prefetch[str]":
    problems = SyncProblem.objects.order_by("-updated_at", "-pk")[:PROBLEMS_SHOWN]
    return Prefetch("problems", problems, to_attr="newest_problems")


def _overview(repository: Any, run: SyncRun | None, receipt: Receipt | None) -> RepositoryOverview:
    lists = [one for one in repository.streams.all() if one.name in StreamName.thread_lists()]
    streams = sorted(lists, key=lambda one: _STREAM_ORDER[one.name])
    return RepositoryOverview(
        repository=repository,
        streams=[(stream, progress_of([stream])) for stream in streams],
        progress=progress_of(streams, run),
        run=run,
        receipt=receipt,
        problems=repository.newest_problems,
        problem_count=repository.problem_count,
    )


def _left(stream: SyncStream) -> int | None:
    if stream.is_done:
        return 0
    return None if stream.expected is None else max(0, stream.expected - stream.read)


def _remaining(left: int, run: SyncRun | None) -> timedelta | None:
    if run is None or run.state != RunState.RUNNING:
        return None
    read = int(run.counts.get("threads", 0))
    elapsed = timezone.now() - run.started_at
    if read <= 0 or elapsed <= timedelta(0):
        return None
    return elapsed * (left / read)
