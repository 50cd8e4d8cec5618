"""What an App asks for itself: https://docs.github.com/rest/apps/apps

Here an App proves itself by a JWT; conversions need no proof, their code is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Final

from werkzeug.wrappers import Response

from dexxy_simulator.credentials import SUSPENDED, UNREADABLE
from dexxy_simulator.exchange import NOT_ACCESSIBLE, Exchange, Refusal, json_response
from dexxy_simulator.model import App, Installation, Repository
from dexxy_simulator.model.apps import grants
from dexxy_simulator.rest.lists import page_of
from dexxy_simulator.rest.routes import View, route
from dexxy_simulator.rest_json import accounts, apps
from dexxy_simulator.rest_json.accounts import when
from dexxy_simulator.tokens import AppToken, InstallationToken

MOST_REPOSITORIES: Final = 500
STATELESS: Final = {"enabled": True, "disabled": False}


def app_route(name: str, *paths: str, method: str = "GET") -> Callable[[View], View]:
    """Bind a view that an App asks by its JWT; the view gets the App."""

    def bind(view: View) -> View:
        @wraps(view)
        def proven(exchange: Exchange, **arguments: Any) -> Response:
            if not isinstance(exchange.token, AppToken):
                raise Refusal(401, UNREADABLE)
            return view(exchange, exchange.token.app, **arguments)

        return route(name, *paths, method=method)(proven)

    return bind


@route("app_conversion", "/app-manifests/<code>/conversions", method="POST")
def app_conversion(exchange: Exchange, code: str) -> Response:
    """The secrets of an App that was just registered: once, within an hour."""
    app = exchange.world.convert(code)
    if app is None:
        raise Refusal(404, "Not Found")
    return json_response(apps.conversion(exchange.urls, app), 201)


@app_route("app", "/app")
def the_app(exchange: Exchange, app: App) -> Response:
    """The App itself."""
    row = {**apps.app(exchange.urls, app), "installations_count": len(app.installations)}
    return json_response(row)


@route("app_by_slug", "/apps/<slug>")
def app_by_slug(exchange: Exchange, slug: str) -> Response:
    """A public App by its slug."""
    app = exchange.world.app(slug)
    if app is None or app.slug != slug or not app.is_public:
        raise Refusal(404, "Not Found")
    return json_response(apps.app(exchange.urls, app))


@app_route("installations", "/app/installations")
def installations(exchange: Exchange, app: App) -> Response:
    """The App's installations."""
    return page_of(exchange, app.installations.values(), apps.installation)


@app_route("installation_requests", "/app/installation-requests")
def installation_requests(exchange: Exchange, app: App) -> Response:
    """What members of organisations have asked their owners for."""
    asked = [one for one in exchange.world.installation_requests.values() if one.app is app]
    return page_of(exchange, asked, apps.request)


@app_route("installation", "/app/installations/<int:number>")
def installation(exchange: Exchange, app: App, number: int) -> Response:
    """One installation."""
    return json_response(apps.installation(exchange.urls, _installation(app, number)))


@app_route("account_installation", "/orgs/<login>/installation", "/users/<login>/installation")
def account_installation(exchange: Exchange, app: App, login: str) -> Response:
    """The installation on an account."""
    kinds = {"orgs": "Organization", "users": "User"}
    account = exchange.world.actor(login)
    kind = kinds[exchange.request.path.removeprefix(exchange.api_prefix).split("/")[1]]
    found = app.on(account) if account is not None and account.kind == kind else None
    return _found(exchange, found)


@app_route("repository_installation", "/repos/<owner>/<repo>/installation")
def repository_installation(exchange: Exchange, app: App, owner: str, repo: str) -> Response:
    """The installation that covers a repository."""
    repository = exchange.world.repository(f"{owner}/{repo}")
    found = app.on(repository.owner) if repository else None
    covers = found is not None and repository is not None and found.covers(repository)
    return _found(exchange, found if covers else None)


@app_route("installation_token", "/app/installations/<int:number>/access_tokens", method="POST")
def installation_token(exchange: Exchange, app: App, number: int) -> Response:
    """A new token of an installation, narrowed as the body says."""
    found = _installation(app, number)
    if found.suspended_at:
        raise Refusal(403, SUSPENDED)
    body = exchange.body
    permissions = _narrowed(found, body.get("permissions"))
    chosen = _chosen(exchange, found, body)
    token = exchange.world.mint(
        found,
        permissions,
        None if chosen is None else frozenset(one.database_id for one in chosen),
        stateless=STATELESS.get(exchange.request.headers.get("X-GitHub-Stateless-S2S-Token", "")),
    )
    return json_response(_written(exchange, token, chosen), 201)


@app_route("uninstallation", "/app/installations/<int:number>", method="DELETE")
def uninstallation(exchange: Exchange, app: App, number: int) -> Response:
    """Uninstall the App: version 2026-03-10 answers 202, earlier ones 204."""
    exchange.world.uninstall(_installation(app, number))
    is_new = exchange.request.headers.get("X-GitHub-Api-Version", "") >= "2026-03-10"
    return Response(status=202 if is_new else 204)


@app_route("suspension", "/app/installations/<int:number>/suspended", method="PUT")
def suspension(exchange: Exchange, app: App, number: int) -> Response:
    """Suspend an installation."""
    exchange.world.suspend(_installation(app, number), app.owner, by_app=True)
    return Response(status=204)


@app_route("unsuspension", "/app/installations/<int:number>/suspended", method="DELETE")
def unsuspension(exchange: Exchange, app: App, number: int) -> Response:
    """Unsuspend an installation that the App has suspended (not one that its account has)."""
    found = _installation(app, number)
    if found.suspended_at and not found.is_suspended_by_app:
        raise Refusal(403, NOT_ACCESSIBLE)
    exchange.world.unsuspend(found)
    return Response(status=204)


def _installation(app: App, number: int) -> Installation:
    if number not in app.installations:
        raise Refusal(404, "Not Found")
    return app.installations[number]


def _found(exchange: Exchange, found: Installation | None) -> Response:
    if found is None:
        raise Refusal(404, "Not Found")
    return json_response(apps.installation(exchange.urls, found))


def _narrowed(found: Installation, wanted: Mapping[str, str] | None) -> Mapping[str, str] | None:
    if wanted is None:
        return None
    if not all(grants(found.permissions, name, level) for name, level in wanted.items()):
        message = "The permissions requested are not granted to this installation."
        raise Refusal(422, message)
    return {"metadata": "read", **wanted}


def _chosen(
    exchange: Exchange, found: Installation, body: Mapping[str, Any]
) -> list[Repository] | None:
    """Return the repositories to which the body narrows a token, if it does."""
    names, numbers = body.get("repositories"), body.get("repository_ids")
    if names is None and numbers is None:
        return None
    every = [one for one in exchange.world.repositories.values() if found.covers(one)]
    chosen = [
        one for one in every if one.name in (names or ()) or one.database_id in (numbers or ())
    ]
    wanted = {*(names or ()), *(numbers or ())}
    if len(wanted) > MOST_REPOSITORIES or len(chosen) != len(wanted):
        message = (
            "There is at least one repository that does not exist or is not accessible to the "
            "parent installation."
        )
        raise Refusal(422, message)
    return chosen


def _written(
    exchange: Exchange, token: InstallationToken, chosen: list[Repository] | None
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "token": token.value,
        "expires_at": when(token.expires_at),
        "permissions": dict(token.permissions),
        "repository_selection": token.installation.repository_selection,
    }
    if chosen is not None:
        row["repository_selection"] = "selected"
        row["repositories"] = [accounts.repository(exchange.urls, one) for one in chosen]
    return row
