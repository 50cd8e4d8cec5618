import re
from datetime import timedelta
from importlib import import_module

import pytest
from allauth.account.models import EmailAddress
from allauth.account.urls import urlpatterns as of_allauth
from django.contrib.sessions.models import Session
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import resolve
from django.utils import timezone
from pytest_django import Settings
from sesame.utils import get_query_string

from dexxy.accounts.models import User
from dexxy.accounts.services import first_admin_ensure
from dexxy.integrations.services.retention import old_rows_delete
from dexxy.web import account_urls
from tests.factories import PASSWORD


def link(user: User) -> str:
    return f"/sign-in/link/{get_query_string(user)}"


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_a_password_signs_in(client: Client, alice: User) -> None:
    response = client.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})

    assert response["Location"] == "/"
    assert is_signed_in(client)


def test_what_the_database_has_of_a_session_signs_nobody_in(client: Client, alice: User) -> None:
    client.force_login(alice)
    [kept] = Session.objects.values_list("session_key", flat=True)
    thief = Client()

    for value in (kept, kept[:32], ""):
        thief.cookies["sessionid"] = value
        assert not is_signed_in(thief)

    assert client.cookies["sessionid"].value not in kept
    assert is_signed_in(client)


def test_whoever_signs_out_leaves_no_session(client: Client, alice: User) -> None:
    client.force_login(alice)
    mine = client.cookies["sessionid"].value

    client.post("/accounts/logout/")

    assert not Session.objects.exists()
    client.cookies["sessionid"] = mine
    assert not is_signed_in(client)


def test_who_was_signed_in_before_sessions_were_kept_by_digest_still_is(
    client: Client, alice: User
) -> None:
    client.force_login(alice)
    Session.objects.update(session_key=client.cookies["sessionid"].value)
    assert not is_signed_in(client)

    with connection.cursor() as cursor:
        cursor.execute(import_module("dexxy.accounts.migrations.0003_sessions_by_digest")._DIGEST)

    assert is_signed_in(client)
    # A process of before finds it by its key until what has ended is deleted.
    assert Session.objects.filter(pk=client.cookies["sessionid"].value).exists()
    old_rows_delete()
    [session] = Session.objects.all()
    assert session.pk != client.cookies["sessionid"].value
    assert is_signed_in(client)


def test_a_wrong_password_says_so(client: Client, alice: User) -> None:
    response = client.post("/accounts/login/", {"login": alice.email, "password": "wrong"})

    assert b"not correct" in response.content
    assert not is_signed_in(client)


def test_wrong_passwords_of_elsewhere_keep_nobody_out_of_their_own_browser(
    client: Client, alice: User, bob: User
) -> None:
    right = {"login": alice.email, "password": PASSWORD}
    client.post("/accounts/login/", right)
    client.post("/accounts/logout/")
    stranger = Client(REMOTE_ADDR="203.0.113.7")
    stranger.post("/accounts/login/", {"login": bob.email, "password": PASSWORD})
    stranger.post("/accounts/logout/")

    for number in range(6):
        stranger.post("/accounts/login/", right | {"password": f"a guess {number}"})

    assert not is_signed_in(stranger)
    stranger.post("/accounts/login/", right)
    assert not is_signed_in(stranger)  # who guesses is stopped
    client.post("/accounts/login/", right)
    assert is_signed_in(client)


def test_the_limit_of_an_account_is_one_by_whatever_name_dexxy_is_asked(
    alice: User, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "dexxy.example"]
    asked = ["localhost", "localhost:1", "LOCALHOST:2", "dexxy.example", "dexxy.example:3"]
    spelled = [alice.email, alice.email.upper()]

    for number, host in enumerate(asked):
        guess = {"login": spelled[number % 2], "password": f"a guess {number}"}
        Client(REMOTE_ADDR=f"203.0.113.{number}").post("/accounts/login/", guess, HTTP_HOST=host)
    right = {"login": alice.email, "password": PASSWORD}
    client = Client()
    answer = client.post("/accounts/login/", right, HTTP_HOST="dexxy.example:4")

    assert b"Too many failed login attempts" in answer.content
    assert not is_signed_in(client)


@pytest.mark.parametrize("stored", ["mark@example.com", "Mark@Example.com"])
@pytest.mark.parametrize("typed", ["mark@example.com", "MARK@Example.com"])
def test_a_password_signs_in_however_its_address_was_stored_and_is_typed(
    client: Client, db: None, stored: str, typed: str
) -> None:
    mark = User.objects.create_user("mark@example.com", PASSWORD)
    User.objects.filter(pk=mark.pk).update(email=stored)  # as before addresses were compared

    client.post("/accounts/login/", {"login": typed, "password": PASSWORD})

    assert client.session["_auth_user_id"] == str(mark.pk)


def test_one_s_own_browser_guesses_no_more_often(client: Client, alice: User) -> None:
    right = {"login": alice.email, "password": PASSWORD}
    client.post("/accounts/login/", right)
    client.post("/accounts/logout/")

    for number in range(5):
        client.post("/accounts/login/", right | {"password": f"a guess {number}"})
    client.post("/accounts/login/", right)

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
    assert b"dexxy sign-in-link" in response.content
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
    form = {"email": "dora@example.com", "name": "Dora", "is_active": "on", "is_superuser": "on"}
    client.post(f"/admin/accounts/user/{admin.pk}/change/", {**form, "is_staff": "on"})

    admin.refresh_from_db()
    assert (admin.email, admin.name) == ("dora@example.com", "Dora")
    assert admin.check_password(PASSWORD)


# Every address of allauth, and what it answers to who looks: nobody, and somebody with a password.
SHUT = (404, 404)
PAGES_OF_ALLAUTH = {
    "account_login": ("login/", 200, 302),
    "account_logout": ("logout/", 302, 200),
    "account_inactive": ("inactive/", 200, 200),
    "account_signup": ("signup/", 200, 302),  # which says that accounts come by invitation
    "account_reauthenticate": ("reauthenticate/", 302, 200),
    "account_change_password": ("password/change/", 302, 200),
    "account_set_password": ("password/set/", 302, 302),
    "account_email": ("email/", *SHUT),
    "account_email_verification_sent": ("confirm-email/", *SHUT),
    "account_confirm_email": ("confirm-email/MQ:1abc/", *SHUT),
    "account_confirm_login_code": ("login/code/confirm/", *SHUT),
    "account_reset_password": ("password/reset/", *SHUT),
    "account_reset_password_done": ("password/reset/done/", *SHUT),
    "account_reset_password_from_key": ("password/reset/key/1-abc/", *SHUT),
    "account_reset_password_from_key_done": ("password/reset/key/done/", *SHUT),
}


def test_every_page_of_allauth_is_decided_about() -> None:
    assert [page.name for page in account_urls.urlpatterns] == [page.name for page in of_allauth]
    assert {page.name for page in of_allauth} == set(PAGES_OF_ALLAUTH)
    opened = {name for name, (_, *answers) in PAGES_OF_ALLAUTH.items() if tuple(answers) != SHUT}
    assert opened == account_urls.OPEN


@pytest.mark.parametrize("name", PAGES_OF_ALLAUTH)
def test_a_page_of_allauth_is_open_where_it_needs_no_mail(
    client: Client, alice: User, name: str
) -> None:
    path, *answers = PAGES_OF_ALLAUTH[name]
    assert resolve(f"/accounts/{path}").url_name == name

    looked = [client.get(f"/accounts/{path}").status_code]
    client.force_login(alice)
    looked.append(client.get(f"/accounts/{path}").status_code)

    assert looked == answers


@pytest.mark.parametrize(
    "path", [path for path, *answers in PAGES_OF_ALLAUTH.values() if tuple(answers) == SHUT]
)
def test_a_page_that_needs_mail_says_why_it_is_shut_and_does_nothing(
    client: Client, alice: User, path: str
) -> None:
    form = {"email": "dora@example.com", "action_add": "", "code": "123456"}

    asked = [client.post(f"/accounts/{path}", form)]
    client.force_login(alice)
    asked.append(client.post(f"/accounts/{path}", form))

    for response in asked:
        assert response.status_code == 404
        assert b"sends no mail" in response.content
        assert b"dexxy sign-in-link" in response.content
    assert mail.outbox == []
    assert not EmailAddress.objects.exists()


def test_the_sign_in_page_offers_no_mail(client: Client, db: None) -> None:
    page = client.get("/accounts/login/").content

    assert b"password/reset" not in page
    assert b"Forgot your password? Whoever runs this Dexxy prints a link" in page


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("login/", ["Sign in", "Email", "Password", "Remember me"]),
        ("password/change/", ["Change password", "Current password", "New password (again)"]),
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

    assert b"/static/dexxy/dexxy." in page
    assert b"<script>" not in page
    assert b" style=" not in page


def test_who_is_in_no_workspace_reads_what_they_can_do(client: Client, alice: User) -> None:
    client.force_login(alice)
    assert b"Ask an admin of your team to invite you" in client.get("/").content

    alice.is_staff = alice.is_superuser = True
    alice.save()

    page = client.get("/").content.decode()
    assert 'href="/start/workspace/"' in page
    assert "/admin/accounts/membership/add/" in page
