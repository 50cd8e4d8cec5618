"""The HTTP server: takes requests in and sends answers out beside the threads that work on them.

So whoever sends or reads slowly costs a buffer. What buffers and connections cost together is
bounded, and who has had them for longest, or most of them, gives way.
"""

import logging
import resource
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
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
from waitress.utilities import BadRequest

from dexxy.cli.downloads import Download, file_wrapper, kept_of
from dexxy.cli.errors import NoTemporaryFolderError

WSGIApplication = Callable[..., Iterable[bytes]]

# Threads of their own, for what no page may keep waiting: GitHub waits for some seconds, a load
# balancer hardly longer.
RESERVED = {"/webhooks/github/": 4, "/healthz": 1, "/readyz": 1, "/metrics": 1}
# Threads that read the next pieces of downloads.
_DOWNLOAD_THREADS = 2
# Of a process. One that waits longest for its client makes room for a new one.
MOST_CONNECTIONS = 2000
# A socket, the file of a body that came and that of an answer; and what the process itself opens.
_FILES_A_CONNECTION, _FILES_BESIDE = 3, 50
# Bytes that wait in all processes together, most of them in temporary files: bodies and answers.
MOST_BUFFERED = 1024**3
# Bytes of a body, or of an answer, that wait in memory; one that is longer waits in a file.
IN_MEMORY = 64 * 1024
# More than a webhook has; a longer body is refused before it comes.
LARGEST_BODY = 26 * 1024**2
_LARGEST_HEADERS = 32 * 1024
# Seconds without a byte, or until a request is complete. Those that bring a body have more of them,
# by the bytes a second that a bad line manages.
PATIENCE = 20
_SLOWEST = 16 * 1024
# Bytes that are tried to send at once; what does not read yet costs a copy of so many each time.
_SENT_AT_ONCE = 32 * 1024
# Seconds between two looks at who is too slow.
_PAUSE = 1.0
_TOLD_AGAIN_AFTER = 60.0
# Seconds that requests have to end when the process is asked to.
_LAST_SECONDS = 4.0
_ACCEPTED_AT_ONCE = 100


class LengthRequired(BadRequest):  # type: ignore[misc]  # named as the answer is
    """A body whose length is not told."""

    code, reason = 411, "Length Required"


class Parser(HTTPRequestParser):  # type: ignore[misc]
    """Reads a request; what is none is a 400, whatever is wrong with it."""

    chunked: bool
    body_rcv: Any

    def parse_header(self, header_plus: bytes) -> None:
        """Read the first line and the headers."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # a number of 5,000 digits, an address that is none
            raise ParsingError("Malformed header") from error
        # waitress takes it out of the headers where it understood it: HTTP/1.0 knows none, and what
        # follows would be read as another request.
        if self.chunked or "TRANSFER_ENCODING" in self.headers:
            # Of chunks of a byte each, and of what may follow the last one, a megabyte costs the
            # loop seconds; nobody needs to send us such a body.
            self.chunked = False
            self.body_rcv = None
            self.error = LengthRequired("Send a Content-Length.")

    def close(self) -> None:
        """Close the file of the body."""
        try:
            super().close()
        except OSError:
            # What could not be written for want of space cannot be written now, either.
            return


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
        try:
            return bool(super().received(data))
        except OSError as error:
            self.server.note_no_room(error)
            self.drop()
            return False

    def service(self) -> None:
        """Answer one request, in a thread."""
        # One that sent several at once, as no browser does, would let answers pile up: it gets
        # the first of them, and asks anew for the others.
        if len(self.requests) > 1:
            self.requests[0].headers["CONNECTION"] = "close"
        super().service()
        self.waiting_since = time()

    def write_soon(self, data: Any) -> int:
        """Send DATA, or keep what the client does not read yet."""
        if isinstance(data, Download):
            data.begin(self.server)
        if isinstance(data, ReadOnlyFileBasedBuffer):
            return int(super().write_soon(data))
        # Part by part: one that reads as fast as we send needs no file.
        for start in range(0, len(data), _SENT_AT_ONCE):
            self._write_part(data[start : start + _SENT_AT_ONCE])
        return len(data)

    def _write_part(self, part: bytes) -> None:
        if not self.outbufs[-1]:
            # One in memory keeps what was sent of it: let the next part begin a new one.
            self.current_outbuf_count = self.adj.outbuf_high_watermark
        try:
            super().write_soon(part)
        except OSError as error:
            self.server.note_no_room(error)
            self.will_close = True
            self.server.pull_trigger()
            raise

    def writable(self) -> bool:
        """Say whether something can be done here as soon as the client reads."""
        first = self.outbufs[0]
        if isinstance(first, Download) and not self.will_close:
            self.will_close = first.is_broken
            return first.is_broken or not first.is_waiting
        return bool(super().writable())

    @property
    def is_waiting(self) -> bool:
        """Whether it is the client's turn."""
        return not self.requests

    @property
    def buffered(self) -> int:
        """How many bytes are kept for it."""
        requests = [one for one in (*self.requests, self.request) if one is not None]
        came = sum(one.header_bytes_received + one.body_bytes_received for one in requests)
        return int(came + sum(map(kept_of, list(self.outbufs))))

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

    def __init__(
        self, *arguments: Any, most_connections: int, most_buffered: int, **options: Any
    ) -> None:
        self._most_connections, self._most_buffered = most_connections, most_buffered
        self._is_stopping = False
        self._no_room_told_at = 0.0
        super().__init__(*arguments, **options)
        self.downloads = _threads(_DOWNLOAD_THREADS)
        self._reserved: dict[str, ThreadedTaskDispatcher] = {}
        for path, count in RESERVED.items():
            # A proxy leaves our prefix in what it passes on, or does not.
            self._reserved[path] = self._reserved[self.adj.url_prefix + path] = _threads(count)

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
        while total > self._most_buffered:
            size, _, largest = buffered.pop()
            self.logger.warning(
                "%d bytes are buffered: a connection with %d is closed", total, size
            )
            largest.drop()
            total -= size

    def note_no_room(self, error: OSError) -> None:
        """Say that what came could not be kept: once a minute, whoever sends how much."""
        if self._no_room_told_at < time() - _TOLD_AGAIN_AFTER:
            self._no_room_told_at = time()
            self.logger.warning("What clients send cannot be kept: %s", error)

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


_LIMITS: Mapping[str, Any] = {
    "ident": "dexxy",
    "clear_untrusted_proxy_headers": True,
    "max_request_header_size": _LARGEST_HEADERS,
    "max_request_body_size": LARGEST_BODY,
    "recv_bytes": 64 * 1024,
    "inbuf_overflow": IN_MEMORY,
    "outbuf_overflow": IN_MEMORY,
    # Larger than anything: a thread never waits for a client that does not read.
    "outbuf_high_watermark": sys.maxsize,
    # `Server` limits connections and time.
    "connection_limit": sys.maxsize,
    "log_socket_errors": False,
    "backlog": 2048,
}


def make_server(
    application: WSGIApplication,
    listener: socket.socket,
    *,
    threads: int = 4,
    most_connections: int = MOST_CONNECTIONS,
    most_buffered: int = MOST_BUFFERED,
    url_scheme: str = "http",
    url_prefix: str = "",
    trusted_proxies: int = 0,
) -> Server:
    """Return a server that begins to take connections; `run` serves them.

    Args:
        listener: a bound TCP socket.
        threads: which work on pages. A request of ours takes milliseconds of Python, and many
            more would only wait for its lock.
        most_connections: at once.
        most_buffered: bytes that are kept for all of them together.
        url_scheme: how clients reach us, as they see it.
        url_prefix: a path that stands before all of ours, with a slash at its begin alone.
        trusted_proxies: how many of them add an address to X-Forwarded-For before a request is
            here; whatever stands left of those is the client's own invention.
    """
    # What it says of slow clients and full queues is nothing that an operator can do something
    # about, and who is served is nobody's business.
    logging.getLogger("waitress").setLevel(logging.WARNING)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    adjustments = Adjustments(
        sockets=[listener],
        threads=threads,
        url_scheme=url_scheme,
        url_prefix=url_prefix,
        cleanup_interval=int(_PAUSE),
        **_LIMITS,
        **_trusting(trusted_proxies),
    )
    where = (listener.family, listener.type, listener.proto, listener.getsockname())
    return Server(
        _sending(application),
        _sock=listener,
        adj=adjustments,
        sockinfo=where,
        bind_socket=False,
        most_connections=most_connections,
        most_buffered=most_buffered,
    )


def _trusting(proxies: int) -> dict[str, Any]:
    if not proxies:
        return {}
    return {
        "trusted_proxy": "*",
        "trusted_proxy_count": proxies,
        "trusted_proxy_headers": {"x-forwarded-for"},
    }


def _threads(count: int) -> ThreadedTaskDispatcher:
    dispatcher = ThreadedTaskDispatcher()
    dispatcher.set_thread_count(count)
    return dispatcher


def _sending(application: WSGIApplication) -> WSGIApplication:
    """Let downloads be sent without a thread, and leave the body of an answer out where the head
    alone was asked for: waitress does neither."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        environ["wsgi.file_wrapper"] = file_wrapper
        body = application(environ, start_response)
        if environ["REQUEST_METHOD"] != "HEAD":
            return body
        if hasattr(body, "close"):
            body.close()
        return []

    return answer


def buffers_allowed(processes: int, megabytes: int = 0) -> int:
    """Return how many bytes each of so many processes may keep for clients: so many MEGABYTES
    together, or what the folder for temporary files has room for.

    Raises:
        NoTemporaryFolderError: no folder for them can be written.
    """
    try:
        folder = tempfile.gettempdir()
    except FileNotFoundError as error:
        raise NoTemporaryFolderError(
            "No folder for temporary files can be written, in which slow requests wait: name one in"
            " TMPDIR."
        ) from error
    free = shutil.disk_usage(folder).free
    # The other half is for what comes between two looks, and for others who use the folder.
    together = megabytes * 1024**2 if megabytes else min(MOST_BUFFERED, free // 2)
    return together // processes


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
