"""Signing in by a passkey alone: by its owner, by an answer to what was asked for just that."""

import json
import time
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from dexxy.accounts.models import User
from dexxy.accounts.security.passkey_forms import COOKIE
from dexxy.accounts.security.second_step import second_step_reset
from tests.factories import PASSWORD
from tests.passkeys import Device, device_of

SIGN_IN = "/accounts/2fa/webauthn/login/"
STEP = "/accounts/2fa/authenticate/"
CONFIRM = "/accounts/2fa/webauthn/reauthenticate/"
LATER = 6 * 60


def begin(client: Client) -> dict[str, Any]:
    asked = client.get(SIGN_IN, headers={"x-requested-with": "XMLHttpRequest"})
    options: dict[str, Any] = asked.json()["request_options"]["publicKey"]
    return options


def options_of(client: Client, page: str) -> dict[str, Any]:
    options: dict[str, Any] = client.get(page).context["js_data"]["request_options"]
    return dict(options["publicKey"])


def give(client: Client, answer: str, page: str = SIGN_IN) -> None:
    assert client.post(page, {"credential": answer}).status_code in (200, 302)


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def password(client: Client, user: User) -> None:
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})


@pytest.fixture
def owned(alice: User) -> Device:
    client = Client()
    password(client, alice)
    return device_of(client)


@pytest.fixture
def thief_s_own(bob: User) -> Device:
    client = Client()
    password(client, bob)
    return device_of(client)


def test_a_passkey_signs_in_once_for_what_was_asked(
    client: Client, alice: User, owned: Device
) -> None:
    asked = begin(client)
    answer = owned.sign(asked)
    thief = Client()
    thief.cookies[COOKIE] = client.cookies[COOKIE].value

    give(client, answer)
    give(thief, answer)

    assert asked["userVerification"] == "required"
    assert client.session["_auth_user_id"] == str(alice.pk)
    assert not is_signed_in(thief)


def test_a_key_alone_without_its_pin_or_fingerprint_signs_nobody_in(
    client: Client, owned: Device
) -> None:
    give(client, owned.sign(begin(client), verified=False))

    assert not is_signed_in(client)


def test_what_was_asked_for_another_purpose_signs_nobody_in(
    client: Client, bob: User, owned: Device, thief_s_own: Device
) -> None:
    """By their own second step a thief is asked for a signature, and gives one of a stolen key."""
    password(client, bob)
    asked = options_of(client, STEP)
    session = client.session
    session.pop("account_login", None)
    session.save()

    for verified in (True, False):
        give(client, owned.sign(asked, verified=verified))

    assert asked["userVerification"] == "required"
    assert not is_signed_in(client)


def test_what_was_asked_to_sign_in_is_no_second_step(
    client: Client, alice: User, owned: Device
) -> None:
    asked = begin(client)
    password(client, alice)

    give(client, owned.sign(asked), STEP)
    assert not is_signed_in(client)
    give(client, owned.sign(options_of(client, STEP)), STEP)

    assert is_signed_in(client)


def test_what_was_asked_of_one_is_not_answered_by_another(
    client: Client, alice: User, bob: User, owned: Device, thief_s_own: Device
) -> None:
    password(client, bob)
    asked = options_of(client, STEP)
    password(client, alice)

    give(client, owned.sign(asked), STEP)

    assert not is_signed_in(client)


@pytest.mark.parametrize("where", [SIGN_IN, STEP])
def test_an_answer_comes_within_minutes(
    client: Client, alice: User, owned: Device, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if where == STEP:
        password(client, alice)
        asked = options_of(client, where)
    else:
        asked = begin(client)
    later = time.time() + LATER
    monkeypatch.setattr("time.time", lambda: later)

    give(client, owned.sign(asked), where)

    assert not is_signed_in(client)


def test_who_is_signed_in_confirms_by_a_passkey(client: Client, owned: Device) -> None:
    give(client, owned.sign(begin(client)))
    asked = options_of(client, CONFIRM)

    give(client, owned.sign(asked, verified=False), CONFIRM)
    before = client.session["account_authentication_methods"]
    give(client, owned.sign(options_of(client, CONFIRM)), CONFIRM)
    after = client.session["account_authentication_methods"]

    assert not any(one.get("reauthenticated") for one in before)
    assert after[-1]["reauthenticated"]


def odd(answer: str, where: str, value: object) -> str:
    """Return ANSWER with another VALUE in one place."""
    changed = json.loads(answer)
    *parts, last = where.split(".")
    for part in parts:
        changed = changed[part]
    changed[last] = value
    return json.dumps(changed)


NO_OBJECTS = (
    "",
    "{",
    "[]",
    "1",
    "null",
    '"x"',
    "{}",
    '{"id":1}',
    '{"id":"AA","rawId":"AA","type":"public-key","response":[]}',
    "9" * 5000,
    "[" * 100_000,
    "\0",
)
PLACES = (
    "id",
    "rawId",
    "type",
    "response",
    "response.clientDataJSON",
    "response.authenticatorData",
    "response.signature",
    "response.userHandle",
)
VALUES: tuple[object, ...] = (None, 5, "", "AA", "\u00e4", [], {}, "_____w")
# No JSON, a list, and one that lacks all; then no CBOR, and one that is too deep.
CLIENT_DATA = ("AA", "W10", "e30")
EXTENSIONS = ("ff", "1f", "81" * 5000)


def answers_that_are_none(answer: str) -> list[str]:
    found = list(NO_OBJECTS)
    for where in PLACES:
        found += [odd(answer, where, one) for one in VALUES]
    found += [odd(answer, "response.clientDataJSON", one) for one in CLIENT_DATA]
    found += [odd(answer, "response.userHandle", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5")]
    for one in EXTENSIONS:
        data = bytes(32) + b"\x85" + bytes(4) + bytes.fromhex(one)
        found += [odd(answer, "response.authenticatorData", urlsafe_b64encode(data).decode())]
    return found


@pytest.mark.parametrize("where", [SIGN_IN, STEP, CONFIRM])
def test_what_is_no_answer_is_refused_plainly_whatever_its_shape(
    client: Client, alice: User, owned: Device, where: str, settings: Settings
) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    if where == CONFIRM:
        give(client, owned.sign(begin(client)))
    elif where == STEP:
        password(client, alice)
    asked = begin(client) if where == SIGN_IN else options_of(client, where)

    # Nobody signs `id` and `type`: it is no answer for want of a fingerprint, too.
    for answer in answers_that_are_none(owned.sign(asked, verified=False)):
        if where != SIGN_IN:
            options_of(client, where)
        give(client, answer, where)

    assert is_signed_in(client) == (where == CONFIRM)


def test_who_is_refused_reads_so(client: Client, owned: Device) -> None:
    begin(client)

    page = client.post(SIGN_IN, {"credential": '{"id":1}'}, follow=True)

    assert b"The passkey was refused, or it took too long." in page.content


def test_a_passkey_is_made_of_no_answer_of_any_shape(client: Client, alice: User) -> None:
    password(client, alice)
    page, device = "/account/security/passkeys/", Device()
    for place in ("", "response.attestationObject", "response.clientDataJSON"):
        options = json.loads(client.get(page).context["options"])["publicKey"]
        made = device.make(options)
        for value in (*VALUES, "W10", "gYGBgYGB", "_w", "v2NmbXQ"):
            answer = odd(made, place, value) if place else json.dumps(value)
            assert client.post(page, {"credential": answer}).status_code == 422
    for text in NO_OBJECTS:
        assert client.post(page, {"credential": text}).status_code == 422


def test_a_second_step_that_is_reset_meanwhile_drops_the_sign_in_that_waits_for_it(
    client: Client, alice: User, owned: Device
) -> None:
    password(client, alice)
    second_step_reset(alice)

    led = client.get(STEP)

    assert led["Location"] == "/accounts/login/"
    assert client.get("/accounts/login/").status_code == 200
    assert not is_signed_in(client)
    password(client, alice)
    assert is_signed_in(client)
