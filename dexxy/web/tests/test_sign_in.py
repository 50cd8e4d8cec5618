import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from sesame.utils import get_query_string

from dexxy.accounts.models import User
from dexxy.accounts.services import first_admin_ensure
from tests.factories import PASSWORD


def link(user: User) -> str:
    return f"/sign-in/link/{get_query_string(user)}"


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_a_password_signs_in(client: Client, alice: User) -> None:
    response = client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})

    assert response["Location"] == "/"
    assert is_signed_in(client)


def test_a_wrong_password_says_so(client: Client, alice: User) -> None:
    response = client.post("/accounts/login/", {"login": alice.email, "password": "wrong"})

    assert b"not correct" in response.content
    assert not is_signed_in(client)


def test_looking_at_a_link_does_not_spend_it(client: Client, alice: User) -> None:
    address = link(alice)

    for _ in range(2):
        assert b"You sign in as <strong>Alice</strong>" in client.get(address).content
        assert not is_signed_in(client)
    assert client.post(address)["Location"] == "/"
    assert is_signed_in(client)


def test_a_link_works_once(client: Client, alice: User) -> None:
    address = link(alice)
    client.post(address)
    other = Client()

    response = other.post(address)

    assert response.status_code == 403
    assert b"dexxy up" in response.content
    assert not is_signed_in(other)


def test_an_old_link_does_not_work(
    client: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = link(alice)
    later = timezone.now().timestamp() + timedelta(hours=2).total_seconds()
    monkeypatch.setattr("time.time", lambda: later)

    assert client.get(address).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["", "?sesame=", "?sesame=nonsense"])
def test_an_invented_link_does_not_work(client: Client, query: str) -> None:
    assert client.get(f"/sign-in/link/{query}").status_code == 403
    assert client.post(f"/sign-in/link/{query}").status_code == 403


def test_a_link_needs_the_token_of_the_page(alice: User) -> None:
    client = Client(enforce_csrf_checks=True)

    assert client.post(link(alice)).status_code == 403
    assert not is_signed_in(client)


@pytest.mark.django_db
def test_nobody_makes_an_account_by_themselves(client: Client) -> None:
    form = {"email": "dora@example.com", "password1": PASSWORD, "password2": PASSWORD}

    assert b"by invitation" in client.get("/accounts/signup/").content
    assert b"by invitation" in client.post("/accounts/signup/", form).content
    assert not User.objects.exists()


@pytest.mark.django_db
def test_the_first_administrator_sets_a_password_and_an_address(client: Client) -> None:
    admin = first_admin_ensure()
    client.post(link(admin))
    assert client.get("/accounts/password/change/")["Location"] == "/accounts/password/set/"

    client.post("/accounts/password/set/", {"password1": PASSWORD, "password2": PASSWORD})
    client.post("/accounts/email/", {"action_add": "", "email": "dora@example.com"})
    client.post("/accounts/email/", {"action_primary": "", "email": "dora@example.com"})

    admin.refresh_from_db()
    assert admin.email == "dora@example.com"
    assert admin.check_password(PASSWORD)


@pytest.mark.parametrize(
    "path",
    [
        "password/reset/",
        "password/reset/done/",
        "password/reset/key/done/",
        "password/reset/key/1-abc/",
        "confirm-email/",
    ],
)
def test_no_page_promises_mail_that_cannot_be_sent(client: Client, alice: User, path: str) -> None:
    looked = client.get(f"/accounts/{path}")
    asked = client.post(f"/accounts/{path}", {"email": alice.email})

    for response in (looked, asked):
        assert response.status_code == 200
        assert b"sends no mail" in response.content
        assert b"dexxy up" in response.content
    assert mail.outbox == []


def test_a_new_address_is_added_without_a_word_about_mail(client: Client, alice: User) -> None:
    client.force_login(alice)
    address = {"email": "alice@example.org"}

    for action in ("action_add", "action_send"):
        form = {action: "", **address}
        page = client.post("/accounts/email/", form, follow=True).content.decode()
        assert address["email"] in page
        assert "sent" not in page
        assert "erif" not in page  # neither verified nor a verification

    assert mail.outbox == []
    client.logout()
    client.post("/accounts/login/", {"login": address["email"], "password": PASSWORD})
    assert is_signed_in(client)


def test_the_sign_in_page_offers_no_mail(client: Client, db: None) -> None:
    page = client.get("/accounts/login/").content

    assert b"password/reset" not in page
    assert b"Forgot your password? An administrator" in page


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("login/", ["Sign in", "Email", "Password", "Remember me"]),
        ("password/change/", ["Change password", "Current password", "New password (again)"]),
        ("email/", ["Email addresses", "Make primary", "Add email address"]),
        ("logout/", ["Sign out"]),
    ],
)
def test_pages_of_the_account_are_written_like_the_others(
    client: Client, alice: User, path: str, words: list[str]
) -> None:
    if path != "login/":
        client.force_login(alice)

    page = client.get(f"/accounts/{path}").content.decode()

    for word in words:
        assert f">{word}<" in page
    assert f"<title>{words[0]} · Dexxy</title>" in page
    # Not one title, heading, label or button with a capital in the middle.
    assert not re.search(r"<(title|h1|h2|label|button)\b[^>]*>[^<·]*[a-z] [A-Z]", page)


@pytest.mark.parametrize(
    "path", ["login/", "signup/", "password/reset/", "password/change/", "email/", "logout/"]
)
def test_pages_of_the_account_are_ours(client: Client, alice: User, path: str) -> None:
    if path in {"password/change/", "email/", "logout/"}:
        client.force_login(alice)

    page = client.get(f"/accounts/{path}").content

    assert b"dexxy/dexxy.css" in page
    assert b"<script>" not in page
    assert b" style=" not in page
