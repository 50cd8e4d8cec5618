"""What can be changed about who uses Dexxy: tokens, invitations, memberships."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from datetime import datetime
from typing import cast

import strawberry

from dexxy.accounts import (
    api_tokens,
    ending,
    first_run,
    invitations,
    memberships,
    preferences,
    services,
)
from dexxy.accounts.graphql import (
    ApiToken,
    Invitation,
    Membership,
    ViewerInfo,
    Workspace,
    in_workspace,
    viewer_info,
    viewer_of,
)
from dexxy.accounts.models import Role, ThreadColumn, TokenScope
from dexxy.common.graphql import Info, key
from dexxy.common.times import aware


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


@strawberry.type(description="The invitation, whose link opens nothing any more.")
class InvitationRevokePayload:
    invitation: Invitation


@strawberry.type(description="The membership as it is now.")
class MembershipPayload:
    membership: Membership


@strawberry.type(description="The membership that was.")
class MembershipRemovePayload:
    membership: Membership


@strawberry.input(description="A workspace to make.")
class WorkspaceCreateInput:
    name: str
    slug: str = strawberry.field(
        default="", description="What addresses call it; empty: what its name suggests."
    )


@strawberry.type(description="A new workspace, which the viewer administers.")
class WorkspaceCreatePayload:
    workspace: Workspace


@strawberry.input(description="How a workspace is to be set up; what is left out stays.")
class WorkspaceUpdateInput:
    workspace_id: strawberry.ID
    name: str | None = None
    time_zone: str | None = strawberry.field(default=None, description="As `Europe/Berlin`.")
    language: str | None = strawberry.field(
        default=None, description="As `de`; empty: what each reader's browser asks for."
    )
    slug: str | None = strawberry.field(
        default=None,
        description="What it is called in addresses: letters, digits, `-` and `_`. Those with what"
        " it was called before lead on.",
    )
    attention_after: int | None = strawberry.field(
        default=None, description="After how many days a wait is to be seen to."
    )
    late_after: int | None = strawberry.field(
        default=None, description="After how many days a wait is late: more, and up to 365."
    )


@strawberry.type(description="The workspace as it is now.")
class WorkspaceUpdatePayload:
    workspace: Workspace


@strawberry.input(description="What one chooses for oneself; what is left out stays.")
class ViewerUpdateInput:
    name: str | None = None
    language: str | None = strawberry.field(
        default=None, description="As `de`; empty: what the browser asks for."
    )
    time_zone: str | None = strawberry.field(
        default=None, description="As `Europe/Berlin`; empty: that of the workspace."
    )
    thread_columns: list[ThreadColumn] | None = strawberry.field(
        default=None, description="What the list of threads shows beside the title."
    )


@strawberry.type(description="Who asks, as they are now.")
class ViewerUpdatePayload:
    viewer: ViewerInfo


@strawberry.type
class AccountsMutation:
    @strawberry.mutation(description="Make a workspace. For administrators of any, with a session.")
    def workspace_create(self, info: Info, input: WorkspaceCreateInput) -> WorkspaceCreatePayload:
        made = first_run.workspace_begin(viewer=viewer_of(info), name=input.name, slug=input.slug)
        return WorkspaceCreatePayload(workspace=cast(Workspace, made))

    @strawberry.mutation(
        description="Let a workspace be deleted with all that it has, in 7 days."
        " For administrators, with a session."
    )
    def workspace_delete(self, info: Info, workspace_id: strawberry.ID) -> WorkspaceUpdatePayload:
        viewer, workspace = in_workspace(info, workspace_id)
        ends = ending.workspace_delete(viewer=viewer, workspace=workspace)
        return WorkspaceUpdatePayload(workspace=cast(Workspace, ends))

    @strawberry.mutation(
        description="Take back that a workspace is to be deleted."
        " For administrators, with a session."
    )
    def workspace_restore(self, info: Info, workspace_id: strawberry.ID) -> WorkspaceUpdatePayload:
        viewer, workspace = in_workspace(info, workspace_id)
        stays = ending.workspace_restore(viewer=viewer, workspace=workspace)
        return WorkspaceUpdatePayload(workspace=cast(Workspace, stays))

    @strawberry.mutation(description="Change how a workspace is set up. For administrators.")
    def workspace_update(self, info: Info, input: WorkspaceUpdateInput) -> WorkspaceUpdatePayload:
        viewer, workspace = in_workspace(info, input.workspace_id)
        changed = services.workspace_update(
            viewer=viewer,
            workspace=workspace,
            name=input.name,
            time_zone=input.time_zone,
            language=input.language,
            slug=input.slug,
            attention_after=input.attention_after,
            late_after=input.late_after,
        )
        return WorkspaceUpdatePayload(workspace=cast(Workspace, changed))

    @strawberry.mutation(description="Change what one chose for oneself. With a session.")
    def viewer_update(self, info: Info, input: ViewerUpdateInput) -> ViewerUpdatePayload:
        user = preferences.user_update(
            viewer=viewer_of(info),
            name=input.name,
            language=input.language,
            time_zone=input.time_zone,
            thread_columns=input.thread_columns,
        )
        return ViewerUpdatePayload(viewer=viewer_info(user))

    @strawberry.mutation(description="Make a token for programs. For members, with a session.")
    def api_token_create(self, info: Info, input: ApiTokenCreateInput) -> ApiTokenCreatePayload:
        viewer, workspace = in_workspace(info, input.workspace_id)
        token, secret = api_tokens.api_token_create(
            viewer=viewer,
            workspace=workspace,
            name=input.name,
            scope=input.scope,
            expires_at=input.expires_at and aware(input.expires_at),
        )
        return ApiTokenCreatePayload(api_token=cast(ApiToken, token), token=secret)

    @strawberry.mutation(
        description="Make a token useless: one's own, or as administrator anybody's."
    )
    def api_token_revoke(self, info: Info, token_id: strawberry.ID) -> ApiTokenRevokePayload:
        token = api_tokens.api_token_revoke(viewer=viewer_of(info), token_id=key(token_id))
        return ApiTokenRevokePayload(api_token=cast(ApiToken, token))

    @strawberry.mutation(description="Make an invitation useless. For administrators.")
    def invitation_revoke(
        self, info: Info, invitation_id: strawberry.ID
    ) -> InvitationRevokePayload:
        revoked = invitations.invitation_revoke(
            viewer=viewer_of(info), invitation_id=key(invitation_id)
        )
        return InvitationRevokePayload(invitation=cast(Invitation, revoked))

    @strawberry.mutation(description="Join a workspace by the last part of an invitation's link.")
    def invitation_accept(self, info: Info, code: str) -> MembershipPayload:
        membership = invitations.invitation_accept(viewer=viewer_of(info), secret=code)
        return MembershipPayload(membership=cast(Membership, membership))

    @strawberry.mutation(
        description="Make somebody an administrator or member. For administrators, with a session."
    )
    def membership_set_role(
        self, info: Info, membership_id: strawberry.ID, role: Role
    ) -> MembershipPayload:
        membership = memberships.membership_set_role(
            viewer=viewer_of(info), membership_id=key(membership_id), role=role
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
            viewer=viewer_of(info), membership_id=key(membership_id)
        )
        return MembershipRemovePayload(membership=cast(Membership, membership))
