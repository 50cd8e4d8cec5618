"""What our commands have in common."""

from django.core.management.base import BaseCommand, CommandParser

from dexxy.cli.command_line import COMMANDS


class DexxyCommand(BaseCommand):
    """A command of `dexxy`. What it takes on its command line is in `command_line.py`."""

    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Let Django read the same command line, for `dexxy manage COMMAND` and for programs."""
        name = self.__module__.rpartition(".")[2].replace("_", "-")
        COMMANDS[name].add(parser)
