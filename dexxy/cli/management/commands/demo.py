"""`dexxy demo`: the same as `up`, with a GitHub that is simulated and data of its own."""

from django.core.management import call_command

from dexxy.accounts.models import User
from dexxy.accounts.services import workspace_ensure
from dexxy.cli.demonstration import simulator_port
from dexxy.cli.management.commands.up import Command as UpCommand
from dexxy.cli.ports import usable_port
from dexxy.cli.startup import database_prepare
from dexxy.cli.supervisor import Process
from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
from dexxy_simulator.tokens import DEMO_TOKEN

RECORDED_REPOSITORY = "panjf2000/ants"


class Command(UpCommand):
    what = "Dexxy shows a recorded repository"
    workspace = "demo"

    def prepare_database(self) -> None:
        # The simulated GitHub begins anew each time, and so does what is known of it.
        database_prepare()
        call_command("flush", verbosity=0, interactive=False)

    def helpers(self) -> list[Process]:
        arguments = ("--recorded", "--live", "--port", str(simulator_port()))
        return [Process("simulated GitHub", "dexxy_simulator", arguments, is_quiet=True)]

    def is_ready(self) -> bool:
        return usable_port("127.0.0.1", simulator_port()) is None

    def when_ready(self, admin: User) -> None:
        connect_the_recorded_repository(admin)


def connect_the_recorded_repository(admin: User) -> None:
    """Connect the recorded repository; the scheduler finds it due and a worker reads it."""
    repository_connect_by_token(
        workspace=workspace_ensure(slug=Command.workspace, admin=admin),
        full_name=RECORDED_REPOSITORY,
        token=DEMO_TOKEN,
    )
