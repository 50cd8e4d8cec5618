"""Another address for an account: its owner proves by a mail that it is theirs.

The link in it works for who is signed in as that account alone: else somebody could give theirs
the address of whoever presses a button in a mail that they never asked for.
"""

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from dexxy.accounts.addresses import (
    address_compared,
    address_given,
    address_is_proven,
    address_move,
)
from dexxy.accounts.models import User
from dexxy.accounts.selectors import Viewer, in_person
from dexxy.accounts.services import audit_of_user
from dexxy.common.errors import BadInputError, DexxyError
from dexxy.mail.access import ACCESS_FOR, MailAddressError, address_checked
from dexxy.mail.models import MailKind, OutgoingMail
from dexxy.mail.preferences import NoMailError, mail_is_configured
from dexxy.mail.waking import mail_wake

PATH = "/account/address/"
_SALT = "dexxy.mail.address_change"
# Mails that one person asks for within an hour.
MOST = 5


class SameAddressError(BadInputError):
    """It is the address that the account has."""


class ManyMailsError(DexxyError):
    """Somebody asked for many mails."""

    code = "many_mails"


class AddressLinkError(DexxyError):
    """The link proves nothing, or not any more, or not for who is signed in."""

    code = "address_link"


@transaction.atomic
def address_change_ask(*, viewer: Viewer, address: str) -> str:
    """Let a worker mail ADDRESS a link that makes it VIEWER's, and return how it is written.

    Nothing is said here about whether somebody else has it: their mailbox gets no mail.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SessionNeededError: VIEWER came by a token.
        MailAddressError: it is no address, or none that anybody is given.
        SameAddressError: VIEWER has it already.
        ManyMailsError: VIEWER has asked for MOST mails within the hour.
        NoMailError: no mail is sent from here.
    """
    user, address = in_person(viewer), _checked(address)
    if not mail_is_configured():
        raise NoMailError(_("This Dexxy sends no mail: no mail server is configured."))
    if address == address_compared(user.email):
        raise SameAddressError(_("This is your address already."))
    # Of two that are asked for at one moment the second waits, and counts the first.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    now = timezone.now()
    mine = OutgoingMail.objects.filter(user=user, kind=MailKind.ADDRESS)
    if mine.filter(created_at__gt=now - ACCESS_FOR).count() >= MOST:
        raise ManyMailsError(_("You asked for many mails. Wait an hour, then try again."))
    name = salted_hmac(_SALT, address).hexdigest()[:20]
    OutgoingMail.objects.get_or_create(
        workspace=None,
        user=user,
        kind=MailKind.ADDRESS,
        period=f"{name} {now:%y%m%d%H%M}",
        defaults={"address": address},
    )
    transaction.on_commit(mail_wake)
    return address


def _checked(address: str) -> str:
    try:
        return address_checked(address_given(address.strip()))
    except ValidationError as error:
        raise MailAddressError(" ".join(error.messages)) from error


def address_link(user: User, address: str) -> str:
    """Return the link that makes ADDRESS the one of USER, within an hour."""
    code = signing.dumps([user.pk, user.email, address], salt=_SALT)
    return f"{settings.DEXXY_BASE_URL}{PATH}{code}/"


def address_of_link(viewer: Viewer, code: str) -> str:
    """Return the address that the link with CODE proves to be VIEWER's.

    Raises:
        UnauthenticatedError: nobody is signed in.
        SessionNeededError: VIEWER came by a token.
        AddressLinkError: it proves nothing.
    """
    user = in_person(viewer)
    try:
        pk, before, address = signing.loads(code, salt=_SALT, max_age=ACCESS_FOR)
    except (signing.BadSignature, ValueError) as error:
        raise AddressLinkError(_("The link is not valid any more: ask for another one.")) from error
    # Who has changed their address since has spent it.
    if (pk, before) != (user.pk, user.email):
        raise AddressLinkError(
            _("The link is for another account, or was used: sign in as that one, or ask anew.")
        )
    return str(address)


@transaction.atomic
def address_change(*, viewer: Viewer, code: str) -> User:
    """Give VIEWER the address that the link with CODE proves, and tell the one of before.

    Raises:
        UnauthenticatedError, SessionNeededError, AddressLinkError: as `address_of_link`.
        AddressTakenError: somebody else has it by now.
    """
    user = User.objects.select_for_update().get(pk=in_person(viewer).pk)
    before = user.email
    was_proven = address_is_proven(user, before)
    address_move(user, address_of_link(user, code))
    audit_of_user(user, user, "user.address_changed", before=before)
    # Nobody reads what goes to an address that was only typed.
    if was_proven and mail_is_configured():
        OutgoingMail.objects.create(
            workspace=None,
            user=user,
            kind=MailKind.ADDRESS_CHANGED,
            period=f"{timezone.now():%y%m%d%H%M%S%f}",
            address=before,
        )
        transaction.on_commit(mail_wake)
    return user
