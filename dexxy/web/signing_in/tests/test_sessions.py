"""Where somebody is signed in: seen, and ended at once."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from dexxy.accounts import sessions
from dexxy.accounts.memberships import (
    membership_remove,
    membership_reset_link,
    operator_deactivate,
)
from dexxy.accounts.models import BrowserSession, Membership, User, Workspace
from dexxy.accounts.security.open_sessions import (
    OpenSessionNotFoundError,
    session_end,
    session_note,
)
from dexxy.integrations.services.retention import old_rows_delete
from dexxy.web.signing_in.devices import device_name
from tests.factories import PASSWORD, make_workspace
from tests.second_step import app_of, code_of

PAGE = "/account/security/"
PAGES_OF_STRANGERS = (
    "/accounts/login/?next=/account/",
    "/accounts/signup/",
    "/accounts/reauthenticate/",
    "/accounts/2fa/authenticate/",
    "/accounts/2fa/reauthenticate/",
    "/accounts/2fa/webauthn/reauthenticate/",
    "/accounts/password/change/",
    "/accounts/password/set/",
    "/accounts/oidc/login/callback/?state=x&code=y",
    "/sign-in/link/?sesame=x",
    "/sign-in/mail/",
    "/sign-in/password/?sesame=x",
    "/invitations/x/",
    "/account/security/passkeys/",
    "/setup/github/",
    "/start/account/",
    "/",
)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1"
)


def browser(user: User, user_agent: str, address: str = "192.0.2.7") -> Client:
    client = Client(headers={"user-agent": user_agent}, REMOTE_ADDR=address)
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return client


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def listed(client: Client) -> list[tuple[str, str, bool]]:
    found = client.get(PAGE).context["sessions"]
    return [(device, one.address, one.is_this) for one, device in found]


def test_somebody_sees_where_they_are_signed_in_this_one_first(alice: User, bob: User) -> None:
    here = browser(alice, FIREFOX)
    browser(alice, IPHONE, "2001:db8::1")
    browser(bob, FIREFOX)

    assert listed(here) == [
        ("Firefox on Linux", "192.0.2.7", True),
        ("Safari on iPhone", "2001:db8::1", False),
    ]
    kept = [row.session_id for row in BrowserSession.objects.all()]
    assert here.cookies["sessionid"].value not in kept


def test_one_that_is_ended_is_over_at_once(alice: User) -> None:
    here, there, third = (browser(alice, one) for one in (FIREFOX, IPHONE, FIREFOX))
    [other] = [one.pk for one, name in here.get(PAGE).context["sessions"] if "iPhone" in name]

    assert here.post(f"{PAGE}sessions/{other}/end/").status_code == 302

    assert [is_in(one) for one in (here, there, third)] == [True, False, True]
    assert Session.objects.count() == BrowserSession.objects.count() == 2
    assert here.post(f"{PAGE}sessions/{other}/end/").status_code == 404


def test_all_others_are_ended_by_one_button(alice: User, bob: User) -> None:
    here, there, third = (browser(alice, one) for one in (FIREFOX, IPHONE, FIREFOX))
    somebody = browser(bob, FIREFOX)

    here.post(f"{PAGE}sessions/end/")

    assert [is_in(one) for one in (here, there, third, somebody)] == [True, False, False, True]
    assert len(listed(here)) == 1


def test_nobody_ends_a_session_of_somebody_else(alice: User, bob: User) -> None:
    theirs = browser(bob, FIREFOX)
    row = BrowserSession.objects.get()

    with pytest.raises(OpenSessionNotFoundError):
        session_end(viewer=alice, session_id=row.pk)

    assert is_in(theirs)


def test_a_new_password_ends_all_others(alice: User) -> None:
    here, there = browser(alice, FIREFOX), browser(alice, IPHONE)
    begun = BrowserSession.objects.get(user_agent=FIREFOX).begun_at
    new = "another horse battery staple"

    here.post(
        "/accounts/password/change/",
        {"oldpassword": PASSWORD, "password1": new, "password2": new},
    )

    assert [is_in(one) for one in (here, there)] == [True, False]
    assert BrowserSession.objects.get().begun_at == begun
    assert Session.objects.count() == 1


def test_whoever_is_deactivated_or_removed_is_signed_out(
    alice: User, bob: User, workspace: Workspace
) -> None:
    theirs = browser(bob, FIREFOX)
    membership = Membership.objects.get(user=bob)

    membership_remove(viewer=alice, membership_id=membership.pk)
    assert not is_in(theirs)

    hers = browser(alice, FIREFOX)
    operator_deactivate(actor=alice, user=alice)
    assert not is_in(hers)
    assert not Session.objects.filter(browser__isnull=False).exists()


def test_whoever_is_in_another_workspace_stays_signed_in(
    alice: User, bob: User, charlie: User, workspace: Workspace
) -> None:
    make_workspace(admin=charlie, member=bob)
    theirs = browser(bob, FIREFOX)

    membership_remove(
        viewer=alice, membership_id=Membership.objects.get(user=bob, workspace=workspace).pk
    )

    assert is_in(theirs)


def test_a_link_for_who_forgot_their_password_leaves_no_session(
    alice: User, bob: User, workspace: Workspace
) -> None:
    browser(bob, FIREFOX)

    membership_reset_link(viewer=alice, membership_id=Membership.objects.get(user=bob).pk)

    assert not BrowserSession.objects.exists()


def test_using_a_session_is_written_down_once_in_a_while(
    alice: User,
    django_assert_num_queries: DjangoAssertNumQueries,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = browser(alice, FIREFOX)
    here.get("/account/")
    long_ago = timezone.now() - timedelta(hours=1)
    BrowserSession.objects.update(seen_at=long_ago)

    here.get("/account/")
    assert BrowserSession.objects.get().seen_at == long_ago
    sessions._seen.clear()  # as after five minutes
    here.get("/account/", REMOTE_ADDR="198.51.100.9")

    row = BrowserSession.objects.get()
    assert row.seen_at > long_ago
    assert row.address == "198.51.100.9"


def test_who_is_signed_out_has_no_row(client: Client, db: None) -> None:
    client.get("/accounts/login/")
    session = client.session
    session["x"] = 1
    session.save()

    assert client.get("/accounts/login/").status_code == 200
    assert not BrowserSession.objects.exists()


def test_a_session_that_is_over_leaves_no_row(alice: User) -> None:
    browser(alice, FIREFOX)
    Session.objects.update(expire_date=timezone.now() - timedelta(days=1))
    row = BrowserSession.objects.get()
    BrowserSession.objects.create(session_id="gone", user=alice)

    old_rows_delete()

    assert row.user_id == alice.pk
    assert not BrowserSession.objects.exists()


def lasts(session: Session) -> timedelta:
    return session.expire_date - timezone.now()


def test_a_session_in_which_nobody_is_signed_in_lasts_minutes(client: Client, alice: User) -> None:
    alice_s_app, _ = app_of(alice)
    form = {"login": alice.email, "password": PASSWORD}

    client.post("/accounts/login/", form)
    waiting = Session.objects.get()
    client.post("/accounts/2fa/authenticate/", {"code": code_of(alice_s_app)})
    signed_in = Session.objects.get()

    assert timedelta(minutes=25) < lasts(waiting) < timedelta(minutes=35)
    assert lasts(signed_in) > timedelta(days=13)
    client.post("/accounts/logout/")
    assert not Session.objects.exists()


def test_sessions_of_strangers_are_deleted_when_their_minutes_are_over(
    client: Client, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "STRANGERS_LAST", -1)
    session = client.session
    session["x"] = 1
    session.save()

    old_rows_delete()

    assert not Session.objects.exists()


def test_no_page_for_signing_in_gives_a_stranger_a_session(client: Client, db: None) -> None:
    by_passkey = "/accounts/2fa/webauthn/login/"
    begins = {"x-requested-with": "XMLHttpRequest"}

    for page in (by_passkey, *PAGES_OF_STRANGERS):
        assert client.get(page, headers=begins).status_code in (200, 302, 403, 404)
        client.post(page, {"login": "x@example.org", "password": "x", "credential": "{}"})

    assert not Session.objects.exists()


def test_sessions_of_before_are_listed_after_the_upgrade(client: Client, alice: User) -> None:
    client.force_login(alice)
    BrowserSession.objects.all().delete()
    from django.apps import apps

    import_module("dexxy.accounts.migrations.0010_browser_sessions").note_sessions(apps, None)

    assert BrowserSession.objects.get().user == alice
    assert len(listed(client)) == 1


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox on Linux"),
        (IPHONE, "Safari on iPhone"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
            " Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0",
            "Edge on Windows",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36"
            " (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
            "Chrome on macOS",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)"
            " Chrome/126.0.0.0 Mobile Safari/537.36",
            "Chrome on Android",
        ),
        ("curl/8.5.0", "curl"),
        ("", "A browser that does not say what it is"),
        ("<script>", "A browser that does not say what it is"),
    ],
)
def test_a_browser_is_called_in_plain_words(user_agent: str, name: str) -> None:
    assert device_name(user_agent) == name


def test_what_a_browser_says_of_itself_may_be_anything(alice: User) -> None:
    here = browser(alice, "x" * 5000)
    row = BrowserSession.objects.get()

    assert listed(here) == [("A browser that does not say what it is", "192.0.2.7", True)]
    session_note(row.session_id, alice.pk, user_agent="a\0b", address="unix:", begun=0.0)
    assert listed(here) == [("A browser that does not say what it is", "", True)]
