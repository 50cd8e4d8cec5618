"""A mail server of a test's own, which takes mails, refuses them, hangs, or vanishes."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pytest_django import Settings

# Seconds that our side waits for it.
TIMEOUT = 0.5
HOST = "127.0.0.1"
USER, PASSWORD = "dexxy", "a secret of mail"


class MailServer:
    """What it took, and how it answers from now on.

    `answer` is what follows a mail: it is not taken where it begins with 4 or 5; `answer_to_rcpt`
    is what follows whom it is to. `hangs` lets the sender wait, and `vanishes` ends the connection
    once the mail is taken. `meanwhile` is called with RCPT or DATA, right before that is answered.
    """

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answer = self.answer_to_rcpt = "250 OK"
        self.hangs = self.vanishes = False
        self.meanwhile: Callable[[str], None] = lambda verb: None
        # Of each mail, whether it came encrypted, and whose it was.
        self.encrypted: list[bool] = []
        self.users: list[str] = []

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if self.answer_to_rcpt.startswith("2"):
            envelope.rcpt_tos.append(address)
        self.meanwhile("RCPT")
        return self.answer_to_rcpt

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.hangs:
            await asyncio.sleep(4 * TIMEOUT)
        assert server.transport is not None
        if self.answer.startswith("2"):
            assert isinstance(envelope.content, bytes)
            found = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(found, EmailMessage)
            self.taken.append(found)
            self.recipients += envelope.rcpt_tos
            self.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
            self.users.append(str(session.auth_data or ""))
        self.meanwhile("DATA")
        if self.vanishes:
            server.transport.close()
        return self.answer


@contextmanager
def serving(settings: Settings, server: MailServer, **how: Any) -> Iterator[None]:
    """Let SERVER take all mails.

    Args:
        how: of the controller: its encryption, and who may come in.
    """
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    controller = Controller(server, hostname=HOST, port=port, **how)
    controller.start()
    settings.EMAIL_BACKEND = "dexxy.mail.smtp.BoundedEmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = HOST, port
    settings.EMAIL_TIMEOUT = TIMEOUT
    settings.DEFAULT_FROM_EMAIL = "Dexxy <dexxy@example.com>"
    settings.DEXXY_MAIL_DOMAIN = "example.com"
    yield
    controller.stop()


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[MailServer]:
    """Start a server, to which all mails go."""
    server = MailServer()
    with serving(settings, server):
        yield server


def signed_in(server: SMTP, session: Session, *told: Any) -> AuthResult:
    """Let in who knows USER's PASSWORD."""
    given = told[-1]
    is_known = isinstance(given, LoginPassword) and (
        (given.login, given.password) == (USER.encode(), PASSWORD.encode())
    )
    return AuthResult(success=is_known, handled=False, auth_data=USER)


def certified(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make a certificate of HOST that nobody else has signed.

    Returns: what a server shows it with, and its file.
    """
    private, now = generate_private_key(SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example.com")])
    builder = x509.CertificateBuilder(name, name, private.public_key())
    builder = builder.serial_number(1).not_valid_before(now - timedelta(days=1))
    builder = builder.not_valid_after(now + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))])
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    signed = builder.add_extension(names, critical=False).sign(private, SHA256())
    certificate.write_bytes(signed.public_bytes(Encoding.PEM))
    key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context, certificate
