"""The list of threads: its tabs, its orders, and a page of it by keyset pagination."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet, Value
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.common.pages import InvalidCursorError, Page, check_size, decoded, encoded
from dexxy.common.sql import fetch_all
from dexxy.messages.feed.snoozed import is_snoozed, snoozed_until
from dexxy.messages.feed.threads import Kept
from dexxy.messages.models import Side, Standing, Thread, ThreadState, Triage

# Beyond this, threads are not counted to their end.
MOST_COUNTED = 10_000
_MICROSECOND = timedelta(microseconds=1)
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_LARGEST = 2**63 - 1


class ThreadTab(models.TextChoices):
    """A part of the list of threads."""

    ALL = "all"
    OPEN = "open"
    WAITING = "waiting"
    ANSWERED = "answered"
    CLOSED = "closed"


class ThreadSort(models.TextChoices):
    """What comes first in the list of threads."""

    ACTIVITY = "activity"
    OPENED = "opened"
    MESSAGES = "messages"
    WAITING = "waiting"


_FIELDS = {
    ThreadSort.ACTIVITY: "last_activity_at",
    ThreadSort.OPENED: "opened_at",
    ThreadSort.MESSAGES: "message_count",
}
_OF_ROWS = ("source", "author__member", "standing", "triage__assignee")
_OPEN = Q(state=ThreadState.OPEN)
# So many threads are looked at before any index of what is asked; fewer where that is dear, and so
# many times as many where that is likely to fill the page.
_DEPTH, _DEPTH_OF_WORDS, _DEEPER = 1000, 300, 4
# Of one thread. There are threads with more messages than anybody wants to wait for.
_MOST_LOOKED_AT = 1000
_PEOPLE = """
SELECT t.id, count(DISTINCT i.member_id)
FROM messages_thread t CROSS JOIN LATERAL (
    SELECT m.author_id FROM messages_message m
    WHERE m.workspace_id = t.workspace_id AND m.thread_id = t.id AND m.in_feed
      AND m.workspace_id = ANY(%(workspaces)s)
    LIMIT %(most)s
) m JOIN members_identity i ON i.id = m.author_id
WHERE t.id = ANY(%(threads)s) GROUP BY t.id
"""


@dataclass(frozen=True)
class _Cursor:
    """Where a thread stands in the list.

    Args:
        part: 0 among those that wait where they come first, else 1.
        value: what the list is ordered by, as a number: of a time its microseconds.
    """

    part: int
    value: int
    pk: int

    def __str__(self) -> str:
        return encoded(f"{self.part}.{self.value}.{self.pk}")

    @classmethod
    def parse(cls, text: str) -> "_Cursor":
        try:
            part, value, pk = map(int, decoded(text).split("."))
        except ValueError as error:
            raise InvalidCursorError(_("The cursor is not one of ours.")) from error
        if part not in (0, 1) or not 0 <= pk <= _LARGEST or abs(value) > _LARGEST:
            raise InvalidCursorError(_("The cursor is not one of ours."))
        return cls(part, value, pk)


def tab_keeps(threads: QuerySet[Thread], tab: ThreadTab) -> QuerySet[Thread]:
    """Keep those of THREADS that belong to TAB.

    Those that wait are those of the queue. Answered is what is open, where somebody else than the
    author has spoken and nobody waits for the team.
    """
    if tab is ThreadTab.OPEN:
        return threads.filter(_OPEN)
    if tab is ThreadTab.WAITING:
        # Nobody waits in what is closed: by the state the other indexes need not be read.
        return threads.filter(_OPEN, _waits())
    if tab is ThreadTab.ANSWERED:
        answered = threads.filter(_OPEN, first_response_at__isnull=False)
        return answered.exclude(Exists(_standings()))
    if tab is ThreadTab.CLOSED:
        return threads.exclude(_OPEN)
    return threads


def waits_since(thread: Thread) -> datetime | None:
    """Return since when somebody in THREAD waits for the team, as the queue lists it; else None.

    Args:
        thread: read with its `standing` and its `triage`.
    """
    found: Standing | None = getattr(thread, "standing", None)
    # A thread that was closed a moment ago has its standing until the follower has read that.
    is_over = thread.state != ThreadState.OPEN
    if found is None or is_over or found.side != Side.TEAM or found.is_old:
        return None
    is_away = snoozed_until(getattr(thread, "triage", None), found, timezone.now())
    return None if is_away else found.since


def assignees_of(thread: Thread) -> list[str]:
    """Return the names of those to whom THREAD is assigned, in Dexxy and on its server.

    Args:
        thread: read with its `triage`, and with whom that is assigned to.
    """
    held: Triage | None = getattr(thread, "triage", None)
    here = [str(held.assignee)] if held is not None and held.assignee else []
    return here + [account["login"] for account in thread.assignees if account["login"]]


def waits_of(threads: Collection[int]) -> dict[int, datetime]:
    """Return since when somebody waits for the team, by the id of a thread; one query.

    The ids come from a selector that asked for the viewer. Where nobody waits there is none.
    """
    waiting = Thread.objects.filter(_OPEN, _waits(), pk__in=threads)
    return dict(waiting.values_list("pk", "standing__since"))


def table_page(kept: Kept, sort: ThreadSort, first: int, after: str | None) -> Page[Thread]:
    """Return FIRST threads that are KEPT, behind the cursor AFTER, with all that a row shows.

    Raises:
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
    """
    check_size(first)
    cursor = None if after is None else _Cursor.parse(after)
    cursors: list[_Cursor] = []
    if sort is ThreadSort.WAITING:
        if cursor is None or cursor.part == 0:
            cursors = _longest_waiting(kept.all, cursor, first + 1)
        kept = kept.narrowed(lambda of: of.exclude(Exists(_standings()) & ~is_snoozed()))
        if cursor is not None and cursor.part == 0:
            cursor = None
    if len(cursors) <= first:
        field = _FIELDS.get(sort, "last_activity_at")
        cursors += _highest(kept, field, cursor, first + 1 - len(cursors))
    shown = cursors[:first]
    rows = Thread.objects.select_related(*_OF_ROWS)
    found = rows.in_bulk([one.pk for one in shown])
    return Page([found[one.pk] for one in shown if one.pk in found], shown, len(cursors) > first)


def table_count(threads: QuerySet[Thread]) -> int:
    """Count THREADS, up to one more than MOST_COUNTED."""
    return threads.order_by()[: MOST_COUNTED + 1].count()


def _longest_waiting(
    threads: QuerySet[Thread], cursor: _Cursor | None, limit: int
) -> list[_Cursor]:
    found = threads.filter(_waits())
    if cursor is not None:
        since = _time(cursor.value)
        found = found.filter(standing__since__gte=since).exclude(
            standing__since=since, pk__lte=cursor.pk
        )
    rows = found.order_by("standing__since", "pk").values_list("standing__since", "pk")[:limit]
    return [_Cursor(0, _number(since), pk) for since, pk in rows]


def _highest(kept: Kept, field: str, cursor: _Cursor | None, limit: int) -> list[_Cursor]:
    """Return the places of the LIMIT threads with the highest FIELD behind CURSOR.

    The first ones in the order of an index are looked at one by one: whatever many threads have is
    found so. What few have is found by the index that leads to it, and all of it is sorted.
    """

    def behind(threads: QuerySet[Thread]) -> QuerySet[Thread]:
        if cursor is None:
            return threads
        value: Any = cursor.value if field == "message_count" else _time(cursor.value)
        found = threads.filter(**{f"{field}__lte": value})
        return found.exclude(**{field: value}, pk__gte=cursor.pk)

    kept = kept.narrowed(behind)
    if not kept.conditions:
        rows = _first(kept.among, field, limit)
    else:
        depth = _DEPTH_OF_WORDS if kept.has_words else _DEPTH
        rows, is_sure = _among_first(kept, field, limit, depth)
        if not is_sure and len(rows) * _DEEPER >= limit:
            rows, is_sure = _among_first(kept, field, limit, depth * _DEEPER)
        if not is_sure:
            rows = _sorted(kept.all, field, limit)
    return [_Cursor(1, _number(value), pk) for value, pk in rows]


def _among_first(
    kept: Kept, field: str, limit: int, depth: int
) -> tuple[list[tuple[Any, int]], bool]:
    """Look at DEPTH threads with the highest FIELD.

    Returns: those that are kept, LIMIT at most, and whether others cannot come before them.
    """
    looked_at = _first(kept.among, field, depth)
    ids = set(kept.those_of([pk for _, pk in looked_at]).values_list("pk", flat=True))
    rows = [row for row in looked_at if row[1] in ids][:limit]
    return rows, len(rows) == limit or len(looked_at) < depth


def _first(threads: QuerySet[Thread], field: str, limit: int) -> list[tuple[Any, int]]:
    """Return the highest values of FIELD, each with the id of its thread, by an index."""
    ordered = threads.order_by(F(field).desc(), "-pk").values_list(field, "pk")
    if field == "last_activity_at":
        return list(ordered[:limit])
    # These indexes begin with the state: the page is the highest of each state's highest.
    of_states = [ordered.filter(state=state)[:limit] for state in ThreadState]
    rows = of_states[0].union(*of_states[1:], all=True)
    return sorted(rows, reverse=True)[:limit]


def _sorted(threads: QuerySet[Thread], field: str, limit: int) -> list[tuple[Any, int]]:
    """Return the same of all THREADS, by whatever index leads to them.

    No index is in the order of an expression. By the order of a column PostgreSQL would look for
    them one by one, as if they were spread evenly.
    """
    if field == "message_count":
        order = ExpressionWrapper(F(field) + Value(0), models.IntegerField())
    else:
        order = ExpressionWrapper(F(field) + Value(timedelta()), models.DateTimeField())
    return list(threads.order_by(order.desc(), "-pk").values_list(field, "pk")[:limit])


def _waits() -> Q:
    return Q(standing__side=Side.TEAM, standing__is_old=False) & ~Q(is_snoozed())


def _standings() -> QuerySet[Standing]:
    return Standing.objects.filter(thread=OuterRef("pk"), side=Side.TEAM, is_old=False)


def _number(value: datetime | int) -> int:
    return value if isinstance(value, int) else (value - _BEGINNING) // _MICROSECOND


def _time(number: int) -> datetime:
    try:
        return _BEGINNING + number * _MICROSECOND
    except OverflowError as error:
        raise InvalidCursorError(_("The cursor is not one of ours.")) from error


def people_in(threads: Sequence[Thread]) -> dict[int, int]:
    """Count the people who spoke in each of THREADS, by the id of the thread.

    The threads come from a selector that asked for the viewer.
    """
    ids = {
        "threads": [thread.pk for thread in threads],
        "workspaces": list({thread.workspace_id for thread in threads}),
        "most": _MOST_LOOKED_AT,
    }
    return dict(fetch_all(_PEOPLE, ids)) if threads else {}
