"""Which server takes our mails: that of the settings, or what was given in the browser.

It is whoever runs this Dexxy who says so, for all workspaces.
"""

import re
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import AdminOnlyError, Viewer, signed_in
from dexxy.accounts.services import audit
from dexxy.common.errors import BadInputError
from dexxy.mail.models import MailSecurity, MailServer
from dexxy.mail.transport import MailServerError, mail_opened
from dexxy.mail.waking import mail_wake

_BACKEND = "dexxy.mail.smtp.BoundedEmailBackend"
_LONGEST = {"host": 253, "username": 254, "sender": 320}
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.:_-]*[A-Za-z0-9])?")


class MailServerChoiceError(BadInputError):
    """That is no mail server that can be used."""


class NoMailServerError(BadInputError):
    """No mail server was given in the browser."""


def mail_server_given() -> MailServer | None:
    """Return the server that was given in the browser; None where a setting names one, or none."""
    return None if settings.EMAIL_HOST else MailServer.objects.first()


def mail_server_is_given() -> bool:
    """Say whether a server was given in the browser, whatever the settings say."""
    return bool(MailServer.objects.exists())


def mail_connection() -> BaseEmailBackend:
    """Return a connection, not open yet, to the server that takes our mails.

    Raises:
        UndecryptableSecretError: its password was encrypted with a key that is not known here.
    """
    given = mail_server_given()
    return get_connection() if given is None else _connection(given, given.password.read())


def mail_sender() -> str:
    """Return whom our mails are from."""
    given = mail_server_given()
    return given.sender if given else str(settings.DEFAULT_FROM_EMAIL)


def mail_server_name() -> str:
    """Return the host and port of the server that takes our mails."""
    return str(mail_server_given() or f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}")


def mail_server_store(
    *,
    viewer: Viewer,
    workspace: Workspace,
    host: str,
    port: str,
    security: str,
    username: str,
    password: str,
    sender: str,
) -> MailServer:
    """Let mails go through a server, once it has let us in.

    Args:
        workspace: in whose audit log it stands.
        password: empty for the one that is stored, of the same server and name.

    Raises:
        AdminOnlyError: VIEWER does not run this Dexxy.
        MailServerChoiceError: a setting names the server, something is no server's, or it does not
            let us in.
    """
    _require_operator(viewer)
    if settings.EMAIL_HOST:
        raise MailServerChoiceError(_("DEXXY_SMTP_URL says which mail server there is."))
    server = MailServer(
        id=MailServer.ONLY,
        host=host.strip(),
        port=int(port) if re.fullmatch("[0-9]{1,5}", port.strip()) else 0,
        security=security,
        username=username.strip(),
        sender=sender.strip(),
    )
    _check(server)
    _let_in(server, password or _known_password(server))
    _store(server, viewer, workspace)
    mail_wake()
    return server


@transaction.atomic
def _store(server: MailServer, viewer: Viewer, workspace: Workspace) -> None:
    before = MailServer.objects.select_for_update().first()
    server.created_at = before.created_at if before else timezone.now()
    server.save(force_insert=before is None, force_update=before is not None)
    audit(workspace, signed_in(viewer), "mail_server.set", server, server=str(server))


@transaction.atomic
def mail_server_remove(*, viewer: Viewer, workspace: Workspace) -> None:
    """Send no mail any more, unless a setting names a server.

    Raises:
        AdminOnlyError: VIEWER does not run this Dexxy.
        NoMailServerError: none was given.
    """
    _require_operator(viewer)
    server = MailServer.objects.select_for_update().first()
    if server is None:
        raise NoMailServerError(_("There is no mail server to remove."))
    audit(workspace, signed_in(viewer), "mail_server.removed", server, server=str(server))
    server.delete()


def _require_operator(viewer: Viewer) -> None:
    user = signed_in(viewer)
    if not user.is_staff or user.via_token is not None:
        raise AdminOnlyError(_("Only whoever runs this Dexxy can do that."))


def _check(server: MailServer) -> None:
    """Raise MailServerChoiceError where SERVER cannot be one."""
    if not _HOST.fullmatch(server.host):
        raise MailServerChoiceError(_("Give the name of the server, such as mail.example.com."))
    _name, address = parseaddr(server.sender)
    user, _at, domain = address.rpartition("@")
    if not (user and domain and server.sender.isprintable()):
        raise MailServerChoiceError(
            _("Say whom mails are from, such as Dexxy <dexxy@example.com>.")
        )
    if server.security not in MailSecurity:
        raise MailServerChoiceError(_("Choose how the connection is protected."))
    if not 1 <= server.port < 2**16:
        raise MailServerChoiceError(_("The port is a number from 1 to 65535, such as 587."))
    if any(len(getattr(server, name)) > most for name, most in _LONGEST.items()):
        raise MailServerChoiceError(_("A name or address there is too long."))


def _let_in(server: MailServer, password: str) -> None:
    """Give SERVER the PASSWORD, once it lets us in by it."""
    if bool(server.username) != bool(password):
        raise MailServerChoiceError(_("Give a user name and its password, or neither."))
    try:
        with mail_opened(_connection(server, password)):
            server.password = password
    except MailServerError as error:
        raise MailServerChoiceError(
            _("{server} does not let us in: {error}").format(server=server, error=error)
        ) from error


def _known_password(server: MailServer) -> str:
    """Return the stored password, for the server and the name that it was given for alone."""
    known = MailServer.objects.filter(host=server.host, username=server.username).first()
    return known.password.read() if known else ""


def _connection(server: MailServer, password: str) -> BaseEmailBackend:
    return get_connection(
        _BACKEND,
        host=server.host,
        port=server.port,
        username=server.username,
        password=password,
        use_tls=server.security == MailSecurity.STARTTLS,
        use_ssl=server.security == MailSecurity.TLS,
        timeout=settings.EMAIL_TIMEOUT,
    )
