"""Serves a world over HTTP, on loopback only."""

from __future__ import annotations

import socket
import struct
import traceback
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from threading import Thread
from types import TracebackType
from typing import Any

from dexxy_simulator.app import BROKEN, SimulatorApp
from dexxy_simulator.faults.call import Broken
from dexxy_simulator.faults.interference import Interference
from dexxy_simulator.faults.queue import FaultQueue
from dexxy_simulator.requests_log import RequestLog
from dexxy_simulator.rest_json.urls import Urls
from dexxy_simulator.world import World
from dexxy_simulator.wsgi import HOST as HOST
from dexxy_simulator.wsgi import environ_of


class PortInUseError(Exception):
    """Another program listens on the wanted port."""


class Handler(BaseHTTPRequestHandler):
    """Runs the application for the requests of one connection.

    Werkzeug's own development server closes the connection after every answer and waits 10 ms
    for more input, which tests would feel.
    """

    protocol_version = "HTTP/1.1"
    server_version = "GitHubSimulator"
    sys_version = ""
    wbufsize = -1  # headers and body leave together
    disable_nagle_algorithm = True
    server: ConnectedServer

    def respond(self) -> None:
        """Answer one request."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        port, client = self.server.server_address[1], self.client_address[0]
        environ = environ_of(self.command, self.path, self.headers.items(), body, port, client)
        try:
            body = b"".join(self.server.app(environ, self._start))
        except Exception:
            traceback.print_exc()
            body = b'{"message":"Server Error"}'
            self._start("500 Internal Server Error", [("Content-Length", str(len(body)))])
        self._send(body, environ.get(BROKEN))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = respond

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the request log remembers."""

    def _start(self, status: str, headers: list[tuple[str, str]], *_: Any) -> Any:
        self._head = status, headers
        return self.wfile.write

    def _send(self, body: bytes, broken: Broken | None) -> None:
        """Send the answer, or as much of it as a fault lets through."""
        if broken is None or broken.share >= 0:
            status, headers = self._head
            code, _space, reason = status.partition(" ")
            self.send_response_only(int(code), reason)
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[: int(len(body) * broken.share)] if broken else body)
        if broken is not None:
            self.wfile.flush()
            self.close_connection = True
            if broken.resets:
                self.server.reset_at_end(self.connection)


class ConnectedServer(ThreadingTCPServer):
    """Knows its open connections, to close them when it stops: clients keep theirs open."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, app: SimulatorApp) -> None:
        self.app = app
        self._connections: set[socket.socket] = set()
        self._to_reset: set[socket.socket] = set()
        super().__init__((HOST, port), Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begin to serve a connection."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End serving a connection."""
        self._connections.discard(request)
        if request in self._to_reset:
            self._to_reset.discard(request)
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def reset_at_end(self, connection: socket.socket) -> None:
        """Make closing a connection send a reset, by a linger time of zero."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._to_reset.add(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that hung up: what the application raises is printed."""

    def hang_up(self) -> None:
        """End all connections."""
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class SimulatorServer:
    """A running simulator. Use it as a context manager.

    Args:
        world: what it shows; may be changed while it runs.
        port: where it listens; 0 takes a free one.

    Raises:
        PortInUseError: when entered.
    """

    def __init__(self, world: World, port: int = 0) -> None:
        self.world = world
        self.port = port
        self.requests = RequestLog()
        self._interference = Interference()

    @property
    def faults(self) -> FaultQueue:
        """What goes wrong with the next requests."""
        return self._interference.faults

    @property
    def latency(self) -> float | Callable[[], float]:
        """How many seconds every answer takes at least, or a function that tells it."""
        return self._interference.latency

    @latency.setter
    def latency(self, seconds: float | Callable[[], float]) -> None:
        self._interference.latency = seconds

    @property
    def url(self) -> str:
        """The root: of the pages, and of the REST API as on api.github.com."""
        return f"http://{HOST}:{self.port}"

    @property
    def graphql_url(self) -> str:
        """Where queries go; `/api/graphql`, as on GitHub Enterprise Server, works too."""
        return f"{self.url}/graphql"

    def __enter__(self) -> SimulatorServer:
        try:
            app = SimulatorApp(self.world, self.requests, self._interference)
            self._server = ConnectedServer(self.port, app)
        except OSError as error:
            raise PortInUseError(f"port {self.port} is in use") from error
        self.port = int(self._server.server_address[1])
        self.world.webhooks.roots = Urls(api=self.url, html=self.url)
        self._thread = Thread(
            target=self._server.serve_forever, args=(0.02,), name="simulator", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()
