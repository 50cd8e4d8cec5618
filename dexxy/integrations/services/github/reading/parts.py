"""Nested lists that did not fit into their thread's page, drained part by part."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from dexxy.common.sql import Rows, execute, fetch_all
from dexxy.integrations.models import GitHubRepository, SyncPart, SyncStream
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.queries import parts_document
from dexxy.integrations.services.github.mapping import threads as mapping
from dexxy.integrations.services.github.reading.problems import problem_note, problems_end
from dexxy.integrations.services.github.reading.receipt import sweep_meets, sweeps_lose_count
from dexxy.integrations.services.github.reading.session import Reading
from dexxy.integrations.services.github_client import Answer
from dexxy.messages.ingest.records import MessageRecord, Scope
from dexxy.messages.ingest.snapshots import (
    FinishedList,
    StoredThread,
    authors_apply,
    lists_finish,
    messages_apply,
    replies_link,
    stored_thread,
    threads_lock,
    threads_settle,
    whole_lists,
)
from dexxy.messages.models import Thread, ThreadKind

# A list that goes on is known to be long: it weighs as much as so many that may be short.
LONG_LIST = 10
SMALL_PAGE = 10

_LIST_COLUMNS = {
    "connection": "text",
    "owner_id": "text",
    "owner_external_id": "text",
    "cursor": "text",
    "seen": "jsonb",
}
_COLUMNS = {
    "thread_id": "bigint",
    **_LIST_COLUMNS,
    "snapshot_at": "timestamptz",
    "sweep_id": "bigint",
}
_INSERT = """
INSERT INTO integrations_syncpart (
    repository_id, thread_id, connection, owner_id, owner_external_id, cursor, seen, snapshot_at,
    sweep_id, created_at, updated_at)
SELECT %(repository)s, thread_id, connection, owner_id, owner_external_id, cursor,
       ARRAY(SELECT jsonb_array_elements_text(seen)), snapshot_at, sweep_id,
       now(), now()
FROM {rows}
"""

# Asked before every request.
_IS_FULL = """
SELECT sum(CASE cursor WHEN '' THEN 1 ELSE %(long)s END) >= %(weight)s
FROM (SELECT cursor FROM integrations_syncpart
      WHERE repository_id = %(repository)s ORDER BY id LIMIT %(weight)s) waiting
"""


_WAITING = """
SELECT part.id, part.connection, part.owner_id, part.owner_external_id, part.cursor, part.seen,
       part.snapshot_at, part.sweep_id, t.id, t.kind, t.number, t.merged_at IS NOT NULL
FROM (SELECT * FROM integrations_syncpart
      WHERE repository_id = %(repository)s ORDER BY id LIMIT %(weight)s) part
JOIN messages_thread t ON t.id = part.thread_id
ORDER BY part.id
"""
_MOVE_ON = """
UPDATE integrations_syncpart part
SET cursor = r.cursor, seen = ARRAY(SELECT jsonb_array_elements_text(r.seen)), updated_at = now()
FROM {rows}
WHERE part.id = r.id
"""
_PLACE_COLUMNS = {"id": "bigint", "cursor": "text", "seen": "jsonb"}


@dataclass(slots=True)
class Part:
    """A stored `SyncPart` with what reading it needs to know of its thread."""

    id: int
    connection: str
    owner_id: str
    owner_external_id: str
    cursor: str
    seen: list[str]
    snapshot_at: datetime
    sweep_id: int | None
    thread_id: int
    thread_kind: str
    thread_number: int
    is_merged: bool


# Of which thread, when its snapshot was asked for, and the sweep that met it.
_ListToRead = tuple[int, mapping.OpenList, datetime, int | None]


def waiting(repository: GitHubRepository, weight: int) -> list[Part]:
    """Return the parts that have waited longest, up to WEIGHT in all, but at least one."""
    params = {"repository": repository.pk, "weight": weight}
    found = [Part(*row) for row in fetch_all(_WAITING, params)]
    while len(found) > 1 and weight_of(found) > weight:
        found.pop()
    return found


def is_full(repository: GitHubRepository, weight: int) -> bool:
    """Tell whether the parts that wait fill a request of WEIGHT."""
    params = {"repository": repository.pk, "weight": weight, "long": LONG_LIST}
    [[is_full]] = fetch_all(_IS_FULL, params)
    return bool(is_full)


def weight_of(parts: Sequence[Part]) -> int:
    """Return how much reading a page of each of PARTS may be."""
    return sum(LONG_LIST if part.cursor else 1 for part in parts)


def replace(
    repository: GitHubRepository,
    threads: Sequence[StoredThread],
    open_lists: Sequence[Iterable[mapping.OpenList]],
    snapshot_at: datetime,
    *,
    sweep: SyncStream | None = None,
) -> None:
    """Write down what is left to read of threads whose snapshots were just stored.

    Args:
        sweep: the one that met them.
    """
    if known := [thread.id for thread in threads if not thread.is_new]:
        forget(SyncPart.objects.filter(thread__in=known))
    _add(
        repository.pk,
        [
            (thread.id, left, snapshot_at, sweep.pk if sweep else None)
            for thread, lists in zip(threads, open_lists, strict=True)
            for left in lists
        ],
    )
    problems_end(repository.pk, [thread.id for thread in threads])


def _add(repository_id: int, lists: Sequence[_ListToRead]) -> None:
    """Write down lists to read."""
    rows = [
        (thread_id, *(getattr(left, name) for name in _LIST_COLUMNS), snapshot_at, sweep_id)
        for thread_id, left, snapshot_at, sweep_id in lists
    ]
    if rows:
        execute(_INSERT, {"repository": repository_id}, Rows(_COLUMNS, rows))


def read(reading: Reading, parts: Sequence[Part], *, first: int) -> Answer | None:
    """Read and store the next page of each of PARTS.

    Args:
        first: how long these pages may be; SMALL_PAGE is the shortest.

    Returns: the answer, or None if GitHub found it too much at once.

    Raises:
        DexxyError: they could not be read; nothing was stored.
    """
    is_smallest = len(parts) == 1 and first == SMALL_PAGE
    try:
        answer = _answer(reading, parts, first=first, is_smallest=is_smallest)
        _store(reading, parts, answer)
    except errors.CursorRefusedError as error:
        # Which of several it was, smaller requests tell.
        if len(parts) == 1:
            _restart(reading, parts[0], error)
        return None
    except errors.QueryTooHeavyError as error:
        if is_smallest:
            _give_up(reading, parts[0], error)
        return None
    return answer


def _answer(reading: Reading, parts: Sequence[Part], *, first: int, is_smallest: bool) -> Answer:
    variables: dict[str, Any] = {"first": first}
    for place, part in enumerate(parts):
        variables[f"id{place}"] = part.owner_id
        variables[f"after{place}"] = part.cursor or None
    document = parts_document([part.connection for part in parts])
    places = [f"p{place}" for place in range(len(parts))]
    return reading.query(document, variables, may_miss=places, is_smallest=is_smallest)


def _store(reading: Reading, parts: Sequence[Part], answer: Answer) -> None:
    gone = [part for place, part in enumerate(parts) if f"p{place}" in answer.missed]
    here = [(f"p{place}", part) for place, part in enumerate(parts) if part not in gone]
    pages = [_page(part, answer.data.get(place)) for place, part in here]
    with reading.storing():
        _apply(reading, [part for _, part in here], pages, gone, answer)


def _apply(
    reading: Reading,
    parts: Sequence[Part],
    pages: Sequence[mapping.MappedList],
    gone: Sequence[Part],
    answer: Answer,
) -> None:
    messages = [message for page in pages for message in page.messages]
    authors = authors_apply(reading.place, (m.author for m in messages), asked_at=answer.asked_at)
    rows = threads_lock(part.thread_id for part in (*parts, *gone))
    # What was stored of a thread since its snapshot was asked for may be newer than its parts.
    threads = [stored_thread(rows[p.thread_id], asked_at=p.snapshot_at) for p in parts]
    read = list(zip(threads, parts, pages, strict=True))
    messages_apply(reading.place, [(t, m) for t, _, page in read for m in page.messages], authors)
    for part, page in zip(parts, pages, strict=True):
        part.cursor = page.cursor
        part.seen = [*part.seen, *page.seen]
    whole = [w for t, _, page in read for w in whole_lists(t, page.complete, page.messages)]
    ended = [FinishedList(thread, _scope(p), p.seen) for thread, p, _ in read if not p.cursor]
    lists_finish([*whole, *ended])
    _write(reading.repository, parts, pages)
    _count(parts, pages)
    _leave_to_refetch(gone)
    replies_link(rows)
    threads_settle(list(rows))
    problems_end(reading.repository.pk, [thread.id for thread in threads])
    reading.count(messages=len(messages))


def _write(
    repository: GitHubRepository,
    parts: Sequence[Part],
    pages: Sequence[mapping.MappedList],
) -> None:
    _delete(part for part in parts if not part.cursor)
    going_on = [(part.id, part.cursor, part.seen) for part in parts if part.cursor]
    if going_on:
        execute(_MOVE_ON, {}, Rows(_PLACE_COLUMNS, going_on))
    below = [
        (part.thread_id, left, part.snapshot_at, part.sweep_id)
        for part, page in zip(parts, pages, strict=True)
        for left in page.open_lists
    ]
    _add(repository.pk, below)


def _page(part: Part, node: Any) -> mapping.MappedList:
    """Map a page of a part.

    Raises:
        QueryTooHeavyError: it cannot be read; by itself it may be, or is left out.
        CursorRefusedError: its cursors do not lead to an end.
    """
    try:
        page = mapping.nested_page(
            part.connection,
            node["list"],
            part.owner_external_id,
            merged=part.is_merged,
        )
    except errors.UNKNOWN_SHAPE as error:
        raise errors.QueryTooHeavyError(
            f"GitHub shows a list of #{part.thread_number} in a way that this Dexxy does not know"
            f" ({errors.quoted(repr(error))}). Update Dexxy, or report it."
        ) from error
    is_nothing_new = bool(page.seen) and set(page.seen) <= set(part.seen)
    if page.cursor and (page.cursor == part.cursor or is_nothing_new):
        raise errors.CursorRefusedError("Its cursors go round in a circle.")
    return page


def _restart(reading: Reading, part: Part, error: errors.CursorRefusedError) -> None:
    """Read a list from its beginning again, or leave it out where that does not help."""
    try:
        reading.restarting(error)
    except errors.UnexpectedAnswerError as unhelped:
        _give_up(reading, part, unhelped)
        return
    with reading.storing():
        sweeps_lose_count([part.sweep_id])
        SyncPart.objects.filter(pk=part.id).update(cursor="", seen=[])


def _leave_to_refetch(gone: Sequence[Part]) -> None:
    """Mark the threads of lists whose owners are not shown: only a refetch can tell why."""
    Thread.objects.filter(pk__in=[p.thread_id for p in gone]).update(refetch_at=timezone.now())
    forget(SyncPart.objects.filter(pk__in=[part.id for part in gone]))


def _scope(part: Part) -> Scope:
    return mapping.scope_of(part.connection, part.owner_external_id)


def _give_up(reading: Reading, part: Part, error: errors.GitHubError) -> None:
    """Leave out the list that cannot be read; its thread is tried again as a whole, later."""
    with reading.storing():
        kind = ThreadKind(part.thread_kind)
        problem_note(reading.repository, kind, part.thread_number, error)
        forget(SyncPart.objects.filter(thread=part.thread_id))


def _delete(parts: Iterable[Part]) -> None:
    if ids := [part.id for part in parts]:
        execute("DELETE FROM integrations_syncpart WHERE id = ANY(%(ids)s)", {"ids": ids})


def forget(parts: QuerySet[SyncPart]) -> None:
    """Leave lists that were not read to their ends."""
    sweeps_lose_count(parts.exclude(sweep=None).values_list("sweep_id", flat=True))
    parts.delete()


def _count(parts: Sequence[Part], pages: Sequence[mapping.MappedList]) -> None:
    """Add what was read to what the sweeps have met."""
    met: dict[int, list[MessageRecord]] = {}
    for part, page in zip(parts, pages, strict=True):
        if part.sweep_id is not None:
            met.setdefault(part.sweep_id, []).extend(page.messages)
    for sweep in SyncStream.objects.filter(pk__in=met) if met else ():
        sweep_meets(sweep, met[sweep.pk])
        sweep.save(update_fields=["met", "updated_at"])
