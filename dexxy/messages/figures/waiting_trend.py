"""How many threads waited for the team at the end of each day or week."""
# ruff: noqa: S608
# The statements are put together from constants; values are parameters.

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.messages.figures.scope import (
    EVERYTHING,
    THREADS,
    WHO,
    FigureFilters,
    Window,
    scope_of,
)
from dexxy.messages.figures.small_numbers import Figure
from dexxy.messages.figures.steps import Step, steps_of
from dexxy.messages.models import ThreadKind

_WAITS = f"""
SELECT t.id, w.since, w.until
FROM messages_wait w JOIN LATERAL (SELECT t.id FROM {THREADS} AND t.id = w.thread_id) t ON TRUE
WHERE w.workspace_id = %(workspace)s"""
# A wait counts at each end that is behind its beginning and not behind its own end.
_ENDS = "%(ends)s::timestamptz[]"
_COUNTED = f"""
{WHO}, wait AS MATERIALIZED ({_WAITS})
SELECT place, sum(number)::int
FROM (SELECT width_bucket(since, {_ENDS}) AS place, count(*) AS number FROM wait GROUP BY 1
      UNION ALL
      SELECT width_bucket(until, {_ENDS}), -count(*) FROM wait
      WHERE until IS NOT NULL GROUP BY 1) moved
GROUP BY 1
"""
_AT_THE_END = f"""
{WHO}
SELECT t.id FROM ({_WAITS}) t
WHERE t.since < %(end)s AND (t.until IS NULL OR t.until >= %(end)s)
ORDER BY t.since, t.id
"""


@dataclass(frozen=True, slots=True)
class StepWaiting:
    """How many threads waited for the team at the end of a step."""

    step: Step
    waiting: int


@dataclass(frozen=True, kw_only=True)
class WaitingTrend(Figure):
    """How the queue grew and shrank.

    Args:
        before: how many waited when the window began.
        at_the_end: the threads that wait at its end, whoever waits longest first.
    """

    steps: Sequence[StepWaiting]
    before: int
    at_the_end: Sequence[int]


def waiting_trend(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> WaitingTrend:
    """Return how many threads waited for the team at the end of each step of a window.

    Whoever is snoozed counts, and what is old does not. A step that goes on ends now.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    scope = scope_of(viewer, workspace, window, filters)
    steps = [step for step in steps_of(window) if step.since <= window.now]
    kinds = [str(kind) for kind in scope.kinds_of(*ThreadKind)]
    ends = [window.since, *(step.until for step in steps)]
    moved = Counter(dict(scope.fetch(_COUNTED, kinds=kinds, ends=ends)))
    waiting, counts = 0, []
    for index in range(len(ends)):
        waiting += moved[index]
        counts.append(waiting)
    before, *after = counts
    return WaitingTrend(
        steps=[StepWaiting(step, number) for step, number in zip(steps, after, strict=True)],
        before=before,
        at_the_end=[pk for (pk,) in scope.fetch(_AT_THE_END, kinds=kinds, end=ends[-1])],
    )
