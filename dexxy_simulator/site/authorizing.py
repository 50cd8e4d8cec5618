"""The web flow of OAuth by which a user lets an App act for them.

https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-user-access-token-for-a-github-app
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final
from urllib.parse import urlencode

from werkzeug.wrappers import Response

from dexxy_simulator.activity.authorizations import (
    REFRESH_TOKEN_LIFE,
    USER_TOKEN_LIFE,
    answers,
)
from dexxy_simulator.exchange import Exchange, Refusal, json_response
from dexxy_simulator.model import App
from dexxy_simulator.rest.routes import page_route
from dexxy_simulator.site.layout import form, page, sent_to, signed_in
from dexxy_simulator.tokens import UserToken

ERRORS: Final = {
    "access_denied": "The user has denied your application access.",
    "bad_refresh_token": "The refresh token passed is incorrect or expired.",
    "bad_verification_code": "The code passed is incorrect or expired.",
    "incorrect_client_credentials": "The client_id and/or client_secret passed are incorrect.",
    "invalid_request": "The code challenge method must be S256.",
    "redirect_uri_mismatch": "The redirect_uri MUST match the registered callback URL for this "
    "application.",
    "unsupported_grant_type": "The grant_type must be authorization_code or refresh_token.",
}
AUTHORIZE: Final = "/login/oauth/authorize"


@page_route("authorization_page", AUTHORIZE)
def authorization_page(exchange: Exchange) -> Response:
    """Ask the user, unless they have agreed before or the request is not in order."""
    app, asked = _app(exchange), exchange.request.args
    problem = _problem(app, asked)
    if problem:
        return _not_in_order(exchange, app, problem)
    user = signed_in(exchange)
    known = (app.database_id, user.database_id) in exchange.world.authorized
    if known and asked.get("prompt") != "select_account":
        return _agreed(exchange, app, asked)
    whose = f"<b>{escape(app.name)}</b> by {escape(app.owner.login)}"
    content = f"<p>{whose} would like to know who you are and to act on your behalf."
    buttons = [(f"Authorize {app.owner.login}", "authorize"), ("Cancel", "cancel")]
    return page(exchange, f"Authorize {app.name}", form({}, content, buttons))


@page_route("authorization", AUTHORIZE, method="POST")
def authorization(exchange: Exchange) -> Response:
    """Go back to the App with a code, or with the user's refusal."""
    app, asked = _app(exchange), exchange.request.args
    problem = _problem(app, asked)
    if problem:
        return _not_in_order(exchange, app, problem)
    if exchange.request.form.get("do") == "authorize":
        return _agreed(exchange, app, asked)
    address = asked.get("redirect_uri") or app.callback_urls[0]
    return _back(address, "access_denied", asked.get("state"))


@page_route("access_token", "/login/oauth/access_token", method="POST")
def access_token(exchange: Exchange) -> Response:
    """Exchange a code, or a refresh token; errors have the status 200 too."""
    request = exchange.request
    given = {**request.args.to_dict(), **request.form.to_dict()}
    if request.mimetype == "application/json":
        given |= {name: str(value) for name, value in exchange.body.items()}
    app = exchange.world.app(given.get("client_id", ""))
    if app is None or given.get("client_id") != app.client_id:
        return _error(exchange, "incorrect_client_credentials")
    if given.get("client_secret") != app.client_secret:
        return _error(exchange, "incorrect_client_credentials")
    kind = given.get("grant_type", "authorization_code")
    if kind == "refresh_token":
        token = exchange.world.refresh(app, given.get("refresh_token", ""))
        return _written(exchange, token) if token else _error(exchange, "bad_refresh_token")
    if kind != "authorization_code":
        return _error(exchange, "unsupported_grant_type")
    return _redeemed(exchange, app, given)


def _redeemed(exchange: Exchange, app: App, given: Mapping[str, str]) -> Response:
    grant = exchange.world.redeem(given.get("code", ""), app)
    if grant is None:
        return _error(exchange, "bad_verification_code")
    if given.get("redirect_uri", grant.redirect_uri) != grant.redirect_uri:
        return _error(exchange, "redirect_uri_mismatch")
    if grant.challenge and not answers(grant.challenge, given.get("code_verifier", "")):
        return _error(exchange, "bad_verification_code")
    return _written(exchange, exchange.world.user_token(app, grant.user))


def _app(exchange: Exchange) -> App:
    wanted = exchange.request.args.get("client_id", "")
    app = exchange.world.app(wanted)
    if app is None or app.client_id != wanted or not app.callback_urls:
        raise Refusal(404, "Not Found")
    return app


def _problem(app: App, asked: Mapping[str, str]) -> str | None:
    if asked.get("redirect_uri", app.callback_urls[0]) not in app.callback_urls:
        return "redirect_uri_mismatch"
    if "code_challenge" in asked and asked.get("code_challenge_method") != "S256":
        return "invalid_request"
    return None


def _not_in_order(exchange: Exchange, app: App, problem: str) -> Response:
    shows_page = exchange.dialect.redirect_mismatch == "page"
    if problem == "redirect_uri_mismatch" and shows_page:
        return page(exchange, "The redirect_uri is not associated with this application.", "")
    return _back(app.callback_urls[0], problem, exchange.request.args.get("state"))


def _agreed(exchange: Exchange, app: App, asked: Mapping[str, str]) -> Response:
    address = asked.get("redirect_uri") or app.callback_urls[0]
    user, challenge = signed_in(exchange), asked.get("code_challenge")
    code = exchange.world.grant(app, user, address, challenge)
    return sent_to(address, code=code, state=asked.get("state"))


def _back(address: str, problem: str, state: str | None) -> Response:
    return sent_to(address, error=problem, error_description=ERRORS[problem], state=state)


def _written(exchange: Exchange, token: UserToken) -> Response:
    return _answer(
        exchange,
        {
            "access_token": token.value,
            "expires_in": int(USER_TOKEN_LIFE.total_seconds()),
            "refresh_token": token.refresh_token,
            "refresh_token_expires_in": int(REFRESH_TOKEN_LIFE.total_seconds()),
            "token_type": "bearer",
            "scope": "",
        },
    )


def _error(exchange: Exchange, problem: str) -> Response:
    return _answer(exchange, {"error": problem, "error_description": ERRORS[problem]})


def _answer(exchange: Exchange, body: dict[str, Any]) -> Response:
    """Write JSON if the client accepts it by name, else a form."""
    if "json" in exchange.request.headers.get("Accept", ""):
        return json_response(body)
    return Response(urlencode(body), content_type="application/x-www-form-urlencoded")
