"""`dexxy export`: write all threads, messages or members of a workspace."""

import os
import stat
from typing import Any

from dexxy.cli.command import DexxyCommand
from dexxy.cli.startup import database_prepare
from dexxy.cli.workspaces import workspace_called
from dexxy.people.exports import Export, Format, export_whole


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        database_prepare()
        workspace = workspace_called(options["workspace"])
        pieces = export_whole(workspace, Export(options["what"]), Format(options["format"]))
        if options["output"] is None:
            for piece in pieces:
                self.stdout.write(piece, ending="")
            return
        # People's words are in there: nobody else on this machine reads them.
        with open(options["output"], "w", encoding="utf-8", newline="", opener=_private) as file:
            file.writelines(pieces)


def _private(path: str, flags: int) -> int:
    descriptor = os.open(path, flags, 0o600)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):  # and no pipe or /dev/stdout
        os.fchmod(descriptor, 0o600)  # one that was there
    return descriptor
