"""`dexxy up`: everything on one machine."""

import time
from contextlib import ExitStack
from typing import Any, ClassVar

from django.conf import settings
from redis import Redis
from rich.console import Console

from dexxy.accounts.models import User
from dexxy.accounts.services import first_admin_ensure
from dexxy.cli import startup
from dexxy.cli.command import DexxyCommand
from dexxy.cli.composition import (
    address_noted,
    alone_in_data_folder,
    await_servers,
    environment_for_children,
    has_own_database,
)
from dexxy.cli.errors import DatabaseNotReadyError, NotReadyError
from dexxy.cli.migration_state import DatabaseState, database_state
from dexxy.cli.ports import claim_port, resolve
from dexxy.cli.supervisor import Process, Supervisor
from dexxy.cli.upgrade import backup_before_upgrade
from dexxy.config import env

_READY_SECONDS = 90.0


class Command(DexxyCommand):
    what: ClassVar[str] = "Dexxy is running"
    workspace: ClassVar[str] = "default"
    # Whether nobody needs to be led through a first run.
    is_set_up: ClassVar[bool] = False

    def handle(self, *args: Any, **options: Any) -> None:
        host, port = options["host"], options["port"]
        address = resolve(host, port)
        with ExitStack() as claims:
            # First of all: whoever comes second is told so, and has touched nothing.
            for one in _ports(port):
                claims.callback(claim_port(address, one).release)
            claims.enter_context(alone_in_data_folder())
            url = env.text("DEXXY_BASE_URL") or startup.address_of(host, port)
            self._run(address, port, url)

    def _run(self, address: str, port: int, url: str) -> None:
        console = Console(file=self.stdout)  # type: ignore[arg-type]
        self.prepare()
        admin = first_admin_ensure(workspace=self.workspace, is_set_up=self.is_set_up)
        supervisor = Supervisor(
            [*self.helpers(), *processes(address, port)],
            environment={**environment_for_children(), "DEXXY_BASE_URL": url},
            watch=await_servers,
        )
        deadline = time.monotonic() + _READY_SECONDS

        def is_ready() -> bool:
            if time.monotonic() > deadline:
                raise NotReadyError(
                    f"The web process does not answer at port {port} after {_READY_SECONDS:.0f} s:"
                    " what it said above tells why."
                )
            all_answer = all(startup.web_answers(address, one) for one in _ports(port))
            return all_answer and self.is_ready()

        def when_ready() -> None:
            self.when_ready(admin, url)
            assistants = startup.assistants_address(address, settings.DEXXY_MCP_PORT)
            startup.announce(console, self.what, url, admin, assistants=assistants)

        with address_noted(url):
            supervisor.run(when_ready, is_ready)

    def prepare(self) -> None:
        """Bring the database up to date, and see that the queue can be used.

        Raises:
            DatabaseNotReadyError: the database is not ours, and of an older Dexxy.
            RedisError: the queue cannot be used.
        """
        self.prepare_database()
        with Redis.from_url(settings.REDIS_URL) as queue:
            queue.ping()

    def prepare_database(self) -> None:
        """Set the database up, or bring a private one up to date after it was backed up."""
        if database_state() is DatabaseState.BEHIND:
            if not has_own_database():
                raise DatabaseNotReadyError(startup.how_to_upgrade())
            self.stdout.write(backup_before_upgrade())
        startup.database_prepare()

    def helpers(self) -> list[Process]:
        """Return what must run beside Dexxy itself."""
        return []

    def is_ready(self) -> bool:
        """Say whether the helpers are ready."""
        return True

    def when_ready(self, admin: User, url: str) -> None:
        """Do what is left when everything runs, at URL."""


def _ports(port: int) -> list[int]:
    """Return the ports at which something answers: the pages, and assistants if they may ask."""
    return [port, settings.DEXXY_MCP_PORT] if settings.DEXXY_MCP_PORT else [port]


def processes(address: str, port: int) -> list[Process]:
    """Return Dexxy's own processes, in the order in which they start."""
    program = "dexxy.cli.main"
    # What takes seconds at a time; a sync takes a minute.
    brief = ("deliveries", "pictures", "outgoing", "search", "exports")

    def at(one: int) -> tuple[str, ...]:
        return ("--host", address, "--port", str(one), "--port-is-claimed")

    assistants = [
        Process("MCP server", program, ("mcp", "--http", *at(one))) for one in _ports(port)[1:]
    ]
    return [
        Process("web", program, ("web", *at(port))),
        Process("worker of deliveries", program, ("worker", *brief)),
        Process("worker of syncs", program, ("worker", "sync")),
        Process("scheduler", program, ("scheduler",)),
        *assistants,
    ]
