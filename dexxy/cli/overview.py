"""The list of commands, readable without Django so that it shows at once."""

import dexxy
from dexxy.cli.command_line import COMMANDS


def overview() -> str:
    """Return what `dexxy --help` prints."""
    width = max(map(len, COMMANDS))
    commands = "\n".join(
        f"  dexxy {name:<{width}}   {command.summary}" for name, command in COMMANDS.items()
    )
    return (
        f"Dexxy {dexxy.__version__}: one live feed of a community's issues, pull requests and "
        f"discussions.\n\n{commands}\n\n`dexxy COMMAND --help` lists the options of one."
    )
