"""`dexxy export`: write all of one kind of a workspace, all about one person, or everything."""

from collections.abc import Iterable, Iterator
from typing import Any

from dexxy.accounts.models import Workspace
from dexxy.cli.command import DexxyCommand
from dexxy.cli.errors import WrongUseError
from dexxy.cli.private_file import written_atomically
from dexxy.cli.startup import database_require
from dexxy.cli.workspaces import workspace_called
from dexxy.people.archive.batches import archive_whole
from dexxy.people.export_selection import EVERYTHING, Asked, Selection
from dexxy.people.export_text import export_total, export_whole
from dexxy.people.models import Export, Format


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        what = _what(options)
        form = _form(what, options)
        database_require()
        workspace = workspace_called(options["workspace"])
        asked = Asked(workspace, selection=_selection(workspace, what, options["member"]))
        pieces = _pieces(asked, what, form, with_bom=options["bom"])
        if options["output"] is not None:
            with written_atomically(options["output"]) as output:
                output.writelines(pieces)
        elif what == Export.ALL:
            self._write_bytes(pieces)
        else:
            for piece in pieces:
                self.stdout.write(piece.decode(), ending="")

    def _write_bytes(self, pieces: Iterable[bytes]) -> None:
        output = getattr(self.stdout, "buffer", None)
        if output is None or self.stdout.isatty():
            raise WrongUseError("A zip file is nothing to look at: name a FILE with --output.")
        for piece in pieces:
            output.write(piece)
        output.flush()


def _what(options: dict[str, Any]) -> Export:
    named, everything = options["what"], options["all"]
    if named is None and not everything:
        raise WrongUseError("Say what to write: a kind such as `messages`, or --all.")
    if everything and named not in (None, Export.ALL):
        raise WrongUseError(f"--all writes everything: leave `{named}` out, or --all.")
    return Export.ALL if everything else Export(named)


def _form(what: Export, options: dict[str, Any]) -> Format:
    form = Format(options["format"]) if options["format"] else what.forms[0]
    if options["bom"] and form != Format.CSV:
        raise WrongUseError("--bom is for --format csv: nothing else begins with one.")
    if form not in what.forms and what == Export.ALL:
        raise WrongUseError("Everything is one zip file of JSON Lines: leave --format out.")
    if form == Format.ZIP and what != Export.ALL:
        raise WrongUseError("A zip file is of everything: `dexxy export --all`.")
    if form not in what.forms:
        raise WrongUseError("What is stored about a person is no table: leave --format out.")
    return form


def _pieces(asked: Asked, what: Export, form: Format, *, with_bom: bool) -> Iterator[bytes]:
    if what == Export.ALL:
        return archive_whole(asked)
    return (piece.encode() for piece in export_whole(asked, what, form, with_bom=with_bom))


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
