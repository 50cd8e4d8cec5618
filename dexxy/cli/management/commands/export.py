"""`dexxy export`: write all threads, messages or members of a workspace."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from dexxy.cli.command import DexxyCommand
from dexxy.cli.startup import database_prepare
from dexxy.cli.workspaces import workspace_called
from dexxy.people.exports import Export, Format, export_whole


class Command(DexxyCommand):
    help = "Write all threads, messages or members of a workspace, as JSON Lines or CSV."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=Export.values)
        parser.add_argument(
            "--workspace", default="default", metavar="SLUG", help="default: %(default)s"
        )
        parser.add_argument(
            "--format",
            choices=Format.values,
            default=Format.JSON_LINES,
            help="default: %(default)s",
        )
        parser.add_argument(
            "--output", type=Path, metavar="FILE", help="where to write it (default: the output)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        database_prepare()
        workspace = workspace_called(options["workspace"])
        pieces = export_whole(workspace, Export(options["what"]), Format(options["format"]))
        if options["output"] is None:
            for piece in pieces:
                self.stdout.write(piece, ending="")
            return
        with options["output"].open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
