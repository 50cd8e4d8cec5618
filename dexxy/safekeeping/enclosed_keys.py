"""The secret keys in a backup, encrypted with a key that a passphrase gives (scrypt, Fernet)."""

import base64
import json
import os
from collections.abc import Sequence

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from dexxy.common.errors import DexxyError

# https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#scrypt
_COST = {"n": 2**17, "r": 8, "p": 1}
# More than this would let a file take all memory: scrypt needs 128 * n * r bytes.
_MOST_COST = {"n": 2**20, "r": 16, "p": 4}


class WrongPassphraseError(DexxyError):
    """The keys in a backup cannot be read with this passphrase."""

    code = "wrong_passphrase"


def keys_enclosed(keys: Sequence[str], passphrase: str) -> bytes:
    """Encrypt KEYS so that who knows PASSPHRASE can read them."""
    salt = os.urandom(16)
    token = _fernet(passphrase, salt, _COST).encrypt(json.dumps(list(keys)).encode())
    return json.dumps({"salt": salt.hex(), "token": token.decode(), **_COST}).encode()


def keys_disclosed(enclosed: bytes, passphrase: str) -> list[str]:
    """Return the keys that `keys_enclosed` encrypted.

    Raises:
        WrongPassphraseError: they were encrypted with another passphrase.
    """
    told = json.loads(enclosed)
    cost = {name: min(int(told[name]), most) for name, most in _MOST_COST.items()}
    try:
        keys = _fernet(passphrase, bytes.fromhex(told["salt"]), cost).decrypt(told["token"])
    except InvalidToken as error:
        raise WrongPassphraseError(
            "DEXXY_BACKUP_PASSPHRASE is not the passphrase of this backup: set the right one, or"
            " none to restore without the keys. Nothing was touched."
        ) from error
    return [str(key) for key in json.loads(keys)]


def _fernet(passphrase: str, salt: bytes, cost: dict[str, int]) -> Fernet:
    kdf = Scrypt(salt=salt, length=32, **cost)
    return Fernet(base64.urlsafe_b64encode(kdf.derive(passphrase.encode())))
