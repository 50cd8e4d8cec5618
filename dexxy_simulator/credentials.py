"""Who asks: the token, the App's proof or the App's secret that a request carries."""

from __future__ import annotations

from typing import Any, Final

import jwt
from werkzeug.wrappers import Request

from dexxy_simulator.exchange import NOT_ACCESSIBLE, Refusal
from dexxy_simulator.model import App
from dexxy_simulator.tokens import AppToken, InstallationToken, Token
from dexxy_simulator.world import World

LONGEST_PROOF: Final = 600
UNREADABLE: Final = "A JSON web token could not be decoded"
EXPIRED: Final = (
    "'Expiration time' claim ('exp') must be a numeric value representing the future time at "
    "which the assertion expires"
)
TOO_FAR: Final = "'Expiration time' claim ('exp') is too far in the future"
NOT_YET: Final = (
    "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was "
    "issued"
)
SUSPENDED: Final = "This installation has been suspended"


def token_of(world: World, request: Request) -> Token | None:
    """Find who asks; a token that is not valid is refused, even where none is needed.

    Raises:
        Refusal: GitHub does not accept it.
    """
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if not scheme or scheme.lower() == "basic":
        return None
    value = value.strip()
    if value.startswith("eyJ"):
        return proof(world, value)
    token = world.token(value)
    if token is None:
        raise Refusal(401, "Bad credentials")
    if isinstance(token, InstallationToken) and _is_too_fresh(world, token):
        # What is not there yet are the permissions of one that was made for a part of them:
        # https://github.com/octokit/auth-app.js/issues/589
        status = world.dialect.fresh_token_status if token.is_narrowed else 401
        raise Refusal(status, "Bad credentials" if status == 401 else NOT_ACCESSIBLE)
    if isinstance(token, InstallationToken) and token.installation.suspended_at:
        raise Refusal(403, SUSPENDED)
    return token


def proof(world: World, value: str) -> AppToken:
    """Check the JWT by which an App speaks for itself.

    https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app

    Raises:
        Refusal: it is of no App, not signed by it, too old or good for too long.
    """
    app = world.app(str(_claims(value, None).get("iss")))
    if app is None:
        raise Refusal(404, "Integration not found")
    claims = _claims(value, app)
    now = int(world.now().timestamp())
    issued, expires = claims.get("iat"), claims.get("exp")
    if not isinstance(issued, int) or issued > now:
        raise Refusal(401, NOT_YET)
    if not isinstance(expires, int) or expires <= now:
        raise Refusal(401, EXPIRED)
    if expires > now + LONGEST_PROOF:
        raise Refusal(401, TOO_FAR)
    return AppToken(value=value, owner=app.bot, app=app)


def client_of(world: World, request: Request) -> App | None:
    """Find the App whose client id and secret a request carries as name and password."""
    given = request.authorization
    if given is None or given.type != "basic":
        return None
    app = world.app(given.username or "")
    return app if app and app.client_secret == given.password else None


def _claims(value: str, app: App | None) -> dict[str, Any]:
    """Read the claims of a JWT, and check its signature if its App is known."""
    key: Any = app.private_key.public_key() if app else ""
    times = {f"verify_{name}": False for name in ("exp", "iat", "nbf", "iss")}
    options: Any = {"verify_signature": app is not None, **times}
    try:
        claims: dict[str, Any] = jwt.decode(value, key, algorithms=["RS256"], options=options)
    except jwt.PyJWTError as error:
        raise Refusal(401, UNREADABLE) from error
    return claims


def _is_too_fresh(world: World, token: InstallationToken) -> bool:
    return token.created_at is not None and token.created_at + world.token_lag > world.now()
