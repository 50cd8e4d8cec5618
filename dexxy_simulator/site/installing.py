"""Installing an App on an account.

https://docs.github.com/apps/sharing-github-apps/sharing-your-github-app
https://docs.github.com/apps/creating-github-apps/registering-a-github-app/about-the-setup-url
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from werkzeug.wrappers import Response

from dexxy_simulator.exchange import Exchange, Refusal
from dexxy_simulator.model import Actor, App, Installation, Repository
from dexxy_simulator.rest.routes import page_route
from dexxy_simulator.site.layout import form, page, sent_to, signed_in

# The latter are where `target_id` leads at once to one account.
INSTALL = (
    "/apps/<slug>/installations/new",
    "/apps/<slug>/installations/new/permissions",
    "/apps/<slug>/installations/select_target",
)


@page_route("app_page", "/apps/<slug>")
def app_page(exchange: Exchange, slug: str) -> Response:
    """The page of an App."""
    app = _app(exchange, slug)
    link = f'<a href="{app.path}/installations/new">Install</a>'
    return page(exchange, app.name, f"<p>{escape(app.description or '')}<p>{link}")


@page_route("install_page", *INSTALL)
def install_page(exchange: Exchange, slug: str) -> Response:
    """Ask on which account, and on which of its repositories."""
    app, user = _app(exchange, slug), signed_in(exchange)
    sections = "".join(_section(exchange, app, user, one) for one in _accounts(exchange, app, user))
    return page(exchange, f"Install {app.name}", sections or "<p>There is no account for this App.")


@page_route("install", *INSTALL, method="POST")
def install(exchange: Exchange, slug: str) -> Response:
    """Install or request the App, or leave it, and go on where the App wants that."""
    app, user, given = _app(exchange, slug), signed_in(exchange), exchange.request.form
    account = exchange.world.actor(given.get("account", ""))
    if given.get("do") == "cancel":
        return sent_to(app.path)
    if account is None or account not in _accounts(exchange, app, user) or app.on(account):
        raise Refusal(404, "Not Found")
    if given.get("do") == "request":
        exchange.world.request_installation(app, account, user)
        return _back(exchange, app, None, "request")
    if not user.owns(account):
        raise Refusal(403, "Only an owner installs on an organization")
    requests = exchange.world.installation_requests.values()
    was_requested = any(one.app is app and one.account is account for one in requests)
    installation = exchange.world.install(app, account, chosen(exchange, account), user)
    if was_requested and "state" not in exchange.request.args:
        return sent_to(installation.path)  # who grants a request began nothing at the App
    return _back(exchange, app, installation, "install")


def chosen(exchange: Exchange, account: Actor) -> list[Repository] | None:
    """Return the repositories that a form selects; None for all."""
    given = exchange.request.form
    if given.get("selection") == "all":
        return None
    wanted = set(given.getlist("repository"))
    found = [one for one in repositories_of(exchange, account) if str(one.database_id) in wanted]
    if not found:
        raise Refusal(422, "Select at least one repository")
    return found


def repositories_of(exchange: Exchange, account: Actor) -> list[Repository]:
    """Return an account's repositories by name."""
    found = (one for one in exchange.world.repositories.values() if one.owner is account)
    return sorted(found, key=lambda one: one.name.lower())


def choice(exchange: Exchange, account: Actor, installation: Installation | None = None) -> str:
    """Write the part of a form that selects repositories."""
    is_all = installation is None or installation.repository_ids is None
    boxes = "".join(
        f'<label><input type="checkbox" name="repository" value="{one.database_id}"'
        f"{' checked' if installation and not is_all and installation.covers(one) else ''}>"
        f" {escape(one.name)}{' (private)' if one.is_private else ''}</label>"
        for one in repositories_of(exchange, account)
    )
    kinds = (("all", "All repositories", is_all), ("selected", "Only select", not is_all))
    radios = "".join(
        f'<label><input type="radio" name="selection" value="{value}"'
        f"{' checked' if is_checked else ''}> {text}</label>"
        for value, text, is_checked in kinds
    )
    return f"<fieldset>{radios}{boxes}</fieldset>"


def _section(exchange: Exchange, app: App, user: Actor, account: Actor) -> str:
    title = f"<h2>{escape(account.login)}</h2>"
    installation = app.on(account)
    if installation is not None:
        link = f'<a href="{installation.path}">Configure</a>'
        return f"{title}<p>Installed. {link if user.owns(account) else ''}"
    fields = {"account": account.login}
    if user.owns(account):
        buttons = [("Install", "install"), ("Cancel", "cancel")]
        return title + form(fields, choice(exchange, account), buttons)
    return title + form(fields, "", [("Request", "request"), ("Cancel", "cancel")])


def _accounts(exchange: Exchange, app: App, user: Actor) -> list[Actor]:
    """Return where somebody may install an App, or ask for it; a private one at its owner's."""
    target = exchange.request.args.get("target_id")

    def every() -> Iterator[Actor]:
        yield user
        yield from (one for one in exchange.world.actors.values() if user in one.members)

    return [
        one
        for one in every()
        if (app.is_public or one is app.owner) and target in (None, str(one.database_id))
    ]


def _app(exchange: Exchange, slug: str) -> App:
    app = exchange.world.app(slug)
    if app is None or app.slug != slug:
        raise Refusal(404, "Not Found")
    return app


def _back(exchange: Exchange, app: App, installation: Installation | None, action: str) -> Response:
    """Send the browser to the App: to its callback with a code, or to its setup URL."""
    number = str(installation.database_id) if installation else None
    told = {"installation_id": number, "setup_action": action}
    state = exchange.request.args.get("state")
    if app.request_oauth_on_install and app.callback_urls:
        address = app.callback_urls[0]
        code = exchange.world.grant(app, signed_in(exchange), address)
        return sent_to(address, code=code, **told, state=state)
    if app.setup_url:
        return sent_to(app.setup_url, **told, state=state)
    return sent_to(installation.path if installation else app.path)
