"""Registering an App from a manifest.

https://docs.github.com/apps/sharing-github-apps/registering-a-github-app-from-a-manifest
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, Final

from werkzeug.wrappers import Response

from dexxy_simulator.activity.apps import slug_of
from dexxy_simulator.exchange import Exchange, Refusal
from dexxy_simulator.model import Actor
from dexxy_simulator.model.apps import DEFAULT_EVENTS, EVENT_PERMISSIONS, LEVELS, grants
from dexxy_simulator.rest.routes import page_route
from dexxy_simulator.site.layout import form, page, sent_to, signed_in
from dexxy_simulator.world import World

LONGEST_NAME: Final = 34
MOST_CALLBACKS: Final = 10
FOR_USERS: Final = "/settings/apps/new"
FOR_ORGANIZATIONS: Final = "/organizations/<login>/settings/apps/new"


@page_route("registration_page", FOR_USERS, FOR_ORGANIZATIONS)
def registration_page(exchange: Exchange, login: str = "") -> Response:
    """The page without a manifest: the simulator registers Apps by manifests alone."""
    _owner(exchange, login)
    manifest = exchange.request.args.get("manifest")
    if manifest is not None:
        return _confirm(exchange, manifest)
    return page(exchange, "Register a GitHub App", "<p>Post the form field <code>manifest</code>.")


@page_route("registration", FOR_USERS, FOR_ORGANIZATIONS, method="POST")
def registration(exchange: Exchange, login: str = "") -> Response:
    """Ask whether to register the App; once that is confirmed, go back with a code."""
    owner, given = _owner(exchange, login), exchange.request.form
    if "do" not in given:
        return _confirm(exchange, given.get("manifest", ""))
    manifest = {**_read(given.get("manifest", "")), "name": given.get("name", "")}
    problems = list(problems_of(exchange.world, manifest))
    if problems:
        return _refused(exchange, problems)
    app = exchange.world.register_app(owner, manifest)
    code, state = exchange.world.manifest_code(app), exchange.request.args.get("state")
    return sent_to(manifest["redirect_url"], code=code, state=state)


def problems_of(world: World, manifest: Mapping[str, Any]) -> Iterator[str]:
    """Tell what GitHub would not accept in a manifest."""
    name = manifest.get("name") or ""
    if not name or len(name) > LONGEST_NAME:
        yield f"Name must be present and at most {LONGEST_NAME} characters"
    if world.app(slug_of(name)) or world.actor(slug_of(name)):
        yield "Name is already taken"
    if not manifest.get("url"):
        yield "URL can't be blank"
    if not manifest.get("redirect_url"):
        yield "Redirect URL can't be blank"
    hook = manifest.get("hook_attributes")
    if hook is not None and not hook.get("url"):
        yield "Hook URL can't be blank"
    if len(manifest.get("callback_urls", ())) > MOST_CALLBACKS:
        yield f"Callback URLs are limited to {MOST_CALLBACKS}"
    yield from _unsupported(manifest)


def _unsupported(manifest: Mapping[str, Any]) -> Iterator[str]:
    permissions = {"metadata": "read", **manifest.get("default_permissions", {})}
    for name, level in permissions.items():
        if level not in LEVELS:
            yield f"Default permission level {level} is not valid for {name}"
            return
    events = manifest.get("default_events", ())
    lacking = [
        event
        for event in events
        if event in DEFAULT_EVENTS or not grants(permissions, EVENT_PERMISSIONS.get(event, ""))
    ]
    if lacking:
        yield f"Default events unsupported: {' and '.join(lacking)}"


def _owner(exchange: Exchange, login: str) -> Actor:
    account = signed_in(exchange)
    owner = exchange.world.actor(login) if login else account
    if owner is None or not account.owns(owner):
        raise Refusal(404, "Not Found")
    return owner


def _read(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Refusal(400, "The manifest is no JSON object")
    return found


def _confirm(exchange: Exchange, text: str) -> Response:
    manifest = _read(text)
    proposed = manifest.get("name", "")
    # Without a name the page asks for one.
    problems = list(problems_of(exchange.world, {**manifest, "name": proposed or "unnamed"}))
    if problems:
        return _refused(exchange, problems)
    wanted = [f"{name}: {level}" for name, level in manifest.get("default_permissions", {}).items()]
    name = escape(proposed, quote=True)
    content = (
        f'<label>GitHub App name <input name="name" value="{name}" maxlength="{LONGEST_NAME}">'
        f"</label><p>Permissions: {escape(', '.join(wanted)) or 'none'}"
        f"<p>Events: {escape(', '.join(manifest.get('default_events', ()))) or 'none'}"
    )
    buttons = [(f"Create GitHub App for {signed_in(exchange).login}", "create")]
    return page(exchange, "Create GitHub App", form({"manifest": text}, content, buttons))


def _refused(exchange: Exchange, problems: list[str]) -> Response:
    shown = "".join(f"<li>{escape(problem)}</li>" for problem in problems)
    return page(exchange, "Invalid GitHub App configuration", f"<ul>{shown}</ul>", 422)
