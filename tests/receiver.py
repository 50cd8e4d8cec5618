"""A receiver of webhooks on this machine, which answers as a test wants."""

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from typing import Any

LOCAL = [ip_network("127.0.0.0/8")]


@dataclass(frozen=True)
class Received:
    """A request: its path, its headers with their names in lower case, and its body."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def plain(self) -> bytes:
        """The body as it was before it was compressed, if it was."""
        is_compressed = self.headers.get("content-encoding") == "gzip"
        return gzip.decompress(self.body) if is_compressed else self.body


@dataclass
class Receiver:
    """What came, and what is answered.

    Args:
        status, headers, body: of each answer.
        hangs: answers of paths that begin with /hang wait for it.
    """

    url: str = ""
    received: list[Received] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    hangs: threading.Event = field(default_factory=threading.Event)


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self) -> None:
        """Take a webhook."""
        to = self.receiver
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        to.received.append(Received(self.path, headers, body))
        if self.path.startswith("/hang"):
            to.hangs.wait(30)
        self.send_response(to.status)
        for name, value in to.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(to.body)))
        self.end_headers()
        self.wfile.write(to.body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def handle(self) -> None:
        """Bear that the client leaves."""
        try:
            super().handle()
        except OSError:
            self.close_connection = True


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Run a receiver; `hangs` is over at the end."""
    to = Receiver()
    handler = type("Handler", (_Handler,), {"receiver": to})
    kind: Callable[..., ThreadingHTTPServer] = type(
        "Server", (ThreadingHTTPServer,), {"daemon_threads": True}
    )
    with kind(("127.0.0.1", 0), handler) as server:
        to.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield to
        finally:
            to.hangs.set()
            server.shutdown()
            thread.join()
