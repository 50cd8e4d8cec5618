"""What a workspace has as rows, a few at a time: for other programs, and for spreadsheets."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, signed_in
from dexxy.accounts.services import audit
from dexxy.common.databases.replica import read
from dexxy.common.spreadsheet import as_text
from dexxy.members.who_may_see import require_people
from dexxy.people.export_person import person_total, read_person
from dexxy.people.export_rows import READERS, Row, rows_total
from dexxy.people.export_selection import Asked, Selection
from dexxy.people.models import Export, Format

# By which Excel knows that a file is UTF-8.
_BOM = "\ufeff"

# What is known of one person has no columns, and therefore no table.
_EXPORTS = {**READERS, Export.PERSON: ((), read_person)}


@dataclass(frozen=True)
class Batch:
    """Some rows as text.

    Args:
        rows: how many there are.
        cursor: behind which row the next batch begins; '' if this is the last one.
    """

    text: str
    rows: int
    cursor: str


def export_whole(
    asked: Asked, what: Export, form: Format, *, with_bom: bool = False
) -> Iterator[str]:
    """Return WHAT was asked for as text, piece by piece, the newest first.

    Args:
        with_bom: whether to begin with a byte order mark, which Excel asks of a CSV file.
    """
    yield export_head(what, form, with_bom=with_bom)
    cursor = ""
    while True:
        batch = export_batch(asked, what, form, cursor)
        yield batch.text
        cursor = batch.cursor
        if not cursor:
            return


def export_head(what: Export, form: Format, *, with_bom: bool) -> str:
    """Return what stands before the first row."""
    columns, _ = _EXPORTS[what]
    return (_BOM if with_bom else "") + (
        _csv(columns, [], has_head=True) if form == Format.CSV else ""
    )


def export_batch(asked: Asked, what: Export, form: Format, cursor: str) -> Batch:
    """Return the next rows, those behind CURSOR; the first ones where it is ''."""
    columns, rows_of = _EXPORTS[what]
    rows, behind_them = read(asked.viewer, lambda: rows_of(asked, cursor))
    text = _csv(columns, rows) if form == Format.CSV else _lines(rows)
    return Batch(text, len(rows), behind_them)


def export_total(asked: Asked, what: Export) -> int:
    """Return about how many rows WHAT was asked for has."""
    if what == Export.PERSON:
        return read(asked.viewer, lambda: person_total(asked))
    return read(asked.viewer, lambda: rows_total(asked, what))


def members_csv(viewer: Viewer, workspace: Workspace, member_ids: Sequence[int]) -> str:
    """Return some members as a CSV file that Excel reads; who takes it is written down.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_people(viewer, workspace)
    audit(workspace, signed_in(viewer), "members.exported", workspace, members=len(member_ids))
    asked = Asked(workspace, viewer, Selection(member_ids=member_ids))
    return "".join(export_whole(asked, Export.MEMBERS, Format.CSV, with_bom=True))


def _lines(rows: Iterable[Row]) -> str:
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows).decode()


def _csv(columns: Iterable[str], rows: Iterable[Row], *, has_head: bool = False) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(columns))
    if has_head:
        writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return buffer.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        value = "; ".join(map(_in_list, value))
    return as_text(value) if isinstance(value, str) else value


def _in_list(one: str | dict[str, Any]) -> str:
    """Return one of the texts of a list, or the name and the number of what is counted."""
    return one if isinstance(one, str) else ": ".join(map(str, one.values()))
