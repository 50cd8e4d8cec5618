"""Secrets at rest."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Self

from django.conf import settings
from django.db import models
from django.db.models.query_utils import DeferredAttribute
from django.utils.translation import gettext as _

from dexxy.common.errors import DexxyError

# Models need this module, most processes read no secret, and `cryptography` brings an OpenSSL of
# its own (7 MB): it is loaded by the first that reads one.
if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet


class UndecryptableSecretError(DexxyError):
    """A stored secret was encrypted with a key that is not known here."""

    code = "undecryptable_secret"


@cache
def _fernet(keys: tuple[str, ...]) -> "MultiFernet":
    from cryptography.fernet import Fernet, MultiFernet
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    def derive(key: str) -> Fernet:
        kdf = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"dexxy secrets at rest")
        return Fernet(base64.urlsafe_b64encode(kdf.derive(key.encode())))

    return MultiFernet([derive(key) for key in keys])


def _current(other_keys: Sequence[str] = ()) -> "MultiFernet":
    return _fernet((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS, *other_keys))


def encrypt(secret: str) -> str:
    """Encrypt SECRET with the newest key."""
    return _current().encrypt(secret.encode()).decode()


def decrypt(stored: str, other_keys: Sequence[str] = ()) -> str:
    """Decrypt what `encrypt` made, with any key that is known, or any of OTHER_KEYS.

    Raises:
        UndecryptableSecretError: none of the keys fits.
    """
    from cryptography.fernet import InvalidToken

    try:
        return _current(other_keys).decrypt(stored.encode()).decode()
    except InvalidToken as error:
        raise UndecryptableSecretError(
            _(
                "A stored token was encrypted with another key."
                " Put the old key behind the new one in DEXXY_SECRET_KEY, or connect again."
            )
        ) from error


def renewed(stored: str, other_keys: Sequence[str] = ()) -> str | None:
    """Encrypt anew what `encrypt` made with an older key; None where it was the newest.

    Args:
        other_keys: what may have been the keys elsewhere, besides those that are known here.

    Raises:
        UndecryptableSecretError: none of the keys fits.
    """
    from cryptography.fernet import InvalidToken

    try:
        _fernet((settings.SECRET_KEY,)).decrypt(stored.encode())
    except InvalidToken:
        return encrypt(decrypt(stored, other_keys))
    return None


@dataclass(frozen=True, slots=True)
class Secret:
    """A text as the database holds it: encrypted, until somebody reads it.

    A row can be loaded, changed and shown whether or not its secrets can be decrypted, and
    nothing that prints an object prints a secret.

    Args:
        stored: what `encrypt` made of it; "" where there is none.
    """

    stored: str = field(repr=False)

    @classmethod
    def of(cls, text: str) -> Self:
        """Encrypt TEXT with the newest key."""
        return cls(encrypt(text) if text else "")

    def read(self) -> str:
        """Return the text itself.

        Raises:
            UndecryptableSecretError: none of the keys fits.
        """
        return decrypt(self.stored) if self.stored else ""

    @property
    def is_readable(self) -> bool:
        """Whether one of the keys that are known fits."""
        try:
            self.read()
        except UndecryptableSecretError:
            return False
        return True

    def __bool__(self) -> bool:
        return bool(self.stored)


class _SecretAttribute(DeferredAttribute):
    """Makes a `Secret` of whatever a field is set to."""

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = (
            Secret.of(value) if isinstance(value, str) else value
        )


class EncryptedTextField(models.TextField):  # type: ignore[type-arg]  # generic for mypy alone
    """Text that only the application can read, not whoever reads the database.

    It is set to a text, and hands out a `Secret`.
    """

    # What the types of Django say a field is set to, and hands out.
    _pyi_private_set_type: str | Secret  # type: ignore[assignment]
    _pyi_private_get_type: Secret  # type: ignore[assignment]

    descriptor_class = _SecretAttribute

    def from_db_value(self, value: str | None, *_: Any) -> Secret | None:
        return None if value is None else Secret(value)

    def to_python(self, value: Any) -> Any:
        return value

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, Secret):
            return value.stored
        value = super().get_prep_value(value)
        return encrypt(value) if value else value
