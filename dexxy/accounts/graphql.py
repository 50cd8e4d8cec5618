"""Who uses Dexxy, in the API: what can be asked."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from datetime import datetime
from functools import partial
from typing import cast

import strawberry
import strawberry_django
from strawberry.scalars import JSON

from dexxy.accounts import api_tokens, invitations, models, selectors
from dexxy.accounts.models import Role, ThreadColumn, TokenScope
from dexxy.accounts.selectors import Viewer
from dexxy.accounts.thread_columns import columns_read
from dexxy.common.graphql import Connection, Info, connection, key
from dexxy.common.graphql_cost import cost
from dexxy.common.pages import PAGE
from dexxy.common.times import aware

# Hardly anybody is in more.
_WORKSPACES = 20

strawberry.enum(Role, description="What somebody may do in a workspace.")
strawberry.enum(TokenScope, description="What a token may do: READ only, or FULL.")
strawberry.enum(ThreadColumn, description="What the list of threads can show.")


def viewer_of(info: Info) -> Viewer:
    """Return who asks; the selectors refuse the anonymous."""
    return info.context.request.user


def in_workspace(info: Info, workspace_id: strawberry.ID) -> tuple[models.User, models.Workspace]:
    """Return who asks, and the workspace with the id that was sent, which they are in.

    Raises:
        UnauthenticatedError: nobody is signed in.
        WorkspaceNotFoundError: there is no such workspace, or they are not in it.
    """
    viewer = selectors.signed_in(viewer_of(info))
    return viewer, selectors.workspace_for(viewer, key(workspace_id))


@strawberry_django.type(models.User, description="Somebody who signs in here.")
class User:
    id: strawberry.ID
    name: str
    email: str


@strawberry_django.type(models.Workspace, description="A tenant: one team and what it may see.")
class Workspace:
    id: strawberry.ID
    name: str
    slug: str
    time_zone: str = strawberry_django.field(
        description="Whose days and weeks are counted, as `Europe/Berlin`."
    )
    language: str = strawberry_django.field(
        description="Of pages for who has not chosen, as `de`; empty: what their browser asks for."
    )
    attention_after: int = strawberry_django.field(
        description="After how many days a wait is to be seen to."
    )
    late_after: int = strawberry_django.field(description="After how many days a wait is late.")
    delete_at: datetime | None = strawberry_django.field(
        description="When all of it is deleted; null where nobody asked for that."
    )


@strawberry_django.type(models.Membership, description="A person's role in a workspace.")
class Membership:
    id: strawberry.ID
    user: User
    role: Role
    created_at: datetime


@strawberry.type(description="Who asks.")
class ViewerInfo:
    user: User
    workspaces: list[Workspace] = strawberry.field(metadata=cost(items=_WORKSPACES))
    language: str = strawberry.field(description="What they chose, as `de`; empty if nothing.")
    time_zone: str = strawberry.field(
        description="What they chose, or their browser told, as `Europe/Berlin`; empty if nothing."
    )
    thread_columns: list[ThreadColumn] | None = strawberry.field(
        description="What they chose of the list of threads; null if nothing."
    )
    token_scope: TokenScope | None = strawberry.field(
        description="What the token may do that was sent; null with a session."
    )


def viewer_info(user: models.User) -> ViewerInfo:
    """Tell USER who they are."""
    chosen = user.thread_columns
    return ViewerInfo(
        user=cast(User, user),
        workspaces=cast("list[Workspace]", list(selectors.workspaces(user))),
        language=user.language,
        time_zone=user.time_zone,
        thread_columns=chosen if chosen is None else columns_read(",".join(chosen)),
        token_scope=TokenScope(user.via_token.scope) if user.via_token else None,
    )


@strawberry_django.type(models.ApiToken, description="A key of one person to one workspace.")
class ApiToken:
    id: strawberry.ID
    name: str
    user: User
    scope: TokenScope
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None = strawberry_django.field(description="To the minute.")


@strawberry_django.type(models.Invitation, description="A link by which one person can join.")
class Invitation:
    id: strawberry.ID
    email: str = strawberry_django.field(description="Who may accept it; anybody if empty.")
    role: Role
    invited_by: User | None
    created_at: datetime
    expires_at: datetime


@strawberry_django.type(models.AuditEntry, description="Who did what to which thing, and when.")
class AuditEntry:
    id: strawberry.ID
    actor: User | None = strawberry_django.field(description="Null where Dexxy did it itself.")
    action: str = strawberry_django.field(description="What was done, as `api_token.created`.")
    target_type: str
    target_id: str
    details: JSON
    created_at: datetime


@strawberry.input(description="Which entries of the audit log; what is left out keeps all.")
class AuditFilterInput:
    actor_id: strawberry.ID | None = strawberry.field(
        default=None, description="The user who did it."
    )
    action: str = strawberry.field(default="", description="As `api_token.created`.")
    since: datetime | None = None
    until: datetime | None = None

    def chosen(self) -> selectors.AuditFilters:
        """Return it as the selector takes it."""
        return selectors.AuditFilters(
            actor_id=key(self.actor_id),
            action=self.action,
            since=self.since and aware(self.since),
            until=self.until and aware(self.until),
        )


@strawberry.type
class AccountsQuery:
    @strawberry.field(description="Who asks, and what they may see.")
    def viewer(self, info: Info) -> ViewerInfo:
        return viewer_info(selectors.signed_in(viewer_of(info)))

    @strawberry.field(description="The workspaces of the viewer.", metadata=cost(items=_WORKSPACES))
    def workspaces(self, info: Info) -> list[Workspace]:
        return cast("list[Workspace]", list(selectors.workspaces(viewer_of(info))))

    @strawberry.field(description="Who is in the workspace; who joined last comes first.")
    def memberships(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        first: int = PAGE,
        after: str | None = None,
    ) -> Connection[Membership]:
        viewer, workspace = in_workspace(info, workspace_id)
        page = selectors.memberships(viewer, workspace, first, after)
        return connection(page, after, partial(selectors.membership_total, viewer, workspace))

    @strawberry.field(
        description="The viewer's tokens for the workspace; for administrators, everybody's."
    )
    def api_tokens(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        first: int = PAGE,
        after: str | None = None,
    ) -> Connection[ApiToken]:
        viewer, workspace = in_workspace(info, workspace_id)
        page = api_tokens.api_tokens(viewer, workspace, first, after)
        return connection(page, after, partial(api_tokens.api_token_total, viewer, workspace))

    @strawberry.field(description="Invitations that nobody has accepted yet. For administrators.")
    def invitations(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        first: int = PAGE,
        after: str | None = None,
    ) -> Connection[Invitation]:
        viewer, workspace = in_workspace(info, workspace_id)
        page = invitations.invitations(viewer, workspace, first, after)
        return connection(page, after, partial(invitations.invitation_total, viewer, workspace))

    @strawberry.field(description="What was done in the workspace. For administrators.")
    def audit_log(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        filters: AuditFilterInput | None = None,
        first: int = PAGE,
        after: str | None = None,
    ) -> Connection[AuditEntry]:
        viewer, workspace = in_workspace(info, workspace_id)
        wanted = filters.chosen() if filters else selectors.WHOLE_LOG
        page = selectors.audit_log(viewer, workspace, wanted, first, after)
        return connection(page, after, partial(selectors.audit_total, viewer, workspace, wanted))
