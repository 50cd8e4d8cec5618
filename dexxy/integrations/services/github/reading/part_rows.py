"""The rows of parts: what is left to read of nested lists, and how far each was read."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from dexxy.common.sql import Rows, execute_later, fetch_all
from dexxy.integrations.models import GitHubRepository, SyncPart, SyncStream
from dexxy.integrations.services.github.mapping.nested_lists import MappedList, OpenList, scope_of
from dexxy.integrations.services.github.reading.receipt import sweeps_lose_count
from dexxy.messages.ingest.nested_lists import FinishedList, whole_lists
from dexxy.messages.ingest.review_threads import ResolvedComments, ReviewThreadList
from dexxy.messages.ingest.stored_threads import StoredThread

# A list that goes on is known to be long: it weighs as much as so many that may be short.
LONG_LIST = 10

_LIST_COLUMNS = {
    "connection": "text",
    "owner_id": "text",
    "owner_external_id": "text",
    "cursor": "text",
    "seen": "jsonb",
    "has_gaps": "boolean",
}
_COLUMNS = {
    "thread_id": "bigint",
    **_LIST_COLUMNS,
    "snapshot_at": "timestamptz",
    "sweep_id": "bigint",
}
_INSERT = """
INSERT INTO integrations_syncpart (
    repository_id, thread_id, connection, owner_id, owner_external_id, cursor, seen, has_gaps,
    snapshot_at, sweep_id, created_at, updated_at)
SELECT %(repository)s, thread_id, connection, owner_id, owner_external_id, cursor,
       ARRAY(SELECT jsonb_array_elements_text(seen)), has_gaps, snapshot_at, sweep_id,
       now(), now()
FROM {rows}
"""
_WAITING = """
SELECT part.id, part.connection, part.owner_id, part.owner_external_id, part.cursor, part.seen,
       part.has_gaps, part.snapshot_at, part.sweep_id, t.id, t.kind, t.number,
       t.merged_at
FROM (SELECT * FROM integrations_syncpart
      WHERE repository_id = %(repository)s ORDER BY id LIMIT %(weight)s) part
JOIN messages_thread t ON t.id = part.thread_id
ORDER BY part.id
"""
_END = "DELETE FROM integrations_syncpart WHERE id = ANY(%(parts)s)"
_MOVE_ON = """
UPDATE integrations_syncpart part
SET cursor = r.cursor, seen = ARRAY(SELECT jsonb_array_elements_text(r.seen)),
    has_gaps = r.has_gaps, updated_at = now()
FROM {rows}
WHERE part.id = r.id
"""
_POSITION_COLUMNS = {"id": "bigint", "cursor": "text", "seen": "jsonb", "has_gaps": "boolean"}


@dataclass(frozen=True, slots=True)
class Part:
    """A stored `SyncPart`, with what reading it needs to know of its thread."""

    id: int
    connection: str
    owner_id: str
    owner_external_id: str
    cursor: str
    seen: list[str]
    has_gaps: bool
    snapshot_at: datetime
    sweep_id: int | None
    thread_id: int
    thread_kind: str
    thread_number: int
    merged_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReadPart:
    """A part of which the next page was read.

    Args:
        part: as it was before that.
        thread: the locked row of its thread. The page is authoritative for it as of the thread's
            snapshot: what was stored since then may be newer than the list.
    """

    part: Part
    page: MappedList
    thread: StoredThread

    @property
    def seen(self) -> list[str]:
        """The external ids of the list that are known now."""
        return [*self.part.seen, *self.page.seen]

    @property
    def has_gaps(self) -> bool:
        """Whether GitHub kept back some of the list so far."""
        return self.part.has_gaps or bool(self.page.gaps)

    def finished_lists(self) -> Iterator[FinishedList]:
        """Yield the lists that are read whole now: those of the page, and its own at its end."""
        yield from whole_lists(self.thread, self.page.complete, self.page.messages)
        if not self.page.cursor and not self.has_gaps:
            scope = scope_of(self.part.connection, self.part.owner_external_id)
            yield FinishedList(self.thread, scope, self.seen)

    def review_threads(self) -> Iterator[ReviewThreadList]:
        """Yield what its page tells of review threads, if it is a list of these."""
        if self.part.connection == "review_threads":
            is_whole = not self.page.cursor and not self.has_gaps
            shown, before = self.page.review_threads, self.part.seen
            yield ReviewThreadList(self.thread, shown, before, is_whole=is_whole)

    def resolved_comments(self) -> Iterator[ResolvedComments]:
        """Yield the comments of a review thread that is resolved, once they are read."""
        if self.part.connection == "resolved_comments" and not self.page.cursor:
            is_whole = not self.has_gaps
            yield ResolvedComments(self.thread, self.part.owner_id, self.seen, is_whole=is_whole)


def parts_waiting(repository: GitHubRepository, weight: int) -> list[Part]:
    """Return the parts that have waited longest, up to WEIGHT in all, but at least one."""
    params = {"repository": repository.pk, "weight": weight}
    found = [Part(*row) for row in fetch_all(_WAITING, params)]
    while len(found) > 1 and weight_of(found) > weight:
        found.pop()
    return found


def weight_of(parts: Sequence[Part]) -> int:
    """Return how much there may be to read in a page of each of PARTS."""
    return sum(LONG_LIST if part.cursor else 1 for part in parts)


def parts_replace(
    repository: GitHubRepository,
    threads: Sequence[StoredThread],
    open_lists: Sequence[Iterable[OpenList]],
    snapshot_at: datetime,
    *,
    sweep: SyncStream | None = None,
) -> None:
    """Write down what is left to read of threads whose snapshots were just stored.

    Args:
        open_lists: of each of THREADS.
        snapshot_at: when the snapshots were asked for.
        sweep: the one that met them, which counts what is read.
    """
    if known := [thread.id for thread in threads if not thread.is_new]:
        parts_forget(SyncPart.objects.filter(thread__in=known))
    sweep_id = sweep.pk if sweep else None
    _insert(
        repository,
        [
            _row(thread.id, left, snapshot_at, sweep_id)
            for thread, lists in zip(threads, open_lists, strict=True)
            for left in lists
        ],
    )


def parts_move_on(repository: GitHubRepository, read: Sequence[ReadPart]) -> None:
    """Write down how far parts are read now, and which lists below them are left to read."""
    if ended := [one.part.id for one in read if not one.page.cursor]:
        execute_later(_END, {"parts": ended})
    going_on = [
        (one.part.id, one.page.cursor, one.seen, one.has_gaps) for one in read if one.page.cursor
    ]
    if going_on:
        execute_later(_MOVE_ON, {}, Rows(_POSITION_COLUMNS, going_on))
    _insert(
        repository,
        [
            _row(one.part.thread_id, left, one.part.snapshot_at, one.part.sweep_id)
            for one in read
            for left in one.page.open_lists
        ],
    )


def parts_forget(parts: QuerySet[SyncPart]) -> None:
    """Leave lists that were not read to their ends; the sweeps that met them lose count."""
    sweeps_lose_count(parts.exclude(sweep=None).values_list("sweep_id", flat=True))
    parts.delete()


def _row(
    thread_id: int, left: OpenList, snapshot_at: datetime, sweep_id: int | None
) -> tuple[Any, ...]:
    return (thread_id, *(getattr(left, name) for name in _LIST_COLUMNS), snapshot_at, sweep_id)


def _insert(repository: GitHubRepository, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        execute_later(_INSERT, {"repository": repository.pk}, Rows(_COLUMNS, rows))
