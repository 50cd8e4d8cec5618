"""Mails with a link to sign in, or to set a new password, for who types their address.

Whoever asks learns nothing by it: what is typed is written down as it is, in the same time for
every address. Whose it is, a worker finds out when it writes the mail, and so no link is stored.
"""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from dexxy.accounts.addresses import address_compared
from dexxy.common.errors import BadInputError
from dexxy.mail.models import MailKind, OutgoingMail
from dexxy.mail.waking import mail_wake

# Who waits for longer has asked again.
ACCESS_FOR = timedelta(hours=1)
# Mails to one address within that time, however many people ask for them.
MOST = 5
_LONGEST = 254


class MailAddressError(BadInputError):
    """What was typed is no address."""


def access_mail_ask(address: str, kind: MailKind) -> None:
    """Let a worker mail a link to ADDRESS, if somebody has proven that it is theirs.

    Asked for once more within the minute, or too often within the hour, it does nothing, and
    does not tell.

    Args:
        kind: SIGN_IN or FORGOTTEN.

    Raises:
        MailAddressError: it is no address.
    """
    address = address_checked(address)
    now = timezone.now()
    # Of an address that is nobody's, nothing is left to read once its mail is settled.
    of_address = salted_hmac("dexxy.mail.access", address).hexdigest()[:24]
    lately = OutgoingMail.objects.filter(workspace=None, created_at__gt=now - ACCESS_FOR)
    if lately.filter(period__startswith=of_address).count() < MOST:
        OutgoingMail.objects.get_or_create(
            workspace=None,
            user=None,
            kind=kind,
            period=f"{of_address} {now:%y%m%d%H%M}",
            defaults={"address": address},
        )
    mail_wake()


def address_checked(address: str) -> str:
    """Return ADDRESS as it is compared.

    Raises:
        MailAddressError: it is none.
    """
    address = address_compared(address.strip())
    try:
        validate_email(address)
    except ValidationError as error:
        raise MailAddressError(_("That is no e-mail address.")) from error
    if len(address) > _LONGEST:
        raise MailAddressError(_("That is no e-mail address."))
    return address
