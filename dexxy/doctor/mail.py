"""Whether mails leave."""

from collections.abc import Iterator
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dexxy.common.crypto import UndecryptableSecretError
from dexxy.doctor.finding import Finding, failed, notice, well
from dexxy.mail.models import OutgoingMail
from dexxy.mail.preferences import mail_is_configured

_LATELY = timedelta(days=7)


def mail() -> Iterator[Finding]:
    """Look whether the mail server lets us in, and what it refused lately."""
    if not mail_is_configured():
        yield well(
            _("Mail"), _("None is sent: no mail server is given, here or by DEXXY_SMTP_URL.")
        )
        return
    yield _server()
    yield from _refused()


def _server() -> Finding:
    # Web processes load this module, and only one that examines speaks to the server.
    from dexxy.mail.server import mail_connection, mail_sender, mail_server_name
    from dexxy.mail.transport import MailServerError, mail_opened

    server = mail_server_name()
    try:
        with mail_opened(mail_connection()):
            return well(
                _("Mail"),
                _("{server} takes mails from {sender}.").format(
                    server=server, sender=mail_sender()
                ),
            )
    except (MailServerError, UndecryptableSecretError) as error:
        waiting = OutgoingMail.objects.unsent().count()
        return failed(
            _("Mail"),
            ngettext(
                "{server} takes none: {error}. {n} mail waiting.",
                "{server} takes none: {error}. {n} mails waiting.",
                waiting,
            ).format(server=server, error=str(error).rstrip("."), n=waiting),
            _(
                "Check Settings > Mail server, or DEXXY_SMTP_URL. Nothing is lost meanwhile: what "
                "is due is tried again."
            ),
        )


def _refused() -> Iterator[Finding]:
    refused = OutgoingMail.objects.refused().filter(given_up_at__gte=timezone.now() - _LATELY)
    count = refused.count()
    if count:
        last = refused.latest("given_up_at")
        yield notice(
            _("Refused mails"),
            _("{count} of the last seven days. The last: {error}").format(
                count=count, error=last.error
            ),
            _("Check the address of whom it was to, and whom mails are from."),
        )
