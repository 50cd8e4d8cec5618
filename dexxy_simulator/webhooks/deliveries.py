"""Deliveries: what is sent, how it is signed, and what the receiver answered."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from time import monotonic
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from dexxy_simulator.model import App

# https://docs.github.com/webhooks/using-webhooks/best-practices-for-using-webhooks
PATIENCE: Final = 10.0
TIMED_OUT: Final = "timed out"
UNREACHED: Final = "failed to connect to host"


@dataclass(frozen=True)
class Attempt:
    """How a delivery went: `duration` in seconds; no `status_code` if nobody answered."""

    status: str
    status_code: int | None
    duration: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    body: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the receiver took it."""
        return self.status_code is not None and 200 <= self.status_code < 300


@dataclass(eq=False, kw_only=True)
class Delivery:
    """One delivery of one event. Redeliveries have its `guid` and ids of their own."""

    database_id: int
    guid: str
    event: str
    action: str | None
    app: App
    installation_id: int | None
    repository_id: int | None
    body: bytes
    made_at: datetime
    redelivery: bool = False
    delivered_at: datetime | None = None
    attempt: Attempt | None = None

    @property
    def url(self) -> str:
        """Where it goes: where the App's webhooks go now."""
        return self.app.hook.url

    @property
    def payload(self) -> Any:
        """What it says."""
        return json.loads(self.body)

    @property
    def headers(self) -> dict[str, str]:
        """The headers that it is sent with."""
        app = self.app
        sent = {
            "Accept": "*/*",
            "Content-Type": "application/json",
            "User-Agent": f"GitHub-Hookshot/{hashlib.sha256(b'1').hexdigest()[:7]}",
            "X-GitHub-Delivery": self.guid,
            "X-GitHub-Event": self.event,
            "X-GitHub-Hook-ID": str(app.hook.database_id),
            "X-GitHub-Hook-Installation-Target-ID": str(app.database_id),
            "X-GitHub-Hook-Installation-Target-Type": "integration",
        }
        if app.hook.secret:
            sent["X-Hub-Signature"] = f"sha1={signature(app.hook.secret, self.body, 'sha1')}"
            sent["X-Hub-Signature-256"] = f"sha256={signature(app.hook.secret, self.body)}"
        return sent


Transport: TypeAlias = Callable[[Delivery], Attempt]


def signature(secret: str, body: bytes, algorithm: str = "sha256") -> str:
    """Sign a body.

    https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
    """
    return hmac.new(secret.encode(), body, algorithm).hexdigest()


def post(delivery: Delivery, patience: float = PATIENCE) -> Attempt:
    """Send a delivery; whoever takes longer than so many seconds did not get it."""
    place, begun = urlsplit(delivery.url), monotonic()
    kind = HTTPSConnection if place.scheme == "https" else HTTPConnection
    connection = kind(place.hostname or "", place.port, timeout=patience)
    path = place.path or "/"
    target = f"{path}?{place.query}" if place.query else path
    try:
        connection.request("POST", target, delivery.body, delivery.headers)
        response = connection.getresponse()
        body = response.read().decode("utf-8", "replace")
    except TimeoutError:
        return Attempt(TIMED_OUT, None, monotonic() - begun)
    except (OSError, HTTPException):
        return Attempt(UNREACHED, None, monotonic() - begun)
    finally:
        connection.close()
    is_good = 200 <= response.status < 300
    status = "OK" if is_good else f"Invalid HTTP Response: {response.status}"
    headers = dict(response.getheaders())
    return Attempt(status, response.status, monotonic() - begun, headers, body)
