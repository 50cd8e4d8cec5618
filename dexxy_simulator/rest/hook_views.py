"""The App's webhook and its deliveries: https://docs.github.com/rest/apps/webhooks"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from werkzeug.wrappers import Response

from dexxy_simulator.exchange import Exchange, Refusal, json_response
from dexxy_simulator.model import App
from dexxy_simulator.rest.app_views import app_route
from dexxy_simulator.rest.lists import MOST_PER_PAGE, number_asked
from dexxy_simulator.rest_json.accounts import when
from dexxy_simulator.webhooks.deliveries import TIMED_OUT, Attempt, Delivery

PER_PAGE: Final = 30
CURSOR: Final = "v1_"
FAILURES: Final = range(400, 600)
SETTABLE: Final = ("url", "content_type", "secret", "insecure_ssl")


@app_route("hook_config", "/app/hook/config")
def hook_config(exchange: Exchange, app: App) -> Response:
    """Where the App's webhooks go."""
    return json_response(_config(app))


@app_route("hook_config_change", "/app/hook/config", method="PATCH")
def hook_config_change(exchange: Exchange, app: App) -> Response:
    """Change the address to which the App's webhooks are sent."""
    for name in SETTABLE:
        if name in exchange.body:
            setattr(app.hook, name, str(exchange.body[name]))
    app.hook.is_active = bool(app.hook.url)
    return json_response(_config(app))


@app_route("hook_deliveries", "/app/hook/deliveries")
def hook_deliveries(exchange: Exchange, app: App) -> Response:
    """The deliveries of the last three days, the latest first, in pages by a cursor."""
    found, asked = exchange.world.webhooks.kept(app), exchange.request.args
    if (status := asked.get("status")) is not None:
        if status not in ("success", "failure"):
            raise Refusal(422, "Validation Failed")
        found = [one for one in found if _is(exchange, one, status)]
    if (cursor := asked.get("cursor")) is not None:
        # Not by comparing numbers: deliveries that overtook each other are not in their order.
        numbers = [one.database_id for one in found]
        last = _number(cursor)
        found = found[numbers.index(last) + 1 :] if last in numbers else []
    size = min(number_asked(exchange, "per_page", PER_PAGE), MOST_PER_PAGE)
    rows = [_row(exchange, one) for one in found[:size]]
    links = {}
    if len(found) > size:
        following = {**asked.to_dict(), "cursor": f"{CURSOR}{found[size - 1].database_id}"}
        root = f"{exchange.urls.html}{exchange.request.path}"
        links["Link"] = f'<{root}?{urlencode(following)}>; rel="next"'
    return json_response(rows, headers=links)


@app_route("hook_delivery", "/app/hook/deliveries/<int:number>")
def hook_delivery(exchange: Exchange, app: App, number: int) -> Response:
    """One delivery, with what was sent and what was answered."""
    delivery = _delivery(exchange, app, number)
    attempt = _attempt(delivery)
    request = {"headers": delivery.headers, "payload": delivery.payload}
    response = {"headers": attempt.headers, "payload": attempt.body}
    row = {**_row(exchange, delivery), "url": delivery.url}
    return json_response({**row, "request": request, "response": response})


@app_route("hook_redelivery", "/app/hook/deliveries/<int:number>/attempts", method="POST")
def hook_redelivery(exchange: Exchange, app: App, number: int) -> Response:
    """Deliver once more."""
    exchange.world.webhooks.redeliver(_delivery(exchange, app, number))
    return json_response({}, 202)


def _config(app: App) -> dict[str, Any]:
    config = {"content_type": app.hook.content_type, "insecure_ssl": app.hook.insecure_ssl}
    if app.hook.secret:
        config["secret"] = "********"  # noqa: S105  # as GitHub writes any secret
    return {**config, "url": app.hook.url}


def _delivery(exchange: Exchange, app: App, number: int) -> Delivery:
    for delivery in exchange.world.webhooks.kept(app):
        if delivery.database_id == number:
            return delivery
    raise Refusal(404, "Not Found")


def _row(exchange: Exchange, delivery: Delivery) -> dict[str, Any]:
    attempt = _attempt(delivery)
    return {
        "id": delivery.database_id,
        "guid": delivery.guid,
        "delivered_at": when(delivery.delivered_at),
        "redelivery": delivery.redelivery,
        "duration": round(attempt.duration, 2),
        "status": attempt.status,
        "status_code": _code(exchange, attempt),
        "event": delivery.event,
        "action": delivery.action,
        "installation_id": delivery.installation_id,
        "repository_id": delivery.repository_id,
        "throttled_at": None,
    }


def _attempt(delivery: Delivery) -> Attempt:
    assert delivery.attempt is not None, "what is in the log was attempted"
    return delivery.attempt


def _code(exchange: Exchange, attempt: Attempt) -> int:
    """Return the status, also where nobody answered: that is what the dialect says."""
    if attempt.status_code is not None:
        return attempt.status_code
    unreached = exchange.dialect.unreached_status_code
    return 504 if unreached and attempt.status == TIMED_OUT else unreached


def _is(exchange: Exchange, delivery: Delivery, status: str) -> bool:
    code = _code(exchange, _attempt(delivery))
    return code in FAILURES if status == "failure" else 200 <= code < 400


def _number(cursor: str) -> int:
    text = cursor.removeprefix(CURSOR)
    if not cursor.startswith(CURSOR) or not text.isdecimal():
        raise Refusal(422, "Validation Failed")
    return int(text)
