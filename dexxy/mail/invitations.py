"""Invitations whose link is sent by mail."""

from django.db import transaction
from django.utils.translation import gettext as _

from dexxy.accounts.invitations import LIFETIMES, InvitationError, invitation_create
from dexxy.accounts.models import Invitation, Role, Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.mail.models import MailKind, OutgoingMail
from dexxy.mail.preferences import NoMailError, mail_is_configured
from dexxy.mail.waking import mail_wake


@transaction.atomic
def invitation_send(
    *,
    viewer: Viewer,
    workspace: Workspace,
    role: Role = Role.MEMBER,
    email: str,
    days: int = LIFETIMES[0],
) -> tuple[Invitation, str]:
    """Invite one person as `invitation_create` does, and let a worker send them the link.

    Until it is sent, the link is kept, encrypted.

    Raises:
        (those of `invitation_create`)
        InvitationError: EMAIL is empty.
        NoMailError: no mail is sent from here.
    """
    invitation, link = invitation_create(
        viewer=viewer, workspace=workspace, role=role, email=email, days=days
    )
    if not invitation.email:
        raise InvitationError(_("Name the address to which the link is sent."))
    if not mail_is_configured():
        raise NoMailError(_("This Dexxy sends no mail: no mail server is configured."))
    OutgoingMail.objects.create(
        workspace=workspace,
        invitation=invitation,
        kind=MailKind.INVITATION,
        period=str(invitation.pk),
        link=link,
    )
    transaction.on_commit(mail_wake)
    return invitation, link
