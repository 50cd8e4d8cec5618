"""What was opened and closed in each day or week of a window, and how much was open at its end."""
# ruff: noqa: S608
# The statements are put together from constants; values are parameters.

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.messages.figures.flow import BEFORE, IS_CLOSED_SINCE
from dexxy.messages.figures.scope import (
    EVERYTHING,
    LIVE,
    THREADS,
    WHO,
    FigureFilters,
    Window,
    scope_of,
)
from dexxy.messages.figures.small_numbers import Figure
from dexxy.messages.figures.steps import Step, steps_of
from dexxy.messages.models import ThreadKind


def _after(at: str) -> str:
    return f"(extract(epoch FROM {at} - %(since)s) * 1000000)::bigint"


# The threads that were opened in the window, or changed their state in it; and one row without an
# opening that counts those open before.
_CHANGED = f"""
{WHO}, before AS ({BEFORE}), during AS (
    SELECT m.thread_id,
           array_agg({_after("m.occurred_at")} ORDER BY m.occurred_at, m.id) AS times,
           array_agg(m.kind = 'reopened' ORDER BY m.occurred_at, m.id) AS reopens
    FROM messages_message m
    WHERE {LIVE} AND m.in_feed AND m.thread_kind = ANY(%(kinds)s)
      AND m.kind IN ('closed', 'reopened', 'merged')
      AND m.occurred_at >= %(since)s AND m.occurred_at < %(until)s
    GROUP BY 1
), thread AS MATERIALIZED (
    SELECT t.opened_at, before.kind <> 'reopened' AS was_closed, during.times, during.reopens,
           CASE WHEN t.state <> 'open' THEN t.closed_at END AS closed_at,
           coalesce(before.kind <> 'reopened', {IS_CLOSED_SINCE} %(since)s, false) AS is_closed
    FROM (SELECT t.id, t.opened_at, t.state, t.closed_at FROM {THREADS}
          AND opener.is_bot IS NOT TRUE AND t.opened_at < %(until)s AND t.opened_at <= %(now)s) t
    LEFT JOIN before ON before.thread_id = t.id
    LEFT JOIN during ON during.thread_id = t.id
)
SELECT {_after("opened_at")}, was_closed, {_after("closed_at")}, times, reopens, NULL
FROM thread
WHERE opened_at >= %(since)s OR times IS NOT NULL
   OR (was_closed IS NULL AND closed_at >= %(since)s AND closed_at < %(until)s)
UNION ALL
SELECT NULL, NULL, NULL, NULL, NULL, count(*) FROM thread
WHERE opened_at < %(since)s AND NOT is_closed
"""


@dataclass(frozen=True, kw_only=True)
class StepFlow(Figure):
    """Threads of one kind in a step, as in a window of its own (M5).

    Args:
        open_after: open at its end.
    """

    step: Step
    new: int
    closed: int
    reopened: int
    open_after: int


class _Changes(NamedTuple):
    """A thread that was opened or changed its state in a window; times in microseconds of it.

    Args:
        was_closed: as the last change before the window says; None without one.
        closed: the last closing that the thread itself knows, while it is closed.
        times, reopens: of each change in the window, and whether it opened the thread again.
    """

    opened: int
    was_closed: bool | None
    closed: int | None
    times: Sequence[int] | None
    reopens: Sequence[bool] | None

    def is_closed(self, at: int, now: int) -> bool:
        """Tell whether it is closed just before AT."""
        index = bisect_left(self.times or (), at)
        if index and self.reopens:
            return not self.reopens[index - 1]
        if self.was_closed is not None:
            return self.was_closed
        # No message tells who closed it.
        return self.closed is not None and self.closed < min(at, now)

    def moments(self) -> list[int]:
        """Return when something about it changed."""
        closed = [] if self.closed is None else [self.closed]
        return [self.opened, *closed, *(self.times or ())]


def flow_trend(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
    *,
    kind: ThreadKind = ThreadKind.ISSUE,
) -> Sequence[StepFlow]:
    """Return what was opened and closed in each step of a window.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    scope = scope_of(viewer, workspace, window, filters)
    steps = steps_of(window)
    rows = scope.fetch(_CHANGED, kinds=[str(one) for one in scope.kinds_of(kind)])
    [open_now] = [row[-1] for row in rows if row[-1] is not None]
    threads = [_Changes(*row[:-1]) for row in rows if row[-1] is None]
    edges = [_micros(step.since - window.since) for step in steps]
    edges.append(_micros(steps[-1].until - window.since))
    counts = _counted(threads, edges, _micros(window.now - window.since))
    flows = []
    for step, (new, closed, reopened) in zip(steps, counts, strict=True):
        open_now += new + reopened - closed
        flows.append(
            StepFlow(step=step, new=new, closed=closed, reopened=reopened, open_after=open_now)
        )
    return flows


def _counted(threads: Sequence[_Changes], edges: Sequence[int], now: int) -> list[list[int]]:
    """Count in each step what is new, closed and reopened."""
    counts = [[0, 0, 0] for _ in edges[1:]]
    for one in threads:
        indexes = {bisect_right(edges, at) - 1 for at in one.moments()}
        for index in indexes:
            if not 0 <= index < len(counts):
                continue
            since, until = edges[index], edges[index + 1]
            is_new = since <= one.opened < until
            was_closed = not is_new and one.is_closed(since, now)
            is_closed = one.is_closed(until, now)
            counts[index][0] += is_new
            counts[index][1] += is_closed and not was_closed
            counts[index][2] += was_closed and not is_closed
    return counts


def _micros(lasting: timedelta) -> int:
    return lasting // timedelta(microseconds=1)
