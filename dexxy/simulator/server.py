"""Serves a world over HTTP, on loopback only."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Thread
from types import TracebackType
from typing import Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from dexxy.simulator.app import SimulatorApp
from dexxy.simulator.requests_log import RequestLog
from dexxy.simulator.world import World

HOST = "127.0.0.1"


class PortInUseError(Exception):
    """Another program listens on the wanted port."""


class QuietHandler(WSGIRequestHandler):
    """Keeps connections open and says nothing about requests."""

    protocol_version = "HTTP/1.1"
    # Headers and body are two writes: without this every answer waits for the client's
    # delayed acknowledgement, 40 ms.
    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing: the request log remembers."""


class ConnectedServer(ThreadedWSGIServer):
    """Knows its open connections, to close them when it stops: clients keep theirs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begin to serve a connection."""
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End serving a connection."""
        self._connections.discard(request)
        super().shutdown_request(request)

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

    @property
    def url(self) -> str:
        """The root: of the pages, and of the REST API as on api.github.com."""
        return f"http://{HOST}:{self.port}"

    @property
    def graphql_url(self) -> str:
        """Where queries go; `/api/graphql`, as on GitHub Enterprise Server, works too."""
        return f"{self.url}/graphql"

    def __enter__(self) -> SimulatorServer:
        self._socket = _bound_socket(self.port)
        self.port = self._socket.getsockname()[1]
        self._server = ConnectedServer(
            HOST,
            self.port,
            SimulatorApp(self.world, self.requests),
            QuietHandler,
            fd=self._socket.fileno(),
        )
        self._thread = Thread(
            target=self._server.serve_forever, args=(0.05,), name="simulator", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()
        self._socket.close()


def _bound_socket(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
    except OSError as error:
        bound.close()
        raise PortInUseError(f"port {port} is in use") from error
    bound.listen(128)
    return bound
