"""The list of commands, readable without Django so that it shows at once."""

import dexxy

COMMANDS = {
    "up": "run everything on this machine and print where",
    "demo": "show a recorded repository, without an account or a network",
    "sync": "connect a GitHub repository by token and read it now",
    "import-members": "make people members before they write, from a CSV file",
    "export": "write all threads, messages or members of a workspace to a file",
    "web": "run the web process alone",
    "worker": "run a worker alone",
    "scheduler": "run the scheduler alone",
    "doctor": "look at everything Dexxy needs, and say how to mend it",
    "rotate-keys": "encrypt everything secret with the newest key",
    "manage": "run one of Django's management commands",
}


def overview() -> str:
    """Return what `dexxy --help` prints."""
    width = max(map(len, COMMANDS))
    commands = "\n".join(f"  dexxy {name:<{width}}   {what}" for name, what in COMMANDS.items())
    return (
        f"Dexxy {dexxy.__version__}: one live feed of a community's issues, pull requests and "
        f"discussions.\n\n{commands}\n\n`dexxy COMMAND --help` lists the options of one."
    )
