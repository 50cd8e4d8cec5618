"""The queue: who waits for the team, in the order in which they should be answered.

Those who have waited for long come first, in four bands of age; in each, those whom nobody has
answered; and then whoever waits longest.
"""
# ruff: noqa: S608
# The statements are put together from constants of this package alone; values are parameters.

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.pages import PAGE, InvalidCursorError, Page, check_size, decoded, encoded
from dexxy.common.sql import fetch_all, time_limit
from dexxy.messages.answers import IS_SAID, WORDS, by_another_person, listed
from dexxy.messages.models import Message, Standing, Thread
from dexxy.messages.waiting.lists import (
    BANDS,
    BEGINNING,
    IN_RANGE,
    RANGES,
    SNOOZED_ONCE,
    WHOLE_QUEUE,
    QueueFilters,
    asked,
    ranges_at,
)

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class WaitingThread:
    """A row of the queue.

    Args:
        message: the first that nobody has answered; None if it was no message, but a push.
        band: the number of its band.
        others: how many people beside the opener have written since the wait began.
    """

    standing: Standing
    thread: Thread
    message: Message | None
    band: int
    others: int = 0

    @property
    def pk(self) -> int:
        """That of the thread."""
        return self.thread.pk


@dataclass(frozen=True)
class QueueChanges:
    """What has happened to a list since somebody read a part of it.

    Args:
        gone: threads that were read and are no longer in it, with what was decided about them.
        arrived: how many stand before the last one that was read and were not there then.
    """

    gone: Sequence[Thread]
    arrived: int


# Nobody looks at more of a list at once, and each of them is looked up.
MOST_COMPARED = 1000


@dataclass(frozen=True)
class _Cursor:
    """Where a row stands: the moment from which ages are counted, its range, wait and thread."""

    now: datetime
    number: int = 0
    since: datetime = BEGINNING
    thread_id: int = 0

    @property
    def pk(self) -> int:
        """That of the thread."""
        return self.thread_id

    def __str__(self) -> str:
        times = [(at - BEGINNING) // _MICROSECOND for at in (self.now, self.since)]
        return encoded(f"{times[0]}.{self.number}.{times[1]}.{self.thread_id}")

    @classmethod
    def parse(cls, text: str) -> "_Cursor":
        try:
            now, number, since, thread_id = map(int, decoded(text).split("."))
            times = [BEGINNING + micros * _MICROSECOND for micros in (now, since)]
        except (ValueError, OverflowError) as error:
            raise InvalidCursorError(_("The cursor is not one of ours.")) from error
        # Before that there is no age of a wait.
        is_possible = times[0] >= BEGINNING + BANDS[0] and times[1] >= BEGINNING
        if not (is_possible and 0 <= number < 2 * len(BANDS) and 0 <= thread_id < 2**63):
            raise InvalidCursorError(_("The cursor is not one of ours."))
        return cls(times[0], number, times[1], thread_id)


def queue_page(
    viewer: Viewer,
    workspace: Workspace,
    filters: QueueFilters = WHOLE_QUEUE,
    first: int = PAGE,
    after: str | None = None,
) -> Page[WaitingThread]:
    """Return FIRST threads of the queue behind the cursor AFTER.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
    """
    check_size(first)
    require_membership(viewer, workspace)
    cursor = _Cursor(timezone.now()) if after is None else _Cursor.parse(after)
    with time_limit():
        rows = _find(viewer, workspace, filters, cursor, first + 1)
        found = _rows(workspace, rows[:first])
    cursors = [_Cursor(cursor.now, *row) for row in rows[:first]]
    return Page(found, cursors, len(rows) > first)


def queue_rows(
    viewer: Viewer, workspace: Workspace, filters: QueueFilters, thread_ids: Collection[int]
) -> list[WaitingThread]:
    """Return those of some threads that are in a list now, in its order.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    cursor = _Cursor(timezone.now())
    with time_limit():
        found = _find(viewer, workspace, filters, cursor, len(thread_ids), thread_ids)
        return _rows(workspace, found)


def queue_changes(
    viewer: Viewer, workspace: Workspace, filters: QueueFilters, read: Sequence[int]
) -> QueueChanges:
    """Tell what has happened to a list since its threads READ were.

    Args:
        read: ids of threads that stood together at the beginning of the list, in its order; the
            first MOST_COMPARED of them are compared.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    read = read[:MOST_COMPARED]
    known = set(read)
    with time_limit():
        rows = _find(viewer, workspace, filters, _Cursor(timezone.now()), len(read) + PAGE)
    positions = {pk: at for at, (*_, pk) in enumerate(rows)}
    end = max((positions[pk] for pk in read if pk in positions), default=len(rows) - 1)
    # Whoever came in may have moved the last ones that were read beyond the end of what was found.
    missing = [pk for pk in read if pk not in positions]
    kept = {row.pk for row in queue_rows(viewer, workspace, filters, missing)} if missing else set()
    gone = Thread.objects.filter(workspace=workspace, pk__in=set(missing) - kept)
    return QueueChanges(
        gone=list(gone.select_related("source", "triage__held_by")),
        arrived=sum(at <= end for pk, at in positions.items() if pk not in known),
    )


def _find(
    viewer: Viewer,
    workspace: Workspace,
    filters: QueueFilters,
    cursor: _Cursor,
    limit: int,
    thread_ids: Collection[int] | None = None,
) -> list[tuple[Any, ...]]:
    """Return the range, wait and thread of LIMIT rows behind CURSOR, of THREAD_IDS if given."""
    of = asked(viewer, workspace, filters, cursor.now)
    among = "" if thread_ids is None else " AND s.thread_id = ANY(%(among)s)"
    statement = f"""
{SNOOZED_ONCE}
SELECT q.number, q.since, q.thread_id FROM {RANGES} CROSS JOIN LATERAL (
    SELECT r.number, s.thread_id, s.since FROM {of.source}
    WHERE {of.conditions} AND {IN_RANGE}{among} AND r.number >= %(at)s
      AND (r.number > %(at)s OR (s.since, s.thread_id) > (%(since)s, %(thread)s))
    ORDER BY s.since, s.thread_id LIMIT %(limit)s
) q ORDER BY q.number, q.since, q.thread_id LIMIT %(limit)s"""
    behind = {
        "at": cursor.number,
        "since": cursor.since,
        "thread": cursor.thread_id,
        "limit": limit,
    }
    params = {**of.params, **ranges_at(cursor.now), **behind, "among": list(thread_ids or ())}
    return fetch_all(statement, params)


# Of one thread. There are threads in which more is said than anybody wants to wait for.
_MOST_LOOKED_AT = 1000
_OTHERS = f"""
SELECT q.thread_id, count(DISTINCT p.id)
FROM unnest(%(threads)s::bigint[], %(since)s::timestamptz[], %(openers)s::bigint[])
    q (thread_id, since, opener)
CROSS JOIN LATERAL (
    SELECT m.author_id FROM messages_message m
    WHERE m.workspace_id = %(workspace)s AND m.thread_id = q.thread_id
      AND NOT m.is_archived AND m.in_feed AND m.occurred_at > q.since
      AND m.kind IN ({listed(WORDS)}) AND {IS_SAID}
    LIMIT %(most)s
) m JOIN members_identity i ON i.id = m.author_id JOIN members_member p ON p.id = i.member_id
WHERE {by_another_person(member="p.id", is_bot="p.is_bot", opener="q.opener")}
GROUP BY q.thread_id"""


def _others(workspace: Workspace, rows: Sequence[Standing]) -> dict[int, int]:
    """Return how many people beside the opener have written since each wait began, by thread."""
    if not rows:
        return {}
    authors = [row.thread.author for row in rows]
    params = {
        "workspace": workspace.pk,
        "threads": [row.pk for row in rows],
        "since": [row.since for row in rows],
        "openers": [author.member_id if author else None for author in authors],
        "most": _MOST_LOOKED_AT,
    }
    return dict(fetch_all(_OTHERS, params))


def _rows(workspace: Workspace, found: Sequence[tuple[Any, ...]]) -> list[WaitingThread]:
    ids = [thread_id for *_, thread_id in found]
    rows = Standing.objects.filter(pk__in=ids).select_related(
        "thread__source",
        "thread__author__member",
        "thread__triage__assignee",
        "thread__triage__held_by",
    )
    by_thread = {row.pk: row for row in rows}
    shown = [row.message_id for row in rows if row.message_id]
    of_rows = Message.objects.filter(workspace=workspace, pk__in=shown)
    messages = {m.pk: m for m in of_rows.for_display()}
    others = _others(workspace, [row for row in rows if row.others_replied])
    return [
        WaitingThread(
            row,
            row.thread,
            messages.get(row.message_id or 0),
            number // 2,
            others.get(pk, 0),
        )
        for number, _, pk in found
        if (row := by_thread.get(pk))
    ]
