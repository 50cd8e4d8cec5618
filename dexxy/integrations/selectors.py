"""How far each repository has been read, and what stands in the way."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_admin, require_membership
from dexxy.integrations.models import (
    AccountType,
    GitHubApp,
    GitHubInstallation,
    GitHubRepository,
    RunState,
    StreamName,
    SyncProblem,
    SyncRun,
    SyncStatus,
    SyncStream,
)
from dexxy.integrations.services.github.connecting.app_registration import PERMISSIONS, is_public
from dexxy.integrations.services.github.reading.pace import Pace
from dexxy.integrations.services.github.reading.receipt import COUNTED
from dexxy.members.models import Identity
from dexxy.messages.models import MessageKind, ThreadKind

KindT = TypeVar("KindT", ThreadKind, MessageKind)

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
class ReceiptLine(Generic[KindT]):
    """How many threads or messages of one kind are here, and on GitHub at that time."""

    kind: KindT
    here: int
    github: int
    taken_at: datetime

    @property
    def agrees(self) -> bool:
        return self.here == self.github


@dataclass(frozen=True)
class Receipt:
    """The counts of a run beside GitHub's.

    Args:
        lines: threads, which GitHub counts.
        messages: those that the last sweep met, if there was one that counted.
    """

    lines: list[ReceiptLine[ThreadKind]]
    messages: list[ReceiptLine[MessageKind]] = field(default_factory=list)

    @property
    def taken_at(self) -> datetime:
        """Since when the counts of threads hold."""
        return min(line.taken_at for line in self.lines)

    @property
    def messages_taken_at(self) -> datetime | None:
        """Since when the counts of messages hold."""
        return min((line.taken_at for line in self.messages), default=None)


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
        has_webhooks: GitHub can tell this Dexxy at once what changes.
    """

    installation: GitHubInstallation
    missing: list[str]
    settings_url: str
    has_webhooks: bool


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
    has_webhooks = is_public() and _has_webhook_secret(found.app)
    missing = [name for name in PERMISSIONS if name not in found.permissions]
    return Connection(found, missing if found.is_by_app else [], _settings_url(found), has_webhooks)


def _has_webhook_secret(app: GitHubApp | None) -> bool:
    return (
        app is not None and GitHubApp.objects.filter(pk=app.pk).exclude(webhook_secret="").exists()
    )


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
    workspace = repository.source.workspace
    return _overviews(workspace, GitHubRepository.objects.filter(pk=repository.pk))[0]


def repository_overviews(viewer: Viewer, workspace: Workspace) -> list[RepositoryOverview]:
    """Return the connected repositories of WORKSPACE by name.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    followed = GitHubRepository.objects.filter(source__workspace=workspace, is_archived=False)
    return _overviews(workspace, followed)


def _overviews(
    workspace: Workspace, wanted: QuerySet[GitHubRepository]
) -> list[RepositoryOverview]:
    repositories: list[Any] = list(
        wanted.select_related("source", "installation__credential")
        # The token is nobody's business here, and decrypting it can fail.
        .defer("installation__access_token")
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


def receipt_of(stored: Any) -> Receipt | None:
    """Read what a run stored, or None where it stored no counts."""
    lines = _receipt_lines(stored, ThreadKind)
    return Receipt(lines, _receipt_lines(stored, COUNTED)) if lines else None


def check_interval() -> timedelta:
    """Return how often a repository is read that nothing else wakes."""
    return timedelta(seconds=settings.DEXXY_SYNC_INTERVAL)


def _receipt_lines(stored: Any, kinds: Iterable[KindT]) -> list[ReceiptLine[KindT]]:
    # What is here is counted when the run ends; what is switched off on GitHub never is.
    shown = [(kind, stored[kind]) for kind in kinds if "here" in stored.get(kind, {})]
    return [
        ReceiptLine(kind, line["here"], line["github"], datetime.fromisoformat(line["taken_at"]))
        for kind, line in shown
        if line.get("is_enabled", True)
    ]


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
