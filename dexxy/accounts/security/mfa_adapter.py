"""What allauth asks us about second steps and passkeys."""

from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings

from dexxy.common.crypto import decrypt, encrypt


class SecondStepAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Encrypts secrets as all others here, and names this Dexxy by its own address."""

    def encrypt(self, text: str) -> str:
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text)

    def get_totp_issuer(self) -> str:
        return f"Dexxy ({_host()})"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        # A passkey is for one host. That is ours, whatever a request says of itself.
        return {"id": _host(), "name": "Dexxy"}

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Send nothing: what changed is in the audit log."""


def _host() -> str:
    return str(urlsplit(settings.DEXXY_BASE_URL).hostname)
