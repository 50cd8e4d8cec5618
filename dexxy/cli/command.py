"""What our commands have in common."""

from argparse import ArgumentTypeError

from django.core.management.base import BaseCommand


class DexxyCommand(BaseCommand):
    """A command whose --help lists our options and not Django's."""

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


def port_number(text: str) -> int:
    """Read a port from the command line."""
    if text.isascii() and text.isdigit() and 0 < int(text) < 65536:
        return int(text)
    raise ArgumentTypeError(f"{text} is not a port: give a number from 1 to 65535")
