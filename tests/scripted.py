"""A server that answers what the test wrote down, and then like the simulator."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import Thread
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy_simulator.app import SimulatorApp
from dexxy_simulator.requests_log import RequestLog
from dexxy_simulator.server import HOST, ConnectedServer
from dexxy_simulator.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


class ScriptedApp(SimulatorApp):
    """Answers to requests from `script`, in order; after its end, from a simulated world."""

    def __init__(self, world: World) -> None:
        self.script: deque[Response] = deque()
        self.asked: list[dict[str, Any]] = []
        super().__init__(world, RequestLog())

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        request = Request(environ)
        if request.method == "POST":
            body = request.get_data()
            self.asked.append(json.loads(body))
            environ["wsgi.input"] = BytesIO(body)
        if self.script:
            return self.script.popleft()(environ, start_response)
        return super().__call__(environ, start_response)


def refusal(status: int, body: Any = None, **headers: str) -> Response:
    """Write an answer of the script; underscores in the names of headers become hyphens."""
    text = body if isinstance(body, bytes) else json.dumps(body or {"message": "No"})
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(text, status, names, content_type="application/json")


@contextmanager
def scripted_github(app: ScriptedApp) -> Iterator[GitHubServer]:
    """Serve APP on loopback."""
    server = ConnectedServer(0, app)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    url = f"http://{HOST}:{server.server_address[1]}"
    try:
        yield GitHubServer(api_url=url, graphql_url=f"{url}/graphql", web_url=url)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
