"""Codes that are typed as the second step: of an authenticator app, and for who lost theirs."""

import hmac
import time
from collections.abc import Sequence

import structlog
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.db import transaction
from django.utils.translation import gettext as _

from dexxy.accounts.models import User
from dexxy.common.crypto import decrypt, encrypt
from dexxy.common.errors import DexxyError

# Seconds for which an app shows a code (RFC 6238).
PERIOD = 30
# A code of the period before or after counts, too: clocks differ, and people type.
_DRIFT = (-1, 0, 1)
_LAST = "last_counter"
# Wrong codes of one person in so many seconds. Who has the password could else try them all: six
# digits are few. It is noted with the secret, because what counts in Valkey counts nothing while
# that is away.
MOST_WRONG, WRONG_FOR = 5, 300
_WRONG = "wrong_at"

log = structlog.get_logger()


class TooManyCodesError(DexxyError):
    """Too many wrong codes of one person were given."""

    code = "rate_limited"
    retryable = True


@transaction.atomic
def code_use(user: User, code: str) -> Authenticator | None:
    """Return by what of USER's CODE is right; it is spent by that. None where it is not.

    Whoever has seen a code cannot use it again: not within its own half minute either, and
    whether or not there is a cache.

    Raises:
        UndecryptableSecretError: the key that encrypted their secrets is not known here.
        TooManyCodesError: too many were wrong just now.
    """
    code = "".join(code.split())
    kept = Authenticator.objects.select_for_update().filter(user=user)
    with_codes = list(kept.exclude(type=Authenticator.Type.WEBAUTHN).order_by("-type"))
    wrong = _wrong_require_few(with_codes)
    for one in with_codes:
        if one.type == Authenticator.Type.TOTP:
            is_right = _app_code_use(one, code)
        else:
            is_right = bool(RecoveryCodes(one).validate_code(code))
        if is_right:
            log.info("second step", user=user.pk, by=one.type)
            _wrong_note(with_codes, [])
            return one
    _wrong_note(with_codes, [*wrong, int(time.time())])
    return None


def _wrong_require_few(kept: Sequence[Authenticator]) -> list[int]:
    """Return when wrong codes were given just now, for which the first of KEPT is the place."""
    since = time.time() - WRONG_FOR
    wrong = [at for at in (kept[0].data.get(_WRONG, []) if kept else []) if at > since]
    if len(wrong) >= MOST_WRONG:
        raise TooManyCodesError(_("Too many wrong codes were given: try again in five minutes."))
    return wrong


def _wrong_note(kept: Sequence[Authenticator], wrong: list[int]) -> None:
    for one in kept[:1]:
        if wrong != one.data.get(_WRONG, []):
            one.data[_WRONG] = wrong
            one.save(update_fields=["data"])


def counter_of(secret: str, code: str, *, after: int = -1) -> int | None:
    """Return the number of the half minute of which CODE is, or None where it is of none near now.

    Args:
        secret: what the app has, in base 32.
        after: the last one that was used.
    """
    now = int(time.time()) // PERIOD
    for counter in (now + drift for drift in _DRIFT):
        expected = format_hotp_value(hotp_value(secret, counter))
        if hmac.compare_digest(expected.encode(), code.encode()) and counter > after:
            return counter
    return None


def app_kept(user: User, secret: str, counter: int) -> Authenticator:
    """Keep the secret of an app, encrypted, of which the code COUNTER has been used."""
    data = {"secret": encrypt(secret), _LAST: counter}
    return Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data=data)


def _app_code_use(kept: Authenticator, code: str) -> bool:
    secret = decrypt(kept.data["secret"])
    counter = counter_of(secret, code, after=kept.data.get(_LAST, -1))
    if counter is None:
        return False
    kept.data[_LAST] = counter
    kept.save(update_fields=["data"])
    return True
