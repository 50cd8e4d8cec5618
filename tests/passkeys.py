"""A device that keeps a passkey, by another implementation than ours."""

import json
import os
import struct
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.test import Client

_ORIGIN, _HOST = "http://localhost:8000", "localhost"
_PRESENT, _VERIFIED, _HAS_KEY = 0x01, 0x04, 0x40


def _text(of: bytes) -> str:
    return urlsafe_b64encode(of).rstrip(b"=").decode()


class Device:
    """Holds one passkey, and signs whatever challenge it is given."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._id = os.urandom(16)
        self._owner = ""

    def make(self, options: dict[str, Any]) -> str:
        """Answer OPTIONS, which ask for a passkey."""
        self._owner = options["user"]["id"]
        point = self._key.public_key().public_numbers()
        x, y = (one.to_bytes(32, "big") for one in (point.x, point.y))
        public = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20" + x + b"\x22\x58\x20" + y
        kept = bytes(16) + struct.pack(">H", len(self._id)) + self._id + public
        data = self._said(_PRESENT | _VERIFIED | _HAS_KEY) + kept
        attested = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58" + bytes([len(data)]) + data
        told = self._told("webauthn.create", options["challenge"])
        return self._answer(clientDataJSON=_text(told), attestationObject=_text(attested))

    def sign(self, options: dict[str, Any], *, verified: bool = True) -> str:
        """Answer OPTIONS, which ask for a signature.

        Args:
            verified: whether the device has looked who holds it, by a PIN or a fingerprint.
        """
        told = self._told("webauthn.get", options["challenge"])
        data = self._said(_PRESENT | (_VERIFIED if verified else 0))
        signature = self._key.sign(data + sha256(told).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            clientDataJSON=_text(told),
            authenticatorData=_text(data),
            signature=_text(signature),
            userHandle=self._owner,
        )

    def _answer(self, **response: str) -> str:
        name = _text(self._id)
        kind = {"type": "public-key", "clientExtensionResults": {}}
        return json.dumps({"id": name, "rawId": name, "response": response, **kind})

    def _said(self, flags: int) -> bytes:
        return sha256(_HOST.encode()).digest() + bytes([flags]) + struct.pack(">I", 0)

    def _told(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": _ORIGIN}).encode()


def device_of(client: Client) -> Device:
    """Let who has just signed in with CLIENT add a passkey; return what keeps it."""
    page, device = "/account/security/passkeys/", Device()
    options = json.loads(client.get(page).context["options"])["publicKey"]
    assert client.post(page, {"credential": device.make(options), "name": "x"}).status_code == 302
    return device
