"""GitHub in the API: what can be asked and changed. The types are in the files beside this."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from datetime import datetime
from functools import partial
from typing import cast

import strawberry

from dexxy.accounts.graphql import in_workspace, viewer_of
from dexxy.common.graphql import Connection, Info, connection, key
from dexxy.common.graphql_cost import cost
from dexxy.common.pages import PAGE
from dexxy.integrations import activity, selectors
from dexxy.integrations.graphql_connection import (
    GitHubDelivery,
    GithubDeliveryRedeliverPayload,
    GithubDisconnectInstallationPayload,
    GitHubInstallationDetails,
    GithubStartOauthPayload,
)
from dexxy.integrations.graphql_repositories import (
    AvailableGitHubRepository,
    GithubConnectRepoInput,
    GitHubRepository,
    GithubRepositoryPayload,
    GithubSyncReposPayload,
    remember_overviews,
)
from dexxy.integrations.graphql_sync import SyncRun
from dexxy.integrations.kinds_taken import kinds_taken, workspace_take_kinds
from dexxy.integrations.models import DeliveryState
from dexxy.integrations.services.github.connecting.available import available_repositories
from dexxy.integrations.services.github.connecting.connection import github_connection_for_admin
from dexxy.integrations.services.github.connecting.installation_link import installation_disconnect
from dexxy.integrations.services.github.connecting.oauth import Person, oauth_start
from dexxy.integrations.services.github.connecting.repositories import (
    repositories_sync_now,
    repository_connect_available,
    repository_disconnect,
    repository_set_paused,
    repository_sync_now,
)
from dexxy.integrations.services.github.connecting.token_replacing import token_connect
from dexxy.integrations.services.github.webhooks.applying_again import (
    deliveries_recover,
    delivery_redeliver,
)
from dexxy.integrations.services.github.webhooks.asking_again import delivery_ask_again
from dexxy.messages.graphql_kinds import ThreadKind

# Lists without pages: hardly any workspace has more.
_REPOSITORIES = 50


@strawberry.input(description="A personal access token of GitHub to read with.")
class GithubConnectTokenInput:
    workspace_id: strawberry.ID
    token: str


@strawberry.type(description="What a workspace takes in from GitHub now.")
class WorkspaceTakeKindsPayload:
    kinds: list[ThreadKind]


@strawberry.type(description="GitHub's log of webhooks is read soon.")
class GithubDeliveriesRecoverPayload:
    due_at: datetime = strawberry.field(description="From when on.")


@strawberry.type(description="Whose token a workspace reads with now.")
class GithubConnectTokenPayload:
    account_login: str
    unread: list[str] = strawberry.field(
        description="Connected repositories that the token does not read, of a hundred at most."
    )


@strawberry.type
class IntegrationsQuery:
    @strawberry.field(description="The connection to GitHub, or null. For administrators.")
    def github_installation(
        self, info: Info, workspace_id: strawberry.ID
    ) -> GitHubInstallationDetails | None:
        viewer, workspace = in_workspace(info, workspace_id)
        connection = github_connection_for_admin(viewer, workspace)
        return GitHubInstallationDetails.of(connection) if connection else None

    @strawberry.field(
        description="Every repository that can be connected, asked from GitHub."
        " For administrators.",
        metadata=cost(items=_REPOSITORIES, work=50),
    )
    def available_github_repos(
        self, info: Info, workspace_id: strawberry.ID
    ) -> list[AvailableGitHubRepository]:
        viewer, workspace = in_workspace(info, workspace_id)
        found = available_repositories(viewer=viewer, workspace=workspace)
        return [AvailableGitHubRepository.of(one) for one in found.repositories]

    @strawberry.field(
        description="The connected repositories, by name.", metadata=cost(items=_REPOSITORIES)
    )
    def github_repositories(
        self, info: Info, workspace_id: strawberry.ID
    ) -> list[GitHubRepository]:
        viewer, workspace = in_workspace(info, workspace_id)
        overviews = selectors.repository_overviews(viewer, workspace)
        remember_overviews(info, overviews)
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
        viewer, workspace = in_workspace(info, workspace_id)
        pk = key(repository_id)
        page = activity.sync_runs(viewer, workspace, pk, first, after)
        total = partial(activity.sync_run_total, viewer, workspace, pk)
        return connection(page, after, total)

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
        viewer, workspace = in_workspace(info, workspace_id)
        page = activity.deliveries(viewer, workspace, state, first, after)
        return connection(page, after, partial(activity.delivery_total, viewer, workspace, state))


@strawberry.type
class IntegrationsMutation:
    @strawberry.mutation(description="Begin to connect GitHub. For members.")
    def github_start_oauth(
        self, info: Info, workspace_id: strawberry.ID
    ) -> GithubStartOauthPayload:
        viewer, workspace = in_workspace(info, workspace_id)
        session_key = info.context.request.session.session_key
        url = oauth_start(Person(viewer, session_key), workspace)
        return GithubStartOauthPayload(redirect_url=url)

    @strawberry.mutation(description="Disconnect GitHub; what was read stays. For administrators.")
    def github_disconnect_installation(
        self, info: Info, workspace_id: strawberry.ID
    ) -> GithubDisconnectInstallationPayload:
        viewer, workspace = in_workspace(info, workspace_id)
        gone = installation_disconnect(viewer=viewer, workspace=workspace)
        return GithubDisconnectInstallationPayload(account_login=gone.account_login)

    # It asks GitHub.
    @strawberry.mutation(
        description="Read GitHub with a personal access token. For administrators, with a session.",
        metadata=cost(work=10),
    )
    def github_connect_token(
        self, info: Info, input: GithubConnectTokenInput
    ) -> GithubConnectTokenPayload:
        viewer, workspace = in_workspace(info, input.workspace_id)
        taken = token_connect(viewer=viewer, workspace=workspace, token=input.token)
        return GithubConnectTokenPayload(
            account_login=taken.facts.account_login, unread=taken.facts.unread
        )

    # It asks GitHub.
    @strawberry.mutation(
        description="Follow a repository. For administrators.", metadata=cost(work=10)
    )
    def github_connect_repo(
        self, info: Info, input: GithubConnectRepoInput
    ) -> GithubRepositoryPayload:
        viewer, workspace = in_workspace(info, input.workspace_id)
        return GithubRepositoryPayload.of(
            repository_connect_available(
                viewer=viewer, workspace=workspace, github_id=input.github_id
            )
        )

    @strawberry.mutation(
        description="Follow a repository no more; what was read stays. For administrators."
    )
    def github_disconnect_repo(
        self, info: Info, repository_id: strawberry.ID
    ) -> GithubRepositoryPayload:
        return GithubRepositoryPayload.of(
            repository_disconnect(viewer=viewer_of(info), repository_id=key(repository_id))
        )

    @strawberry.mutation(description="Read what is new in a repository at once. For members.")
    def github_sync_repo(self, info: Info, repository_id: strawberry.ID) -> GithubRepositoryPayload:
        return GithubRepositoryPayload.of(
            repository_sync_now(viewer=viewer_of(info), repository_id=key(repository_id))
        )

    @strawberry.mutation(
        description="Read what is new in all repositories at once, but those that are paused or"
        " cannot be read. For members."
    )
    def github_sync_repos(self, info: Info, workspace_id: strawberry.ID) -> GithubSyncReposPayload:
        viewer, workspace = in_workspace(info, workspace_id)
        return GithubSyncReposPayload(
            count=repositories_sync_now(viewer=viewer, workspace=workspace)
        )

    @strawberry.mutation(description="Pause a repository, or resume it where it was. For members.")
    def github_set_repo_sync_paused(
        self, info: Info, repository_id: strawberry.ID, paused: bool
    ) -> GithubRepositoryPayload:
        return GithubRepositoryPayload.of(
            repository_set_paused(
                viewer=viewer_of(info), repository_id=key(repository_id), paused=paused
            )
        )

    @strawberry.mutation(
        description="Take in these kinds of threads from GitHub, and no others. What was read of"
        " others stays. For administrators."
    )
    def workspace_take_kinds(
        self, info: Info, workspace_id: strawberry.ID, kinds: list[ThreadKind]
    ) -> WorkspaceTakeKindsPayload:
        viewer, workspace = in_workspace(info, workspace_id)
        stored = workspace_take_kinds(viewer=viewer, workspace=workspace, kinds=kinds)
        return WorkspaceTakeKindsPayload(kinds=kinds_taken(stored))

    @strawberry.mutation(
        description="Look in GitHub's log of webhooks for those that never arrived, and apply"
        " them. For administrators."
    )
    def github_deliveries_recover(
        self, info: Info, workspace_id: strawberry.ID
    ) -> GithubDeliveriesRecoverPayload:
        viewer, workspace = in_workspace(info, workspace_id)
        due_at = deliveries_recover(viewer=viewer, workspace=workspace)
        return GithubDeliveriesRecoverPayload(due_at=due_at)

    @strawberry.mutation(
        description="Apply a webhook again that failed or was of no use. For administrators."
    )
    def github_delivery_redeliver(
        self, info: Info, workspace_id: strawberry.ID, delivery_id: strawberry.ID
    ) -> GithubDeliveryRedeliverPayload:
        viewer, workspace = in_workspace(info, workspace_id)
        again = delivery_redeliver(viewer=viewer, workspace=workspace, delivery_id=key(delivery_id))
        return GithubDeliveryRedeliverPayload(delivery=cast(GitHubDelivery, again))

    # It asks GitHub.
    @strawberry.mutation(
        description="Ask GitHub to send a webhook once more that failed or was of no use."
        " For administrators.",
        metadata=cost(work=50),
    )
    def github_delivery_ask_again(
        self, info: Info, workspace_id: strawberry.ID, delivery_id: strawberry.ID
    ) -> GithubDeliveryRedeliverPayload:
        viewer, workspace = in_workspace(info, workspace_id)
        asked = delivery_ask_again(viewer=viewer, workspace=workspace, delivery_id=key(delivery_id))
        return GithubDeliveryRedeliverPayload(delivery=cast(GitHubDelivery, asked))
