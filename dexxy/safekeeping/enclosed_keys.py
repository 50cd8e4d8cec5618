"""The secret keys in a backup, encrypted with a key that a passphrase gives (scrypt, Fernet)."""

import base64
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from dexxy.common.errors import DexxyError
from dexxy.safekeeping.manifest import number_read, object_read

# https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt
_COST = {"n": 2**17, "r": 8, "p": 1}
# A file must not take all memory: scrypt needs 128 * n * r bytes, which is 1 GB at the most.
_BOUNDS = {"n": (2**14, 2**20), "r": (8, 8), "p": (1, 4)}


class WrongPassphraseError(DexxyError):
    """The keys in a backup cannot be read with this passphrase."""

    code = "wrong_passphrase"


@dataclass(frozen=True)
class _Enclosure:
    salt: bytes
    token: bytes
    cost: dict[str, int]


def keys_enclosed(keys: Sequence[str], passphrase: str) -> bytes:
    """Encrypt KEYS so that who knows PASSPHRASE can read them."""
    salt = os.urandom(16)
    token = _fernet(passphrase, salt, _COST).encrypt(json.dumps(list(keys)).encode())
    return json.dumps({"salt": salt.hex(), "token": token.decode(), **_COST}).encode()


def keys_disclosed(enclosed: bytes, passphrase: str) -> list[str]:
    """Return the keys that `keys_enclosed` encrypted.

    Raises:
        WrongPassphraseError: they were encrypted with another passphrase.
        ValueError: they are nothing that `keys_enclosed` returns.
    """
    enclosure = _enclosure(enclosed)
    fernet = _fernet(passphrase, enclosure.salt, enclosure.cost)
    try:
        keys = json.loads(fernet.decrypt(enclosure.token))
    except InvalidToken as error:
        raise WrongPassphraseError(
            "DEXXY_BACKUP_PASSPHRASE is not the passphrase of this backup: set the right one, or"
            " none to restore without the keys. Nothing was touched."
        ) from error
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise ValueError("The keys are no texts.")
    return keys


def _enclosure(enclosed: bytes) -> _Enclosure:
    told = object_read(enclosed)
    if told.keys() != {"salt", "token", *_BOUNDS}:
        raise ValueError("The enclosed keys have other fields.")
    if not isinstance(told["salt"], str) or not isinstance(told["token"], str):
        raise ValueError("The salt or the token is no text.")
    cost = {name: number_read(told[name], *bounds) for name, bounds in _BOUNDS.items()}
    if cost["n"].bit_count() != 1:
        raise ValueError("The cost n is no power of 2.")
    return _Enclosure(bytes.fromhex(told["salt"]), told["token"].encode("ascii"), cost)


def _fernet(passphrase: str, salt: bytes, cost: dict[str, int]) -> Fernet:
    kdf = Scrypt(salt=salt, length=32, **cost)
    return Fernet(base64.urlsafe_b64encode(kdf.derive(passphrase.encode())))
