"""The HTTP server: takes requests in and sends answers out beside the threads that work on them.

So whoever sends or reads slowly costs a buffer. What buffers and connections cost together is
bounded, and who has had them for longest, or most of them, gives way.
"""

import logging
import resource
import socket
import sys
from collections.abc import Callable, Iterable
from heapq import nsmallest
from time import monotonic, time
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

WSGIApplication = Callable[..., Iterable[bytes]]

# A request of ours takes milliseconds of Python; more threads would only wait for its lock.
_THREADS = 4
# Threads of their own, for what no page may keep waiting: GitHub waits for some seconds, a load
# balancer hardly longer.
RESERVED = {"/webhooks/github/": 4, "/healthz": 1, "/readyz": 1, "/metrics": 1}
# Of a process. One that waits longest for its client makes room for a new one.
MOST_CONNECTIONS = 2000
# A socket, the file of a body that came and that of an answer; and what the process itself opens.
_FILES_A_CONNECTION, _FILES_BESIDE = 3, 50
# Bytes that wait in a process, most of them in temporary files: bodies and answers.
MOST_BUFFERED = 1024**3
# More than a webhook has; a longer body is refused before it comes.
LARGEST_BODY = 26 * 1024**2
_LARGEST_HEADERS = 32 * 1024
# Seconds without a byte, or until a request is complete. Those that bring a body have more of them,
# by the bytes a second that a bad line manages.
PATIENCE = 20
_SLOWEST = 16 * 1024
# Bytes that are tried to send at once; what does not read yet costs a copy of so many each time.
_SENT_AT_ONCE = 64 * 1024
# Seconds between two looks at who is too slow.
_PAUSE = 1.0
# Seconds that requests have to end when the process is asked to.
_LAST_SECONDS = 4.0
_ACCEPTED_AT_ONCE = 100


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """Reads a request; what is none is a 400, whatever is wrong with it."""

    def parse_header(self, header_plus: bytes) -> None:
        """Read the first line and the headers."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # a number of 5,000 digits, an address that is none
            raise ParsingError("Malformed header") from error


class Connection(HTTPChannel):  # type: ignore[misc]
    """A connection of a client."""

    parser_class = Parser

    # What has come of a request that is not complete; those that are complete are its `requests`.
    request: Any = None
    # When it began to wait for a request, or for its answer to be read.
    waiting_since = 0.0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.waiting_since = time()
        super().__init__(*arguments, **options)
        self.sendbuf_len = _SENT_AT_ONCE

    def received(self, data: bytes) -> bool:
        """Take in a part of a request."""
        if self.request is None:
            self.waiting_since = time()
        return bool(super().received(data))

    def service(self) -> None:
        """Answer one request, in a thread."""
        # One that sent several at once, as no browser does, would let answers pile up: it gets
        # the first of them, and asks anew for the others.
        if len(self.requests) > 1:
            self.requests[0].headers["CONNECTION"] = "close"
        super().service()
        self.waiting_since = time()

    @property
    def is_waiting(self) -> bool:
        """Whether it is the client's turn."""
        return not self.requests

    @property
    def buffered(self) -> int:
        """How many bytes are kept for it."""
        requests = [*self.requests, self.request]
        answers = [b for b in list(self.outbufs) if not isinstance(b, ReadOnlyFileBasedBuffer)]
        came = sum(request.body_bytes_received for request in requests if request is not None)
        return int(came + sum(map(len, answers)))

    def is_too_slow(self, now: float) -> bool:
        """Say whether we have waited long enough."""
        if not self.is_waiting:
            return False
        if self.last_activity < now - PATIENCE:
            return True
        request = self.request
        if request is None:
            return False
        allowed = PATIENCE + request.body_bytes_received / _SLOWEST
        return bool(self.waiting_since < now - allowed)

    def handle_close(self) -> None:
        """Close it, and the file of a body that will not come."""
        super().handle_close()
        if self.request is not None:
            self.request.close()
            self.request = None

    def drop(self) -> None:
        """Close it at once: one that does not read would never let us do so in turn."""
        self.will_close = True
        self.handle_close()


class Server(TcpWSGIServer):  # type: ignore[misc]
    """Serves an application at a socket that other processes may listen at, too."""

    channel_class = Connection

    def __init__(self, *arguments: Any, most_connections: int, **options: Any) -> None:
        self._most_connections = most_connections
        self._is_stopping = False
        super().__init__(*arguments, **options)
        self._reserved: dict[str, ThreadedTaskDispatcher] = {}
        for path, threads in RESERVED.items():
            dispatcher = ThreadedTaskDispatcher()
            dispatcher.set_thread_count(threads)
            # A proxy leaves our prefix in what it passes on, or does not.
            self._reserved[path] = self._reserved[self.adj.url_prefix + path] = dispatcher

    def add_task(self, task: Connection) -> None:
        """Let a thread answer the next request of a connection."""
        # What could not be understood has no path, and is answered with what is wrong with it.
        path = getattr(task.requests[0], "path", "")
        threads = self._reserved.get(path) or self.task_dispatcher
        threads.add_task(task)

    def handle_accept(self) -> None:
        """Take new connections, and let go of those that have waited longest where there are
        too many: to stop taking them would let everybody wait for whoever opened them."""
        for _ in range(_ACCEPTED_AT_ONCE):
            before = len(self.active_channels)
            super().handle_accept()
            if len(self.active_channels) == before:
                break
        excess = len(self.active_channels) - self._most_connections
        if excess > 0:
            waiting = [one for one in self.active_channels.values() if one.is_waiting]
            for connection in nsmallest(excess, waiting, key=lambda one: one.waiting_since):
                connection.drop()

    def maintenance(self, now: float) -> None:
        """Close the connections of whom we have waited for too long, and those that hold most
        where all together hold too much. Called once in a while."""
        connections = list(self.active_channels.values())
        for connection in connections:
            if connection.is_too_slow(now):
                connection.drop()
        buffered = sorted((one.buffered, id(one), one) for one in self.active_channels.values())
        total = sum(size for size, _, _ in buffered)
        while total > MOST_BUFFERED:
            size, _, largest = buffered.pop()
            self.logger.warning(
                "%d bytes are buffered: a connection with %d is closed", total, size
            )
            largest.drop()
            total -= size

    def run(self) -> None:
        """Serve until `stop` is called, then end what has begun."""
        while not self._is_stopping:
            self._turn()
        self.accepting = False
        deadline = monotonic() + _LAST_SECONDS
        while monotonic() < deadline and self._is_busy():
            self._turn()

    def stop(self) -> None:
        """Let `run` end soon. A signal's handler may call it."""
        self._is_stopping = True
        self.pull_trigger()

    def _turn(self) -> None:
        wasyncore.loop(timeout=_PAUSE, use_poll=True, map=self._map, count=1)

    def _is_busy(self) -> bool:
        channels = list(self.active_channels.values())
        return any(not one.is_waiting or one.total_outbufs_len for one in channels)


def make_server(
    application: WSGIApplication,
    listener: socket.socket,
    *,
    most_connections: int = MOST_CONNECTIONS,
    url_scheme: str = "http",
    url_prefix: str = "",
    trusted_proxies: int = 0,
) -> Server:
    """Return a server that begins to take connections; `run` serves them.

    Args:
        listener: a bound TCP socket.
        most_connections: at once.
        url_scheme: how clients reach us, as they see it.
        url_prefix: a path that stands before all of ours, with a slash at its begin alone.
        trusted_proxies: how many of them add an address to X-Forwarded-For before a request is
            here; whatever stands left of those is the client's own invention.
    """
    # What it says of slow clients and full queues is nothing that an operator can do something
    # about, and who is served is nobody's business.
    logging.getLogger("waitress").setLevel(logging.WARNING)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    proxies: dict[str, Any] = {}
    if trusted_proxies:
        proxies = {
            "trusted_proxy": "*",
            "trusted_proxy_count": trusted_proxies,
            "trusted_proxy_headers": {"x-forwarded-for"},
        }
    adjustments = Adjustments(
        sockets=[listener],
        threads=_THREADS,
        ident="dexxy",
        url_scheme=url_scheme,
        url_prefix=url_prefix,
        clear_untrusted_proxy_headers=True,
        max_request_header_size=_LARGEST_HEADERS,
        max_request_body_size=LARGEST_BODY,
        recv_bytes=64 * 1024,
        # Larger than anything: a thread never waits for a client that does not read.
        outbuf_high_watermark=sys.maxsize,
        # `Server` limits connections and time.
        connection_limit=sys.maxsize,
        cleanup_interval=int(_PAUSE),
        log_socket_errors=False,
        backlog=2048,
        **proxies,
    )
    where = (listener.family, listener.type, listener.proto, listener.getsockname())
    return Server(
        _without_body_for_head(application),
        _sock=listener,
        adj=adjustments,
        sockinfo=where,
        bind_socket=False,
        most_connections=most_connections,
    )


def _without_body_for_head(application: WSGIApplication) -> WSGIApplication:
    """Leave the body of an answer out where the head alone was asked for: waitress does not."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = application(environ, start_response)
        if environ["REQUEST_METHOD"] != "HEAD":
            return body
        if hasattr(body, "close"):
            body.close()
        return []

    return answer


def connections_allowed() -> int:
    """Raise the limit of open files as far as may be, and return how many connections it allows
    a process to have at once."""
    wanted = MOST_CONNECTIONS * _FILES_A_CONNECTION + _FILES_BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < highest:
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest, hard))
        soft = highest
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return MOST_CONNECTIONS
    return max(4, (soft - _FILES_BESIDE) // _FILES_A_CONNECTION)
