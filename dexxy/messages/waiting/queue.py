"""The queue: who waits for the team, in the order in which they should be answered.

Those who have waited for long come first, in four bands of age; in each, those whom nobody has
answered; and then whoever waits longest.
"""
# ruff: noqa: S608
# The statements are put together from constants of this file alone; values are parameters.

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.pages import PAGE, InvalidCursorError, Page, check_size, decoded, encoded
from dexxy.common.sql import fetch_all, time_limit
from dexxy.messages.models import Message, Recount, Standing, Thread, ThreadKind
from dexxy.messages.waiting.turns import Side

# From when on a wait belongs to a band, as an age; the bands are those of the page, oldest first.
BANDS = (timedelta(days=30), timedelta(days=7), timedelta(days=2), timedelta(0))
# Beyond this, numbers are not counted to their end.
MOST_COUNTED = 10_000
_MICROSECOND = timedelta(microseconds=1)
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Tab(Enum):
    """A list of threads in which somebody waits, or did."""

    ALL = "all"
    MINE = "mine"
    UNASSIGNED = "unassigned"
    FIRST = "first"
    OURS = "ours"
    LATE = "late"
    OLD = "old"
    SNOOZED = "snoozed"
    ASIDE = "aside"


@dataclass(frozen=True, kw_only=True)
class QueueFilters:
    """Which threads of a list to keep; an empty filter keeps all, and all filters must hold.

    Args:
        tab: the list.
        source_ids: of any of these sources.
        kinds: of any of these kinds.
        labels: with any of these labels.
    """

    tab: Tab = Tab.ALL
    source_ids: Sequence[int] = ()
    kinds: Sequence[ThreadKind] = ()
    labels: Sequence[str] = ()


WHOLE_QUEUE = QueueFilters()


@dataclass(frozen=True)
class WaitingThread:
    """A row of the queue.

    Args:
        message: the first that nobody has answered; None if it was no message, but a push.
        band: the number of its band.
    """

    standing: Standing
    thread: Thread
    message: Message | None
    band: int

    @property
    def pk(self) -> int:
        """That of the thread."""
        return self.thread.pk


@dataclass(frozen=True)
class QueueSummary:
    """How many wait.

    Args:
        bands: in each band, the oldest first; up to MOST_COUNTED each.
        longest: since when whoever waits longest does.
        is_recounting: who is of the team has changed, and not all threads were looked at yet.
    """

    bands: Sequence[int]
    longest: datetime | None
    is_recounting: bool

    @property
    def total(self) -> int:
        """How many wait in all."""
        return sum(self.bands)


@dataclass(frozen=True)
class _Place:
    """Where a row stands: the moment from which ages are counted, its range, wait and thread."""

    now: datetime
    number: int = 0
    since: datetime = _BEGINNING
    thread_id: int = 0

    @property
    def pk(self) -> int:
        """That of the thread."""
        return self.thread_id

    def __str__(self) -> str:
        times = [(at - _BEGINNING) // _MICROSECOND for at in (self.now, self.since)]
        return encoded(f"{times[0]}.{self.number}.{times[1]}.{self.thread_id}")

    @classmethod
    def parse(cls, text: str) -> "_Place":
        try:
            now, number, since, thread_id = map(int, decoded(text).split("."))
            times = [_BEGINNING + micros * _MICROSECOND for micros in (now, since)]
        except (ValueError, OverflowError) as error:
            raise InvalidCursorError("The cursor is not one of ours.") from error
        if not (0 <= number < 2 * len(BANDS) and 0 <= thread_id < 2**63):
            raise InvalidCursorError("The cursor is not one of ours.")
        return cls(times[0], number, times[1], thread_id)


# Two ranges of the index for each band: nobody has replied, others have.
_RANGES = """
unnest(%(numbers)s::int[], %(others)s::boolean[], %(low)s::timestamptz[], %(high)s::timestamptz[])
    AS r(number, others, low, high)
"""
_IN_RANGE = """
s.workspace_id = %(workspace)s AND s.side = %(side)s AND s.is_old = %(is_old)s
AND s.others_replied = r.others AND s.since > r.low AND s.since <= r.high
"""
_HELD = """
SELECT tr.thread_id FROM messages_triage tr JOIN messages_standing st USING (thread_id)
WHERE tr.workspace_id = %(workspace)s AND tr.snoozed_until > %(now)s
  AND (st.turned_at IS NULL OR tr.seen_at IS NULL OR st.turned_at <= tr.seen_at)
"""
_CONDITIONS = {
    "shown": "t.source_id <> ALL(%(hidden)s)",
    "awake": f"s.thread_id NOT IN ({_HELD})",
    "snoozed": f"s.thread_id IN ({_HELD})",
    "mine": """EXISTS (SELECT FROM messages_triage tr
        WHERE tr.thread_id = s.thread_id AND tr.assignee_id = %(viewer)s)""",
    "unassigned": """NOT EXISTS (SELECT FROM messages_triage tr
        WHERE tr.thread_id = s.thread_id AND tr.assignee_id IS NOT NULL)""",
    # Nobody opens a second thread before the first.
    "first": """NOT EXISTS (
        SELECT FROM members_identity opener
        JOIN members_identity other ON other.member_id = opener.member_id
        JOIN messages_thread before ON before.workspace_id = t.workspace_id
             AND before.author_id = other.id AND NOT before.is_archived
             AND (before.opened_at, before.id) < (t.opened_at, t.id)
        WHERE opener.id = t.author_id)""",
    "source_ids": "t.source_id = ANY(%(source_ids)s)",
    "kinds": "t.kind = ANY(%(kinds)s)",
    "labels": "t.labels && %(labels)s::text[]",
}
_SIDES = {Tab.OURS: Side.OURS, Tab.LATE: Side.LATE, Tab.ASIDE: Side.ASIDE}
# What is asked of the rows of a list, beside what all are asked.
_OF_TAB: Mapping[Tab, Sequence[str]] = {
    Tab.ALL: ["awake"],
    Tab.MINE: ["awake", "mine"],
    Tab.UNASSIGNED: ["awake", "unassigned"],
    Tab.FIRST: ["awake", "first"],
    Tab.OURS: ["awake"],
    Tab.LATE: ["awake"],
    Tab.OLD: [],
    Tab.SNOOZED: ["snoozed"],
    Tab.ASIDE: [],
}


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
    place = _Place(timezone.now()) if after is None else _Place.parse(after)
    conditions, params = _asked(viewer, workspace, filters, place.now)
    statement = f"""
SELECT q.number, q.since, q.thread_id FROM {_RANGES} CROSS JOIN LATERAL (
    SELECT r.number, s.thread_id, s.since
    FROM messages_standing s JOIN messages_thread t ON t.id = s.thread_id
    WHERE {conditions} AND r.number >= %(at)s
      AND (r.number > %(at)s OR (s.since, s.thread_id) > (%(since)s, %(thread)s))
    ORDER BY s.since, s.thread_id LIMIT %(limit)s
) q ORDER BY q.number, q.since, q.thread_id LIMIT %(limit)s"""
    behind = {"at": place.number, "since": place.since, "thread": place.thread_id}
    with time_limit():
        rows = fetch_all(statement, {**params, **behind, "limit": first + 1})
        found = _rows(rows[:first])
    places = [_Place(place.now, *row) for row in rows[:first]]
    return Page(found, places, len(rows) > first)


def queue_summary(
    viewer: Viewer, workspace: Workspace, filters: QueueFilters = WHOLE_QUEUE
) -> QueueSummary:
    """Count how many wait.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    conditions, params = _asked(viewer, workspace, filters, timezone.now())
    statement = f"""
SELECT r.number, count(q.since), min(q.since) FROM {_RANGES} LEFT JOIN LATERAL (
    SELECT s.since FROM messages_standing s JOIN messages_thread t ON t.id = s.thread_id
    WHERE {conditions} ORDER BY s.since LIMIT %(most)s
) q ON TRUE GROUP BY r.number ORDER BY r.number"""
    with time_limit():
        rows = fetch_all(statement, {**params, "most": MOST_COUNTED})
    counts = [count for _, count, _ in rows]
    return QueueSummary(
        bands=[min(MOST_COUNTED, sum(counts[i : i + 2])) for i in range(0, len(counts), 2)],
        longest=min((since for _, _, since in rows if since), default=None),
        is_recounting=Recount.objects.filter(workspace=workspace).exists(),
    )


def _asked(
    viewer: Viewer, workspace: Workspace, filters: QueueFilters, now: datetime
) -> tuple[str, dict[str, Any]]:
    """Return the conditions on the rows of a list, and their parameters."""
    hidden = list(workspace.sources.filter(is_archived=True).values_list("pk", flat=True))
    given = {
        "source_ids": list(filters.source_ids),
        "kinds": [str(kind) for kind in filters.kinds],
        "labels": list(filters.labels),
    }
    names = [*_OF_TAB[filters.tab], *(name for name, values in given.items() if values)]
    if hidden:
        names.append("shown")
    ages = [now - age for age in BANDS]
    # A wait may have begun by GitHub's clock after now by ours.
    highs = [*ages[:-1], datetime.max.replace(tzinfo=UTC)]
    lows = [_BEGINNING, *ages[:-1]]
    params = {
        **given,
        "workspace": workspace.pk,
        "viewer": viewer.pk,
        "now": now,
        "hidden": hidden,
        "side": str(_SIDES.get(filters.tab, Side.TEAM)),
        "is_old": filters.tab is Tab.OLD,
        "numbers": list(range(2 * len(BANDS))),
        "others": [False, True] * len(BANDS),
        "low": [low for low in lows for _ in range(2)],
        "high": [high for high in highs for _ in range(2)],
    }
    return " AND ".join([_IN_RANGE, *(_CONDITIONS[name] for name in names)]), params


def _rows(found: Sequence[tuple[Any, ...]]) -> list[WaitingThread]:
    ids = [thread_id for *_, thread_id in found]
    rows = Standing.objects.filter(pk__in=ids).select_related(
        "thread__source", "thread__author__member", "thread__triage__assignee"
    )
    by_thread = {row.pk: row for row in rows}
    asked = [row.message_id for row in rows if row.message_id]
    messages = {m.pk: m for m in Message.objects.filter(pk__in=asked).for_display()}
    return [
        WaitingThread(row, row.thread, messages.get(row.message_id or 0), number // 2)
        for number, _, pk in found
        if (row := by_thread.get(pk))
    ]
