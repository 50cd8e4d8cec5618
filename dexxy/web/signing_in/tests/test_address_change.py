"""Another email address, proven by a mail, and told to the one of before."""

import re
from datetime import timedelta
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from dexxy.accounts.addresses import address_is_proven, address_prove
from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.accounts.sign_in import link_make
from dexxy.mail.models import OutgoingMail
from dexxy.web.mailing.tasks import send_mails
from tests.factories import PASSWORD
from tests.mail_server import MailServer

PAGE = "/account/address/"
NEW = "alice@new.example"


@pytest.fixture
def proven(client: Client, alice: User, workspace: Workspace) -> User:
    """Alice, who has just signed in, with an address that is known to be hers."""
    cache.clear()  # who may sign in how often
    address_prove(alice)
    client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    return alice


def link_in(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    [found] = re.findall(r"http://\S+/account/address/\S+", body.get_content())
    return str(urlsplit(found).path)


def link_to(client: Client, mail_server: MailServer, address: str) -> str:
    assert client.post(PAGE, {"email": address})["Location"] == "/account/"
    send_mails()
    return link_in(mail_server.taken[-1])


def test_an_address_is_changed_by_a_link_and_the_old_one_is_told(
    client: Client, proven: User, mail_server: MailServer
) -> None:
    link = link_to(client, mail_server, f" {NEW.upper()} ")
    proven.refresh_from_db()
    assert (proven.email, mail_server.recipients) == ("alice@example.com", [NEW])
    looked = client.get(link).content.decode()
    assert f"<bdi>{NEW}</bdi> from now on" in looked

    client.post(link)
    send_mails()

    proven.refresh_from_db()
    assert proven.email == NEW
    assert address_is_proven(proven, NEW)
    assert not address_is_proven(proven, "alice@example.com")
    told = mail_server.taken[-1]
    assert (told["To"], told["Subject"]) == (
        "alice@example.com",
        "Your address for Dexxy has changed",
    )
    entry = AuditEntry.objects.get(action="user.address_changed")
    assert (entry.actor, entry.details) == (proven, {"user": NEW, "before": "alice@example.com"})
    # It works once, they are signed in still, and sign in with the new one from now on.
    assert client.post(link).status_code == 403
    client.logout()
    client.post("/accounts/login/", {"login": NEW, "password": PASSWORD})
    assert "_auth_user_id" in client.session
    assert not OutgoingMail.objects.exclude(address="").exists()


def test_a_link_proves_nothing_for_another_account_nor_for_ever(
    client: Client, proven: User, bob: User, mail_server: MailServer
) -> None:
    link = link_to(client, mail_server, NEW)
    other = Client()
    assert unquote(other.get(link)["Location"]) == f"/accounts/login/?next={link}"
    other.force_login(bob)

    assert other.post(link).status_code == 403
    assert client.post(link.replace("/address/", "/address/x")).status_code == 403
    bob.refresh_from_db()
    proven.refresh_from_db()
    assert (bob.email, proven.email) == ("bob@example.com", "alice@example.com")
    # What was sent to the address of before signs nobody in who has another one.
    before = link_make(proven)
    client.post(link)
    assert Client().get(before).status_code == 403


def test_nobody_learns_who_has_an_address_and_nobody_gets_it(
    client: Client, proven: User, bob: User, mail_server: MailServer
) -> None:
    taken = client.post(PAGE, {"email": bob.email}, follow=True).content.decode()
    send_mails()

    assert f"A link is on its way to {bob.email}." in taken
    assert mail_server.taken == []
    link = link_to(client, mail_server, NEW)
    User.objects.filter(pk=bob.pk).update(email=NEW)
    assert client.post(link).status_code == 403
    proven.refresh_from_db()
    assert proven.email == "alice@example.com"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("alice", "That is no e-mail address."),
        ("", "That is no e-mail address."),
        ("Alice@example.com", "This is your address already."),
    ],
)
def test_what_cannot_be_the_next_address_is_refused(
    client: Client, proven: User, mail_server: MailServer, address: str, said: str
) -> None:
    answer = client.post(PAGE, {"email": address})

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not OutgoingMail.objects.exists()


def test_few_mails_are_asked_for_and_only_by_who_signed_in_lately(
    client: Client, proven: User, mail_server: MailServer
) -> None:
    for number in range(5):
        client.post(PAGE, {"email": f"alice{number}@new.example"})

    refused = client.post(PAGE, {"email": NEW})

    assert "You asked for many mails." in refused.content.decode()
    assert OutgoingMail.objects.count() == 5
    OutgoingMail.objects.update(created_at=timezone.now() - timedelta(hours=2))
    send_mails()
    assert mail_server.taken == []
    other = Client()
    other.force_login(proven)  # as one who signed in long ago
    assert "reauthenticate" in other.get(PAGE)["Location"]


def test_without_a_mail_server_the_page_says_who_changes_it(client: Client, proven: User) -> None:
    page = client.get(PAGE).content.decode()

    assert "Whoever runs this Dexxy changes it in the administration." in page
    assert 'name="email"' not in page
    assert "/admin/accounts/user/" not in page
    assert client.post(PAGE, {"email": NEW}).status_code == 422
