"""A process that sends is killed: before the server has the mail, and right after it has it."""

import os
import subprocess
import sys
from signal import SIGKILL, SIGSTOP
from threading import Event
from time import sleep

import pytest
from django.utils import timezone
from pytest_django import Settings

from dexxy.accounts.models import User, Workspace
from dexxy.mail.models import MailKind, OutgoingMail
from dexxy.web.mailing.tasks import send_mails
from tests.mail_server import MailServer
from tests.servers import own_database

SENDER = """
import django

django.setup()

from dexxy.web.mailing.tasks import send_mails

send_mails()
"""


def sending(port: int) -> subprocess.Popen[bytes]:
    """Start a process that sends what is due to the server at PORT."""
    named = {
        "DEXXY_SMTP_URL": f"smtp://127.0.0.1:{port}",
        "DEXXY_MAIL_FROM": "Dexxy <dexxy@example.com>",
    }
    environment = {**os.environ, **own_database(), **named}
    return subprocess.Popen([sys.executable, "-c", SENDER], env=environment)


def time_passes() -> None:
    OutgoingMail.objects.update(next_attempt_at=timezone.now())


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("verb", "times"), [("RCPT", 1), ("DATA", 2)])
def test_a_kill_repeats_nothing_but_what_the_server_had_just_accepted(
    bob: User,
    workspace: Workspace,
    mail_server: MailServer,
    settings: Settings,
    verb: str,
    times: int,
) -> None:
    mail = OutgoingMail.objects.create(
        workspace=workspace, user=bob, kind=MailKind.TEST, period="now"
    )
    reached = Event()

    def stop(said: str) -> None:
        # It stands still while it is answered, and so never writes down that it was.
        if said == verb:
            os.kill(process.pid, SIGSTOP)
            reached.set()

    mail_server.meanwhile = stop
    process = sending(settings.EMAIL_PORT)
    assert reached.wait(20)
    sleep(0.1)  # for the answer to leave
    process.send_signal(SIGKILL)
    assert process.wait(5) == -SIGKILL
    mail_server.meanwhile = lambda verb: None
    mail.refresh_from_db()
    assert (mail.attempts, mail.sent_at) == (1, None)

    # Whoever comes next finds it claimed, and sends it when the claim is over.
    send_mails()
    assert len(mail_server.taken) == times - 1
    for _time in range(2):
        time_passes()
        send_mails()

    assert [one["Message-ID"] for one in mail_server.taken] == [mail.message_id] * times
    mail.refresh_from_db()
    assert (mail.attempts, mail.sent_at is not None) == (2, True)
