"""What a view gets and what it gives: shared by GraphQL, REST and the pages."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC
from functools import cached_property
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from dexxy_simulator.dialects import Dialect
from dexxy_simulator.model import Actor, Repository
from dexxy_simulator.rest_json.urls import Urls
from dexxy_simulator.tokens import Resource, Token
from dexxy_simulator.world import World

API_PREFIX = "/api/v3"
DOCUMENTATION = "https://docs.github.com/rest"
NOT_ACCESSIBLE = "Resource not accessible by integration"


@dataclass
class Exchange:
    """One request on its way through the simulator.

    `api_prefix` is that of GitHub Enterprise Server if the request came by it. `seconds` is how
    long its answer takes.
    """

    world: World
    request: Request
    token: Token | None
    api_prefix: str = ""
    points: int = 0
    document: str = ""
    seconds: float = 0.0

    @cached_property
    def urls(self) -> Urls:
        """How the answer is written: its addresses begin where the client found the server."""
        html = self.request.host_url.rstrip("/")
        return Urls(
            api=f"{html}{self.api_prefix}",
            html=html,
            dialect=self.world.dialect,
            legacy_id=self.world.legacy_id,
        )

    @cached_property
    def body(self) -> dict[str, Any]:
        """The JSON object that the client sent; nothing is an empty one."""
        try:
            found = json.loads(self.request.get_data() or b"{}")
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Refusal(400, "Problems parsing JSON")
        return found

    @property
    def user(self) -> Actor:
        """For whom the client asks.

        Raises:
            Refusal: for nobody, or it is an App that does not act for a user.
        """
        if self.token is None:
            raise Refusal(401, "Requires authentication")
        if not self.token.is_user:
            raise Refusal(403, NOT_ACCESSIBLE)
        return self.token.owner

    @property
    def dialect(self) -> Dialect:
        """How this GitHub behaves where nobody knows."""
        return self.world.dialect

    def reads(self, repository: Repository) -> bool:
        """Tell whether this client may see a repository."""
        if self.token is None:
            return not repository.is_private
        return self.token.reads(repository)


class Refusal(HTTPException):
    """An error in the shape of GitHub's REST API."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.code = status
        self.headers = headers

    def get_response(self, *args: Any, **kwargs: Any) -> Response:
        """Write it as JSON."""
        body = {
            "message": self.description,
            "documentation_url": DOCUMENTATION,
            "status": str(self.code),
        }
        return json_response(body, self.code or 500, self.headers)


def json_response(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Write an answer as JSON."""
    return Response(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        status,
        headers,
        content_type="application/json; charset=utf-8",
    )


def conditional(exchange: Exchange, response: Response) -> Response:
    """Name the version of an answer, and send nothing to whoever has it already.

    https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api
    """
    if exchange.request.method in ("GET", "HEAD") and response.status_code == HTTPStatus.OK:
        response.set_etag(sha256(response.get_data()).hexdigest(), weak=True)
        response.make_conditional(exchange.request)
    return response


def rate_limit_headers(world: World, token: Token | None, resource: Resource) -> dict[str, str]:
    """Write the state of a bucket as GitHub's headers do."""
    bucket = world.bucket(token, resource)
    return {
        "x-ratelimit-limit": str(bucket.limit),
        "x-ratelimit-remaining": str(bucket.remaining),
        "x-ratelimit-used": str(bucket.used),
        "x-ratelimit-reset": str(int(bucket.reset_at.timestamp())),
        "x-ratelimit-resource": resource,
    }


def token_headers(world: World, token: Token | None) -> dict[str, str]:
    """Tell of a personal access token until when it lasts, if it ends, and its scopes, if classic.

    https://docs.github.com/apps/oauth-apps/building-oauth-apps/scopes-for-oauth-apps
    """
    told: dict[str, str] = {}
    if type(token) is Token and token.expires_at is not None:
        ends = token.expires_at.astimezone(UTC)
        told["github-authentication-token-expiration"] = f"{ends:%Y-%m-%d %H:%M:%S} UTC"
    if (scopes := world.scopes_of(token)) is not None:
        told["x-oauth-scopes"] = ", ".join(sorted(scopes))
    return told
