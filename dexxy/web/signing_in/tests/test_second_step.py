"""The second step of signing in: asked for, given once, changed by who just signed in."""

import json

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client
from pytest_django import Settings
from sesame.utils import get_query_string

from dexxy.accounts.memberships import ResetRefusedError, membership_reset_second_step
from dexxy.accounts.models import AuditEntry, Membership, User, Workspace
from dexxy.accounts.security import codes
from dexxy.accounts.security.codes import code_use
from dexxy.accounts.security.second_step import (
    SecondStepError,
    app_add,
    app_remove,
    app_secret_make,
    passkey_add,
    recovery_codes_make,
    second_step_of,
)
from dexxy.accounts.selectors import AdminOnlyError
from dexxy.common.crypto import Secret, UndecryptableSecretError
from dexxy.doctor import secrets as doctor
from dexxy.safekeeping.key_rotation import secrets_rotate
from tests.factories import PASSWORD, make_workspace
from tests.second_step import app_of, code_of

STEP = "/accounts/2fa/authenticate/"
PAGE = "/account/security/"
NEW = "a whole new day for ants"


def sign_in(client: Client, user: User, next_page: str = "") -> str:
    form = {"login": user.email, "password": PASSWORD, "next": next_page}
    return str(client.post("/accounts/login/", form).get("Location", ""))


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def deeds(user: User) -> list[str]:
    found = AuditEntry.objects.filter(target_type="accounts.user", target_id=str(user.pk))
    return list(found.order_by("pk").values_list("action", flat=True))


def test_after_the_password_a_code_of_the_app_is_asked_for(client: Client, alice: User) -> None:
    secret, _ = app_of(alice)

    assert sign_in(client, alice, "/account/") == STEP
    assert not is_signed_in(client)
    assert client.get("/account/").status_code == 302
    assert b"Incorrect code" in client.post(STEP, {"code": "000000"}).content
    assert not is_signed_in(client)
    code = code_of(secret)
    answer = client.post(STEP, {"code": f"{code[:3]} {code[3:]}"})

    assert answer["Location"] == "/account/"
    assert is_signed_in(client)


def test_a_code_that_somebody_has_seen_does_not_work_again(client: Client, alice: User) -> None:
    secret, _ = app_of(alice)
    code = code_of(secret)
    thief = Client()
    for one in (client, thief):
        sign_in(one, alice)

    client.post(STEP, {"code": code})
    cache.clear()  # what is kept there may be gone at any time
    thief.post(STEP, {"code": code})

    assert is_signed_in(client)
    assert not is_signed_in(thief)
    assert code_use(alice, code_of(secret, later=-1)) is None
    assert code_use(alice, code_of(secret, later=1)) is not None


def test_a_recovery_code_stands_in_for_the_app_once(client: Client, alice: User) -> None:
    _, codes = app_of(alice)
    again = Client()

    for one in (client, again):
        sign_in(one, alice)
        one.post(STEP, {"code": codes[3]})

    assert len(set(codes)) == 10
    assert is_signed_in(client)
    assert not is_signed_in(again)
    assert second_step_of(alice).codes_left == 9
    assert b"9 codes are left" in client.get(PAGE).content


@pytest.mark.parametrize("counts", [True, False], ids=["with Valkey", "while Valkey is away"])
def test_wrong_codes_are_few(client: Client, alice: User, counts: bool) -> None:
    secret, _ = app_of(alice)
    sign_in(client, alice)

    for _ in range(5):
        assert b"Incorrect code" in client.post(STEP, {"code": "000000"}).content
        if not counts:
            cache.clear()
    answer = client.post(STEP, {"code": code_of(secret)})

    assert b"Too many failed" in answer.content
    assert not is_signed_in(client)
    assert code_of(secret) not in str(Authenticator.objects.values_list("data"))


def test_wrong_codes_are_forgotten_after_a_while(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, recovery = app_of(alice)
    for _ in range(codes.MOST_WRONG):
        assert code_use(alice, "000000") is None
    with pytest.raises(codes.TooManyCodesError):
        code_use(alice, recovery[0])

    monkeypatch.setattr(codes, "WRONG_FOR", -1)

    assert code_use(alice, code_of(secret)) is not None


def test_a_link_does_not_stand_in_for_the_second_step_and_is_spent(
    client: Client, alice: User
) -> None:
    secret, _ = app_of(alice)
    address = f"/sign-in/link/{get_query_string(alice)}"

    assert client.post(address)["Location"] == STEP
    assert not is_signed_in(client)
    assert Client().post(address).status_code == 403
    client.post(STEP, {"code": code_of(secret)})

    assert is_signed_in(client)


def test_without_a_second_step_nobody_is_asked_for_one(client: Client, alice: User) -> None:
    assert sign_in(client, alice) == "/"
    assert is_signed_in(client)


def test_an_app_is_added_with_its_first_code_and_codes_are_shown_once(
    client: Client, alice: User, workspace: Workspace
) -> None:
    sign_in(client, alice)
    page = client.get(f"{PAGE}app/")
    secret = page.context["secret"].replace(" ", "")

    refused = client.post(f"{PAGE}app/", {"code": "123"})
    assert refused.status_code == 422
    assert refused.context["secret"].replace(" ", "") == secret  # what the app has got stays
    client.post(f"{PAGE}app/", {"code": code_of(secret)})

    assert f"otpauth://totp/alice%40example.com?secret={secret}" in page.context["address"]
    assert "<svg" in page.content.decode()
    first, second = client.get(PAGE), client.get(PAGE)
    assert (len(first.context["codes"]), second.context["codes"]) == (10, [])
    assert first.context["step"].app_since is not None
    assert deeds(alice) == ["user.second_step_added"]
    kept = json.dumps(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    assert not [code for code in first.context["codes"] if code in kept]


@pytest.mark.parametrize(
    "address", ["app/", "passkeys/", "codes/", "app/remove/", "passkeys/1/remove/"]
)
def test_what_changes_the_way_in_asks_whether_it_is_them(
    client: Client, alice: User, address: str
) -> None:
    app_of(alice)
    client.force_login(alice)  # as a session that began long ago
    before = list(Authenticator.objects.values())

    asked = client.get(PAGE + address) if address in ("app/", "passkeys/") else None
    sent = client.post(PAGE + address, {"code": "1"})

    if asked is not None:
        assert (
            asked["Location"]
            == f"/accounts/reauthenticate/?next=%2Faccount%2Fsecurity%2F{address[:-1]}%2F"
        )
    assert sent["Location"] == "/accounts/reauthenticate/?next=%2Faccount%2Fsecurity%2F"
    assert list(Authenticator.objects.values()) == before


@pytest.mark.parametrize("by", ["password", "code"])
def test_who_confirms_that_it_is_them_goes_on_for_a_while(
    client: Client, alice: User, by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret, _ = app_of(alice)
    client.force_login(alice)
    kept = {"password": {"password": PASSWORD}, "code": {"code": code_of(secret)}}[by]
    where = {"password": "/accounts/reauthenticate/", "code": "/accounts/2fa/reauthenticate/"}[by]

    assert b"Is it you?" in client.get(where).content
    answer = client.post(where, {**kept, "next": f"{PAGE}passkeys/"})

    assert answer["Location"] == f"{PAGE}passkeys/"
    assert client.get(f"{PAGE}passkeys/").status_code == 200
    later = __import__("time").time() + 16 * 60
    monkeypatch.setattr("dexxy.web.signing_in.confirming.time.time", lambda: later)
    assert client.get(f"{PAGE}passkeys/").status_code == 302


def test_who_has_no_password_here_confirms_by_signing_in_once_more(
    client: Client, alice: User
) -> None:
    alice.set_unusable_password()
    alice.save()
    client.force_login(alice)

    leads_to = client.get(f"{PAGE}app/")["Location"]
    page = client.get(leads_to)

    assert leads_to == f"{PAGE}again/?next=%2Faccount%2Fsecurity%2Fapp%2F"
    assert page.context["next"] == "/accounts/login/?next=%2Faccount%2Fsecurity%2Fapp%2F"
    elsewhere = client.get(f"{PAGE}again/?next=https://elsewhere.example/")
    assert elsewhere.context["next"] == "/accounts/login/?next=%2Faccount%2Fsecurity%2F"


def test_a_password_is_another_way_in_that_asks_whether_it_is_them(
    client: Client, alice: User
) -> None:
    alice.set_unusable_password()
    alice.save()
    client.force_login(alice)
    form = {"password1": NEW, "password2": NEW}

    looked = client.get("/accounts/password/set/")
    sent = client.post("/accounts/password/set/", form)

    assert looked["Location"] == f"{PAGE}again/?next=%2Faccounts%2Fpassword%2Fset%2F"
    assert sent["Location"].startswith(f"{PAGE}again/")
    alice.refresh_from_db()
    assert not alice.has_usable_password()


def test_who_has_just_come_by_a_link_sets_a_password(client: Client, alice: User) -> None:
    alice.set_unusable_password()
    alice.save()
    client.post(f"/sign-in/link/{get_query_string(alice)}")

    answer = client.post("/accounts/password/set/", {"password1": NEW, "password2": NEW})

    assert answer.status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(NEW)


def test_removing_the_app_removes_the_codes_that_stood_in_for_it(
    client: Client, alice: User, workspace: Workspace
) -> None:
    app_of(alice)

    app_remove(viewer=alice)

    assert not Authenticator.objects.exists()
    assert deeds(alice) == ["user.second_step_added", "user.second_step_removed"]
    assert sign_in(client, alice) == "/"
    with pytest.raises(SecondStepError):
        recovery_codes_make(viewer=alice)


def test_there_is_one_app_and_what_is_no_code_adds_none(alice: User) -> None:
    secret = app_secret_make()
    with pytest.raises(SecondStepError, match="not right"):
        app_add(viewer=alice, secret=secret, code=code_of(secret, later=9))
    assert not Authenticator.objects.exists()

    app_of(alice)

    with pytest.raises(SecondStepError, match="already"):
        app_of(alice)


@pytest.mark.parametrize("answer", [None, "", [], {}, {"id": "x"}, {"response": {}}, 5])
def test_what_is_no_answer_to_a_challenge_makes_no_passkey(
    client: Client, alice: User, answer: object
) -> None:
    sign_in(client, alice)
    client.get(f"{PAGE}passkeys/")

    response = client.post(f"{PAGE}passkeys/", {"credential": json.dumps(answer), "name": "x"})

    assert response.status_code == 422
    assert "Begin once more" in response.context["error"]
    assert not Authenticator.objects.exists()


def test_a_passkey_is_for_the_host_of_our_address_whatever_a_request_says(
    client: Client, alice: User, settings: Settings
) -> None:
    settings.DEXXY_BASE_URL, settings.ALLOWED_HOSTS = "https://dexxy.example.org", ["*"]
    sign_in(client, alice)

    page = client.get(f"{PAGE}passkeys/", headers={"host": "elsewhere.example"})
    asked = client.get(
        "/accounts/2fa/webauthn/login/", headers={"x-requested-with": "XMLHttpRequest"}
    )

    options = json.loads(page.context["options"])["publicKey"]
    assert options["rp"] == {"id": "dexxy.example.org", "name": "Dexxy"}
    assert options["authenticatorSelection"]["userVerification"] == "required"
    assert options["authenticatorSelection"]["residentKey"] == "required"
    del asked  # who is signed in is led on


def test_an_admin_sees_who_has_a_second_step_and_resets_it_for_who_lost_it(
    client: Client, alice: User, bob: User, workspace: Workspace
) -> None:
    app_of(bob)
    theirs = Client()
    theirs.force_login(bob)
    client.force_login(alice)
    page = f"/w/{workspace.slug}/settings/people/"
    membership = Membership.objects.get(user=bob)

    assert client.get(page).context["second_steps"] == {bob.pk}
    assert "second_steps" not in theirs.get(page).context
    client.post(f"{page}{membership.pk}/second-step/")

    assert not Authenticator.objects.exists()
    assert theirs.get("/account/").status_code == 302  # signed out
    assert sign_in(theirs, bob) == "/"
    entry = AuditEntry.objects.get(action="user.second_step_reset")
    assert (entry.actor, entry.details) == (alice, {"user": bob.email})


def test_nobody_resets_a_second_step_beyond_what_they_administer(
    alice: User, bob: User, workspace: Workspace, charlie: User
) -> None:
    app_of(bob)
    membership = Membership.objects.get(user=bob, workspace=workspace)
    make_workspace(name="Another", admin=charlie, member=bob)

    with pytest.raises(ResetRefusedError):
        membership_reset_second_step(viewer=alice, membership_id=membership.pk)
    with pytest.raises(AdminOnlyError):
        membership_reset_second_step(
            viewer=bob, membership_id=Membership.objects.get(user=alice).pk
        )

    assert second_step_of(bob).is_on


def test_keys_are_rotated_for_second_steps_too_and_the_doctor_reads_them(
    alice: User, settings: Settings
) -> None:
    secret, codes = app_of(alice)
    old = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another key of this Dexxy", [old]

    done = {one.name: one for one in secrets_rotate()}["second step, secrets"]

    assert (done.renewed, done.current, done.unreadable) == (2, 0, 0)
    settings.SECRET_KEY_FALLBACKS = []
    assert code_use(alice, code_of(secret)) is not None
    assert second_step_of(alice).codes_left == len(codes)
    assert doctor.keys().says == "All 2 stored secrets can be read."


def test_a_second_step_whose_key_is_lost_says_so_and_lets_nobody_in(
    client: Client, alice: User, settings: Settings
) -> None:
    secret, _ = app_of(alice)
    sign_in(client, alice)
    row = Authenticator.objects.get(type="totp")
    row.data["secret"] = "gAAAA" + row.data["secret"][5:].swapcase()
    row.save()
    with pytest.raises(UndecryptableSecretError):
        Secret(row.data["secret"]).read()

    page = client.post(STEP, {"code": code_of(secret)})

    assert b"encrypted with another key" in page.content
    assert not is_signed_in(client)


def test_a_token_changes_no_second_step(alice: User, workspace: Workspace) -> None:
    from dexxy.accounts.api_tokens import api_token_create, api_token_user
    from dexxy.accounts.models import TokenScope
    from dexxy.accounts.selectors import SessionNeededError

    _, secret = api_token_create(viewer=alice, workspace=workspace, name="x", scope=TokenScope.FULL)
    by_token = api_token_user(secret)

    for change in (
        lambda: app_of(by_token),
        lambda: recovery_codes_make(viewer=by_token),
        lambda: passkey_add(viewer=by_token, name="", answer={}),
        lambda: second_step_of(by_token),
    ):
        with pytest.raises(SessionNeededError):
            change()
