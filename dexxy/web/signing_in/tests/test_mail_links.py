"""Links to sign in, and to a new password, that come by mail."""

import re
from datetime import timedelta
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from dexxy.accounts.addresses import address_prove
from dexxy.accounts.invitations import invitation_create
from dexxy.accounts.memberships import membership_reset_link
from dexxy.accounts.models import AuditEntry, Membership, User, Workspace
from dexxy.accounts.security.passwords import password_set
from dexxy.mail.models import OutgoingMail
from dexxy.web.mailing.tasks import send_mails
from tests.factories import PASSWORD
from tests.mail_server import MailServer
from tests.second_step import app_of, code_of

ASK = "/sign-in/mail/"
FORGOT = "/sign-in/mail/?for=password"
NEW = "another horse battery staple"


@pytest.fixture(autouse=True)
def forgotten_limits() -> None:
    cache.clear()


@pytest.fixture
def proven(alice: User) -> User:
    address_prove(alice)
    return alice


def link_in(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    [found] = re.findall(r"http://\S+/sign-in/\S+", body.get_content())
    parts = urlsplit(found)
    return f"{parts.path}?{parts.query}"


def asked(client: Client, mail_server: MailServer, email: str, page: str = ASK) -> str:
    client.post(page, {"email": email})
    send_mails()
    return link_in(mail_server.taken[-1])


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_a_link_by_mail_signs_in_once_by_a_button(
    client: Client, proven: User, mail_server: MailServer
) -> None:
    page = client.get("/accounts/login/").content.decode()
    assert f'href="{ASK}"' in page
    assert f'href="{FORGOT}"' in page

    link = asked(client, mail_server, " Alice@Example.com ")

    assert mail_server.recipients == [proven.email]
    for _ in range(2):  # a scanner of mails looks
        assert client.get(link).status_code == 200
        assert not is_signed_in(client)
    assert client.post(link)["Location"] == "/"
    assert is_signed_in(client)
    assert Client().post(link).status_code == 403
    assert "http" not in str(OutgoingMail.objects.values().get())
    assert OutgoingMail.objects.get().address == ""


@pytest.mark.parametrize("waits_by", ["an invitation", "a reset link"])
def test_who_had_the_account_before_loses_it_to_whoever_reads_its_mail(
    client: Client, alice: User, workspace: Workspace, mail_server: MailServer, waits_by: str
) -> None:
    forger, email = Client(), "carol@example.com"
    if waits_by == "an invitation":
        _, link = invitation_create(viewer=alice, workspace=workspace, email=email)
        forger.post(urlsplit(link).path, {"email": email, "name": "Carol", "password": PASSWORD})
        carol = User.objects.get(email=email)
    else:
        carol = User.objects.create_user(email, PASSWORD)
        address_prove(carol)
        place = Membership.objects.create(workspace=workspace, user=carol)
        membership_reset_link(viewer=alice, membership_id=place.pk)
        carol.refresh_from_db()
        password_set(carol, PASSWORD)
        forger.post("/accounts/login/", {"login": email, "password": PASSWORD})
    assert is_signed_in(forger)
    assert carol.is_vouched

    answer = client.post(asked(client, mail_server, email))

    assert is_signed_in(client)
    assert forger.get("/account/").status_code == 302  # signed out
    assert not Client().login(email=email, password=PASSWORD)
    page = client.get(answer["Location"], follow=True).content.decode()
    assert "The password that the account had works no more" in page
    # Only whoever reads the mail has the account now: the next link ends nothing.
    carol.refresh_from_db()
    carol.set_password(NEW)
    carol.save()
    OutgoingMail.objects.all().delete()
    client.post(asked(client, mail_server, email))
    assert Client().login(email=email, password=NEW)


def test_a_link_to_a_new_password_sets_it_and_ends_all_sessions(
    client: Client, proven: User, workspace: Workspace, mail_server: MailServer
) -> None:
    thief = Client()
    thief.force_login(proven)
    link = asked(client, mail_server, proven.email, FORGOT)

    assert client.get(link).status_code == 200
    weak = client.post(link, {"password": "short", "again": "short"})
    other = client.post(link, {"password": NEW, "again": "a typo"})
    answer = client.post(link, {"password": NEW, "again": NEW})

    assert (weak.status_code, other.status_code) == (422, 422)
    assert "too short" in weak.context["error"]
    assert other.context["error"] == "You typed two different passwords."
    assert answer["Location"] == "/"
    assert is_signed_in(client)
    assert thief.get("/account/").status_code == 302
    proven.refresh_from_db()
    assert proven.check_password(NEW)
    assert client.post(link, {"password": PASSWORD, "again": PASSWORD}).status_code == 403
    assert AuditEntry.objects.get().action == "user.password_set"


def test_a_link_of_one_kind_is_nothing_to_the_other(
    client: Client, proven: User, mail_server: MailServer
) -> None:
    to_password = asked(client, mail_server, proven.email, FORGOT)
    to_sign_in = asked(client, mail_server, proven.email)

    assert client.get(to_password.replace("password", "link")).status_code == 403
    assert client.post(to_password.replace("password", "link")).status_code == 403
    form = {"password": NEW, "again": NEW}
    assert client.post(to_sign_in.replace("link", "password"), form).status_code == 403
    assert not is_signed_in(client)


def test_a_new_password_does_not_stand_in_for_the_second_step(
    client: Client, proven: User, mail_server: MailServer
) -> None:
    secret, _ = app_of(proven)
    link = asked(client, mail_server, proven.email, FORGOT)

    answer = client.post(link, {"password": NEW, "again": NEW})

    assert answer["Location"] == "/accounts/2fa/authenticate/"
    assert not is_signed_in(client)
    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert is_signed_in(client)


@pytest.mark.parametrize("page", [ASK, FORGOT])
def test_the_answer_says_nothing_of_whether_there_is_an_account(
    client: Client, proven: User, bob: User, mail_server: MailServer, page: str
) -> None:
    User.objects.create_user("gone@example.com", PASSWORD, is_active=False)
    address_prove(User.objects.get(email="gone@example.com"))
    typed = [proven.email, bob.email, "gone@example.com", "nobody@example.com"]

    said = []
    for email in typed:
        answer = client.post(page, {"email": email})
        said.append(answer.content.decode().replace(email, "YOU"))
    known = [(row.kind, row.user, bool(row.address)) for row in OutgoingMail.objects.all()]
    send_mails()

    assert len({re.sub(r'value="\w{64}"', "", one) for one in said}) == 1
    assert len(set(known)) == 1
    # Bob's address was only typed.
    assert mail_server.recipients == [proven.email]
    assert not OutgoingMail.objects.exclude(address="").exists()


def test_asking_does_the_same_to_the_database_whoever_is_asked_for(
    client: Client, proven: User, mail_server: MailServer
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    made = []
    for email in (proven.email, "nobody@example.com"):
        with CaptureQueriesContext(
            connection,
        ) as asked_of:
            client.post(ASK, {"email": email})
        made.append([re.sub(r"'[^']*'|\d+", "?", one["sql"]) for one in asked_of.captured_queries])

    assert made[0] == made[1]


def test_within_a_minute_one_address_gets_one_mail_of_a_kind(
    client: Client, proven: User, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = timezone.now()
    monkeypatch.setattr("dexxy.mail.access.timezone.now", lambda: at)

    for _ in range(3):
        client.post(ASK, {"email": proven.email})
        client.post(FORGOT, {"email": proven.email})

    assert OutgoingMail.objects.count() == 2


def test_within_an_hour_one_address_gets_five(
    client: Client, proven: User, mail_server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    for minute in range(8):
        cache.clear()
        at = now + timedelta(minutes=minute)
        monkeypatch.setattr("dexxy.mail.access.timezone.now", lambda at=at: at)
        assert client.post(ASK, {"email": proven.email}).context["is_asked"] is True

    assert OutgoingMail.objects.count() == 5


def test_one_sender_asks_for_few(client: Client, db: None, mail_server: MailServer) -> None:
    for number in range(10):
        client.post(ASK, {"email": f"{number}@example.com"})

    answer = client.post(ASK, {"email": "one-more@example.com"})

    assert answer.status_code == 429
    assert "Wait ten minutes" in answer.content.decode()
    assert OutgoingMail.objects.count() == 10


@pytest.mark.parametrize("email", ["", "nothing", "a@b", "x" * 250 + "@example.com", "a\0@b.de"])
def test_what_is_no_address_is_said(
    client: Client, db: None, mail_server: MailServer, email: str
) -> None:
    answer = client.post(ASK, {"email": email})

    assert answer.status_code == 422
    assert not OutgoingMail.objects.exists()


def test_a_mail_that_waited_for_too_long_is_not_sent(
    client: Client, proven: User, mail_server: MailServer
) -> None:
    client.post(ASK, {"email": proven.email})
    OutgoingMail.objects.update(created_at=timezone.now() - timedelta(hours=2))

    send_mails()

    assert mail_server.taken == []


def test_the_mail_is_in_the_language_of_its_reader(
    client: Client, proven: User, mail_server: MailServer
) -> None:
    User.objects.filter(pk=proven.pk).update(language="de")

    asked(client, mail_server, proven.email, FORGOT)

    assert mail_server.taken[0]["Subject"] == "Neues Passwort für Dexxy setzen"


def test_without_a_mail_server_the_pages_say_what_to_do_instead(
    client: Client, proven: User, settings: Settings
) -> None:
    settings.EMAIL_HOST = ""

    for page in (ASK, FORGOT, "/accounts/password/reset/"):
        for answer in (client.get(page), client.post(page, {"email": proven.email})):
            assert answer.status_code == 404
            assert b"An admin of your team can make such a link" in answer.content
    assert b"sign-in/mail" not in client.get("/accounts/login/").content
    assert not OutgoingMail.objects.exists()


def test_the_address_of_allauth_leads_to_our_page(
    client: Client, db: None, mail_server: MailServer
) -> None:
    assert client.get("/accounts/password/reset/")["Location"] == FORGOT
