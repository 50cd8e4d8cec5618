"""The mail server that whoever runs Dexxy gives in the browser."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from aiosmtpd.controller import Controller
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from dexxy.accounts.models import AuditEntry, Role, User, Workspace
from dexxy.accounts.selectors import AdminOnlyError
from dexxy.doctor.mail import mail as looked_at
from dexxy.mail.models import MailKind, MailSecurity, MailServer, OutgoingMail
from dexxy.mail.outbox import Written, mails_send
from dexxy.mail.preferences import mail_is_configured
from dexxy.mail.server import mail_server_store
from tests import mail_server as simulated
from tests.factories import make_user
from tests.mail_server import HOST, PASSWORD, USER

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


@pytest.fixture(autouse=True)
def without_settings(settings: Settings) -> None:
    settings.EMAIL_HOST = ""


@pytest.fixture
def carol(client: Client, workspace: Workspace) -> User:
    """Who runs this Dexxy, and is an admin of the workspace; signed in."""
    carol = make_user(is_staff=True)
    workspace.memberships.create(user=carol, role=Role.ADMIN)
    client.force_login(carol)
    return carol


@pytest.fixture
def path(workspace: Workspace) -> str:
    return f"/w/{workspace.slug}/settings/mail-server/"


@contextmanager
def smtp_server() -> Iterator[tuple[simulated.MailServer, dict[str, str]]]:
    """Serve SMTP for USER alone, and yield with it what is typed to use it."""
    server = simulated.MailServer()
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    controller = Controller(
        server,
        hostname=HOST,
        port=port,
        authenticator=simulated.signed_in,
        auth_required=True,
        auth_require_tls=False,
    )
    controller.start()
    try:
        yield (
            server,
            {
                "host": HOST,
                "port": str(port),
                "security": MailSecurity.NONE,
                "username": USER,
                "password": PASSWORD,
                "sender": "Ants <ants@example.com>",
            },
        )
    finally:
        controller.stop()


def write(mail: OutgoingMail) -> Written:
    assert mail.user is not None
    return Written(mail.user.email, "A subject", "Words", "<p>Words</p>")


def mail_to(user: User, workspace: Workspace) -> OutgoingMail:
    return OutgoingMail.objects.create(
        workspace=workspace, user=user, kind=MailKind.TEST, period=f"{timezone.now()}"
    )


def test_a_server_that_lets_us_in_takes_all_mails_from_then_on(
    client: Client, carol: User, workspace: Workspace, path: str
) -> None:
    with smtp_server() as (server, given):
        assert "Send me a test" not in client.get(path).content.decode()

        page = client.post(path, given, follow=True).content.decode()

        assert "The server let us in." in page
        assert PASSWORD not in page
        assert mail_is_configured()
        mail_to(carol, workspace)
        assert not mails_send(write, seconds=5)
        [finding] = looked_at()
    [taken] = server.taken
    assert (taken["From"], taken["To"]) == ("Ants <ants@example.com>", carol.email)
    assert f"{HOST}:{given['port']} takes mails from Ants" in finding.says
    [entry] = AuditEntry.objects.filter(action="mail_server.set")
    assert (entry.actor, entry.details) == (carol, {"server": f"{HOST}:{given['port']}"})
    stored = MailServer.objects.get()
    assert PASSWORD not in stored.password.stored
    assert stored.password.read() == PASSWORD


def test_an_empty_password_keeps_the_stored_one_for_the_same_server_and_name_alone(
    client: Client, carol: User, path: str
) -> None:
    with smtp_server() as (_, given):
        client.post(path, given)
        again = given | {"password": "", "sender": "Bees <bees@example.com>"}

        assert client.post(path, again).status_code == 302
        assert MailServer.objects.get().sender == "Bees <bees@example.com>"
        assert client.post(path, again | {"username": "somebody"}).status_code == 422
        assert client.post(path, again | {"host": "localhost"}).status_code == 422
    assert MailServer.objects.get().username == USER


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"host": ""}, "Give the name of the server"),
        ({"host": "mail.example.com\r\nRCPT"}, "Give the name of the server"),
        ({"host": "http://mail.example.com/"}, "Give the name of the server"),
        ({"host": "a" * 254}, "too long"),
        ({"port": "0"}, "a number from 1 to 65535"),
        ({"port": "65536"}, "a number from 1 to 65535"),
        ({"port": "smtp"}, "a number from 1 to 65535"),
        ({"security": "magic"}, "Choose how the connection is protected"),
        ({"sender": "Dexxy"}, "Say whom mails are from"),
        ({"sender": "a@example.com\nBcc: b@example.com"}, "Say whom mails are from"),
        ({"sender": f"{'a' * 320}@example.com"}, "too long"),
        ({"password": "wrong"}, "does not let us in: 535"),
        ({"port": "1"}, "does not let us in"),
    ],
)
def test_what_is_no_server_is_refused_with_what_was_typed_and_nothing_is_stored(
    client: Client, carol: User, path: str, changed: dict[str, str], said: str
) -> None:
    with smtp_server() as (_, given):
        answer = client.post(path, given | changed)

    assert answer.status_code == 422
    page = answer.content.decode()
    assert said in page
    assert 'value="Ants &lt;ants@example.com&gt;"' in page or "sender" in changed
    assert not MailServer.objects.exists()
    assert not AuditEntry.objects.filter(action__startswith="mail_server").exists()


def test_a_server_is_removed_once(client: Client, carol: User, path: str) -> None:
    with smtp_server() as (_, given):
        client.post(path, given)

    for _ in range(2):
        assert client.post(path, {"do": "remove"}).status_code == 302

    assert not mail_is_configured()
    assert AuditEntry.objects.filter(action="mail_server.removed").count() == 1


def test_a_setting_comes_first_and_the_page_says_so(
    client: Client, carol: User, path: str, settings: Settings
) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "mail.example.org", 587
    with smtp_server() as (_, given):
        page = client.get(path).content.decode()
        answer = client.post(path, given)

    assert "mail.example.org:587" in page
    assert 'name="host"' not in page
    assert answer.status_code == 422
    assert not MailServer.objects.exists()


def test_it_is_for_whoever_runs_this_dexxy_alone(
    client: Client, alice: User, workspace: Workspace, path: str
) -> None:
    client.force_login(alice)

    assert client.get(path).status_code == client.post(path, {}).status_code == 404
    general = client.get(f"/w/{workspace.slug}/settings/general/").content.decode()
    assert "mail-server" not in general
    with smtp_server() as (_, given), pytest.raises(AdminOnlyError):
        mail_server_store(viewer=alice, workspace=workspace, **given)


def test_a_password_of_another_key_is_said_and_mails_wait(
    client: Client, carol: User, workspace: Workspace, path: str, settings: Settings
) -> None:
    with smtp_server() as (server, given):
        client.post(path, given)
        settings.SECRET_KEY = "another one, which is long enough to be taken as a key"
        mail = mail_to(carol, workspace)

        assert not mails_send(write, seconds=5)

        assert server.taken == []
        findings = [finding.says for finding in looked_at()]
        client.force_login(carol)
        assert client.get(path).status_code == 200
        assert client.post(path, given).status_code == 302  # given again
    mail.refresh_from_db()
    assert (mail.sent_at, mail.given_up_at) == (None, None)
    assert "encrypted with another key" in mail.error
    assert "encrypted with another key" in findings[0]


def test_there_is_one_at_most(db: None) -> None:
    with pytest.raises(IntegrityError):
        MailServer.objects.create(id=2, host="a", port=1, security=MailSecurity.NONE, sender="a@b")
