"""What others chose is asked within bounds, and never in our own network."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address, ip_network
from time import monotonic
from typing import Any

import pytest

from dexxy.common import outside
from dexxy.common.outside import (
    AddressRefusedError,
    Bounds,
    OutsideError,
    TooLargeError,
    TooLateError,
    UnreachableError,
    is_outside,
    outside_ask,
)

LOCAL = [ip_network("127.0.0.0/8")]


class Handler(BaseHTTPRequestHandler):
    """Answers as its path says."""

    asked: list[str]

    def do_GET(self) -> None:
        """Answer."""
        type(self).asked.append(self.path)
        getattr(self, self.path.strip("/").partition("?")[0])()

    def do_POST(self) -> None:
        """Answer with what was sent."""
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).asked.append(f"{self.headers['Webhook-Id']} {sent.decode()}")
        self.send_response(302)
        self.send_header("Location", "/plain")
        self.end_headers()

    def plain(self) -> None:
        """Answer with a word and the host that was asked for."""
        body = f"hello from {self.headers['Host']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def moved(self) -> None:
        """Lead to where the query says."""
        self.send_response(302)
        self.send_header("Location", self.path.partition("?")[2])
        self.end_headers()

    def endless(self) -> None:
        """Send for ever."""
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b"x" * 65536)

    def dripping(self) -> None:
        """Send a byte now and then."""
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b"x")
            threading.Event().wait(0.02)

    def dripping_head(self) -> None:
        """Send a header now and then."""
        self.wfile.write(b"HTTP/1.0 200 OK\r\n")
        while True:
            self.wfile.write(b"X-A: b\r\n")
            threading.Event().wait(0.02)

    def hints(self) -> None:
        """Announce an answer again and again."""
        while True:
            self.wfile.write(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 100)

    def crumbs(self) -> None:
        """Send a byte after the other, each in a chunk of its own."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            self.wfile.write(b"1\r\nx\r\n" * 1000)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def handle(self) -> None:
        """Bear that the client leaves."""
        try:
            super().handle()
        except OSError:
            self.close_connection = True


@contextmanager
def serving(address: str) -> Iterator[ThreadingHTTPServer]:
    kind = type("Server", (ThreadingHTTPServer,), {"daemon_threads": True})
    handler = type("Recording", (Handler,), {"asked": []})
    with kind((address, 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    with serving("127.0.0.1") as server:
        yield server


@pytest.fixture
def at(server: ThreadingHTTPServer, settings: Any) -> Callable[[str], str]:
    """Return an address of the server, which is in an allowed network."""
    settings.DEXXY_OUTSIDE_ALLOWED = LOCAL
    return lambda path: f"http://127.0.0.1:{server.server_port}/{path}"


def asked(server: ThreadingHTTPServer) -> list[str]:
    found: list[str] = server.RequestHandlerClass.asked  # type: ignore[attr-defined]
    return found


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1"),
        *("::1", "::", "fe80::1", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
        *("2002:7f00:1::", "2002:a00:1::1", "::127.0.0.1", "64:ff9b:1::1"),
        *("192.0.0.8", "192.88.99.1", "3fff::1", "::ffff:192.0.0.8"),
        "2001:0:4136:e378:8000:63bf:f5ff:fffe",  # Teredo for 10.0.0.1
    ],
)
def test_what_is_no_address_of_the_internet_is_refused(address: str) -> None:
    assert not is_outside(ip_address(address))


@pytest.mark.parametrize(
    "address", ["140.82.121.3", "2606:50c0:8000::153", "::ffff:140.82.121.3", "64:ff9b::8c52:7903"]
)
def test_addresses_of_the_internet_are_not(address: str) -> None:
    assert is_outside(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/plain",
        "http://localhost:{port}/plain",
        "http://[::ffff:127.0.0.1]:{port}/plain",
        "http://2130706433:{port}/plain",
        "http://0x7f.1:{port}/plain",
        "http://127.1:{port}/plain",
        "http://0:{port}/plain",
    ],
)
def test_our_own_network_is_not_asked_however_it_is_written(
    server: ThreadingHTTPServer, url: str
) -> None:
    with pytest.raises(AddressRefusedError, match="network of our own"):
        outside_ask(url.format(port=server.server_port))

    assert asked(server) == []


@pytest.mark.parametrize(
    "url",
    [
        *("file:///etc/passwd", "ftp://example.com/", "gopher://x/", "//example.com/", "", "x"),
        *("http://", "http:///x", "http://user:word@example.com/", "http://[::1"),
    ],
)
def test_only_addresses_of_the_web_are_asked(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        outside_ask(url)


def test_an_allowed_network_is_asked_and_redirects_are_followed(
    server: ThreadingHTTPServer, at: Callable[[str], str]
) -> None:
    answer = outside_ask(at("moved?/moved?/plain#part"))

    assert (answer.status, answer.url) == (200, at("plain"))
    assert answer.body == f"hello from 127.0.0.1:{server.server_port}".encode()
    assert asked(server) == ["/moved?/moved?/plain", "/moved?/plain", "/plain"]


def test_a_redirect_is_checked_like_the_first_address(
    server: ThreadingHTTPServer, at: Callable[[str], str], settings: Any
) -> None:
    settings.DEXXY_OUTSIDE_ALLOWED = [ip_network("127.0.0.1/32")]
    with serving("127.0.0.2") as inner:
        with pytest.raises(AddressRefusedError, match="network of our own"):
            outside_ask(at(f"moved?http://127.0.0.2:{inner.server_port}/plain"))

        assert asked(inner) == []
    with pytest.raises(AddressRefusedError, match="Only http and https"):
        outside_ask(at("moved?file:///etc/passwd"))


@pytest.mark.parametrize("to", ["http://[", "http://127.0.0.1:99999/", "http://a%00b/", "//["])
def test_a_redirect_to_what_is_no_address_is_refused(at: Callable[[str], str], to: str) -> None:
    with pytest.raises(OutsideError):
        outside_ask(at(f"moved?{to}"))


def test_redirects_come_to_an_end(server: ThreadingHTTPServer, at: Callable[[str], str]) -> None:
    with pytest.raises(UnreachableError, match="more than 3 times"):
        outside_ask(at("moved?/moved?/moved?/moved?/plain"))

    assert len(asked(server)) == 4


def test_what_is_sent_is_sent_once_and_its_redirect_not_followed(
    server: ThreadingHTTPServer, at: Callable[[str], str]
) -> None:
    answer = outside_ask(at(""), method="POST", headers={"Webhook-Id": "7"}, body=b"told")

    assert (answer.status, answer.headers["location"]) == (302, "/plain")
    assert asked(server) == ["7 told"]


def test_a_name_that_becomes_another_address_is_connected_to_as_it_was_checked(
    server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.DEXXY_OUTSIDE_ALLOWED = [ip_network("127.0.0.1/32")]
    look_ups = []

    def rebinding(host: str, port: int, **_: Any) -> list[Any]:
        look_ups.append(host)
        address = "127.0.0.1" if len(look_ups) == 1 else "127.0.0.2"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(outside, "getaddrinfo", rebinding)
    answer = outside_ask(f"http://rebinding.example:{server.server_port}/plain")

    assert answer.body == f"hello from rebinding.example:{server.server_port}".encode()
    assert look_ups == ["rebinding.example"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [("endless", TooLargeError), ("dripping", TooLateError), ("dripping_head", TooLateError)],
)
def test_an_answer_costs_so_much_and_no_more(
    at: Callable[[str], str], path: str, expected: type[OutsideError]
) -> None:
    began = monotonic()

    with pytest.raises(expected):
        outside_ask(at(path), bounds=Bounds(seconds=0.3, size=100_000))

    assert monotonic() - began < 3


@pytest.mark.parametrize(
    ("path", "why"), [("hints", "longer than we take"), ("crumbs", "too many pieces")]
)
def test_an_answer_in_tiny_parts_is_given_up_long_before_its_time(
    at: Callable[[str], str], path: str, why: str
) -> None:
    with pytest.raises(TooLargeError, match=why):
        outside_ask(at(path), bounds=Bounds(seconds=60, size=5 * 2**20))


def test_a_look_up_of_a_name_has_a_limit_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    is_over = threading.Event()
    monkeypatch.setattr(outside, "getaddrinfo", lambda *_, **__: is_over.wait(20))

    with pytest.raises(TooLateError):
        outside_ask("http://slow.example/", bounds=Bounds(seconds=0.1))

    is_over.set()


def test_nobody_at_home_is_said_in_one_line(settings: Any) -> None:
    settings.DEXXY_OUTSIDE_ALLOWED = LOCAL
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with pytest.raises(UnreachableError, match=r"^The address does not answer: .+\.$"):
        outside_ask(f"http://127.0.0.1:{port}/")
