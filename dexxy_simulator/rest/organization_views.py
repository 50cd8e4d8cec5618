"""Who is a member of an organisation, and who may know it.

https://docs.github.com/rest/orgs/members
"""

from __future__ import annotations

from werkzeug.wrappers import Response

from dexxy_simulator.exchange import NOT_ACCESSIBLE, Exchange, Refusal, json_response
from dexxy_simulator.model import Actor, Installation
from dexxy_simulator.model.apps import grants
from dexxy_simulator.rest.found import account_of
from dexxy_simulator.rest.lists import page_of
from dexxy_simulator.rest.routes import route
from dexxy_simulator.rest_json import apps
from dexxy_simulator.tokens import InstallationToken, UserToken


@route("own_membership", "/user/memberships/orgs/<login>")
def own_membership(exchange: Exchange, login: str) -> Response:
    """The user's role in an organisation; Apps need its permission `members`."""
    account, organization = exchange.user, exchange.world.actor(login)
    if organization is None or account not in organization.members:
        raise Refusal(404, "Not Found")
    if isinstance(exchange.token, UserToken):
        _require_granted(exchange.token.app.on(organization))
    return json_response(apps.membership(exchange.urls, organization, account))


@route("membership", "/orgs/<login>/memberships/<username>")
def membership(exchange: Exchange, login: str, username: str) -> Response:
    """Somebody's role in an organisation, or an invitation, for those who belong to it."""
    organization, account = _organization(exchange, login), exchange.world.actor(username)
    if not _belongs(exchange, organization):
        raise Refusal(403, "You must be a member of this organization to see its memberships.")
    if account not in {**organization.members, **organization.invited}:
        raise Refusal(404, "Not Found")
    return json_response(apps.membership(exchange.urls, organization, account))


@route("member", "/orgs/<login>/members/<username>")
def member(exchange: Exchange, login: str, username: str) -> Response:
    """Whether somebody is a member: outsiders are led to whether they say so in public."""
    organization, account = _organization(exchange, login), exchange.world.actor(username)
    if not _belongs(exchange, organization):
        address = f"{exchange.urls.api}/orgs/{login}/public_members/{username}"
        return Response(status=302, headers={"Location": address})
    return Response(status=204 if account in organization.members else 404)


@route("public_member", "/orgs/<login>/public_members/<username>")
def public_member(exchange: Exchange, login: str, username: str) -> Response:
    """Whether somebody is a member who does not conceal it."""
    organization, account = _organization(exchange, login), exchange.world.actor(username)
    is_shown = account in organization.members and account in organization.public_members
    return Response(status=204 if is_shown else 404)


@route("organizations_of_user", "/users/<login>/orgs")
def organizations_of_user(exchange: Exchange, login: str) -> Response:
    """The organisations that an account does not conceal."""
    account = account_of(exchange, login)
    every = exchange.world.actors.values()
    found = [one for one in every if account in one.members and account in one.public_members]
    return page_of(exchange, found, apps.simple_organization)


def _organization(exchange: Exchange, login: str) -> Actor:
    found = exchange.world.actor(login)
    if found is None or found.kind != "Organization":
        raise Refusal(404, "Not Found")
    return found


def _belongs(exchange: Exchange, organization: Actor) -> bool:
    """Tell whether an organisation answers who asks as one of its own.

    Raises:
        Refusal: an App is asking that may not know its members.
    """
    token = exchange.token
    if isinstance(token, InstallationToken):
        _require_granted(token.installation)
        return token.installation.account is organization
    if isinstance(token, UserToken):
        _require_granted(token.app.on(organization))
    return token is not None and exchange.user in organization.members


def _require_granted(installation: Installation | None) -> None:
    if installation is None or not grants(installation.permissions, "members"):
        accepted = {"X-Accepted-GitHub-Permissions": "members=read"}
        raise Refusal(403, NOT_ACCESSIBLE, **accepted)
