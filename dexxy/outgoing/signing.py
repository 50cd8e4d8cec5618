"""Sign what is sent as Standard Webhooks says, so that receivers verify it with its libraries.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hmac
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from secrets import token_bytes

PREFIX = "whsec_"


def secret_make() -> str:
    """Make a secret, as receivers put it into the library with which they verify."""
    return PREFIX + base64.b64encode(token_bytes(32)).decode()


def signed_headers(
    webhook_id: str, sent_at: datetime, body: bytes, secrets: Iterable[str]
) -> dict[str, str]:
    """Return the headers that name a webhook, and sign its body with each of SECRETS."""
    timestamp = int(sent_at.timestamp())
    content = f"{webhook_id}.{timestamp}.".encode() + body
    signatures = (
        hmac.digest(base64.b64decode(secret.removeprefix(PREFIX)), content, sha256)
        for secret in secrets
    )
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(
            f"v1,{base64.b64encode(signature).decode()}" for signature in signatures
        ),
    }
