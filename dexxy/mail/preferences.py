"""What people choose to be told by mail, and how they end it."""

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import Membership, Workspace
from dexxy.accounts.selectors import Viewer, require_membership, signed_in
from dexxy.common.errors import BadInputError, NotFoundError
from dexxy.mail.models import (
    LONGEST_WAIT,
    Digest,
    MailKind,
    MailPreference,
    MailServer,
    OutgoingMail,
)
from dexxy.mail.telling import assigned_note

# Of the mails of somebody that their page lists.
SHOWN = 10
_SALT = "dexxy.mail.unsubscribe"


class MailChoiceError(BadInputError):
    """That cannot be chosen."""


class NoMailError(BadInputError):
    """This Dexxy has no server that takes mails."""


class UnsubscribeLinkError(NotFoundError):
    """A link to end mails is not one of ours."""


def mail_is_configured() -> bool:
    """Say whether this Dexxy sends mails at all."""
    return bool(settings.EMAIL_HOST) or MailServer.objects.exists()


def mail_preference(viewer: Viewer, workspace: Workspace) -> MailPreference:
    """Return what VIEWER chose, or what holds where they have chosen nothing.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    membership = _membership(viewer, workspace)
    found = MailPreference.objects.filter(membership=membership).first()
    return found or MailPreference(membership=membership)


def preference_of(mail: OutgoingMail) -> MailPreference | None:
    """Return what who gets MAIL has chosen in its workspace; None for nothing, or nobody there."""
    found = MailPreference.objects.select_related("membership__user", "membership__workspace")
    return found.filter(
        membership__workspace=mail.workspace_id, membership__user=mail.user_id
    ).first()


@transaction.atomic
def mail_preference_set(
    *,
    viewer: Viewer,
    workspace: Workspace,
    digest: Digest | None = None,
    weekday: int | None = None,
    hour: int | None = None,
    tells_assigned: bool | None = None,
    waits_hours: int | None = None,
) -> MailPreference:
    """Store what VIEWER wants to be told by mail; what is None stays.

    Args:
        weekday: of a weekly digest; Monday is 0.
        hour: from 0 to 23, in VIEWER's time zone.
        waits_hours: how long somebody waits until VIEWER is told; 0 for never.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        MailChoiceError: there is no such day, hour, or number of hours.
    """
    membership, now = _membership(viewer, workspace), timezone.now()
    MailPreference.objects.get_or_create(membership=membership)
    stored = MailPreference.objects.select_for_update().get(membership=membership)
    if digest is not None and digest != stored.digest:
        stored.digest, stored.digest_after = digest, now
    if weekday is not None and weekday != stored.weekday:
        stored.weekday, stored.digest_after = _within(weekday, 0, 6), now
    if hour is not None and hour != stored.hour:
        stored.hour, stored.digest_after = _within(hour, 0, 23), now
    if waits_hours is not None and (waits_hours or None) != stored.waits_hours:
        stored.waits_hours = _within(waits_hours, 0, LONGEST_WAIT) or None
        stored.alerts_after = now
    if tells_assigned is not None and tells_assigned != stored.tells_assigned:
        stored.tells_assigned = tells_assigned
        if tells_assigned:
            assigned_note(stored)
    stored.save()
    return stored


def _within(value: int, least: int, most: int) -> int:
    if not least <= value <= most:
        raise MailChoiceError(
            _("Choose a number from {least} to {most}.").format(least=least, most=most)
        )
    return value


def mails_of(viewer: Viewer, workspace: Workspace) -> list[OutgoingMail]:
    """Return the last mails to VIEWER, the newest first, with what became of each.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    mine = OutgoingMail.objects.filter(workspace=workspace, user=signed_in(viewer))
    return list(mine.order_by("-pk")[:SHOWN])


def mail_test(*, viewer: Viewer, workspace: Workspace) -> OutgoingMail:
    """Let a test be sent to VIEWER; a second one in the same minute is the same.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        NoMailError: no mail is sent from here.
    """
    user = _membership(viewer, workspace).user
    if not mail_is_configured():
        raise NoMailError(_("This Dexxy sends no mail: no mail server is configured."))
    minute = f"{timezone.now():%Y-%m-%dT%H:%M}"
    mail, _is_new = OutgoingMail.objects.get_or_create(
        workspace=workspace, user=user, kind=MailKind.TEST, period=minute
    )
    return mail


def unsubscribe_code(mail: OutgoingMail, membership: Membership) -> str:
    """Return what lets whoever has it end mails such as MAIL, and nothing else."""
    return signing.dumps([membership.pk, str(mail.kind)], salt=_SALT)


def unsubscribe_target(code: str) -> tuple[MailPreference | None, MailKind]:
    """Return whose mails CODE ends, and of which kind; None where they have ended.

    Raises:
        UnsubscribeLinkError: it was not made here.
    """
    try:
        membership_id, kind = signing.loads(code, salt=_SALT)
    except signing.BadSignature as error:
        raise UnsubscribeLinkError(_("This link is not one of ours.")) from error
    found = MailPreference.objects.select_related("membership__workspace", "membership__user")
    return found.filter(membership=membership_id).first(), MailKind(kind)


def unsubscribe(code: str) -> None:
    """End what CODE is about. Who has the link needs no account; again changes nothing.

    Raises:
        UnsubscribeLinkError: it was not made here.
    """
    preference, kind = unsubscribe_target(code)
    if preference is None:
        return
    mine = MailPreference.objects.filter(pk=preference.pk)
    if kind == MailKind.DIGEST:
        mine.update(digest=Digest.NEVER, updated_at=timezone.now())
    else:
        mine.update(tells_assigned=False, waits_hours=None, updated_at=timezone.now())


def _membership(viewer: Viewer, workspace: Workspace) -> Membership:
    require_membership(viewer, workspace)
    return Membership.objects.select_related("user").get(
        workspace=workspace, user=signed_in(viewer)
    )
