"""Whether mails leave."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.template.defaultfilters import pluralize
from django.utils import timezone

from dexxy.doctor.finding import Finding, failed, notice, well
from dexxy.mail.models import OutgoingMail
from dexxy.mail.preferences import mail_is_configured
from dexxy.mail.transport import MailServerError, mail_server

_NAME = "Mail"
_LATELY = timedelta(days=7)


def mail() -> Iterator[Finding]:
    """Look whether the mail server lets us in, and what it refused lately."""
    if not mail_is_configured():
        yield well(_NAME, "None is sent: DEXXY_SMTP_URL is not set.")
        return
    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        with mail_server():
            yield well(_NAME, f"{server} takes mails from {settings.DEFAULT_FROM_EMAIL}.")
    except MailServerError as error:
        waiting = OutgoingMail.objects.unsent().count()
        yield failed(
            _NAME,
            f"{server} takes none: {error}. {waiting} mail{pluralize(waiting)} waiting.",
            "Check DEXXY_SMTP_URL. Nothing is lost meanwhile: what is due is tried again.",
        )
    refused = OutgoingMail.objects.refused().filter(given_up_at__gte=timezone.now() - _LATELY)
    count = refused.count()
    if count:
        last = refused.latest("given_up_at")
        yield notice(
            "Refused mails",
            f"{count} of the last seven days. The last: {last.error}",
            "Check the address of whom it was to, and DEXXY_MAIL_FROM.",
        )
