"""What passkeys are asked for: each challenge is for one purpose, and for minutes.

allauth keeps challenges in the session, whatever they are for. Who begins to sign in is nobody yet
and gets no session for that: their browser keeps the challenge, signed.
"""

import struct
import time
from enum import StrEnum
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from fido2.webauthn import UserVerificationRequirement

from dexxy.accounts.models import User
from dexxy.common.errors import BadInputError

# Seconds for which an answer is waited for.
ANSWER_WITHIN = 300
_SALT = "dexxy.accounts.passkey"
# What the libraries raise for an answer of another shape; they have no error of their own. One
# whose parts are too deep is a RuntimeError.
NO_ANSWER = (
    ValidationError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    RuntimeError,
    struct.error,
)


class PasskeyRefusedError(BadInputError):
    """What a browser said is no answer to what it was asked."""

    def __init__(self) -> None:
        super().__init__(_("The passkey was refused, or it took too long. Try once more."))


class Purpose(StrEnum):
    """What somebody who is known answers a challenge for."""

    MAKE = "make"
    STEP = "second step"
    CONFIRM = "confirm"


def challenge_bind(purpose: Purpose, user: User) -> None:
    """Let what was just asked be for PURPOSE and USER alone, and for minutes."""
    bound = {"for": [purpose, user.pk], "until": time.time() + ANSWER_WITHIN}
    auth.set_state({**(auth.get_state() or {}), **bound})


def challenge_require(purpose: Purpose, user: User) -> None:
    """Refuse an answer where USER was not asked for PURPOSE, in the last minutes.

    Raises:
        PasskeyRefusedError: they were not.
    """
    state = auth.get_state() or {}
    if state.get("for") != [purpose, user.pk] or state["until"] < time.time():
        raise PasskeyRefusedError


def make_begin(user: User) -> dict[str, Any]:
    """Return what the browser of USER needs to make a passkey."""
    options = dict(auth.begin_registration(user, passwordless=True))
    challenge_bind(Purpose.MAKE, user)
    return options


def make_checked(user: User, answer: Any) -> bool:
    """Return whether the device has looked who holds it, in making the passkey of ANSWER.

    Raises:
        PasskeyRefusedError: ANSWER is none to what USER was asked.
    """
    challenge_require(Purpose.MAKE, user)
    try:
        auth.parse_registration_response(answer)
        return bool(auth.complete_registration(answer).is_user_verified())
    except NO_ANSWER as error:
        raise PasskeyRefusedError from error


def passkey_kept(user: User, name: str, answer: Any) -> None:
    """Keep the passkey of ANSWER, which `make_checked` has seen, as one of USER's."""
    auth.WebAuthn.add(user, name, answer)


def sign_in_begin() -> tuple[dict[str, Any], str]:
    """Return what a browser asks its passkeys, and what it has to bring back with the answer."""
    options, state = auth.get_server().authenticate_begin(
        credentials=[], user_verification=UserVerificationRequirement.REQUIRED
    )
    return dict(options), signing.dumps([state["challenge"], time.time()], salt=_SALT)


@transaction.atomic
def sign_in_passkey(begun: str, answer: Any) -> Authenticator:
    """Return the passkey that ANSWER is of, which signs its owner in by itself.

    The device has to say that it looked who holds it: a key that is stolen is one factor alone.

    Args:
        begun: what `sign_in_begin` gave, minutes ago at most, and before the passkey was used last:
            so it counts once.

    Raises:
        PasskeyRefusedError: it signs nobody in.
    """
    try:
        challenge, asked_at = signing.loads(begun, salt=_SALT, max_age=ANSWER_WITHIN)
        auth.parse_authentication_response(answer)
        user = auth.extract_user_from_response(answer)
        state = {"challenge": challenge, "user_verification": UserVerificationRequirement.REQUIRED}
        known = auth.get_credentials(user)
        used = auth.get_server().authenticate_complete(state, known, answer)
        found = auth.get_authenticator_by_credential_id(user, used.credential_id)
    except (signing.BadSignature, *NO_ANSWER) as error:
        raise PasskeyRefusedError from error
    # Of two answers at one moment the second waits here.
    passkey = Authenticator.objects.select_for_update().filter(pk=found and found.pk).first()
    if passkey is None or _was_used_since(passkey, asked_at):
        raise PasskeyRefusedError
    passkey.record_usage()
    return passkey


def _was_used_since(passkey: Authenticator, at: float) -> bool:
    return passkey.last_used_at is not None and passkey.last_used_at.timestamp() >= at
