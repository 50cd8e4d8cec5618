"""Secrets at rest."""

import base64
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models

from dexxy.common.errors import DexxyError


class UndecryptableSecretError(DexxyError):
    """A stored secret was encrypted with a key that is not known here."""

    code = "undecryptable_secret"


@cache
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    def derive(key: str) -> Fernet:
        kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"dexxy secrets at rest")
        return Fernet(base64.urlsafe_b64encode(kdf.derive(key.encode())))

    return MultiFernet([derive(key) for key in keys])


def _current() -> MultiFernet:
    return _fernet((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


def encrypt(secret: str) -> str:
    """Encrypt SECRET with the newest key."""
    return _current().encrypt(secret.encode()).decode()


def decrypt(stored: str) -> str:
    """Decrypt what `encrypt` made, with any key that is known.

    Raises:
        UndecryptableSecretError: none of the keys fits.
    """
    try:
        return _current().decrypt(stored.encode()).decode()
    except InvalidToken as error:
        raise UndecryptableSecretError(
            "A stored token was encrypted with another key."
            " Put the old key behind the new one in DEXXY_SECRET_KEY, or connect again."
        ) from error


def renewed(stored: str) -> str | None:
    """Encrypt anew what `encrypt` made with an older key; None where it was the newest.

    Raises:
        UndecryptableSecretError: none of the keys fits.
    """
    try:
        _fernet((settings.SECRET_KEY,)).decrypt(stored.encode())
    except InvalidToken:
        return encrypt(decrypt(stored))
    return None


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]  # generic for mypy alone
    """Text that only the application can read, not whoever reads the database."""

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        return decrypt(value) if value else value

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return encrypt(value) if value else value
