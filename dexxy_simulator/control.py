"""What a test does to a simulator that runs in another process, over HTTP.

These addresses are not GitHub's. `own_process.SimulatorProcess` calls them.
"""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

from werkzeug.wrappers import Response

from dexxy_simulator.exchange import Exchange, Refusal, json_response
from dexxy_simulator.live import LiveActivity
from dexxy_simulator.model import Actor, Installation, Repository
from dexxy_simulator.rest.routes import unlocked_route
from dexxy_simulator.rest_json import apps
from dexxy_simulator.tokens import ComputeBudget
from dexxy_simulator.webhooks.deliveries import Delivery

ROOT = "/_simulator"


@unlocked_route("control_app", f"{ROOT}/apps")
def register(exchange: Exchange) -> Response:
    """Register an App: `owner`, `manifest`."""
    body = exchange.body
    app = exchange.world.register_app(_account(exchange, body["owner"]), body["manifest"])
    return json_response(apps.conversion(exchange.urls, app))


@unlocked_route("control_install", f"{ROOT}/installations")
def install(exchange: Exchange) -> Response:
    """Install an App: `app`, `account`, and `repositories` unless on all."""
    app = exchange.world.app(str(exchange.body["app"]))
    if app is None:
        raise Refusal(404, "There is no such App")
    account = _account(exchange, exchange.body["account"])
    installation = exchange.world.install(app, account, _repositories(exchange))
    return json_response(apps.installation(exchange.urls, installation))


@unlocked_route("control_select", f"{ROOT}/installations/<int:number>/repositories")
def select(exchange: Exchange, number: int) -> Response:
    """Set which `repositories` an installation covers."""
    installation = _installation(exchange, number)
    exchange.world.select_repositories(installation, _repositories(exchange))
    return json_response(apps.installation(exchange.urls, installation))


@unlocked_route(
    "control_suspend", f"{ROOT}/installations/<int:number>/<any(suspend,unsuspend,uninstall):do>"
)
def change(exchange: Exchange, number: int, do: str) -> Response:
    """Suspend an installation, let it work again, or end it."""
    installation = _installation(exchange, number)
    getattr(exchange.world, do)(installation)
    return json_response(apps.installation(exchange.urls, installation))


@unlocked_route("control_live", f"{ROOT}/live")
def live(exchange: Exchange) -> Response:
    """Make `steps` things happen, invented from `seed`."""
    activity = LiveActivity(exchange.world, exchange.body.get("seed", 1))
    for _ in range(exchange.body.get("steps", 1)):
        activity.step()
    return json_response({})


@unlocked_route("control_compute", f"{ROOT}/compute")
def compute(exchange: Exchange) -> Response:
    """Set what a query may cost: `weight`, `points`, `seconds`; without a weight, anything."""
    body = exchange.body
    exchange.world.compute_budget = ComputeBudget(**body) if "weight" in body else None
    return json_response({})


@unlocked_route("control_deliveries", f"{ROOT}/deliveries", method="GET")
def deliveries(exchange: Exchange) -> Response:
    """The deliveries that wait."""
    return _written(list(exchange.world.webhooks.pending))


@unlocked_route("control_deliver", f"{ROOT}/deliver")
def deliver(exchange: Exchange) -> Response:
    """Deliver what waits: `count`, `shuffled` by a seed, `times`."""
    body = exchange.body
    shuffled = Random(body["shuffled"]) if "shuffled" in body else None  # noqa: S311  # an order
    return _written(
        exchange.world.webhooks.deliver(
            body.get("count"), shuffled=shuffled, times=body.get("times", 1)
        )
    )


@unlocked_route("control_drop", f"{ROOT}/drop")
def drop(exchange: Exchange) -> Response:
    """Lose what waits: `count`, and whether that is `logged` as failed."""
    body = exchange.body
    lost = exchange.world.webhooks.drop(body.get("count"), logged=body.get("logged", True))
    return _written(lost)


def _account(exchange: Exchange, login: str) -> Actor:
    account = exchange.world.actor(login)
    if account is None:
        raise Refusal(404, f"There is no account {login}")
    return account


def _installation(exchange: Exchange, number: int) -> Installation:
    installation = exchange.world.installation(number)
    if installation is None:
        raise Refusal(404, "There is no such installation")
    return installation


def _repositories(exchange: Exchange) -> list[Repository] | None:
    names = exchange.body.get("repositories")
    if names is None:
        return None
    found = [exchange.world.repository(name) for name in names]
    if None in found:
        raise Refusal(404, "There is no such repository")
    return [one for one in found if one is not None]


def _written(found: Iterable[Delivery]) -> Response:
    rows: list[dict[str, Any]] = [
        {
            "guid": one.guid,
            "event": one.event,
            "action": one.action,
            "url": one.url,
            "headers": one.headers,
            "body": one.body.decode(),
            "status": one.attempt.status if one.attempt else None,
        }
        for one in found
    ]
    return json_response(rows)
