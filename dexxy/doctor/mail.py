"""Whether mails leave."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dexxy.doctor.finding import Finding, failed, notice, well
from dexxy.mail.models import OutgoingMail
from dexxy.mail.preferences import mail_is_configured

_LATELY = timedelta(days=7)


def mail() -> Iterator[Finding]:
    """Look whether the mail server lets us in, and what it refused lately."""
    if not mail_is_configured():
        yield well(_("Mail"), _("None is sent: DEXXY_SMTP_URL is not set."))
        return
    # Web processes load this module, and only one that examines speaks to the server.
    from dexxy.mail.transport import MailServerError, mail_server

    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    try:
        with mail_server():
            yield well(
                _("Mail"),
                _("{server} takes mails from {sender}.").format(
                    server=server, sender=settings.DEFAULT_FROM_EMAIL
                ),
            )
    except MailServerError as error:
        waiting = OutgoingMail.objects.unsent().count()
        yield failed(
            _("Mail"),
            ngettext(
                "{server} takes none: {error}. {n} mail waiting.",
                "{server} takes none: {error}. {n} mails waiting.",
                waiting,
            ).format(server=server, error=error, n=waiting),
            _("Check DEXXY_SMTP_URL. Nothing is lost meanwhile: what is due is tried again."),
        )
    refused = OutgoingMail.objects.refused().filter(given_up_at__gte=timezone.now() - _LATELY)
    count = refused.count()
    if count:
        last = refused.latest("given_up_at")
        yield notice(
            _("Refused mails"),
            _("{count} of the last seven days. The last: {error}").format(
                count=count, error=last.error
            ),
            _("Check the address of whom it was to, and DEXXY_MAIL_FROM."),
        )
