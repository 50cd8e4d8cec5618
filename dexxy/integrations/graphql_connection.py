"""What a workspace reads GitHub with, and what GitHub sends by itself."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from datetime import datetime
from enum import Enum
from typing import Self

import strawberry
import strawberry_django
from strawberry.scalars import JSON

from dexxy.common.graphql import BigInt
from dexxy.integrations import models
from dexxy.integrations.models import AccountType, DeliveryState
from dexxy.integrations.services.github.connecting.connection import Connection

strawberry.enum(AccountType, description="Who owns the repositories.")
strawberry.enum(DeliveryState, description="How a delivery fared.")


@strawberry_django.type(
    models.GitHubInstallation, description="The account through which repositories are read."
)
class GitHubInstallation:
    id: strawberry.ID
    server: str
    account_type: AccountType
    account_login: str
    is_suspended: bool


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
    permissions: JSON = strawberry.field(
        description="What GitHub granted to the App, by its own names; of a personal token its"
        " `scopes`, as GitHub told them last, null of a fine-grained one."
    )
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
    def of(cls, connection: Connection) -> Self:
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


@strawberry.type(description="The webhook as it is now.")
class GithubDeliveryRedeliverPayload:
    delivery: GitHubDelivery


@strawberry.type(description="Where to go on.")
class GithubStartOauthPayload:
    redirect_url: str = strawberry.field(
        description="A page of GitHub's, to open in the browser that is signed in here."
    )


@strawberry.type(description="What was disconnected.")
class GithubDisconnectInstallationPayload:
    account_login: str
