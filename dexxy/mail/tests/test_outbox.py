"""What becomes of a mail, against a server that takes, refuses, hangs, vanishes, or never ends."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from time import monotonic, sleep

import pytest
from django.utils import timezone
from pytest_django import Settings

from dexxy.accounts.models import User, Workspace
from dexxy.mail.models import MailKind, OutgoingMail
from dexxy.mail.outbox import ATTEMPTS, Written, mails_send
from tests.mail_server import TIMEOUT, MailServer


class KilledError(BaseException):
    """Stands for the end of a process."""


def write(mail: OutgoingMail) -> Written:
    assert mail.user is not None
    return Written(mail.user.email, "A\nsubject", "Words", "<p>Words</p>", "https://x/unsubscribe")


def send() -> bool:
    return mails_send(write, seconds=5)


@pytest.fixture
def mail(bob: User, workspace: Workspace) -> OutgoingMail:
    return another(bob, workspace, "2026-11-30")


def another(bob: User, workspace: Workspace, period: str) -> OutgoingMail:
    return OutgoingMail.objects.create(
        workspace=workspace, user=bob, kind=MailKind.DIGEST, period=period
    )


def time_passes() -> None:
    OutgoingMail.objects.update(next_attempt_at=timezone.now())


def test_a_mail_is_sent_once_with_what_ends_such_mails(
    mail: OutgoingMail, mail_server: MailServer
) -> None:
    send()
    time_passes()
    send()

    [taken] = mail_server.taken
    assert mail_server.recipients == ["bob@example.com"]
    assert taken["Subject"] == "A subject"
    assert taken["From"] == "Dexxy <dexxy@example.com>"
    assert taken["Message-ID"] == mail.message_id
    assert taken["List-Unsubscribe"] == "<https://x/unsubscribe>"
    assert taken["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert taken["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in taken.iter_parts()] == ["text/plain", "text/html"]
    mail.refresh_from_db()
    assert (mail.attempts, mail.error) == (1, "")
    assert mail.sent_at is not None


def test_a_kill_before_the_server_has_it_repeats_nothing_that_was_sent(
    mail: OutgoingMail, mail_server: MailServer
) -> None:
    def killed(_mail: OutgoingMail) -> Written:
        raise KilledError

    with pytest.raises(KilledError):
        mails_send(killed, seconds=5)
    # Whoever comes next finds it claimed, and sends it when the claim is over.
    send()
    assert mail_server.taken == []
    time_passes()
    send()

    assert [one["Message-ID"] for one in mail_server.taken] == [mail.message_id]


def test_what_a_server_had_just_accepted_is_sent_again_under_the_same_message_id(
    mail: OutgoingMail, mail_server: MailServer
) -> None:
    mail_server.vanishes = True
    send()
    mail.refresh_from_db()
    assert mail.sent_at is None
    assert mail.error != ""

    mail_server.vanishes = False
    time_passes()
    send()

    assert [one["Message-ID"] for one in mail_server.taken] == [mail.message_id] * 2
    mail.refresh_from_db()
    assert (mail.sent_at is not None, mail.error) == (True, "")


def test_what_is_refused_for_good_is_given_up_and_says_why(
    mail: OutgoingMail, mail_server: MailServer
) -> None:
    mail_server.answer = "550 no such user"
    send()
    mail_server.answer = "250 OK"
    time_passes()
    send()

    assert mail_server.taken == []
    [given_up] = OutgoingMail.objects.refused()
    assert given_up.error == "550 no such user"


def test_what_is_refused_for_now_is_tried_again_later_and_not_for_ever(
    mail: OutgoingMail, mail_server: MailServer
) -> None:
    mail_server.answer = "451 greylisted"
    send()
    mail.refresh_from_db()
    assert mail.given_up_at is None
    assert mail.next_attempt_at > timezone.now() + timedelta(minutes=4)

    for _ in range(ATTEMPTS):
        time_passes()
        send()

    mail.refresh_from_db()
    assert (mail.attempts, mail.error) == (ATTEMPTS, "451 greylisted")
    assert mail.given_up_at is not None


def test_a_refused_mail_keeps_no_other_from_being_sent(
    bob: User, workspace: Workspace, mail: OutgoingMail, mail_server: MailServer
) -> None:
    other = another(bob, workspace, "2026-12-01")

    def first_is_refused(one: OutgoingMail) -> Written:
        mail_server.answer = "550 no" if one.pk == mail.pk else "250 OK"
        return write(one)

    mails_send(first_is_refused, seconds=5)

    assert [one["Message-ID"] for one in mail_server.taken] == [other.message_id]


def test_a_server_that_hangs_costs_one_wait_whatever_is_due(
    bob: User, workspace: Workspace, mail: OutgoingMail, mail_server: MailServer
) -> None:
    another(bob, workspace, "2026-12-01")
    mail_server.hangs = True

    send()

    tried = OutgoingMail.objects.order_by("pk").values_list("attempts", flat=True)
    assert list(tried) == [1, 0]
    assert not OutgoingMail.objects.filter(next_attempt_at__lte=timezone.now()).exists()
    assert not OutgoingMail.objects.filter(error="").exists()


@contextmanager
def rude_server(settings: Settings, says: bytes, *, pause: float = 0.0) -> Iterator[None]:
    """Greet whoever comes by what never ends."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def greet() -> None:
            connection, _address = listening.accept()
            with connection, suppress(OSError):
                while True:
                    connection.sendall(says)
                    sleep(pause)

        settings.EMAIL_PORT = listening.getsockname()[1]
        thread = threading.Thread(target=greet, daemon=True)
        thread.start()
        yield
        thread.join(5)
        assert not thread.is_alive()


@pytest.mark.parametrize(
    ("says", "pause", "error"),
    [
        (b"220-hello\r\n" * 1000, 0.0, "its answer is longer than 65536 bytes"),
        (b"220-hello\r\n", TIMEOUT / 5, "timed out"),
        (b"2", TIMEOUT / 5, "timed out"),
    ],
)
def test_a_greeting_that_does_not_end_costs_one_wait_and_little_memory(
    mail: OutgoingMail,
    mail_server: MailServer,
    settings: Settings,
    says: bytes,
    pause: float,
    error: str,
) -> None:
    began = monotonic()

    with rude_server(settings, says, pause=pause):
        send()

    assert monotonic() - began < 8 * TIMEOUT
    mail.refresh_from_db()
    assert mail.error == f"Connection unexpectedly closed: {error}"
    assert mail.next_attempt_at > timezone.now()


def test_what_no_column_takes_in_an_answer_is_left_out(
    mail: OutgoingMail, mail_server: MailServer
) -> None:
    mail_server.answer = "550 no\0 such\x1b[2J user"
    send()

    [given_up] = OutgoingMail.objects.refused()
    assert given_up.error == "550 no such[2J user"


def test_a_mail_that_cannot_be_written_down_is_given_up_and_says_why(
    mail: OutgoingMail, mail_server: MailServer
) -> None:
    assert mail.user is not None
    # An address for Django's own check, but no domain.
    mail.user.email = "bob@x\u2028.example"
    mail.user.save()
    send()

    [given_up] = OutgoingMail.objects.refused()
    assert given_up.error == (
        "No mail can be written to this address. Correct it in the account that it belongs to."
    )
    assert mail_server.taken == []


def test_a_server_that_is_not_there_gives_up_nothing(
    mail: OutgoingMail, mail_server: MailServer, settings: Settings
) -> None:
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    for _ in range(ATTEMPTS + 1):
        time_passes()
        send()
    mail.refresh_from_db()
    assert (mail.attempts, mail.given_up_at) == (0, None)
    assert "refused" in mail.error

    settings.EMAIL_PORT = port
    time_passes()
    send()

    assert len(mail_server.taken) == 1


def test_one_who_sends_is_enough(mail: OutgoingMail, mail_server: MailServer) -> None:
    def write_while_another_looks(one: OutgoingMail) -> Written:
        mails_send(write, seconds=5)
        return write(one)

    mails_send(write_while_another_looks, seconds=5)

    assert len(mail_server.taken) == 1
