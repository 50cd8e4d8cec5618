"""What our commands have in common."""

from argparse import ArgumentTypeError
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandParser

from dexxy.cli.errors import WrongUseError


class DexxyCommand(BaseCommand):
    """A command whose --help lists our options and not Django's, and whose errors are one line."""

    requires_system_checks = []
    suppressed_base_arguments = {
        "--version",
        "--verbosity",
        "--settings",
        "--pythonpath",
        "--traceback",
        "--no-color",
        "--force-color",
        "--skip-checks",
    }

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Make the parser of the command line.

        Raises:
            WrongUseError: later, by the parser, where argparse would print its usage.
        """
        parser = super().create_parser(prog_name, subcommand, **kwargs)

        def error(message: str) -> NoReturn:
            sentence = message[:1].upper() + message[1:]
            raise WrongUseError(f"{sentence}. `dexxy {subcommand} --help` lists the options.")

        parser.error = error  # type: ignore[method-assign]
        return parser


def port_number(text: str) -> int:
    """Read a port from the command line."""
    if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    raise ArgumentTypeError(f"{text} is not a port: give a number from 1 to 65535")
