"""Rows for tests: every argument by name, everything else made up and unlike the last one."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.db import connection

from dexxy.accounts.models import Membership, Role, User, Workspace
from dexxy.integrations.models import (
    AccountType,
    GitHubApp,
    GitHubInstallation,
    GitHubRepository,
    RunState,
    RunTrigger,
    StreamName,
    SyncRun,
    SyncStatus,
    SyncStream,
    WebhookDelivery,
)
from dexxy.members.models import Identity, IdentityKind, Member
from dexxy.messages.models import (
    ArchivedReason,
    Change,
    ChangeKind,
    Follower,
    Message,
    MessageKind,
    Reason,
    Release,
    Side,
    Standing,
    Thread,
    ThreadKind,
    ThreadState,
)
from dexxy.outgoing.models import Delivery as OutgoingDelivery
from dexxy.outgoing.models import Endpoint, EndpointKind
from dexxy.outgoing.signing import secret_make
from dexxy.sources.models import Source, SourceKind

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
WEBHOOK_SECRET = "webhook secret"
NOTE_CHANGE = """
INSERT INTO messages_change (workspace_id, epoch, transaction_id, kind, thread_id, message_id)
VALUES (%s, messages_epoch_now(), pg_current_xact_id()::text::bigint, %s, %s, %s)
"""
PASSWORD = "correct horse battery staple"
_numbers = count(1)


def make_user(*, email: str = "", name: str = "", **fields: Any) -> User:
    """Make a user whose password is PASSWORD."""
    email = email or f"user{next(_numbers)}@example.com"
    return User.objects.create_user(email, PASSWORD, name=name, **fields)


def make_workspace(
    *, name: str = "", admin: User | None = None, member: User | None = None
) -> Workspace:
    """Make a workspace, and the memberships of whom is named."""
    number = next(_numbers)
    workspace = Workspace.objects.create(name=name or f"Team {number}", slug=f"team-{number}")
    if admin is not None:
        Membership.objects.create(workspace=workspace, user=admin, role=Role.ADMIN)
    if member is not None:
        Membership.objects.create(workspace=workspace, user=member, role=Role.MEMBER)
    return workspace


def make_source(
    *,
    workspace: Workspace,
    name: str = "",
    is_archived: bool = False,
    kind: SourceKind = SourceKind.GITHUB_REPOSITORY,
) -> Source:
    """Make a repository as the feed knows it, or something of another KIND."""
    number = next(_numbers)
    name = name or f"owner/repository-{number}"
    return Source.objects.create(
        workspace=workspace,
        kind=kind,
        server="github",
        external_id=str(number),
        name=name,
        url=f"https://github.com/{name}",
        is_archived=is_archived,
    )


def make_identity(
    *,
    workspace: Workspace,
    username: str = "",
    name: str = "",
    kind: IdentityKind = IdentityKind.USER,
    member: Member | None = None,
) -> Identity:
    """Make an account with a home member; MEMBER is whom it was merged into."""
    number = next(_numbers)
    username = username or f"person{number}"
    home = Member.objects.create(
        workspace=workspace, display_name=name or username, is_bot=kind == IdentityKind.BOT
    )
    return Identity.objects.create(
        workspace=workspace,
        provider="github",
        external_id=str(number),
        kind=kind,
        username=username,
        name=name,
        url=f"https://github.com/{username}",
        member=member or home,
        home_member=home,
        version_at=START,
    )


def make_release(*, source: Source, tag: str = "", author: Identity | None = None) -> Release:
    """Make a release of a source."""
    number = next(_numbers)
    tag = tag or f"v{number}"
    return Release.objects.create(
        workspace_id=source.workspace_id,
        source=source,
        external_id=str(number),
        tag=tag,
        url=f"{source.url}/releases/tag/{tag}",
        author=author,
        is_prerelease=False,
        published_at=START,
        listed_at=START,
        seen_at=START,
    )


def make_thread(
    *,
    source: Source,
    kind: ThreadKind = ThreadKind.ISSUE,
    number: int = 0,
    title: str = "",
    state: ThreadState = ThreadState.OPEN,
    author: Identity | None = None,
    labels: Sequence[str] = (),
    opened_at: datetime = START,
    archived_reason: str = "",
) -> Thread:
    """Make a thread without messages."""
    number = number or next(_numbers)
    return Thread.objects.create(
        workspace_id=source.workspace_id,
        source=source,
        kind=kind,
        number=number,
        title=title or f"Thread {number}",
        state=state,
        labels=list(labels),
        url=f"{source.url}/issues/{number}",
        author=author,
        opened_at=opened_at,
        first_activity_at=opened_at,
        last_activity_at=opened_at,
        version_at=opened_at,
        is_archived=bool(archived_reason),
        archived_reason=archived_reason,
    )


def make_standing(*, thread: Thread, since: datetime) -> Standing:
    """Let the author of a thread wait for the team."""
    return Standing.objects.create(
        thread=thread,
        workspace=thread.workspace,
        source=thread.source,
        kind=thread.kind,
        side=Side.TEAM,
        reason=Reason.NO_REPLY,
        since=since,
    )


def make_message(
    *,
    thread: Thread,
    kind: MessageKind = MessageKind.COMMENT,
    author: Identity | None = None,
    body: str = "",
    occurred_at: datetime | None = None,
    details: dict[str, Any] | None = None,
    in_feed: bool = True,
    archived_reason: str | ArchivedReason = "",
) -> Message:
    """Make a message, a minute after the one made before it unless told when."""
    number = next(_numbers)
    occurred_at = occurred_at or START + timedelta(minutes=number)
    message = Message.objects.create(
        workspace_id=thread.workspace_id,
        source_id=thread.source_id,
        thread=thread,
        thread_kind=thread.kind,
        kind=kind,
        external_id=str(number),
        author=author,
        body=body,
        url=f"{thread.url}#{number}",
        occurred_at=occurred_at,
        version_at=occurred_at,
        details=details or {},
        in_feed=in_feed,
        is_archived=bool(archived_reason),
        archived_reason=archived_reason,
    )
    note_change(message)
    return message


def note_change(message: Message, kind: ChangeKind = ChangeKind.WRITTEN) -> None:
    """Note in the log that a message changed, as those who write messages do."""
    with connection.cursor() as cursor:
        cursor.execute(NOTE_CHANGE, [message.workspace_id, kind, message.thread_id, message.pk])


def changes_settle() -> None:
    """Let followers read what a test has written: it is in a transaction that never ends."""
    Change.objects.update(transaction_id=1)
    Follower.objects.update(epoch=0, transaction_id=0, change_id=0, message_id=0)


def make_app(*, app_id: int | None = None, secret: str = WEBHOOK_SECRET) -> GitHubApp:
    """Make an App on github.com whose key opens nothing."""
    return GitHubApp.objects.create(
        server="github",
        app_id=app_id or next(_numbers),
        slug="dexxy",
        client_id="Iv1.client",
        client_secret="client secret",
        private_key="private key",
        webhook_secret=secret,
        api_url="https://api.github.com",
        graphql_url="https://api.github.com/graphql",
        web_url="https://github.com",
    )


def make_installation(
    *, workspace: Workspace, token: str = "", app: GitHubApp | None = None
) -> GitHubInstallation:
    """Make a connection by personal access token, or the installation of APP."""
    return GitHubInstallation.objects.create(
        workspace=workspace,
        app=app,
        installation_id=next(_numbers) if app else None,
        server="github",
        api_url="https://api.github.com",
        graphql_url="https://api.github.com/graphql",
        web_url="https://github.com",
        account_type=AccountType.ORGANIZATION,
        account_login="owner",
        account_id=next(_numbers),
        access_token=token,
    )


def make_delivery(*, installation: GitHubInstallation, event: str = "issues") -> WebhookDelivery:
    """Make a webhook about INSTALLATION that waits in the inbox."""
    assert installation.app is not None, "only an App has webhooks"
    return WebhookDelivery.objects.create(
        app=installation.app,
        guid=f"guid-{next(_numbers)}",
        event=event,
        action="opened",
        installation_id=installation.installation_id,
        payload={},
    )


def make_endpoint(
    *, workspace: Workspace, name: str = "Ours", kind: EndpointKind = EndpointKind.WEBHOOK
) -> Endpoint:
    """Make an endpoint of a workspace, to an address that nobody asks."""
    return Endpoint.objects.create(
        workspace=workspace,
        kind=kind,
        name=name,
        url="https://hooks.example.com/",
        secret=secret_make(),
        events=["thread.opened"],
        began_at=START,
    )


def make_outgoing(*, endpoint: Endpoint) -> OutgoingDelivery:
    """Make a test that waits to be sent to an endpoint."""
    return OutgoingDelivery.objects.create(
        endpoint=endpoint,
        webhook_id=f"msg_{next(_numbers)}",
        event="test",
        payload={"type": "test"},
        next_attempt_at=START,
    )


def make_repository(
    *,
    source: Source,
    status: SyncStatus = SyncStatus.ACTIVE,
    sync_error: str = "",
    next_sync_at: datetime | None = None,
) -> GitHubRepository:
    """Make the repository behind SOURCE, in the installation of its workspace."""
    installation = GitHubInstallation.objects.filter(workspace_id=source.workspace_id).first()
    return GitHubRepository.objects.create(
        installation=installation or make_installation(workspace=source.workspace),
        source=source,
        github_id=int(source.external_id),
        name=source.name.partition("/")[2],
        full_name=source.name,
        sync_status=status,
        sync_error=sync_error,
        next_sync_at=next_sync_at,
    )


def make_stream(
    *,
    repository: GitHubRepository,
    name: StreamName = StreamName.ISSUES,
    read: int = 0,
    expected: int | None = None,
    is_done: bool = False,
) -> SyncStream:
    """Make a list that has been read so far."""
    return SyncStream.objects.create(
        repository=repository, name=name, read=read, expected=expected, is_done=is_done
    )


def make_run(
    *,
    repository: GitHubRepository,
    state: RunState = RunState.DONE,
    started_at: datetime = START,
    finished_at: datetime | None = None,
    counts: dict[str, int] | None = None,
    receipt: dict[str, Any] | None = None,
    error: str = "",
    error_code: str = "",
    requests: int = 0,
    points: int = 0,
    pace: dict[str, Any] | None = None,
) -> SyncRun:
    """Make a run of REPOSITORY."""
    return SyncRun.objects.create(
        repository=repository,
        trigger=RunTrigger.SCHEDULE,
        state=state,
        started_at=started_at,
        finished_at=finished_at,
        counts=counts or {},
        receipt=receipt or {},
        error=error,
        error_code=error_code,
        requests=requests,
        points=points,
        pace=pace or {},
    )
