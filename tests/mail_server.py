"""A mail server of a test's own, which takes mails, refuses them, hangs, or vanishes."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pytest_django import Settings

# Seconds that our side waits for it.
TIMEOUT = 0.5


class MailServer:
    """What it took, and how it answers from now on.

    `answer` is what follows a mail: it is not taken where it begins with 4 or 5. `hangs` lets the
    sender wait, and `vanishes` ends the connection once the mail is taken.
    """

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answer = "250 OK"
        self.hangs = self.vanishes = False

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.hangs:
            await asyncio.sleep(4 * TIMEOUT)
        if self.answer.startswith("2"):
            assert isinstance(envelope.content, bytes)
            found = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(found, EmailMessage)
            self.taken.append(found)
            self.recipients += envelope.rcpt_tos
        if self.vanishes:
            assert server.transport is not None
            server.transport.close()
        return self.answer


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[MailServer]:
    """Start a server, to which all mails go."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = MailServer()
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "dexxy.mail.smtp.BoundedEmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_TIMEOUT = TIMEOUT
    settings.DEFAULT_FROM_EMAIL = "Dexxy <dexxy@example.com>"
    settings.DEXXY_MAIL_DOMAIN = "example.com"
    yield server
    controller.stop()
