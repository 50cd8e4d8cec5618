"""Clients that send or read slowly, many at once, and what a server answers others meanwhile."""

import http.client
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Answer:
    """What a server said, and how many seconds it took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float


@dataclass(frozen=True)
class Download:
    """Something large, and the headers of a request for it."""

    path: str
    headers: Mapping[str, str]


def ask(
    port: int,
    path: str = "/healthz",
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    tls: bool = False,
    sender: str = HOST,
) -> Answer:
    """Send one request by a connection of its own.

    Args:
        sender: an address of this machine, from which it comes.
    """
    begun = time.monotonic()
    options: dict[str, Any] = {"timeout": 10, "source_address": (sender, 0)}
    if tls:
        options["context"] = ssl._create_unverified_context()  # noqa: S323
    client = (http.client.HTTPSConnection if tls else http.client.HTTPConnection)(
        HOST, port, **options
    )
    try:
        client.request(method, path, body, dict(headers or {}))
        answer = client.getresponse()
        found = answer.read()
    finally:
        client.close()
    return Answer(answer.status, dict(answer.getheaders()), found, time.monotonic() - begun)


def connect(port: int, sent: bytes = b"", *, window: int = 0) -> socket.socket:
    """Open a connection and send something.

    Args:
        window: bytes that the client takes without reading them.
    """
    one = socket.socket()
    one.settimeout(10)
    if window:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    try:
        one.connect((HOST, port))
        one.sendall(sent)
    except OSError:
        one.close()
        raise
    return one


def is_closed(one: socket.socket) -> bool:
    """Say whether the server has closed a connection, whatever it sent before."""
    one.settimeout(0.01)
    try:
        while one.recv(65536):
            pass
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


@contextmanager
def slow_clients(
    port: int, *, bodies: int, headers: int, readers: int, download: Download | None = None
) -> Iterator[None]:
    """Let so many connections send one byte of a body, half a header, or not read a download."""
    download = download or Download("/", {"Host": "localhost"})
    post = b"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nx"
    lines = [f"GET {download.path} HTTP/1.1", *map(": ".join, download.headers.items())]
    get = "\r\n".join([*lines, "", ""]).encode()
    with ExitStack() as stack:
        for _ in range(readers):
            stack.enter_context(connect(port, get, window=4096))
        for _ in range(bodies):
            stack.enter_context(connect(port, post))
        for _ in range(headers):
            stack.enter_context(connect(port, b"GET /healthz HTTP/1.1\r\nHost: loc"))
        yield
