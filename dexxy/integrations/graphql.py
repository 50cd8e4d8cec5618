"""GitHub in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from datetime import datetime
from enum import Enum
from functools import partial
from typing import Self, cast

import strawberry
import strawberry_django
from strawberry.scalars import JSON

from dexxy.accounts.graphql import viewer_of
from dexxy.accounts.selectors import workspace_by_id
from dexxy.common.graphql import BigInt, Connection, Info, connection
from dexxy.common.ids import parse_id
from dexxy.common.pages import PAGE
from dexxy.integrations import activity, models, selectors
from dexxy.integrations.models import (
    AccountType,
    DeliveryState,
    RunState,
    RunTrigger,
    StreamName,
    SyncStatus,
)
from dexxy.integrations.selectors import RepositoryOverview
from dexxy.integrations.services.github_available import (
    AvailableRepository,
    available_repositories,
)
from dexxy.integrations.services.github_link import installation_disconnect
from dexxy.integrations.services.github_oauth import Person, oauth_start
from dexxy.integrations.services.github_repositories import (
    repository_connect_available,
    repository_disconnect,
    repository_key,
    repository_set_paused,
    repository_sync_now,
)
from dexxy.messages.graphql import ThreadKind
from dexxy.messages.models import MessageKind
from dexxy.sources.graphql import Source

strawberry.enum(AccountType, description="Who owns the repositories.")
strawberry.enum(SyncStatus, description="How a repository's sync is doing.")
strawberry.enum(StreamName, description="A list that is read by itself.")
strawberry.enum(RunTrigger, description="What started a run.")
strawberry.enum(DeliveryState, description="How a delivery fared.")
strawberry.enum(RunState, description="How a run is doing.")


@strawberry_django.type(
    models.GitHubInstallation, description="The account through which repositories are read."
)
class GitHubInstallation:
    id: strawberry.ID
    server: str
    account_type: AccountType
    account_login: str
    is_suspended: bool


@strawberry.type(description="How much of what is expected has been read.")
class SyncProgress:
    done: int
    expected: int | None = strawberry.field(description="Null while GitHub has not said.")
    percent: int | None
    remaining_seconds: int | None = strawberry.field(
        description="Estimated from the recent speed of the running sync."
    )

    @classmethod
    def of(cls, progress: selectors.Progress) -> Self:
        left = progress.remaining
        return cls(
            done=progress.done,
            expected=progress.expected,
            percent=progress.percent,
            remaining_seconds=None if left is None else round(left.total_seconds()),
        )


@strawberry.type(description="One list of a repository.")
class SyncStream:
    name: StreamName
    is_done: bool
    progress: SyncProgress

    @classmethod
    def of(cls, stream: models.SyncStream, progress: selectors.Progress) -> Self:
        return cls(
            name=StreamName(stream.name),
            is_done=stream.is_done,
            progress=SyncProgress.of(progress),
        )


@strawberry.type(description="How many things of one kind a run read.")
class SyncCount:
    name: str
    count: int


@strawberry.type(description="Threads of one kind: here, and on GitHub.")
class SyncReceiptLine:
    kind: ThreadKind
    here: int
    github: int
    agrees: bool
    taken_at: datetime = strawberry.field(description="When GitHub counted.")


@strawberry.type(description="Messages of one kind: here, and on GitHub.")
class SyncMessageReceiptLine:
    kind: MessageKind
    here: int
    github: int
    agrees: bool
    taken_at: datetime = strawberry.field(description="When the sweep had met them all.")


@strawberry.type(description="The counts here beside GitHub's, and when they were taken.")
class SyncReceipt:
    taken_at: datetime = strawberry.field(description="Since when those of threads hold.")
    lines: list[SyncReceiptLine]
    messages: list[SyncMessageReceiptLine] = strawberry.field(
        description="As the last sweep met them; empty before there was one."
    )


@strawberry_django.type(models.SyncRun, description="One sync of one repository.")
class SyncRun:
    id: strawberry.ID
    trigger: RunTrigger
    state: RunState
    started_at: datetime
    finished_at: datetime | None
    requests: int = strawberry.field(description="Requests spent.")
    points: int = strawberry.field(description="Points of GitHub's GraphQL budget spent.")
    error: str = strawberry.field(description="What stopped it, and what to do about it.")
    error_code: str

    @strawberry.field(description="What it read.")
    def counts(self, root: strawberry.Parent[models.SyncRun]) -> list[SyncCount]:
        return [SyncCount(name=name, count=root.counts[name]) for name in sorted(root.counts)]

    @strawberry.field(description="Null until the run has compared.")
    def receipt(self, root: strawberry.Parent[models.SyncRun]) -> SyncReceipt | None:
        return cast("SyncReceipt | None", selectors.receipt_of(root.receipt))


@strawberry.type(description="A thread that cannot be read although its neighbours can.")
class SyncProblem:
    thread_kind: str
    number: int
    error: str
    attempts: int


@strawberry_django.type(
    models.GitHubRepository, description="A repository that a workspace follows."
)
class GitHubRepository:
    id: strawberry.ID
    installation: GitHubInstallation
    source: Source
    github_id: BigInt
    name: str
    full_name: str = strawberry_django.field(description="`owner/repo`.")
    sync_status: SyncStatus
    issues_cursor: str
    prs_cursor: str
    discussions_cursor: str
    is_archived: bool
    last_synced_at: datetime | None
    next_sync_at: datetime | None
    sync_error: str = strawberry_django.field(description="What is wrong, and what to do about it.")

    @strawberry.field(
        description="Until when GitHub's rate limit pauses it; it goes on then by itself."
    )
    def paused_until(
        self, root: strawberry.Parent[models.GitHubRepository], info: Info
    ) -> datetime | None:
        return _overview(info, root).paused_until

    @strawberry.field(description="All lists together.")
    def progress(
        self, root: strawberry.Parent[models.GitHubRepository], info: Info
    ) -> SyncProgress:
        return SyncProgress.of(_overview(info, root).progress)

    @strawberry.field(description="Each list by itself.")
    def streams(
        self, root: strawberry.Parent[models.GitHubRepository], info: Info
    ) -> list[SyncStream]:
        return [SyncStream.of(*pair) for pair in _overview(info, root).streams]

    @strawberry.field(description="The run that started last.")
    def latest_run(
        self, root: strawberry.Parent[models.GitHubRepository], info: Info
    ) -> SyncRun | None:
        return cast("SyncRun | None", _overview(info, root).run)

    @strawberry.field(description="The newest counts that a run compared with GitHub's.")
    def receipt(
        self, root: strawberry.Parent[models.GitHubRepository], info: Info
    ) -> SyncReceipt | None:
        return cast("SyncReceipt | None", _overview(info, root).receipt)

    @strawberry.field(description="Threads that fail by themselves: the newest few.")
    def problems(
        self, root: strawberry.Parent[models.GitHubRepository], info: Info
    ) -> list[SyncProblem]:
        return cast("list[SyncProblem]", _overview(info, root).problems)

    @strawberry.field(description="How many threads fail by themselves.")
    def problem_count(self, root: strawberry.Parent[models.GitHubRepository], info: Info) -> int:
        return _overview(info, root).problem_count


@strawberry.enum(description="How a workspace is connected to GitHub.")
class GitHubConnectionKind(Enum):
    APP = "app"
    PERSONAL_TOKEN = "personal_token"  # noqa: S105


@strawberry.type(description="What a workspace reads GitHub with, as its administrators see it.")
class GitHubInstallationDetails:
    id: strawberry.ID
    kind: GitHubConnectionKind
    server: str
    installation_id: BigInt | None = strawberry.field(
        description="GitHub's number of it; null with a personal access token."
    )
    account_type: AccountType
    account_login: str
    account_id: BigInt
    permissions: JSON = strawberry.field(description="What GitHub granted, by its own names.")
    missing_permissions: list[str] = strawberry.field(
        description="What the App asks for and an owner of the account has not granted."
    )
    is_suspended: bool
    deleted_at: datetime | None = strawberry.field(
        description="Since when the App is not installed any more."
    )
    token_expires_at: datetime | None
    settings_url: str = strawberry.field(
        description="Where on GitHub the account's owners change what may be read, or ''."
    )

    @classmethod
    def of(cls, connection: selectors.Connection) -> Self:
        row = connection.installation
        by_app = GitHubConnectionKind.APP
        return cls(
            id=strawberry.ID(str(row.pk)),
            kind=by_app if row.is_by_app else GitHubConnectionKind.PERSONAL_TOKEN,
            server=row.server,
            installation_id=None if row.installation_id is None else BigInt(row.installation_id),
            account_type=AccountType(row.account_type),
            account_login=row.account_login,
            account_id=BigInt(row.account_id),
            permissions=row.permissions,
            missing_permissions=connection.missing,
            is_suspended=row.is_suspended,
            deleted_at=row.deleted_at,
            token_expires_at=row.token_expires_at,
            settings_url=connection.settings_url,
        )


@strawberry.type(description="A repository that the connection to GitHub reaches.")
class AvailableGitHubRepository:
    github_id: BigInt
    full_name: str = strawberry.field(description="`owner/repo`.")
    url: str
    description: str
    is_private: bool
    is_archived: bool = strawberry.field(description="On GitHub, where it can only be read.")
    is_connected: bool = strawberry.field(description="Whether the workspace follows it.")
    was_connected: bool = strawberry.field(
        description="Whether it did before: then it goes on where it stopped."
    )

    @classmethod
    def of(cls, one: AvailableRepository) -> Self:
        return cls(
            github_id=BigInt(one.github_id),
            full_name=one.full_name,
            url=one.url,
            description=one.description,
            is_private=one.is_private,
            is_archived=one.is_archived,
            is_connected=one.is_connected,
            was_connected=one.was_connected,
        )


@strawberry_django.type(models.WebhookDelivery, description="One webhook, and how it fared.")
class GitHubDelivery:
    id: strawberry.ID
    guid: str = strawberry_django.field(description="GitHub's name of it.")
    event: str
    action: str
    state: DeliveryState
    attempts: int
    error: str = strawberry_django.field(description="Why it failed or was ignored, or ''.")
    received_at: datetime
    processed_at: datetime | None


@strawberry.type
class IntegrationsQuery:
    @strawberry.field(description="The connection to GitHub, or null. For administrators.")
    def github_installation(
        self, info: Info, workspace_id: strawberry.ID
    ) -> GitHubInstallationDetails | None:
        viewer = viewer_of(info)
        workspace = workspace_by_id(viewer, workspace_id)
        connection = selectors.github_installation(viewer, workspace)
        return GitHubInstallationDetails.of(connection) if connection else None

    @strawberry.field(
        description="Every repository that can be connected, asked from GitHub. For administrators."
    )
    def available_github_repos(
        self, info: Info, workspace_id: strawberry.ID
    ) -> list[AvailableGitHubRepository]:
        viewer = viewer_of(info)
        workspace = workspace_by_id(viewer, workspace_id)
        found = available_repositories(viewer=viewer, workspace=workspace)
        return [AvailableGitHubRepository.of(one) for one in found]

    @strawberry.field(description="The connected repositories, by name.")
    def github_repositories(
        self, info: Info, workspace_id: strawberry.ID
    ) -> list[GitHubRepository]:
        viewer = viewer_of(info)
        workspace = workspace_by_id(viewer, workspace_id)
        overviews = selectors.repository_overviews(viewer, workspace)
        info.context.shared.update({_key(one.repository): one for one in overviews})
        return cast(list[GitHubRepository], [one.repository for one in overviews])

    @strawberry.field(description="What was read when, the newest first.")
    def sync_runs(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        repository_id: strawberry.ID | None = None,
        first: int = PAGE,
        after: str | None = None,
    ) -> Connection[SyncRun]:
        viewer = viewer_of(info)
        workspace = workspace_by_id(viewer, workspace_id)
        pk = None if repository_id is None else parse_id(repository_id) or 0
        page = activity.sync_runs(viewer, workspace, pk, first, after)
        return connection(page, after, partial(activity.sync_run_total, viewer, workspace, pk))

    @strawberry.field(
        description="What GitHub sent by itself, the newest first. For administrators."
    )
    def github_deliveries(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        state: DeliveryState | None = None,
        first: int = PAGE,
        after: str | None = None,
    ) -> Connection[GitHubDelivery]:
        viewer = viewer_of(info)
        workspace = workspace_by_id(viewer, workspace_id)
        page = activity.deliveries(viewer, workspace, state, first, after)
        return connection(page, after, partial(activity.delivery_total, viewer, workspace, state))


@strawberry.input(description="Which repository a workspace shall follow.")
class GithubConnectRepoInput:
    workspace_id: strawberry.ID
    github_id: BigInt = strawberry.field(
        description="GitHub's number of it, as `availableGithubRepos` gives it."
    )


@strawberry.type(description="Where to go on.")
class GithubStartOauthPayload:
    redirect_url: str = strawberry.field(
        description="A page of GitHub's, to open in the browser that is signed in here."
    )


@strawberry.type(description="What was disconnected.")
class GithubDisconnectInstallationPayload:
    account_login: str


@strawberry.type(description="The repository as it is now.")
class GithubRepositoryPayload:
    repository: GitHubRepository

    @classmethod
    def of(cls, repository: models.GitHubRepository) -> Self:
        return cls(repository=cast(GitHubRepository, repository))


@strawberry.type
class IntegrationsMutation:
    @strawberry.mutation(description="Begin to connect GitHub. For members.")
    def github_start_oauth(
        self, info: Info, workspace_id: strawberry.ID
    ) -> GithubStartOauthPayload:
        viewer, request = viewer_of(info), info.context.request
        workspace = workspace_by_id(viewer, workspace_id)
        url = oauth_start(Person(viewer, request.session.session_key), workspace)
        return GithubStartOauthPayload(redirect_url=url)

    @strawberry.mutation(description="Disconnect GitHub; what was read stays. For administrators.")
    def github_disconnect_installation(
        self, info: Info, workspace_id: strawberry.ID
    ) -> GithubDisconnectInstallationPayload:
        viewer = viewer_of(info)
        workspace = workspace_by_id(viewer, workspace_id)
        gone = installation_disconnect(viewer=viewer, workspace=workspace)
        return GithubDisconnectInstallationPayload(account_login=gone.account_login)

    @strawberry.mutation(description="Follow a repository. For members.")
    def github_connect_repo(
        self, info: Info, input: GithubConnectRepoInput
    ) -> GithubRepositoryPayload:
        viewer = viewer_of(info)
        workspace = workspace_by_id(viewer, input.workspace_id)
        return GithubRepositoryPayload.of(
            repository_connect_available(
                viewer=viewer, workspace=workspace, github_id=input.github_id
            )
        )

    @strawberry.mutation(
        description="Follow a repository no more; what was read stays. For members."
    )
    def github_disconnect_repo(
        self, info: Info, repository_id: strawberry.ID
    ) -> GithubRepositoryPayload:
        viewer = viewer_of(info)
        pk = repository_key(viewer, repository_id)
        return GithubRepositoryPayload.of(repository_disconnect(viewer=viewer, repository_id=pk))

    @strawberry.mutation(description="Read what is new in a repository at once. For members.")
    def github_sync_repo(self, info: Info, repository_id: strawberry.ID) -> GithubRepositoryPayload:
        viewer = viewer_of(info)
        pk = repository_key(viewer, repository_id)
        return GithubRepositoryPayload.of(repository_sync_now(viewer=viewer, repository_id=pk))

    @strawberry.mutation(description="Pause a repository, or resume it where it was. For members.")
    def github_set_repo_sync_paused(
        self, info: Info, repository_id: strawberry.ID, paused: bool
    ) -> GithubRepositoryPayload:
        viewer = viewer_of(info)
        pk = repository_key(viewer, repository_id)
        return GithubRepositoryPayload.of(
            repository_set_paused(viewer=viewer, repository_id=pk, paused=paused)
        )


def _key(repository: models.GitHubRepository) -> tuple[str, int]:
    return ("overview", repository.pk)


def _overview(info: Info, repository: models.GitHubRepository) -> RepositoryOverview:
    shared = info.context.shared
    if _key(repository) not in shared:
        viewer = viewer_of(info)
        shared[_key(repository)] = selectors.repository_overview(viewer, repository)
    overview: RepositoryOverview = shared[_key(repository)]
    return overview
