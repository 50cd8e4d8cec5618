"""Background jobs: thin and idempotent."""

from django_rq import job

from dexxy.mail.notices import notices_queue
from dexxy.mail.outbox import mails_send, old_mails_delete
from dexxy.mail.schedule import digests_queue
from dexxy.mail.telling import alerts_queue
from dexxy.mail.waking import mail_wake
from dexxy.web.mailing.writing import mail_write

# The worker of webhooks sends them, too, in between.
_SECONDS = 10.0


@job("outgoing")
def send_mails() -> None:
    """Make the mails that are due, and send what waits, for one time slice."""
    old_mails_delete()
    digests_queue()
    alerts_queue()
    notices_queue()
    if mails_send(mail_write, seconds=_SECONDS):
        mail_wake()
