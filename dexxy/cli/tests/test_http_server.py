"""Whoever sends or reads slowly costs a buffer, and who costs most of them gives way."""

import http.client
import resource
import socket
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from dexxy.cli import http_server
from dexxy.cli.http_server import (
    RESERVED,
    Server,
    buffers_allowed,
    connections_allowed,
    make_server,
)
from dexxy.cli.ports import listen
from dexxy.cli.tests.slow_clients import HOST, Download, ask, connect, is_closed, slow_clients
from dexxy.embedded.tests.observing import wait_until

Serve = Callable[..., "Served"]

LARGE = 30 * 1024 * 1024
MEGABYTE = 1024 * 1024
PIECE = b"x" * 65536
GET_LARGE = b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n"
GET_DOWNLOAD = b"GET /download HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"


class Numbers:
    """A file of LARGE bytes, each megabyte of which is full of its own number."""

    def __init__(self) -> None:
        self.taken, self.is_closed = 0, threading.Event()
        self.threads: set[str] = set()

    def read(self, size: int) -> bytes:
        self.threads.add(threading.current_thread().name)
        if self.taken == LARGE // MEGABYTE:
            return b""
        self.taken += 1
        return bytes([self.taken]) * size

    def close(self) -> None:
        self.is_closed.set()


class Application:
    """Answers what the tests ask for, and remembers by whom and where it was asked."""

    def __init__(self) -> None:
        self.is_held, self.may_go = threading.Semaphore(0), threading.Event()
        self.asked: list[dict[str, Any]] = []
        self.files: list[Numbers] = []

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        self.asked.append(environ)
        if environ["PATH_INFO"] in ("/download", "/broken"):
            start("200 OK", [("Content-Length", str(LARGE))])
            self.files.append(Numbers())
            if environ["PATH_INFO"] == "/broken":
                self.files[-1].taken = 28
            made: Iterable[bytes] = environ["wsgi.file_wrapper"](self.files[-1], MEGABYTE)
            return made
        if environ["PATH_INFO"] == "/large":
            start("200 OK", [("Content-Length", str(LARGE))])
            return (PIECE for _ in range(LARGE // len(PIECE)))
        if environ["PATH_INFO"] == "/held":
            self.is_held.release()
            self.may_go.wait(10)
        length = len(environ["wsgi.input"].read())
        start("200 OK", [("Content-Length", str(len(str(length))))])
        return [str(length).encode()]


class Served:
    """A server with its application, in a thread."""

    def __init__(self, **options: Any) -> None:
        self.application = Application()
        listener = listen(HOST, 0)
        self.port = listener.getsockname()[1]
        self.server: Server = make_server(self.application, listener, **options)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()

    def connections(self) -> int:
        return len(self.server.active_channels)

    def end(self) -> None:
        self.application.may_go.set()
        self.server.stop()
        self.thread.join()
        for connection in list(self.server.active_channels.values()):
            connection.drop()
        self.server.close()


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Serve]:
    monkeypatch.setattr(http_server, "_PAUSE", 0.02)
    started: list[Served] = []

    def start(**options: Any) -> Served:
        started.append(Served(**options))
        return started[-1]

    yield start
    for one in started:
        one.end()


def answer_of(one: socket.socket) -> tuple[int, bytes]:
    with http.client.HTTPResponse(one) as answer:
        answer.begin()
        return answer.status, answer.read()


def test_slow_clients_keep_nobody_waiting(serve: Serve) -> None:
    served = serve()

    download = Download("/large", {"Host": "localhost"})
    with slow_clients(served.port, bodies=100, headers=60, readers=12, download=download):
        wait_until(lambda: served.connections() == 172, "all are connected")
        answers = [
            ask(served.port),
            ask(served.port, "/webhooks/github/", method="POST", body=b"x"),
        ]

    assert [(answer.status, answer.body) for answer in answers] == [(200, b"0"), (200, b"1")]
    assert max(answer.seconds for answer in answers) < 1


def test_pages_that_take_long_keep_neither_webhooks_nor_health_waiting(serve: Serve) -> None:
    served = serve()

    with ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(connect(served.port, b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n"))
        served.application.is_held.acquire()
        answers = [ask(served.port, path).status for path in RESERVED]

    assert answers == [200] * len(RESERVED)


def test_the_threads_of_their_own_are_for_paths_that_there_are() -> None:
    paths = {reverse(name) for name in ("github_webhook", "healthz", "readyz", "metrics")}

    assert set(RESERVED) == paths


def test_a_body_that_comes_in_pieces_arrives_whole(serve: Serve) -> None:
    served = serve()

    with connect(served.port, POST % 300_000) as one:
        for _ in range(3):
            one.sendall(b"x" * 100_000)
        assert answer_of(one) == (200, b"300000")


def test_a_body_that_is_too_large_is_refused_before_it_comes(serve: Serve) -> None:
    served = serve()

    with connect(served.port, POST % http_server.LARGEST_BODY) as one:
        status, _ = answer_of(one)

    assert status == 413
    assert served.application.asked == []


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\x7f\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: a\x00b\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost : localhost\r\n\r\n",
        b"get /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: %s\r\n\r\n" % (b"9" * 5000),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
def test_what_is_no_request_is_a_400_and_no_line_in_the_log(
    serve: Serve, request_: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    served = serve()

    with connect(served.port) as connection:
        connection.sendall(request_)
        answer = connection.recv(4096)

    assert answer.split(b"\r\n")[0].endswith(b" 400 Bad Request")
    assert caplog.records == []
    assert served.application.asked == []


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HTTP/1.1\r\nHost: x", POST % 9 + b"x"], ids=["none", "header", "body"]
)
def test_a_request_that_never_comes_ends_its_connection(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(http_server, "PATIENCE", 0.1)
    served = serve()

    with connect(served.port, sent) as one:
        wait_until(lambda: is_closed(one), "it is closed")

    assert served.application.asked == []


def test_a_request_that_comes_byte_by_byte_ends_its_connection(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "PATIENCE", 0.5)
    served = serve()

    with connect(served.port, b"GET / HTTP/1.1\r\nHost: ") as one:

        def is_closed_in_spite_of_another_byte() -> bool:
            try:
                one.sendall(b"x")
            except OSError:
                return True
            return is_closed(one)

        wait_until(is_closed_in_spite_of_another_byte, "it is closed")

    assert served.application.asked == []


def test_an_answer_that_nobody_reads_ends_its_connection(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "PATIENCE", 0.1)
    served = serve()

    with connect(served.port, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n", window=4096):
        wait_until(lambda: served.application.asked, "it is answered")
        wait_until(lambda: served.connections() == 0, "it is closed")


def test_whoever_holds_most_gives_way_where_all_hold_too_much(serve: Serve) -> None:
    served = serve(most_buffered=1_500_000)

    with (
        connect(served.port, POST % 700_000 + b"x" * 600_000) as small,
        connect(served.port, POST % 2_000_000 + b"x" * 1_000_000) as large,
    ):
        wait_until(lambda: is_closed(large), "the larger one is closed")
        small.settimeout(10)
        small.sendall(b"x" * 100_000)
        assert answer_of(small) == (200, b"700000")


def resident() -> int:
    """Return the bytes of memory that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


@contextmanager
def half_sent(port: int, count: int, size: int) -> Iterator[list[socket.socket]]:
    """Let so many connections send so many bytes of a body, and not its last one."""
    with ExitStack() as stack:
        senders = []
        for _ in range(count):
            senders.append(stack.enter_context(connect(port)))
            with suppress(OSError):  # whoever holds too much is cut off
                senders[-1].sendall(POST % (size + 1) + b"x" * size)
        yield senders


def test_large_bodies_that_are_half_sent_are_no_memory(serve: Serve) -> None:
    served, size, before = serve(), 511 * 1024, resident()

    with half_sent(served.port, 150, size):
        wait_until(lambda: held(served) >= 150 * size, "all came", 20)
        more, answer = resident() - before, ask(served.port)

    assert more < 40 * MEGABYTE
    assert (answer.status, answer.seconds < 1) == (200, True)


def test_large_bodies_that_are_half_sent_are_bounded_together(serve: Serve) -> None:
    served = serve(most_buffered=10 * MEGABYTE)

    with half_sent(served.port, 60, MEGABYTE) as senders:
        wait_until(lambda: sum(map(is_closed, senders)) >= 50, "who holds most is cut off")
        kept, answer = held(served), ask(served.port)

    assert kept <= 10 * MEGABYTE
    assert answer.status == 200


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # files are full
def test_a_full_folder_for_temporary_files_ends_a_connection_and_not_the_server(
    serve: Serve,
    disk: Callable[[int], Path],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(disk(4)))
    served = serve()

    with half_sent(served.port, 30, MEGABYTE) as senders:
        wait_until(lambda: sum(map(is_closed, senders)) >= 25, "there is no room for them")
        answer = ask(served.port)
        with connect(served.port, GET_LARGE, window=4096) as reader:
            wait_until(lambda: is_closed(reader), "nor for an answer")
    wait_until(lambda: served.connections() == 0, "all are gone")

    assert (answer.status, served.thread.is_alive()) == (200, True)
    assert [record.getMessage() for record in caplog.records] == [
        "What clients send cannot be kept: [Errno 28] No space left on device"
    ]
    with connect(served.port, POST % MEGABYTE + b"x" * MEGABYTE) as one:
        assert answer_of(one) == (200, str(MEGABYTE).encode())


def held(served: Served) -> int:
    return sum(one.buffered for one in list(served.server.active_channels.values()))


def test_what_is_kept_is_bounded_by_the_folder_for_temporary_files(
    disk: Callable[[int], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(disk(16)))

    assert buffers_allowed(1) == 8 * MEGABYTE
    assert buffers_allowed(4) == 2 * MEGABYTE
    assert buffers_allowed(4, 12) == 3 * MEGABYTE


def test_a_download_of_any_size_arrives_whole_though_little_is_kept(serve: Serve) -> None:
    served, most = serve(most_buffered=2 * MEGABYTE), 0

    with connect(served.port, GET_DOWNLOAD, window=65536) as one:
        with http.client.HTTPResponse(one) as answer:
            answer.begin()
            digits = set()
            for number in range(LARGE // MEGABYTE):
                most = max(most, held(served))
                digits.add((number + 1, frozenset(answer.read(MEGABYTE))))
        [file] = served.application.files
        assert file.is_closed.wait(5)

    assert digits == {(n, frozenset({n})) for n in range(1, 31)}
    assert most <= 2 * MEGABYTE
    assert ask(served.port).status == 200


def test_downloads_that_nobody_reads_hold_no_thread_and_a_piece_each(serve: Serve) -> None:
    served = serve(threads=2)

    with ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(connect(served.port, GET_DOWNLOAD, window=4096))
        wait_until(lambda: len(served.application.files) == 6, "all are asked for")
        answers = [ask(served.port, path) for path in ("/page", "/page", "/healthz")]
        kept = held(served)

    assert [answer.status for answer in answers] == [200] * 3
    assert max(answer.seconds for answer in answers) < 1
    assert kept <= 6 * MEGABYTE + 6 * 1024
    files = served.application.files
    assert all(file.is_closed.wait(5) for file in files)
    # A socket of this machine takes some without being read.
    assert max(file.taken for file in files) <= 6
    names = {name for file in files for name in file.threads}
    assert len(names) <= 2


def test_a_download_that_breaks_off_ends_its_connection(serve: Serve) -> None:
    served = serve()

    asked = GET_DOWNLOAD.replace(b"/download", b"/broken")
    with connect(served.port, asked) as one, http.client.HTTPResponse(one) as answer:
        answer.begin()
        with pytest.raises(http.client.IncompleteRead) as broken:
            answer.read()

    assert len(broken.value.partial) == 2 * MEGABYTE
    assert served.application.files[0].is_closed.wait(5)


def test_an_answer_in_many_parts_is_kept_in_a_file_and_not_in_memory(serve: Serve) -> None:
    served, before = serve(), resident()

    with connect(served.port, GET_LARGE, window=4096):
        wait_until(lambda: held(served) > LARGE - 8 * MEGABYTE, "it waits")
        more = resident() - before

    assert more < 15 * MEGABYTE


@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
def test_a_body_without_a_length_is_refused(serve: Serve, version: bytes) -> None:
    served = serve()
    head = b"POST /echo HTTP/%s\r\nHost: x\r\nConnection: keep-alive\r\n" % version

    with connect(served.port, head + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n") as one:
        answer = answer_of(one)

    assert (answer[0], b"Send a Content-Length." in answer[1]) == (411, True)
    assert served.application.asked == []


def test_whoever_waits_longest_gives_way_to_a_new_connection(serve: Serve) -> None:
    served = serve(most_connections=20)

    with ExitStack() as stack:
        waiting = []
        for number in range(40):
            waiting.append(stack.enter_context(connect(served.port)))
            there = min(number + 1, 20)
            wait_until(partial(lambda n: served.connections() == n, there), "it is taken")
        answer = ask(served.port)
        closed = [is_closed(one) for one in waiting]

    assert answer.status == 200
    assert closed == [True] * 21 + [False] * 19


def test_of_requests_that_are_sent_ahead_one_is_answered(serve: Serve) -> None:
    served = serve()

    with connect(served.port, b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n" * 100, window=4096):
        wait_until(lambda: served.application.asked, "it is answered")
        answer = ask(served.port, "/else")

    assert answer.status == 200
    assert [one["PATH_INFO"] for one in served.application.asked] == ["/large", "/else"]


def test_whoever_asks_for_the_head_gets_no_body(serve: Serve) -> None:
    served = serve()

    with connect(served.port, b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") as one:
        said = b"".join(iter(partial(one.recv, 1000), b""))

    assert said.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nContent-Length: 1\r\n" in said
    assert said.endswith(b"\r\n\r\n")


def test_a_connection_serves_one_request_after_the_other(serve: Serve) -> None:
    served = serve()

    with connect(served.port) as one:
        answers = []
        for _ in range(3):
            one.sendall(POST % 2 + b"ab")
            answers.append(answer_of(one))

    assert answers == [(200, b"2")] * 3


def test_what_has_begun_is_ended_before_the_server_stops(serve: Serve) -> None:
    served = serve()

    with connect(served.port, b"GET /held HTTP/1.1\r\nHost: x\r\n\r\n") as one:
        served.application.is_held.acquire()
        served.server.stop()
        served.application.may_go.set()
        answer = answer_of(one)
    served.thread.join(10)

    assert answer == (200, b"0")
    assert not served.thread.is_alive()


@pytest.mark.parametrize(
    ("proxies", "sender"),
    [(0, HOST), (1, "203.0.113.9"), (2, "198.51.100.7"), (3, "192.0.2.1"), (9, "192.0.2.1")],
)
def test_the_sender_is_who_the_last_trusted_proxy_saw(
    serve: Serve, proxies: int, sender: str
) -> None:
    served = serve(trusted_proxies=proxies)
    forwarded = "192.0.2.1, 198.51.100.7, 203.0.113.9"
    others = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "evil.example"}

    ask(served.port, "/", headers={"X-Forwarded-For": forwarded, "Forwarded": "for=1", **others})

    [environ] = served.application.asked
    assert environ["REMOTE_ADDR"] == sender
    assert environ["wsgi.url_scheme"] == "http"
    assert environ["HTTP_HOST"] == f"{HOST}:{served.port}"
    assert not {"HTTP_FORWARDED", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST"} & set(environ)


def test_an_ipv6_sender_is_known_by_its_bare_address(serve: Serve) -> None:
    served = serve(trusted_proxies=1)

    ask(served.port, "/", headers={"X-Forwarded-For": "2001:db8::7"})

    assert served.application.asked[0]["REMOTE_ADDR"] == "2001:db8::7"


@pytest.mark.parametrize("path", ["/dexxy/large/", "/large/"])
def test_the_path_before_ours_may_be_left_in_or_not(serve: Serve, path: str) -> None:
    served = serve(url_prefix="/dexxy")

    ask(served.port, path)

    [environ] = served.application.asked
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("/dexxy", "/large/")


def test_the_limit_of_open_files_decides_how_many_connections_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits = [(1024, 1024)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, new: limits.append(new))

    assert connections_allowed() == 324

    limits[:] = [(1024, 10**6)]
    assert connections_allowed() == 2000
    assert limits[-1] == (6050, 10**6)
