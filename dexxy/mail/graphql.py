"""What people are told by mail, in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from typing import Self, cast

import strawberry

from dexxy.accounts.graphql import Invitation, in_workspace
from dexxy.accounts.invitations import LIFETIMES, invitation_create
from dexxy.accounts.models import Role
from dexxy.common.graphql import Info
from dexxy.mail import preferences
from dexxy.mail.invitations import invitation_send
from dexxy.mail.models import Digest, MailPreference

strawberry.enum(Digest, name="MailDigest", description="How often somebody gets the digest.")


@strawberry.type(description="What one is told by mail of a workspace.")
class MailPreferences:
    digest: Digest
    weekday: int = strawberry.field(description="Of a weekly digest; Monday is 0.")
    hour: int = strawberry.field(description="From 0 to 23, in one's own time zone.")
    tells_assigned: bool = strawberry.field(
        description="At once, what waits and is assigned to one."
    )
    waits_hours: int | None = strawberry.field(
        description="At once, when somebody waits for longer; null for never."
    )

    @classmethod
    def of(cls, found: MailPreference) -> Self:
        """Show what somebody chose."""
        return cls(
            digest=Digest(found.digest),
            weekday=found.weekday,
            hour=found.hour,
            tells_assigned=found.tells_assigned,
            waits_hours=found.waits_hours,
        )


@strawberry.input(description="What one wants to be told by mail; what is left out stays.")
class MailPreferencesSetInput:
    workspace_id: strawberry.ID
    digest: Digest | None = None
    weekday: int | None = None
    hour: int | None = None
    tells_assigned: bool | None = None
    waits_hours: int | None = strawberry.field(default=None, description="0 for never.")


@strawberry.type(description="What one is told by mail now.")
class MailPreferencesSetPayload:
    preferences: MailPreferences


@strawberry.input(description="Whom to invite.")
class InvitationCreateInput:
    workspace_id: strawberry.ID
    role: Role = Role.MEMBER
    email: str = strawberry.field(
        default="", description="Who may accept it; anybody who has the link if empty."
    )
    days: int = strawberry.field(
        default=LIFETIMES[0], description="How long it lasts: 1, 7 or 30 days."
    )
    by_mail: bool = strawberry.field(
        default=False, description="Send the link to that address, too."
    )


@strawberry.type(description="A new invitation.")
class InvitationCreatePayload:
    invitation: Invitation
    link: str = strawberry.field(description="To be sent to the person; shown this once.")


@strawberry.type
class MailQuery:
    @strawberry.field(description="What one is told by mail of a workspace.")
    def mail_preferences(self, info: Info, workspace_id: strawberry.ID) -> MailPreferences:
        viewer, workspace = in_workspace(info, workspace_id)
        return MailPreferences.of(preferences.mail_preference(viewer, workspace))


@strawberry.type
class MailMutation:
    @strawberry.mutation(description="Choose what one is told by mail of a workspace.")
    def mail_preferences_set(
        self, info: Info, input: MailPreferencesSetInput
    ) -> MailPreferencesSetPayload:
        viewer, workspace = in_workspace(info, input.workspace_id)
        stored = preferences.mail_preference_set(
            viewer=viewer,
            workspace=workspace,
            digest=input.digest,
            weekday=input.weekday,
            hour=input.hour,
            tells_assigned=input.tells_assigned,
            waits_hours=input.waits_hours,
        )
        return MailPreferencesSetPayload(preferences=MailPreferences.of(stored))

    @strawberry.mutation(description="Invite one person. For administrators, with a session.")
    def invitation_create(
        self, info: Info, input: InvitationCreateInput
    ) -> InvitationCreatePayload:
        viewer, workspace = in_workspace(info, input.workspace_id)
        invitation, link = (invitation_send if input.by_mail else invitation_create)(
            viewer=viewer,
            workspace=workspace,
            role=input.role,
            email=input.email,
            days=input.days,
        )
        return InvitationCreatePayload(invitation=cast(Invitation, invitation), link=link)
