"""Answers of any size, made piece by piece as fast as their clients read them."""

import os
from contextvars import copy_context
from threading import Lock
from typing import Any, Protocol

import structlog
from django.db import close_old_connections
from waitress.buffers import OverflowableBuffer, ReadOnlyFileBasedBuffer

log = structlog.get_logger()


class Served(Protocol):
    """What a download needs of its server."""

    # Its threads make pieces: what keeps pieces may be slow, and no page waits for it.
    downloads: Any

    def pull_trigger(self) -> None: ...


class Download(ReadOnlyFileBasedBuffer):  # type: ignore[misc]
    """What is sent of something that is read like a file, and is none of this machine.

    The server's loop sends the piece that is here. The next one is read in a thread when that is
    sent: a client that does not read costs a piece, and no thread.

    Args:
        file: has `read` and `close`. Its answer must have a Content-Length.
        block_size: bytes of a piece.
    """

    def __init__(self, file: Any, block_size: int) -> None:
        # Not that of a real file, which looks for its length.
        self.file, self.block_size = file, block_size
        # What is read in a thread belongs to the request that asked, its lines in the log as well.
        self._context = copy_context()
        self._server: Served | None = None
        self._reading = Lock()
        self._piece, self._sent = b"", 0
        self._is_closed = self._has_ended = False
        # Whether the next piece is not here yet, and whether it never will be.
        self.is_waiting = self.is_broken = False

    def prepare(self, size: int | None = None) -> int:
        """Return how many bytes are sent: as many as were promised."""
        self.remain = size or 0
        return self.remain

    def begin(self, server: Served) -> None:
        """Let SERVER send it."""
        self._server = server
        self._ask()

    @property
    def held(self) -> int:
        """How many bytes of it are in memory."""
        return len(self._piece)

    def get(self, numbytes: int = -1, skip: bool = False) -> bytes:
        """Return the next bytes that are here, NUMBYTES at most."""
        end = self._sent + (self.remain if numbytes < 0 else min(numbytes, self.remain))
        return self._piece[self._sent : end]

    def skip(self, numbytes: int, allow_prune: bool = False) -> None:
        """Note that NUMBYTES were sent."""
        self._sent += numbytes
        self.remain -= numbytes
        if self._sent == len(self._piece) and self.remain:
            self._sent, self._piece = 0, b""
            self._ask()

    def service(self) -> None:
        """Read the next piece, or end: in a thread."""
        with self._reading:
            if self._is_closed:
                self._end()
                return
            try:
                self._piece = self._read()
            except Exception:
                log.exception("a download ended before its end")
            self.is_broken = not self._piece
            self.is_waiting = False
        assert self._server is not None
        self._server.pull_trigger()

    def close(self) -> None:
        """End it: at once, or in a thread where one may be reading from it."""
        self.remain = 0
        self._is_closed = True
        if self._server is None:
            self._end()
        else:
            self._server.downloads.add_task(self)

    def _ask(self) -> None:
        assert self._server is not None
        self.is_waiting = True
        self._server.downloads.add_task(self)

    def _read(self) -> bytes:
        # A thread of ours begins and ends no request, which else looks after its connection.
        close_old_connections()
        piece: bytes = self._context.run(self.file.read, self.block_size)
        return piece

    def _end(self) -> None:
        self._piece = b""
        if not self._has_ended:
            self._has_ended = True
            self._context.run(self.file.close)


def file_wrapper(file: Any, block_size: int = 32768) -> ReadOnlyFileBasedBuffer:
    """Return what sends FILE without a thread (`wsgi.file_wrapper`)."""
    # The loop may read one of this machine itself.
    kind = ReadOnlyFileBasedBuffer if hasattr(file, "fileno") else Download
    return kind(file, block_size)


def kept_of(buffer: Any) -> int:
    """Return how many bytes a buffer of an answer takes, in memory and of the disk."""
    if isinstance(buffer, Download):
        return buffer.held
    if not isinstance(buffer, OverflowableBuffer):
        return 0
    try:
        # A file keeps what was sent of it until it is closed.
        on_disk = os.fstat(buffer.buf.file.fileno()).st_size
    except (AttributeError, OSError, ValueError):  # it is in memory, or was closed just now
        on_disk = 0
    return max(on_disk, len(buffer))
