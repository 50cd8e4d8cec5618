"""What these pages share: how they look, and who is signed in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Final
from urllib.parse import urlencode, urlsplit

from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from dexxy_simulator.exchange import Exchange, Refusal
from dexxy_simulator.model import Actor
from dexxy_simulator.world import World

COOKIE: Final = "simulator_login"
HEADER: Final = "X-Simulator-As"
PAGE: Final = """<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>
<style>body{{font:16px/1.5 sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem}}
button{{font:inherit;padding:.4rem 1rem;margin:1rem .5rem 0 0}}
fieldset{{border:1px solid #bbb;border-radius:6px;margin:1rem 0}}label{{display:block}}</style>
<p>Dexxy's simulator of GitHub &middot; signed in as {account}</p>
<h1>{title}</h1>{content}</html>"""


def signed_in(exchange: Exchange) -> Actor:
    """Return who looks at a page: whom the query `as`, a header or a cookie names, in this order.

    Without any of them it is who owns the first repository, or the first user.
    """
    request, world = exchange.request, exchange.world
    login = request.args.get("as") or request.headers.get(HEADER) or request.cookies.get(COOKIE)
    found = world.actor(login) if login else next(_usual(world), None)
    if found is None or found.kind != "User":
        raise Refusal(404, "There is no such user")
    return found


def _usual(world: World) -> Iterator[Actor]:
    for repository in world.repositories.values():
        people = (repository.owner, *repository.owner.members)
        yield from (one for one in people if one.kind == "User" and one.owns(repository.owner))
    yield from (one for one in world.actors.values() if one.kind == "User")


def page(exchange: Exchange, title: str, content: str, status: int = 200) -> Response:
    """Show a page, with a choice of who is signed in."""
    account = signed_in(exchange)
    people = (one.login for one in exchange.world.actors.values() if one.kind == "User")
    chosen = _chooser(exchange, account, sorted(people, key=str.lower))
    body = PAGE.format(title=escape(title), account=chosen, content=content)
    response = Response(body, status, content_type="text/html; charset=utf-8")
    response.set_cookie(COOKIE, account.login, httponly=True, samesite="Lax")
    return response


def form(
    fields: Mapping[str, str], content: str, buttons: Iterable[tuple[str, str]], action: str = ""
) -> str:
    """Write a form that posts fields to an address, this page's by default.

    Args:
        buttons: what each says and the value of `do` that it sends.
    """
    hidden = "".join(hidden_field(name, value) for name, value in fields.items())
    shown = "".join(
        f'<button name="do" value="{escape(value, quote=True)}">{escape(text)}</button>'
        for text, value in buttons
    )
    address = f' action="{escape(action, quote=True)}"' if action else ""
    return f'<form method="post"{address}>{hidden}{content}<div>{shown}</div></form>'


def hidden_field(name: str, value: str) -> str:
    """Write a field of a form that nobody sees."""
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value, quote=True)}">'


def sent_to(address: str, **parameters: str | None) -> Response:
    """Send the browser to an address, with those of these parameters that are not None."""
    given = {name: value for name, value in parameters.items() if value is not None}
    joint = "&" if urlsplit(address).query else "?"
    return redirect(f"{address}{joint}{urlencode(given)}" if given else address)


def _chooser(exchange: Exchange, account: Actor, logins: list[str]) -> str:
    if exchange.request.method != "GET":
        return f"<b>{escape(account.login)}</b>"
    kept = exchange.request.args.to_dict()
    kept.pop("as", None)
    fields = "".join(hidden_field(name, value) for name, value in kept.items())
    options = "".join(
        f"<option{' selected' if login == account.login else ''}>{escape(login)}</option>"
        for login in logins
    )
    return (
        f'<form method="get" style="display:inline">{fields}<select name="as">{options}</select>'
        "<button>Switch</button></form>"
    )
