"""The WSGI application: who asks, which view answers, what it costs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from time import sleep
from typing import TYPE_CHECKING, Any, Final

from werkzeug.exceptions import HTTPException
from werkzeug.http import http_date
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from dexxy_simulator import control, pages, site  # noqa: F401  # binds the pages
from dexxy_simulator.credentials import token_of
from dexxy_simulator.exchange import (
    API_PREFIX,
    Exchange,
    Refusal,
    conditional,
    json_response,
    rate_limit_headers,
    token_headers,
)
from dexxy_simulator.faults.call import Asked, Call
from dexxy_simulator.faults.interference import Interference
from dexxy_simulator.graph.execution import answer
from dexxy_simulator.requests_log import LoggedRequest, RequestLog
from dexxy_simulator.rest import (  # noqa: F401  # binds the endpoints
    app_views,
    history_views,
    hook_views,
    installation_views,
    organization_views,
    views,
)
from dexxy_simulator.rest.routes import PAGES, RULES, UNLOCKED, VIEWS
from dexxy_simulator.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# It does not count: https://docs.github.com/rest/rate-limit/rate-limit
FREE: Final = {"rate_limit"}
ROUTES: Final = Map(
    [*(Rule(path, endpoint="graphql") for path in ("/graphql", "/api/graphql")), *RULES],
    strict_slashes=False,
    merge_slashes=False,
)

# The environment's key under which the server finds how the connection is to break.
BROKEN: Final = "simulator.broken"


@dataclass(frozen=True)
class Route:
    """Which endpoint a request is for: `none` if there is none."""

    prefix: str
    endpoint: str = "none"
    arguments: Mapping[str, Any] = field(default_factory=dict)


def _route(request: Request) -> Route:
    path, prefix = request.path, ""
    if path.startswith(f"{API_PREFIX}/") or path == API_PREFIX:
        path, prefix = path.removeprefix(API_PREFIX) or "/", API_PREFIX
    try:
        return Route(
            prefix, *ROUTES.bind_to_environ(request.environ).match(path, method=request.method)
        )
    except HTTPException:
        return Route(prefix)


class SimulatorApp:
    """Answers requests from a world, one at a time: the world has one lock."""

    def __init__(
        self, world: World, log: RequestLog, interference: Interference | None = None
    ) -> None:
        self.world = world
        self.log = log
        self.interference = interference or Interference()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, or do what a fault makes of it."""
        request = Request(environ)
        route = _route(request)
        exchange = Exchange(self.world, request, None, route.prefix)
        with self.interference.counted() as running:
            path, body = request.full_path.rstrip("?"), request.get_data()
            asked = Asked(route.endpoint, request.method, path, body, running)
            call = Call(self.world, request, asked, lambda: self._answer(exchange, route))
            response = self.interference.answer(call)
        self._log(route.endpoint, exchange, response)
        environ[BROKEN] = call.broken
        if call.clock_off is not None:
            moment = self.world.now() + timedelta(seconds=call.clock_off)
            response.headers["Date"] = http_date(moment)
        return response(environ, start_response)

    def _answer(self, exchange: Exchange, route: Route) -> Response:
        response = self._answer_at_once(exchange, route)
        if exchange.seconds:
            sleep(exchange.seconds)  # others are answered meanwhile
        return response

    def _answer_at_once(self, exchange: Exchange, route: Route) -> Response:
        with nullcontext() if route.endpoint in UNLOCKED else self.world.lock:
            try:
                if route.endpoint == "none" or (route.prefix and route.endpoint in PAGES):
                    raise Refusal(404, "Not Found")
                if route.endpoint not in PAGES:
                    exchange.token = token_of(self.world, exchange.request)
                return self._view(route.endpoint)(exchange, **route.arguments)
            except Refusal as refusal:
                return refusal.get_response()
            except HTTPException as error:
                return Refusal(error.code or 500, error.name).get_response()

    def _log(self, endpoint: str, exchange: Exchange, response: Response) -> None:
        request = exchange.request
        self.log.add(
            LoggedRequest(
                method=request.method,
                path=request.full_path.rstrip("?"),
                endpoint=endpoint,
                status=response.status_code,
                points=exchange.points,
                document=exchange.document,
            )
        )

    def _view(self, endpoint: str) -> Callable[..., Response]:
        if endpoint == "graphql":
            return self._graphql
        if endpoint in FREE or endpoint in PAGES:
            return VIEWS[endpoint]
        return lambda exchange, **arguments: self._rest(endpoint, exchange, **arguments)

    def _rest(self, endpoint: str, exchange: Exchange, **arguments: Any) -> Response:
        bucket = self.world.bucket(exchange.token, "core")
        if bucket.remaining == 0:
            whom = exchange.token.budgeted if exchange.token else exchange.request.remote_addr
            status = self.world.dialect.rate_limit_status
            response = Refusal(status, f"API rate limit exceeded for {whom}.").get_response()
        else:
            try:
                response = conditional(exchange, VIEWS[endpoint](exchange, **arguments))
            except Refusal as refusal:
                response = refusal.get_response()
            bucket.spend(response.status_code != HTTPStatus.NOT_MODIFIED)
        response.headers.update(rate_limit_headers(self.world, exchange.token, "core"))
        response.headers.update(token_headers(self.world, exchange.token))
        return response

    def _graphql(self, exchange: Exchange) -> Response:
        """Answer a query; without a token GraphQL is closed, even for public data."""
        if exchange.token is None:
            raise Refusal(401, "This endpoint requires you to be authenticated.")
        try:
            body = json.loads(exchange.request.get_data())
            document, variables = body["query"], body.get("variables") or {}
        except (ValueError, KeyError, TypeError) as error:
            raise Refusal(400, "Problems parsing JSON") from error
        result = answer(
            self.world,
            exchange.token,
            exchange.urls.html,
            document,
            variables,
            body.get("operationName"),
            wants_new_ids="X-Github-Next-Global-ID" in exchange.request.headers,
        )
        exchange.points, exchange.document = result.points, document
        exchange.seconds = result.seconds
        headers = rate_limit_headers(self.world, exchange.token, "graphql") | result.headers
        headers |= token_headers(self.world, exchange.token)
        return json_response(result.body, result.status, headers)
