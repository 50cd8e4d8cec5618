"""`dexxy backup FILE`: write everything to one file."""

import sys
from pathlib import Path
from typing import Any

from dexxy.cli.command import DexxyCommand
from dexxy.cli.migration_state import database_state
from dexxy.cli.private_file import written_atomically
from dexxy.config.backups import backup_passphrase
from dexxy.embedded.binaries import postgres_client_programs
from dexxy.safekeeping.making import Made, backup_make


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        passphrase = backup_passphrase()
        database_state()  # what is not of this Dexxy, it cannot back up either
        brought = postgres_client_programs()
        if options["file"] == "-":
            made = backup_make(sys.stdout.buffer, passphrase=passphrase, brought=brought)
            self.stderr.write(_told("", made))
            return
        path = Path(options["file"])
        with written_atomically(path) as output:
            made = backup_make(output, passphrase=passphrase, brought=brought)
        if path.is_file():
            self.stdout.write(_told(f" to {path} ({path.stat().st_size:,} bytes)", made))
        else:  # a pipe, which may be our own output
            self.stderr.write(_told(f" to {path}", made))


def _told(where: str, made: Made) -> str:
    keys = (
        "The keys are enclosed"
        if made.has_keys
        else "The keys are not in it: set DEXXY_BACKUP_PASSPHRASE to enclose them"
    )
    lost = "".join(
        f"\nThe erasures of workspace {slug} cannot be kept apart: their key is not here."
        for slug in made.unreadable
    )
    return f"Backed up{where}. {keys}.{lost}"
