"""Webhooks as GitHub sends them: signed, with the headers that say whose they are."""

import hmac
import json
from collections.abc import Mapping
from itertools import count
from typing import Any

from django.test import Client

from dexxy.integrations.models import GitHubApp

URL = "/webhooks/github/"
_numbers = count(1)
# Each new one would load all middleware again.
_client = Client()


def guid() -> str:
    """Return a guid that no delivery had yet."""
    return f"00000000-0000-0000-0000-{next(_numbers):012d}"


def signature(secret: str, body: bytes) -> str:
    """Sign BODY as GitHub does."""
    return "sha256=" + hmac.digest(secret.encode(), body, "sha256").hex()


def headers_of(app: GitHubApp, body: bytes, *, event: str, guid: str) -> dict[str, str]:
    """Return the headers that GitHub sends with BODY."""
    return {
        "User-Agent": "GitHub-Hookshot/0000000",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": guid,
        "X-GitHub-Hook-ID": "1",
        "X-GitHub-Hook-Installation-Target-ID": str(app.app_id),
        "X-GitHub-Hook-Installation-Target-Type": "integration",
        "X-Hub-Signature-256": signature(app.webhook_secret.read(), body),
    }


def wsgi_headers(headers: Mapping[str, str | None]) -> dict[str, str]:
    """Write the headers of a POST as WSGI does; None leaves one out."""
    names = {name: name.upper().replace("-", "_") for name in headers}
    plain = {"CONTENT_TYPE", "CONTENT_LENGTH"}
    keys = {name: key if key in plain else f"HTTP_{key}" for name, key in names.items()}
    kept = {keys[name]: value for name, value in headers.items() if value is not None}
    return {"REQUEST_METHOD": "POST", **kept}


def send(
    app: GitHubApp,
    payload: Mapping[str, Any] | bytes,
    *,
    event: str = "ping",
    guid: str = "",
    headers: Mapping[str, str | None] | None = None,
) -> Any:
    """Send a webhook of APP to the view.

    Args:
        payload: as bytes, it is sent as it is.
        headers: in place of those that GitHub would send; None leaves one out.
    """
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    sent = headers_of(app, body, event=event, guid=guid or _new_guid()) | dict(headers or {})
    kept = {name: value for name, value in sent.items() if value is not None}
    return _client.post(URL, body, content_type="application/json", headers=kept)


_new_guid = guid
