"""Send what is due: claimed before it is sent, under a `Message-ID` that stays."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop

from dexxy.common.crypto import UndecryptableSecretError
from dexxy.common.errors import DexxyError, NotFoundError
from dexxy.mail.models import OutgoingMail, OutgoingMailQuerySet
from dexxy.mail.server import mail_connection, mail_sender
from dexxy.mail.transport import (
    MailRefusedError,
    MailServerError,
    mail_hand_over,
    mail_opened,
)

# How long after each attempt the next one is. No attempt takes so long as the first of them.
BACK_OFF = (
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=16),
)
ATTEMPTS = len(BACK_OFF) + 1
KEPT_FOR = timedelta(days=90)

log = structlog.get_logger()


@dataclass(frozen=True)
class Written:
    """What a mail says, in the language of who gets it.

    Args:
        ends_by: the address that ends such mails by one POST; '' where there is nothing to end.
    """

    to: str
    subject: str
    text: str
    html: str
    ends_by: str = ""


# Returns None where there is nothing to say any more.
Writer = Callable[[OutgoingMail], Written | None]


def mails_send(write: Writer, *, seconds: float) -> bool:
    """Send the mails that are due for SECONDS, by what WRITE writes; say whether some are left.

    A server that is away ends it, and what is due waits: only one mail was tried for that.
    """
    until = time.monotonic() + seconds
    if not _due().exists():
        return False
    try:
        with mail_opened(mail_connection()) as server:
            while (mail := _claimed()) is not None:
                _send(mail, write, server)
                if time.monotonic() > until:
                    return _due().exists()
    except (MailServerError, UndecryptableSecretError) as error:
        _put_off(error)
    return False


def old_mails_delete() -> int:
    """Delete what is known of mails that are old; of which threads somebody was told stays.

    Returns: how many.
    """
    old = OutgoingMail.objects.filter(created_at__lt=timezone.now() - KEPT_FOR)
    return old.delete()[0]


def _send(mail: OutgoingMail, write: Writer, server: BaseEmailBackend) -> None:
    try:
        written = write(mail)
    except NotFoundError:  # they are not in the workspace any more
        written = None
    except DexxyError as error:  # such as a database that takes too long
        _try_again(mail, error)
        return
    if written is None:
        _settle(mail, given_up_at=timezone.now())
        return
    try:
        mail_hand_over(server, _message(mail, written))
    except MailRefusedError as error:
        _try_again(mail, error, is_for_good=error.is_for_good)
    except MailServerError as error:
        _try_again(mail, error)
        raise
    else:
        _settle(mail, sent_at=timezone.now(), error="")


def _try_again(mail: OutgoingMail, error: DexxyError, *, is_for_good: bool = False) -> None:
    """Note why a mail was not sent, and give it up where another attempt is of no use."""
    is_over = is_for_good or mail.attempts >= ATTEMPTS
    _settle(mail, given_up_at=timezone.now() if is_over else None, error=str(error))
    log.warning("mail not sent", mail=mail.pk, error=str(error), again=not is_over)


def _message(mail: OutgoingMail, written: Written) -> EmailMultiAlternatives:
    headers = {"Message-ID": mail.message_id, "Auto-Submitted": "auto-generated"}
    if written.ends_by:
        headers["List-Unsubscribe"] = f"<{written.ends_by}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    subject = " ".join(written.subject.split())
    message = EmailMultiAlternatives(
        subject, written.text, mail_sender(), [written.to], headers=headers
    )
    message.attach_alternative(written.html, "text/html")
    return message


@transaction.atomic
def _claimed() -> OutgoingMail | None:
    """Take the mail that has been due for the longest, so that nobody else sends it."""
    mail = _due().select_for_update(skip_locked=True).order_by("next_attempt_at", "pk").first()
    if mail is None:
        return None
    mail.claimed_at = timezone.now()
    mail.next_attempt_at = mail.claimed_at + BACK_OFF[min(mail.attempts, len(BACK_OFF) - 1)]
    if mail.attempts >= ATTEMPTS:  # whoever sent it was killed each time
        mail.given_up_at = mail.claimed_at
        mail.error = mail.error or gettext_noop("Whoever sent it was killed each time.")
    mail.attempts += 1
    mail.save()
    return mail if mail.given_up_at is None else _claimed()


def _settle(mail: OutgoingMail, **became: object) -> None:
    for name, value in became.items():
        setattr(mail, name, value)
    if mail.sent_at or mail.given_up_at:
        mail.link = mail.address = ""
    mail.save()


def _put_off(error: DexxyError) -> None:
    """Let everything that is due wait, so that a server that hangs costs one wait in a while."""
    count = _due().update(next_attempt_at=timezone.now() + BACK_OFF[0], error=str(error))
    log.warning("the mail server is away", waiting=count, error=str(error))


def _due() -> OutgoingMailQuerySet:
    return OutgoingMail.objects.unsent().filter(next_attempt_at__lte=timezone.now())
