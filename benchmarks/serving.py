"""Serves a WSGI application as `dexxy web` does: `python -m benchmarks.serving MODULE PORT`."""

import sys
from functools import partial
from importlib import import_module

from dexxy.cli.http_server import make_server
from dexxy.cli.ports import listen
from dexxy.cli.web_processes import WebProcesses

PROCESSES = 2


def main() -> None:
    application = import_module(sys.argv[1]).application
    with listen("127.0.0.1", int(sys.argv[2])) as listener:
        WebProcesses(partial(make_server, application, listener), PROCESSES).run()


if __name__ == "__main__":
    main()
