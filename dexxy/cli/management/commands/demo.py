"""`dexxy demo`: the same as `up`, with a GitHub that is simulated and data of its own."""

from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.management import call_command

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.services import visitor_ensure, workspace_ensure
from dexxy.cli.demonstration import simulator_port, simulator_url
from dexxy.cli.management.commands.up import Command as UpCommand
from dexxy.cli.ports import usable_port
from dexxy.cli.startup import address_of, database_prepare
from dexxy.cli.supervisor import Process
from dexxy.integrations.services.github.access.app import app_store
from dexxy.integrations.services.github.api.server import default_server
from dexxy.integrations.services.github.connecting.app_registration import (
    EVENTS,
    WEBHOOK_PATH,
    manifest,
)
from dexxy.integrations.services.github.connecting.available import available_repositories
from dexxy.integrations.services.github.connecting.installation_link import installation_link
from dexxy.integrations.services.github.connecting.oauth import CALLBACK_PATH
from dexxy.integrations.services.github.connecting.repositories import (
    repositories_connect_available,
)
from dexxy_simulator.own_process import SimulatorControl

OWNER = "panjf2000"
# Something happens so often: seldom enough to read a page, often enough to see it move.
_SECONDS = 12
# When an issue vanishes of which no webhook tells: after the first sync, so that a receipt differs,
# and soon enough to see how that is found and mended.
_OVERLOOKED_AFTER = 120


class Command(UpCommand):
    what = "Dexxy shows a community of two repositories"
    workspace = "demo"
    is_set_up = True

    def prepare_database(self) -> None:
        # The simulated GitHub begins anew each time, and so does what is known of it: figures that
        # were kept from the last time would be those of other rows with the same numbers.
        database_prepare()
        call_command("flush", verbosity=0, interactive=False)
        cache.clear()

    def helpers(self) -> list[Process]:
        port, every = str(simulator_port()), str(_SECONDS)
        overlooked = ("--overlooked-after", str(_OVERLOOKED_AFTER))
        arguments = ("--community", "--live", "--live-every", every, "--port", port, *overlooked)
        return [Process("simulated GitHub", "dexxy_simulator", arguments, is_quiet=True)]

    def is_ready(self) -> bool:
        return usable_port("127.0.0.1", simulator_port()) is None

    def handle(self, *args: Any, **options: Any) -> None:
        # GitHub is on this machine, and need not come by the proxy that others come by.
        self._here = address_of("127.0.0.1", options["port"])
        super().handle(*args, **options)

    def when_ready(self, admin: User, url: str) -> None:
        workspace = connect_the_demo(admin, self._here if settings.DEXXY_DEMO_PUBLIC else url)
        if settings.DEXXY_DEMO_PUBLIC:
            visitor_ensure(workspace)


def connect_the_demo(admin: User, url: str) -> Workspace:
    """Install an App on the simulated GitHub that sends its webhooks to URL; follow all it reaches.

    The scheduler finds the repositories due and a worker reads them.

    Returns: the workspace.
    """
    github = SimulatorControl(simulator_url())
    workspace = workspace_ensure(slug=Command.workspace, admin=admin)
    here = {
        "url": url,
        "callback_urls": [f"{url}{CALLBACK_PATH}"],
        "setup_url": f"{url}{CALLBACK_PATH}",
        # GitHub refuses an address that only this machine knows; the simulator is on it.
        "hook_attributes": {"url": f"{url}{WEBHOOK_PATH}"},
        "default_events": EVENTS,
    }
    converted = github.register_app(OWNER, {**manifest(), **here})
    app = app_store(default_server(), converted)
    installation = github.install(app.client_id, OWNER)
    installation_link(viewer=admin, workspace=workspace, app=app, data=installation)
    reached = available_repositories(viewer=admin, workspace=workspace).repositories
    repositories_connect_available(
        viewer=admin, workspace=workspace, github_ids=[one.github_id for one in reached]
    )
    return workspace
