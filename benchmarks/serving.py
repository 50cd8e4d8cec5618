"""Serves a WSGI application as `dexxy web` does: `python -m benchmarks.serving MODULE PORT`."""

import sys

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from dexxy.cli.management.commands.web import THREADS


def main() -> None:
    Server(
        f"{sys.argv[1]}:application",
        address="127.0.0.1",
        port=int(sys.argv[2]),
        interface=Interfaces.WSGI,
        blocking_threads=THREADS,
        log_level=LogLevels.warning,
    ).serve()


if __name__ == "__main__":
    main()
