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
import sys
import time
from collections import deque
from pathlib import Path
from types import FrameType
from typing import NoReturn

from dexxy.embedded import locks
from dexxy.embedded.errors import EmbeddedServersError, explained
from dexxy.embedded.folder import open_data_folder
from dexxy.embedded.postgres import Postgres
from dexxy.embedded.server import Server
from dexxy.embedded.valkey import Valkey

SERVERS: dict[str, type[Server]] = {kind.name: kind for kind in (Postgres, Valkey)}

_POLL_SECONDS = 0.1
# A server that dies this often within this time will not be helped by another start.
_MOST_DEATHS, _DEATHS_SECONDS = 5, 60.0

logger = logging.getLogger(__name__)


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
    try:
        with explained(arguments.data_dir):
            folder = open_data_folder(arguments.data_dir)
            server = SERVERS[arguments.server](folder, durable=not arguments.not_durable)
            _own(server, arguments.report)
    except EmbeddedServersError as error:
        _fail(arguments.report, str(error))
    except Exception:
        logger.exception("unexpected")
        _fail(
            arguments.report,
            f"The servers' owner failed: see {arguments.data_dir / 'log' / 'owner.log'}",
        )
    except _AskedToStop:
        logger.info("%s stopped on request", arguments.server)


def _own(server: Server, report: int) -> None:
    try:
        server.start()
        logger.info("%s is up", server.name)
        _keep(server, report)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        server.stop()
        logger.info("%s is down", server.name)


def _keep(server: Server, report: int) -> None:
    """Keep the server up until no client is left; returns holding the clients' lock, so that
    whoever comes now waits until it is down."""
    ready = _say_ready(server)
    os.close(report)
    deaths: deque[float] = deque(maxlen=_MOST_DEATHS)
    clients = server.folder.lock(server.name, "clients")
    while locks.acquire(clients, exclusive=True) is None:
        if not server.is_running():
            if ready is not None:
                os.close(ready)
            logger.warning("%s died, starting it again", server.name)
            deaths.append(time.monotonic())
            if len(deaths) == _MOST_DEATHS and deaths[-1] - deaths[0] < _DEATHS_SECONDS:
                raise EmbeddedServersError(f"{server.title} keeps dying: see {server.log}")
            server.start()
            ready = _say_ready(server)
        time.sleep(_POLL_SECONDS)
    if ready is not None:
        os.close(ready)


def _say_ready(server: Server) -> int | None:
    path = server.folder.lock(server.name, "ready")
    # Clients that look whether it is held share it for an instant.
    return locks.acquire(path, exclusive=True, timeout=5.0)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Leave the signal to the process it was meant for."""


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    raise _AskedToStop


def _fail(report: int, message: str) -> NoReturn:
    logger.error(message)
    try:
        os.write(report, message.encode())
    except OSError:  # already ready once, or the one who started us is gone
        logger.info("nobody was there to read that")
    sys.exit(1)


if __name__ == "__main__":
    main()
