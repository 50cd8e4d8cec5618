"""The server that takes our mails: one connection, and what its refusals mean."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.errors import MessageError

import structlog
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.translation import gettext_noop

from dexxy.common.errors import DexxyError
from dexxy.common.redaction import redacted

log = structlog.get_logger()

# From this code on a server refuses for good (RFC 5321, 4.2.1).
_FOR_GOOD = 500
_LONGEST_REASON = 500
_HANGS = gettext_noop("The mail server did not answer in time.")
_AWAY = gettext_noop("The mail server cannot be reached, and nothing says why: look at its log.")
_NO_MAIL = gettext_noop(
    "No mail can be written to this address. Correct it in the account that it belongs to."
)


class MailRefusedError(DexxyError):
    """The server does not take a mail, now or for good."""

    code = "mail_refused"

    def __init__(self, reason: str, *, is_for_good: bool) -> None:
        super().__init__(reason)
        self.is_for_good = is_for_good


class MailServerError(DexxyError):
    """The server is not there, hangs, or does not let us in: no mail goes through it now."""

    code = "mail_server_away"


@contextmanager
def mail_opened(server: BaseEmailBackend) -> Iterator[BaseEmailBackend]:
    """Connect to SERVER.

    Raises:
        MailServerError: that cannot be done.
    """
    try:
        try:
            server.open()
        except (OSError, smtplib.SMTPException) as error:
            raise MailServerError(_reason(error)) from error
        yield server
    finally:
        # Also one that did not let us in: it would keep its connection until it is tired of us.
        with suppress(OSError, smtplib.SMTPException):
            server.close()


def mail_hand_over(server: BaseEmailBackend, mail: EmailMultiAlternatives) -> None:
    """Let SERVER take MAIL.

    Raises:
        MailRefusedError: it does not want this one.
        MailServerError: it went away, or hangs.
    """
    mail.connection = server
    try:
        mail.send()
    except smtplib.SMTPServerDisconnected as error:
        raise MailServerError(_reason(error)) from error
    except smtplib.SMTPRecipientsRefused as error:
        code, reply = next(iter(error.recipients.values()))
        raise _refused(code, reply) from error
    except smtplib.SMTPResponseException as error:
        raise _refused(error.smtp_code, error.smtp_error) from error
    except smtplib.SMTPException as error:
        raise MailRefusedError(_reason(error), is_for_good=True) from error
    except OSError as error:
        raise MailServerError(_reason(error)) from error
    except (ValueError, MessageError) as error:
        # It cannot be written down as a mail, such as one to a domain that there cannot be.
        log.warning("no mail can be written", exc_info=error)
        raise MailRefusedError(_NO_MAIL, is_for_good=True) from error


def _refused(code: int, reply: bytes | str) -> MailRefusedError:
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    reason = _in_one_line(f"{code} {text}")
    return MailRefusedError(reason, is_for_good=code >= _FOR_GOOD)


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return str(_refused(error.smtp_code, error.smtp_error))
    if isinstance(error, OSError) and error.strerror:
        return _in_one_line(error.strerror)
    return _in_one_line(str(error)) or (_HANGS if isinstance(error, TimeoutError) else _AWAY)


def _in_one_line(text: str) -> str:
    # Beside other control characters, a server may send the one that no column takes.
    kept = "".join(char for char in text if char.isprintable() or char.isspace())
    return redacted(" ".join(kept.split()))[:_LONGEST_REASON]
