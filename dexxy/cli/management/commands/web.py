"""`dexxy web`: the web process alone."""

import os
from functools import partial
from typing import Any

from django.core.management.base import CommandError
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from dexxy.cli.command import DexxyCommand
from dexxy.cli.lifetime import die_with_parent
from dexxy.cli.migration_state import refuse_foreign_data
from dexxy.cli.ports import claim_port, resolve

# A request of ours takes milliseconds of Python; more threads would only wait for its lock.
THREADS = min(8, 2 * (os.cpu_count() or 1) + 1)
_KILL_SECONDS = 10
# How long a process before us may take to leave the port, when a supervisor starts us again.
_TAKEOVER_SECONDS = 3.0


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        address, port = resolve(options["host"], options["port"]), options["port"]
        claim = None
        if not options["port_is_claimed"]:
            claim = claim_port(address, port, wait=_TAKEOVER_SECONDS)
        refuse_foreign_data()
        server = Server(
            "dexxy.config.wsgi:application",
            address=address,
            port=port,
            interface=Interfaces.WSGI,
            blocking_threads=THREADS,
            workers_kill_timeout=_KILL_SECONDS,
            respawn_failed_workers=True,
            log_level=LogLevels.warning,
        )
        try:
            server.serve(target_loader=partial(_load, os.getpid()), wrap_loader=False)
        except SystemExit as error:
            raise CommandError(
                "The web process could not start: what it said above tells why."
            ) from error
        finally:
            if claim is not None:
                claim.release()


def _load(parent: int) -> Any:
    """Load the application in a worker, which must not outlive granian's main process: it would
    keep the port."""
    die_with_parent(parent)
    from dexxy.config.wsgi import application

    return application
