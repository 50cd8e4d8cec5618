"""Everything that a workspace has, as one zip file of JSON Lines, batch by batch."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

import orjson
from django.db.models import Count, Min
from django.utils import timezone

from dexxy import __version__
from dexxy.common.databases.replica import read
from dexxy.members.models import MemberSummary
from dexxy.people.archive.tables import TABLES
from dexxy.people.archive.zip_file import (
    Entry,
    archive_tail,
    entry_head,
    entry_more,
    entry_tail,
)
from dexxy.people.export_rows import BATCH, READERS, Reader, Rows, rows_total
from dexxy.people.export_selection import Asked
from dexxy.people.models import Export

# Of what the files have. It grows where a program that reads one would have to be changed.
VERSION = 1
MANIFEST = "manifest.json"
# What is exported by itself, too, with the same rows.
_ALONE = (
    *(Export.THREADS, Export.MESSAGES, Export.EVENTS, Export.MEMBERS),
    *(Export.RELEASES, Export.GROWTH, Export.AUDIT),
)


@dataclass(frozen=True)
class Content:
    """Some bytes of a file.

    Args:
        rows: how many they have.
        cursor: how far the file is; '' where this is its end.
    """

    content: bytes
    rows: int
    cursor: str


@dataclass(frozen=True)
class _Position:
    """How far an archive is.

    Args:
        made_at: when it was begun.
        at: its bytes until here.
        entries: its files, the last one perhaps unfinished.
        inner: behind which row of the last one to go on; None where it is to be begun.
    """

    made_at: datetime
    at: int = 0
    entries: list[Entry] = field(default_factory=list)
    inner: str | None = None

    @classmethod
    def read(cls, cursor: str) -> Self:
        if not cursor:
            return cls(timezone.now().replace(microsecond=0))
        written = orjson.loads(cursor)
        return cls(
            made_at=datetime.fromisoformat(written["made_at"]),
            at=written["at"],
            entries=[Entry.read(one) for one in written["entries"]],
            inner=written["inner"],
        )

    def written(self) -> str:
        entries = [one.as_json() for one in self.entries]
        state = {"made_at": self.made_at, "at": self.at, "entries": entries, "inner": self.inner}
        return orjson.dumps(state).decode()


def archive_batch(asked: Asked, cursor: str) -> Content:
    """Return the next bytes of the archive of a workspace.

    Args:
        cursor: how far it is, as the batch before said; '' at its beginning.
    """
    position = _Position.read(cursor)
    is_begun = position.inner is not None
    done = len(position.entries) - is_begun
    if done == len(_FILES):
        return _end(asked, position)
    name, reader = list(_FILES.items())[done]
    content = b""
    if not is_begun:
        entry = Entry(name, position.at)
        content = entry_head(entry, position.made_at)
        position = replace(position, entries=[*position.entries, entry], inner="")
    rows, inner = read(asked.viewer, lambda: reader(asked, position.inner or ""))
    entry, packed = entry_more(position.entries[-1], _lines(rows), len(rows))
    content += packed
    if not inner:
        entry, tail = entry_tail(entry)
        content += tail
    further = replace(
        position,
        at=position.at + len(content),
        entries=[*position.entries[:-1], entry],
        inner=inner or None,
    )
    return Content(content, len(rows), further.written())


def archive_total(asked: Asked) -> int:
    """Return about how many rows the archive of a workspace has."""
    return read(asked.viewer, lambda: sum(rows_total(asked, one) for one in _ALONE))


def archive_whole(asked: Asked) -> Iterator[bytes]:
    """Return the archive of a workspace, batch by batch."""
    cursor = ""
    while True:
        batch = archive_batch(asked, cursor)
        yield batch.content
        cursor = batch.cursor
        if not cursor:
            return


def _end(asked: Asked, position: _Position) -> Content:
    """Return what ends an archive: the file about the others, and where each is."""
    about = {
        "version": VERSION,
        "dexxy": __version__,
        "workspace": asked.workspace.slug,
        "made_at": position.made_at,
        "files": {one.name: one.rows for one in position.entries},
    }
    entry = Entry(MANIFEST, position.at)
    content = entry_head(entry, position.made_at)
    entry, packed = entry_more(entry, orjson.dumps(about, option=orjson.OPT_INDENT_2), 0)
    entry, tail = entry_tail(entry)
    content += packed + tail
    ending = archive_tail([*position.entries, entry], position.at + len(content), position.made_at)
    return Content(content + ending, 0, "")


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def _organizations(asked: Asked, cursor: str) -> Rows:
    """Return the next organizations, with how many members name each, by their keys."""
    named = MemberSummary.objects.filter(
        workspace=asked.workspace, organization_key__gt=cursor, member__erased_at=None
    )
    counted = named.values("organization_key").annotate(
        name=Min("organization"), members=Count("pk")
    )
    rows = [
        {"key": one["organization_key"], "name": one["name"], "members": one["members"]}
        for one in counted.order_by("organization_key")[:BATCH]
    ]
    return rows, rows[-1]["key"] if len(rows) == BATCH else ""


ORGANIZATION_FIELDS = ("key", "name", "members")
_FILES: Mapping[str, Reader] = {
    f"{name}.jsonl": reader
    for name, reader in (
        *((name, table.read) for name, table in TABLES.items()),
        ("organizations", _organizations),
        *((one.value, READERS[one][1]) for one in _ALONE),
    )
}


def archive_fields() -> dict[str, tuple[str, ...]]:
    """Return the files of an archive and the fields of their rows."""
    return {
        **{f"{name}.jsonl": tuple(table.fields) for name, table in TABLES.items()},
        "organizations.jsonl": ORGANIZATION_FIELDS,
        **{f"{one.value}.jsonl": READERS[one][0] for one in _ALONE},
    }
