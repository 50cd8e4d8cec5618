"""Wake a worker for mails, from time to time: what is due stands in the database."""

import time

from dexxy.common.queue import worker_wake
from dexxy.mail.models import MailPreference, OutgoingMail
from dexxy.mail.notices import notices_are_due
from dexxy.mail.preferences import mail_is_configured

JOB = "dexxy.web.mailing.tasks.send_mails"
# Seconds between two looks.
_EVERY = 30.0
_looked_at = 0.0


def mail_wake() -> None:
    """Let a worker send what is due."""
    worker_wake("outgoing", JOB)


def mail_wake_if_due() -> None:
    """Let a worker send what is due, if anything can be."""
    global _looked_at
    if time.monotonic() - _looked_at < _EVERY:
        return
    _looked_at = time.monotonic()
    if not mail_is_configured():
        return
    is_due = MailPreference.objects.exists() or OutgoingMail.objects.unsent().exists()
    if is_due or notices_are_due():
        mail_wake()
