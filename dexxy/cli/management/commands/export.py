"""`dexxy export`: write all threads, messages or members of a workspace."""

from typing import Any

from dexxy.cli.command import DexxyCommand
from dexxy.cli.startup import database_require
from dexxy.cli.workspaces import workspace_called
from dexxy.people.exports import Export, Format, export_whole


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        database_require()
        workspace = workspace_called(options["workspace"])
        pieces = export_whole(workspace, Export(options["what"]), Format(options["format"]))
        if options["output"] is None:
            for piece in pieces:
                self.stdout.write(piece, ending="")
            return
        with options["output"].open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
