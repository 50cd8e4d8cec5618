"""Who uses Dexxy, in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from datetime import datetime
from typing import cast

import strawberry
import strawberry_django
from strawberry.scalars import JSON

from dexxy.accounts import api_tokens, invitations, memberships, models, selectors
from dexxy.accounts.models import Role, TokenScope
from dexxy.accounts.selectors import Viewer
from dexxy.common.graphql import Connection, Info, connection, in_utc
from dexxy.common.ids import parse_id
from dexxy.common.pages import PAGE

strawberry.enum(Role, description="What somebody may do in a workspace.")
strawberry.enum(TokenScope, description="What a token may do: READ only, or FULL.")


def viewer_of(info: Info) -> Viewer:
    """Return who asks; the selectors refuse the anonymous."""
    return info.context.request.user


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


@strawberry_django.type(models.Membership, description="A person's place in a workspace.")
class Membership:
    id: strawberry.ID
    user: User
    role: Role
    created_at: datetime


@strawberry.type(description="Who asks.")
class ViewerInfo:
    user: User
    workspaces: list[Workspace]
    token_scope: TokenScope | None = strawberry.field(
        description="What the token may do that was sent; null with a session."
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


@strawberry.type
class AccountsQuery:
    @strawberry.field(description="Who asks, and what they may see.")
    def viewer(self, info: Info) -> ViewerInfo:
        viewer = viewer_of(info)
        user = selectors.signed_in(viewer)
        return ViewerInfo(
            user=cast(User, user),
            workspaces=cast("list[Workspace]", list(selectors.workspaces(viewer))),
            token_scope=TokenScope(user.via_token.scope) if user.via_token else None,
        )

    @strawberry.field(description="The workspaces of the viewer.")
    def workspaces(self, info: Info) -> list[Workspace]:
        return cast("list[Workspace]", list(selectors.workspaces(viewer_of(info))))

    @strawberry.field(description="Who is in the workspace.")
    def memberships(self, info: Info, workspace_id: strawberry.ID) -> list[Membership]:
        viewer = viewer_of(info)
        workspace = selectors.workspace_by_id(viewer, workspace_id)
        return cast("list[Membership]", list(selectors.memberships(viewer, workspace)))

    @strawberry.field(
        description="The viewer's tokens for the workspace; for administrators, everybody's."
    )
    def api_tokens(self, info: Info, workspace_id: strawberry.ID) -> list[ApiToken]:
        viewer = viewer_of(info)
        workspace = selectors.workspace_by_id(viewer, workspace_id)
        return cast("list[ApiToken]", list(api_tokens.api_tokens(viewer, workspace)))

    @strawberry.field(description="Invitations that nobody has accepted yet. For administrators.")
    def invitations(self, info: Info, workspace_id: strawberry.ID) -> list[Invitation]:
        viewer = viewer_of(info)
        workspace = selectors.workspace_by_id(viewer, workspace_id)
        return cast("list[Invitation]", list(invitations.invitations(viewer, workspace)))

    @strawberry.field(description="What was done in the workspace. For administrators.")
    def audit_log(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        first: int = PAGE,
        after: str | None = None,
    ) -> Connection[AuditEntry]:
        viewer = viewer_of(info)
        workspace = selectors.workspace_by_id(viewer, workspace_id)
        page = selectors.audit_log(viewer, workspace, first, after)
        return connection(page, after, workspace.audit_entries.count)


@strawberry.input(description="A token to make.")
class ApiTokenCreateInput:
    workspace_id: strawberry.ID
    name: str
    scope: TokenScope = TokenScope.READ
    expires_at: datetime | None = None


@strawberry.type(description="A new token.")
class ApiTokenCreatePayload:
    api_token: ApiToken
    token: str = strawberry.field(description="To be sent as a bearer token; shown this once.")


@strawberry.type(description="The token, which opens nothing any more.")
class ApiTokenRevokePayload:
    api_token: ApiToken


@strawberry.input(description="Whom to invite.")
class InvitationCreateInput:
    workspace_id: strawberry.ID
    role: Role = Role.MEMBER
    email: str = strawberry.field(
        default="", description="Who may accept it; anybody who has the link if empty."
    )


@strawberry.type(description="A new invitation.")
class InvitationCreatePayload:
    invitation: Invitation
    link: str = strawberry.field(description="To be sent to the person; shown this once.")


@strawberry.type(description="The invitation, whose link opens nothing any more.")
class InvitationRevokePayload:
    invitation: Invitation


@strawberry.type(description="The membership as it is now.")
class MembershipPayload:
    membership: Membership


@strawberry.type(description="The membership that was.")
class MembershipRemovePayload:
    membership: Membership


@strawberry.type
class AccountsMutation:
    @strawberry.mutation(description="Make a token for programs. For members, with a session.")
    def api_token_create(self, info: Info, input: ApiTokenCreateInput) -> ApiTokenCreatePayload:
        viewer = viewer_of(info)
        token, secret = api_tokens.api_token_create(
            viewer=viewer,
            workspace=selectors.workspace_by_id(viewer, input.workspace_id),
            name=input.name,
            scope=input.scope,
            expires_at=input.expires_at and in_utc(input.expires_at),
        )
        return ApiTokenCreatePayload(api_token=cast(ApiToken, token), token=secret)

    @strawberry.mutation(
        description="Make a token useless: one's own, or as administrator anybody's."
    )
    def api_token_revoke(self, info: Info, token_id: strawberry.ID) -> ApiTokenRevokePayload:
        token = api_tokens.api_token_revoke(
            viewer=viewer_of(info), token_id=parse_id(token_id) or 0
        )
        return ApiTokenRevokePayload(api_token=cast(ApiToken, token))

    @strawberry.mutation(description="Invite one person. For administrators.")
    def invitation_create(
        self, info: Info, input: InvitationCreateInput
    ) -> InvitationCreatePayload:
        viewer = viewer_of(info)
        invitation, link = invitations.invitation_create(
            viewer=viewer,
            workspace=selectors.workspace_by_id(viewer, input.workspace_id),
            role=input.role,
            email=input.email,
        )
        return InvitationCreatePayload(invitation=cast(Invitation, invitation), link=link)

    @strawberry.mutation(description="Make an invitation useless. For administrators.")
    def invitation_revoke(
        self, info: Info, invitation_id: strawberry.ID
    ) -> InvitationRevokePayload:
        revoked = invitations.invitation_revoke(
            viewer=viewer_of(info), invitation_id=parse_id(invitation_id) or 0
        )
        return InvitationRevokePayload(invitation=cast(Invitation, revoked))

    @strawberry.mutation(description="Join a workspace by the last part of an invitation's link.")
    def invitation_accept(self, info: Info, code: str) -> MembershipPayload:
        membership = invitations.invitation_accept(viewer=viewer_of(info), secret=code)
        return MembershipPayload(membership=cast(Membership, membership))

    @strawberry.mutation(
        description="Make somebody an administrator or member. For administrators."
    )
    def membership_set_role(
        self, info: Info, membership_id: strawberry.ID, role: Role
    ) -> MembershipPayload:
        membership = memberships.membership_set_role(
            viewer=viewer_of(info), membership_id=parse_id(membership_id) or 0, role=role
        )
        return MembershipPayload(membership=cast(Membership, membership))

    @strawberry.mutation(
        description="Take somebody out of a workspace, or leave it. For administrators; everybody"
        " may leave."
    )
    def membership_remove(
        self, info: Info, membership_id: strawberry.ID
    ) -> MembershipRemovePayload:
        membership = memberships.membership_remove(
            viewer=viewer_of(info), membership_id=parse_id(membership_id) or 0
        )
        return MembershipRemovePayload(membership=cast(Membership, membership))
