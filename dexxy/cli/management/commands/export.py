"""`dexxy export`: write all of one kind that a workspace has."""

from typing import Any

from dexxy.cli.command import DexxyCommand
from dexxy.cli.errors import WrongUseError
from dexxy.cli.private_file import write_private
from dexxy.cli.startup import database_require
from dexxy.cli.workspaces import workspace_called
from dexxy.people.export_selection import Asked
from dexxy.people.exports import export_whole
from dexxy.people.models import Export, Format


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        database_require()
        workspace = workspace_called(options["workspace"])
        what, form = Export(options["what"]), Format(options["format"])
        if options["bom"] and form != Format.CSV:
            raise WrongUseError("--bom is for --format csv: nothing else begins with one.")
        pieces = export_whole(Asked(workspace), what, form, with_bom=options["bom"])
        if options["output"] is None:
            for piece in pieces:
                self.stdout.write(piece, ending="")
            return
        write_private(options["output"], pieces)
