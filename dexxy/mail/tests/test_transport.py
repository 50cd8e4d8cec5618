"""How a mail server is spoken to: encrypted from the start or from then on, and with a password."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone
from pytest_django import Settings

from dexxy.accounts.models import User, Workspace
from dexxy.config.smtp import mail_settings
from dexxy.mail.models import MailKind, OutgoingMail
from dexxy.mail.outbox import Written, mails_send
from dexxy.mail.transport import MailServerError, mail_opened
from tests.mail_server import (
    HOST,
    PASSWORD,
    TIMEOUT,
    USER,
    MailServer,
    certified,
    serving,
    signed_in,
)

# Of a connection that is encrypted from the start, the server of the tests does not know that.
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

SCHEMES = ["smtp+starttls", "smtps"]


def write(mail: OutgoingMail) -> Written:
    assert mail.user is not None
    return Written(mail.user.email, "A subject", "Words", "<p>Words</p>")


def send() -> None:
    mails_send(write, seconds=5)


@pytest.fixture
def mail(bob: User, workspace: Workspace) -> OutgoingMail:
    return OutgoingMail.objects.create(
        workspace=workspace, user=bob, kind=MailKind.DIGEST, period="2026-11-30"
    )


@contextmanager
def secured(
    scheme: str, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[MailServer, Path]]:
    """Start a server that lets nobody in without encryption and a password, named by an address."""
    context, certificate = certified(tmp_path)
    how: dict[str, Any] = {"authenticator": signed_in, "auth_required": True}
    if scheme == "smtps":
        how |= {"ssl_context": context, "auth_require_tls": False}
    else:
        how |= {"tls_context": context, "require_starttls": True}
    server = MailServer()
    with serving(settings, server, **how):
        named = f"{scheme}://{USER}:{PASSWORD.replace(' ', '%20')}@{HOST}:{settings.EMAIL_PORT}"
        monkeypatch.setenv("DEXXY_SMTP_URL", named)
        found = mail_settings()
        settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = found.user, found.password
        settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = found.has_starttls, found.has_tls
        yield server, certificate


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_mail_goes_encrypted_and_with_a_password_to_whom_the_machine_trusts(
    mail: OutgoingMail,
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
) -> None:
    with secured(scheme, tmp_path, settings, monkeypatch) as (server, certificate):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        send()

    mail.refresh_from_db()
    assert mail.error == ""
    assert [one["Message-ID"] for one in server.taken] == [mail.message_id]
    assert (server.encrypted, server.users) == ([True], [USER])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_nothing_is_said_to_a_server_whose_certificate_nobody_trusts(
    mail: OutgoingMail,
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
) -> None:
    with secured(scheme, tmp_path, settings, monkeypatch) as (server, _certificate):
        send()

    mail.refresh_from_db()
    assert "certificate verify failed" in mail.error
    assert (server.taken, mail.attempts, mail.given_up_at) == ([], 0, None)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_password_that_is_refused_lets_everything_wait_and_is_not_repeated(
    mail: OutgoingMail,
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
) -> None:
    with secured(scheme, tmp_path, settings, monkeypatch) as (server, certificate):
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        settings.EMAIL_HOST_PASSWORD = "geheim"
        send()
        mail.refresh_from_db()
        assert mail.error.startswith("535 ")
        assert "geheim" not in mail.error
        assert (server.taken, mail.attempts, mail.given_up_at) == ([], 0, None)
        assert mail.next_attempt_at > timezone.now()

        settings.EMAIL_HOST_PASSWORD = PASSWORD
        OutgoingMail.objects.update(next_attempt_at=timezone.now())
        send()

    assert len(server.taken) == 1


@pytest.mark.parametrize(
    ("answer", "is_given_up"),
    [("550 no such user", True), ("450 4.2.1 greylisted", False)],
)
def test_whom_a_server_does_not_know_is_given_up_and_says_why(
    mail: OutgoingMail, mail_server: MailServer, answer: str, is_given_up: bool
) -> None:
    mail_server.answer_to_rcpt = answer

    send()

    mail.refresh_from_db()
    assert (mail.error, mail.given_up_at is not None) == (answer, is_given_up)
    assert mail_server.taken == []


@contextmanager
def drip_over_tls(tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """Greet whoever comes, encrypted, by a line that never ends."""
    context, certificate = certified(tmp_path)
    with socket.create_server((HOST, 0)) as listening:

        def greet() -> None:
            connection, _address = listening.accept()
            with suppress(OSError), context.wrap_socket(connection, server_side=True) as encrypted:
                while True:
                    encrypted.sendall(b"2")
                    sleep(TIMEOUT / 5)

        settings.EMAIL_PORT, settings.EMAIL_USE_SSL = listening.getsockname()[1], True
        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        yield certificate
        thread.join(5)
        assert not thread.is_alive()


def test_an_encrypted_greeting_that_does_not_end_costs_one_wait(
    mail: OutgoingMail,
    mail_server: MailServer,
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    began = monotonic()

    with drip_over_tls(tmp_path, settings) as certificate:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        send()

    assert monotonic() - began < 8 * TIMEOUT
    mail.refresh_from_db()
    # Which of the two says it depends on where in a record the time ends.
    assert mail.error.startswith("Connection unexpectedly closed: ")
    assert mail.error.endswith("timed out")


def test_a_server_that_is_away_is_told_of(
    mail: OutgoingMail, mail_server: MailServer, settings: Settings
) -> None:
    with closing(socket.socket()) as nobody_listens:
        nobody_listens.bind((HOST, 0))
        settings.EMAIL_PORT = nobody_listens.getsockname()[1]
        send()

    mail.refresh_from_db()
    assert mail.error == "Connection refused"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TimeoutError(), "The mail server did not answer in time."),
        (OSError(), "The mail server cannot be reached, and nothing says why: look at its log."),
    ],
)
def test_an_error_without_words_is_told_without_those_of_python(
    error: OSError, reason: str
) -> None:
    class Wordless(BaseEmailBackend):
        def open(self) -> None:
            raise error

    with pytest.raises(MailServerError) as told, mail_opened(Wordless()):
        pass

    assert str(told.value) == reason
