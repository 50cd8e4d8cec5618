"""What becomes of an installation: other repositories, new permissions, its end.

https://docs.github.com/apps/using-github-apps/reviewing-and-modifying-installed-github-apps
"""

from __future__ import annotations

from html import escape

from werkzeug.wrappers import Response

from dexxy_simulator.exchange import Exchange, Refusal
from dexxy_simulator.model import Installation
from dexxy_simulator.rest.routes import page_route
from dexxy_simulator.site.installing import choice, chosen
from dexxy_simulator.site.layout import form, page, sent_to, signed_in

LISTS = ("/settings/installations", "/organizations/<login>/settings/installations")
ONES = tuple(f"{path}/<int:number>" for path in LISTS)
AUTHORIZATIONS = "/settings/apps/authorizations"


@page_route("installations_page", *LISTS)
def installations_page(exchange: Exchange, login: str = "") -> Response:
    """The installations on an account."""
    user = signed_in(exchange)
    account = exchange.world.actor(login) if login else user
    if account is None or not user.owns(account):
        raise Refusal(404, "Not Found")
    found = (app.on(account) for app in exchange.world.apps.values())
    rows = (f'<li><a href="{one.path}">{escape(one.app.name)}</a>' for one in found if one)
    return page(exchange, "Installed GitHub Apps", f"<ul>{''.join(rows)}</ul>")


@page_route("installation_page", *ONES)
def installation_page(exchange: Exchange, number: int, login: str = "") -> Response:
    """The settings of an installation."""
    installation = _installation(exchange, number)
    app, content = installation.app, choice(exchange, installation.account, installation)
    buttons = [("Save", "save"), ("Uninstall", "uninstall")]
    if not installation.suspended_at:
        buttons.append(("Suspend", "suspend"))
    elif not installation.is_suspended_by_app:
        buttons.append(("Unsuspend", "unsuspend"))
    if dict(app.permissions) != dict(installation.permissions):
        buttons.append(("Accept new permissions", "accept"))
    return page(exchange, f"{app.name} on {installation.account.login}", form({}, content, buttons))


@page_route("installation_change", *ONES, method="POST")
def installation_change(exchange: Exchange, number: int, login: str = "") -> Response:
    """Do to an installation what a button says."""
    installation, user = _installation(exchange, number), signed_in(exchange)
    world, do = exchange.world, exchange.request.form.get("do")
    if do == "save":
        world.select_repositories(installation, chosen(exchange, installation.account), user)
        return _updated(installation)
    actions = {
        "accept": world.accept_permissions,
        "suspend": world.suspend,
        "unsuspend": world.unsuspend,
        "uninstall": world.uninstall,
    }
    if do not in actions:
        raise Refusal(422, "There is no such button")
    actions[do](installation, user)
    return sent_to(installation.path.rpartition("/")[0] if do == "uninstall" else installation.path)


@page_route("authorizations_page", AUTHORIZATIONS)
def authorizations_page(exchange: Exchange) -> Response:
    """The Apps that somebody lets act for them."""
    user, world = signed_in(exchange), exchange.world
    forms = (
        form({"client_id": app.client_id}, escape(app.name), [("Revoke", "revoke")])
        for app in world.apps.values()
        if (app.database_id, user.database_id) in world.authorized
    )
    return page(exchange, "Authorized GitHub Apps", "".join(forms))


@page_route("authorization_end", AUTHORIZATIONS, method="POST")
def authorization_end(exchange: Exchange) -> Response:
    """Take the authorization of an App back."""
    app = exchange.world.app(exchange.request.form.get("client_id", ""))
    if app is None:
        raise Refusal(404, "Not Found")
    exchange.world.revoke_authorization(app, signed_in(exchange))
    return sent_to(AUTHORIZATIONS)


def _installation(exchange: Exchange, number: int) -> Installation:
    installation = exchange.world.installation(number)
    if installation is None or not signed_in(exchange).owns(installation.account):
        raise Refusal(404, "Not Found")
    return installation


def _updated(installation: Installation) -> Response:
    app = installation.app
    if app.setup_url and app.setup_on_update:
        number = str(installation.database_id)
        return sent_to(app.setup_url, installation_id=number, setup_action="update")
    return sent_to(installation.path)
