"""What the tokens of an App show of its installations.

https://docs.github.com/rest/apps/installations, https://docs.github.com/rest/apps/oauth-applications
"""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from dexxy_simulator.credentials import client_of
from dexxy_simulator.exchange import NOT_ACCESSIBLE, Exchange, Refusal, json_response
from dexxy_simulator.model import Actor, App, Installation, Repository
from dexxy_simulator.rest.lists import page_of
from dexxy_simulator.rest.routes import route
from dexxy_simulator.rest_json import accounts, apps
from dexxy_simulator.rest_json.urls import Urls
from dexxy_simulator.tokens import InstallationToken, UserToken

NOT_BY_AN_APP = (
    "You must authenticate with an access token authorized to a GitHub App in order to list "
    "installations"
)


@route("installation_repositories", "/installation/repositories")
def installation_repositories(exchange: Exchange) -> Response:
    """The repositories that an installation's token covers."""
    token = _installation_token(exchange)
    found = [one for one in exchange.world.repositories.values() if token.covers(one)]
    narrowed = token.repository_ids is not None
    selection = "selected" if narrowed else token.installation.repository_selection
    within = ("repositories", {"repository_selection": selection})
    return page_of(exchange, found, _with_permissions(None), within=within)


@route("token_revocation", "/installation/token", method="DELETE")
def token_revocation(exchange: Exchange) -> Response:
    """Revoke the installation token that signs the request."""
    exchange.world.revoke_tokens([_installation_token(exchange).value])
    return Response(status=204)


@route("user_installations", "/user/installations")
def user_installations(exchange: Exchange) -> Response:
    """The App's installations that a user has anything to do with.

    That is whoever reads, writes or administers something in it: no proof of who installed it.
    """
    token = _user_token(exchange)
    found = [
        one for one in token.app.installations.values() if _concerns(exchange, one, token.owner)
    ]
    return page_of(exchange, found, apps.installation, within=("installations", {}))


@route("user_repositories", "/user/installations/<int:number>/repositories")
def user_repositories(exchange: Exchange, number: int) -> Response:
    """The repositories of an installation that a user works on."""
    token = _user_token(exchange)
    installation = token.app.installations.get(number)
    if installation is None or not _concerns(exchange, installation, token.owner):
        raise Refusal(404, "Not Found")
    found = _of_user(exchange, installation, token.owner)
    within = ("repositories", {"repository_selection": installation.repository_selection})
    return page_of(exchange, found, _with_permissions(token.owner), within=within)


@route("token_check", "/applications/<client_id>/token", method="POST")
def token_check(exchange: Exchange, client_id: str) -> Response:
    """What a user's token is, for the App that it was made for."""
    token = _token_in_body(exchange, client_id)
    return json_response(apps.authorization(exchange.urls, token))


@route("token_deletion", "/applications/<client_id>/token", method="DELETE")
def token_deletion(exchange: Exchange, client_id: str) -> Response:
    """Revoke a user's token."""
    exchange.world.revoke_tokens([_token_in_body(exchange, client_id).value])
    return Response(status=204)


@route("grant_deletion", "/applications/<client_id>/grant", method="DELETE")
def grant_deletion(exchange: Exchange, client_id: str) -> Response:
    """Revoke a user's authorization of the App, and with it all their tokens."""
    token = _token_in_body(exchange, client_id)
    exchange.world.revoke_authorization(token.app, token.owner)
    return Response(status=204)


def _installation_token(exchange: Exchange) -> InstallationToken:
    if exchange.token is None:
        raise Refusal(401, "Requires authentication")
    if not isinstance(exchange.token, InstallationToken):
        raise Refusal(403, "You must authenticate with an installation access token.")
    return exchange.token


def _user_token(exchange: Exchange) -> UserToken:
    if exchange.token is None:
        raise Refusal(401, "Requires authentication")
    if not isinstance(exchange.token, UserToken):
        raise Refusal(403, NOT_BY_AN_APP if exchange.token.is_user else NOT_ACCESSIBLE)
    return exchange.token


def _token_in_body(exchange: Exchange, client_id: str) -> UserToken:
    app: App | None = client_of(exchange.world, exchange.request)
    if app is None or app.client_id != client_id:
        raise Refusal(404, "Not Found")
    token = exchange.world.token(str(exchange.body.get("access_token")))
    if not isinstance(token, UserToken) or token.app is not app:
        raise Refusal(404, "Not Found")
    return token


def _concerns(exchange: Exchange, installation: Installation, account: Actor) -> bool:
    if account.owns(installation.account) or account in installation.account.members:
        return True
    return bool(_of_user(exchange, installation, account))


def _of_user(exchange: Exchange, installation: Installation, account: Actor) -> list[Repository]:
    return [
        one
        for one in exchange.world.repositories.values()
        if installation.covers(one) and one.is_worked_on_by(account)
    ]


def _with_permissions(account: Actor | None) -> Any:
    """Write a repository with what the user, or the App, may do there."""

    def write(urls: Urls, found: Repository) -> dict[str, Any]:
        rules = account is not None and account.owns(found.owner)
        works = rules or account in found.collaborators
        permissions = {
            **dict.fromkeys(("admin", "maintain"), rules),
            **dict.fromkeys(("push", "triage"), works),
            "pull": True,
        }
        return {**accounts.repository(urls, found), "permissions": permissions}

    return write
