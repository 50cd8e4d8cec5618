"""The owner of one server: starts it, starts it again if it dies, stops it with the last user.

Run by the client as `python -m dexxy.embedded.owner`, detached. It imports no Django and no
driver, so it stays small. Its life in locks:

- `NAME.owner`   it holds this one from before its birth (inherited) to its end
- `NAME.ready`   it holds this one while the server answers
- `NAME.clients` every dexxy process shares this one; getting it alone means: nobody is left
- `NAME.server`  the server and its children hold this one, not the owner
"""

import argparse
import logging
import os
import signal
import time
from collections import deque
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

from dexxy.embedded import locks
from dexxy.embedded.errors import EmbeddedServersError, ServerKilledError, explained
from dexxy.embedded.folder import open_data_folder
from dexxy.embedded.postgres import Postgres
from dexxy.embedded.server import Server
from dexxy.embedded.valkey import Valkey

SERVERS: dict[str, type[Server]] = {kind.name: kind for kind in (Postgres, Valkey)}

_POLL_SECONDS = 0.05
# After so many deaths within this time the server is not started again: that would not help.
_MOST_DEATHS, _DEATHS_SECONDS = 5, 60.0

logger = logging.getLogger(__name__)


class _Report:
    """The pipe to the client that started us: if it ends without a message, all is well.

    A message is a failure, or what the client should know although the server is ready.
    """

    def __init__(self, fd: int) -> None:
        self._fd: int | None = fd

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def send(self, message: str) -> None:
        """Tell the client, if it is still there and has not been told already."""
        if self._fd is not None:
            with suppress(BrokenPipeError):
                os.write(self._fd, message.encode())
            self.close()


class _AskedToStop(BaseException):
    """SIGTERM; not an Exception, so that nothing on the way handles it."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="dexxy.embedded.owner")
    parser.add_argument("server", choices=SERVERS)
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--report", type=int, required=True)
    parser.add_argument("--not-durable", action="store_true")
    arguments = parser.parse_args()
    if os.fork():  # the one who started us is not to be our parent: he need not reap us
        os._exit(0)
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    os.umask(0o077)
    for number in (signal.SIGINT, signal.SIGHUP):
        # Not SIG_IGN: the servers would inherit that, and miss what ends them with us if it
        # came before they have handlers of their own.
        signal.signal(number, _ignore)
    signal.signal(signal.SIGTERM, _stop)
    report = _Report(arguments.report)
    try:
        with explained(arguments.data_dir):
            folder = open_data_folder(arguments.data_dir)
            server = SERVERS[arguments.server](folder, durable=not arguments.not_durable)
            _own(server, report)
    except EmbeddedServersError as error:
        logger.error(error)
        report.send(str(error))
    except Exception:
        logger.exception("unexpected")
        log = arguments.data_dir / "log" / "owner.log"
        report.send(f"The servers' owner failed: see {log}")
    except _AskedToStop:
        logger.info("%s stopped on request", arguments.server)


def _own(server: Server, report: _Report) -> None:
    deaths: deque[float] = deque(maxlen=_MOST_DEATHS)
    try:
        _start(server, deaths)
        _keep(server, deaths, report)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        server.stop()
        logger.info("%s is down", server.name)


def _start(server: Server, deaths: "deque[float]") -> None:
    is_up = False
    while not is_up:
        with suppress(ServerKilledError):
            server.start()
            is_up = True
        if not is_up:
            _note_death(server, deaths)
    logger.info("%s is up", server.name)
    if server.note:
        logger.warning(server.note)


def _keep(server: Server, deaths: "deque[float]", report: _Report) -> None:
    """Keep the server up until no client is left; returns holding the clients' lock, so that
    whoever comes now waits until it is down."""
    ready: int | None = _say_ready(server)
    report.send(server.note)
    report.close()
    clients = server.folder.lock(server.name, "clients")
    try:
        while locks.acquire(clients, exclusive=True) is None:
            if ready is not None and not server.is_running():
                os.close(ready)
                ready = None
                _note_death(server, deaths)
                _start(server, deaths)
                ready = _say_ready(server)
            time.sleep(_POLL_SECONDS)
    finally:
        if ready is not None:
            os.close(ready)


def _note_death(server: Server, deaths: "deque[float]") -> None:
    logger.warning("%s died, starting it again", server.name)
    deaths.append(time.monotonic())
    if len(deaths) == _MOST_DEATHS and deaths[-1] - deaths[0] < _DEATHS_SECONDS:
        raise EmbeddedServersError(f"{server.title} keeps dying: see {server.log}")


def _say_ready(server: Server) -> int:
    path = server.folder.lock(server.name, "ready")
    # A client that checks whether the lock is held takes it, shared, for an instant.
    ready = locks.acquire(path, exclusive=True, timeout=5.0)
    if ready is None:
        raise EmbeddedServersError(f"Somebody keeps {path} locked: end that process.")
    return ready


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Ignore a signal that is meant for another process."""


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise _AskedToStop


if __name__ == "__main__":
    main()
