"""Answers that were rendered before: a server as cheap as it can be, for measuring clients.

The first time a request comes the application answers it, every later time its bytes are sent
from memory. Nothing is checked or charged then, and a change of the world does not show. Run it
in a process of its own, so that only the client's work is measured:

    with SimulatorProcess("--generated", "3000", "--rendered") as server:
        ...  # once to render, once to measure
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from threading import Event, Thread
from types import TracebackType
from typing import Any, Final, TypeAlias

from werkzeug.http import http_date

from dexxy_simulator.app import SimulatorApp
from dexxy_simulator.requests_log import LoggedRequest, RequestLog
from dexxy_simulator.server import PortInUseError
from dexxy_simulator.world import World
from dexxy_simulator.wsgi import HOST, environ_of

# Two requests are the same if these headers, the path and the body are.
KEY_HEADERS: Final = ("x-github-next-global-id", "if-none-match")
Key: TypeAlias = tuple[str, str, bytes, tuple[str | None, ...]]


@dataclass(frozen=True)
class Rendered:
    """The bytes of an answer, around its `Date`, and what the log says of it."""

    head: bytes
    tail: bytes
    logged: LoggedRequest


class Renderings:
    """The answers that were rendered so far. `misses` counts what had to be rendered."""

    def __init__(self, world: World, log: RequestLog) -> None:
        self.world = world
        self.port = 0
        self.misses = 0
        self._log = log
        self._app = SimulatorApp(world, RequestLog())
        self._known: dict[Key, Rendered] = {}

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> bytes:
        """Answer a request, from memory if it came before."""
        told = tuple(map(headers.get, KEY_HEADERS))
        key = (method, target, body, told)
        rendered = self._known.get(key)
        if rendered is None:
            same = (method, target, _canonical(body), told)
            rendered = self._known.get(same)
            if rendered is None:
                rendered, is_good = self._render(method, target, headers, body)
                if not is_good:
                    return self._with_date(rendered)
                self._known[same] = rendered
            self._known[key] = rendered
        return self._with_date(rendered)

    def forget(self) -> None:
        """Render everything anew: the world has changed."""
        self._known.clear()

    def _with_date(self, rendered: Rendered) -> bytes:
        self._log.add(rendered.logged)
        date = http_date(self.world.now()).encode()
        return b"".join((rendered.head, date, rendered.tail))

    def _render(
        self, method: str, target: str, headers: dict[str, str], body: bytes
    ) -> tuple[Rendered, bool]:
        """Get the answer from the application, and keep it unless it is a refusal."""
        self.misses += 1
        started: list[Any] = []
        environ = environ_of(method, target, headers.items(), body, self.port)
        parts: Iterable[bytes] = self._app(environ, lambda *begun: started.extend(begun))  # type: ignore[arg-type]
        content = b"".join(parts)
        status, fields = started[:2]
        shown = [f"{name}: {value}" for name, value in fields if name != "Date"]
        head = "\r\n".join((f"HTTP/1.1 {status}", *shown, "Date: ")).encode("latin-1")
        logged = self._app.log.entries[-1]
        self._app.log.clear()
        is_good = logged.status == HTTPStatus.OK and not content.startswith(b'{"errors"')
        return Rendered(head, b"\r\n\r\n" + content, logged), is_good


class RenderedProtocol(asyncio.Protocol):
    """Serves one connection, whose client waits for each answer before it asks again."""

    def __init__(self, server: RenderedServer, connections: set[asyncio.Transport]) -> None:
        self._server = server
        self._connections = connections
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to serve."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connections.add(transport)

    def connection_lost(self, _: Exception | None) -> None:
        """End serving."""
        self._connections.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            first, *lines = self._received[:end].decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (one.partition(":") for one in lines)
            }
            whole = end + 4 + int(headers.get("content-length", 0))
            if len(self._received) < whole:
                return
            body = bytes(self._received[end + 4 : whole])
            del self._received[:whole]
            method, target, _ = first.split(" ", 2)
            answer = self._server.renderings.answer(method, target, headers, body)
            if self._server.latency:
                loop = asyncio.get_running_loop()
                loop.call_later(self._server.latency, self._transport.write, answer)
            else:
                self._transport.write(answer)


class RenderedServer:
    """A running server of rendered answers. Use it as a context manager.

    `latency` is the seconds that each answer waits before it is sent.

    Raises:
        PortInUseError: when entered.
    """

    def __init__(self, world: World, port: int = 0) -> None:
        self.port = port
        self.latency = 0.0
        self.requests = RequestLog()
        self.renderings = Renderings(world, self.requests)
        self._connections: set[asyncio.Transport] = set()
        self._loop = asyncio.new_event_loop()
        self._ready = Event()
        self._error: OSError | None = None

    @property
    def url(self) -> str:
        """The root: of the pages, and of the REST API as on api.github.com."""
        return f"http://{HOST}:{self.port}"

    @property
    def graphql_url(self) -> str:
        """Where queries go."""
        return f"{self.url}/graphql"

    def __enter__(self) -> RenderedServer:
        self._thread = Thread(target=self._run, name="rendered simulator", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            self._thread.join()
            raise PortInUseError(f"port {self.port} is in use") from self._error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        try:
            protocol = partial(RenderedProtocol, self, self._connections)
            listening = self._loop.create_server(protocol, HOST, self.port)
            server = self._loop.run_until_complete(listening)
            self.port = self.renderings.port = int(server.sockets[0].getsockname()[1])
            self._ready.set()
            self._loop.run_forever()
            server.close()
            for connection in list(self._connections):
                connection.abort()
            self._loop.run_until_complete(asyncio.sleep(0))
        except OSError as error:
            self._error = error
            self._ready.set()
        finally:
            self._loop.close()


def _canonical(body: bytes) -> bytes:
    """Write a JSON body in one of the ways in which it could be written."""
    try:
        return json.dumps(json.loads(body), sort_keys=True).encode()
    except ValueError:
        return body
