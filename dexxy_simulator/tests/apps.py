"""An App in a world with an organisation, and what it sends to prove itself."""

from __future__ import annotations

import ssl
from datetime import timedelta
from functools import cache
from typing import Any, Final

import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from pydantic import TypeAdapter

from dexxy_simulator.model import App, Installation
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.world import World

# Loading the machine's certificates, which nobody here needs, would take most of a test's time.
NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
CALLBACK: Final = "http://dexxy.example/callback"
MANIFEST: Final[dict[str, Any]] = {
    "name": "Dexxy of Tests",
    "url": "http://dexxy.example",
    "hook_attributes": {"url": "http://127.0.0.1:9/webhooks"},
    "redirect_url": "http://dexxy.example/registered",
    "callback_urls": [CALLBACK, "http://dexxy.example/other"],
    "setup_url": "http://dexxy.example/setup",
    "public": True,
    "default_permissions": {
        "issues": "read",
        "pull_requests": "read",
        "discussions": "read",
        "members": "read",
    },
    "default_events": [
        "discussion",
        "discussion_comment",
        "issue_comment",
        "issues",
        "pull_request",
        "pull_request_review",
        "pull_request_review_comment",
        "pull_request_review_thread",
        "repository",
    ],
}


@cache
def key() -> RSAPrivateKey:
    """Make a key once: it takes a while."""
    return generate_private_key(public_exponent=65537, key_size=2048)


def proof(world: World, app: App, **changes: Any) -> str:
    """Make the JWT of an App; CHANGES of None leave a claim out."""
    now = int(world.now().timestamp())
    claims = {"iat": now - 60, "exp": now + 540, "iss": app.client_id, **changes}
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, app.private_key, algorithm="RS256")


class Client:
    """Asks the simulator with a token, from its root."""

    def __init__(self, server: SimulatorServer, token: str, **headers: str) -> None:
        sent = {"Authorization": f"Bearer {token}", **headers} if token else headers
        self._headers, self._url = sent, server.url

    def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {**self._headers, **options.pop("headers", {})}
        url = f"{self._url}{path}"
        return httpx.request(method, url, headers=headers, verify=NO_CERTIFICATES, **options)

    def status(self, method: str, path: str, **options: Any) -> tuple[int, str]:
        """Ask, and return the status and the message of the answer."""
        response = self(method, path, **options)
        body = response.json() if response.content else {}
        return response.status_code, body.get("message", "") if isinstance(body, dict) else ""

    def query(self, document: str, **variables: Any) -> dict[str, Any]:
        """Ask GraphQL."""
        found: dict[str, Any] = self(
            "POST", "/graphql", json={"query": document, "variables": variables}
        ).json()
        return found


def minted(server: SimulatorServer, world: World, installation: Installation) -> Client:
    """Make a client with a new token of an installation."""
    return Client(server, world.mint(installation).value)


def assert_shape(response: httpx.Response, shape: Any) -> Any:
    """Assert that GitHub's published description fits an answer, and return its body."""
    TypeAdapter(shape).validate_python(response.json())
    return response.json()


def later(world: World, **amount: float) -> int:
    """Return the second so much after the world's present one."""
    return int((world.now() + timedelta(**amount)).timestamp())
