"""`dexxy export`: write all of one kind that a workspace has, or all about one person."""

from typing import Any

from dexxy.accounts.models import Workspace
from dexxy.cli.command import DexxyCommand
from dexxy.cli.errors import WrongUseError
from dexxy.cli.private_file import write_private
from dexxy.cli.startup import database_require
from dexxy.cli.workspaces import workspace_called
from dexxy.people.export_selection import EVERYTHING, Asked, Selection
from dexxy.people.exports import export_total, export_whole
from dexxy.people.models import Export, Format


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        database_require()
        workspace = workspace_called(options["workspace"])
        what, form = Export(options["what"]), Format(options["format"])
        if options["bom"] and form != Format.CSV:
            raise WrongUseError("--bom is for --format csv: nothing else begins with one.")
        if form not in what.forms:
            raise WrongUseError("What is stored about a person is no table: leave --format out.")
        asked = Asked(workspace, selection=_selection(workspace, what, options["member"]))
        pieces = export_whole(asked, what, form, with_bom=options["bom"])
        if options["output"] is None:
            for piece in pieces:
                self.stdout.write(piece, ending="")
            return
        write_private(options["output"], pieces)


def _selection(workspace: Workspace, what: Export, member_id: int | None) -> Selection:
    if what != Export.PERSON:
        if member_id is not None:
            raise WrongUseError("--member is for `dexxy export person`.")
        return EVERYTHING
    if member_id is None:
        raise WrongUseError("Say who it is with --member: the number in the address of their page.")
    selection = Selection(person=member_id)
    if not export_total(Asked(workspace, selection=selection), what):
        raise WrongUseError(f"Nobody in {workspace.slug} has the number {member_id}.")
    return selection
