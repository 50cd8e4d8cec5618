"""Several processes that answer at one socket: forked from one that has loaded everything, whose
memory they share."""

import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

from dexxy.cli.http_server import Server
from dexxy.cli.last_words import last_words
from dexxy.cli.lifetime import die_with_parent

_POLL_SECONDS = 0.1
# Between two starts of a process that dies.
_PAUSE_SECONDS = 0.5
# A little more than a server takes to end what it has begun.
_STOP_SECONDS = 6.0


class WebProcesses:
    """Keeps servers running until it is asked to stop by SIGTERM or SIGINT.

    Args:
        make: makes the server of a process, in that process.
        count: of processes.
    """

    def __init__(self, make: Callable[[], Server], count: int) -> None:
        self._make, self._count = make, count
        self._children: set[int] = set()
        self._is_asked_to_stop = False

    def run(self) -> None:
        """Start the processes, start each again that dies, and stop them all in the end."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask_to_stop)
        try:
            while not self._is_asked_to_stop:
                if self._bury():
                    time.sleep(_PAUSE_SECONDS)
                while len(self._children) < self._count and not self._is_asked_to_stop:
                    self._children.add(self._start())
                time.sleep(_POLL_SECONDS)
        finally:
            self._stop()

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._is_asked_to_stop = True

    def _start(self) -> int:
        parent = os.getpid()
        # Nothing that is written twice: what the parent has not yet said is the parent's to say.
        sys.stdout.flush()
        sys.stderr.flush()
        child = os.fork()
        if child:
            return child
        code = 1
        try:
            die_with_parent(parent)
            self._serve()
            last_words()
            code = 0
        except Exception:
            # The hook keeps what opens a door out of what is printed.
            sys.excepthook(*sys.exc_info())
        finally:
            # What the parent has to do at its end is not for us to do.
            os._exit(code)

    def _serve(self) -> None:
        server: Server | None = None
        asked = False

        def stop(_number: int, _frame: FrameType | None) -> None:
            nonlocal asked
            asked = True
            if server is not None:
                server.stop()

        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)
        server = self._make()
        if not asked and not self._is_asked_to_stop:
            server.run()

    def _bury(self) -> bool:
        """Forget the processes that ended; say whether there were any."""
        ended = {child: code for child in self._children if (code := _exit_code(child)) is not None}
        for code in ended.values():
            how = f"exit code {code}" if code >= 0 else f"signal {-code}"
            sys.stderr.write(f"dexxy: a web process ended ({how}), starting it again\n")
        self._children -= ended.keys()
        return bool(ended)

    def _stop(self) -> None:
        deadline = time.monotonic() + _STOP_SECONDS
        for child in self._children:
            os.kill(child, signal.SIGTERM)
        while self._children and time.monotonic() < deadline:
            self._children = {child for child in self._children if _exit_code(child) is None}
            time.sleep(_POLL_SECONDS / 10)
        for child in self._children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _exit_code(child: int) -> int | None:
    """Return how a child ended, or None while it runs."""
    pid, status = os.waitpid(child, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if pid else None
