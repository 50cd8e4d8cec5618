"""How far people go, and what each source has of what was said and done."""
# ruff: noqa: S608
# The statements are put together from constants; values are parameters.

from collections.abc import Sequence
from dataclasses import dataclass

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.messages.figures.acts import ACTS, IN_WINDOW
from dexxy.messages.figures.scope import (
    EVERYTHING,
    THREADS,
    WHO,
    FigureFilters,
    Window,
    scope_of,
)
from dexxy.messages.figures.small_numbers import Figure
from dexxy.messages.figures.steps import window_before
from dexxy.messages.models import ThreadKind

Members = Sequence[int]

_REACH = f"""
{WHO}, act AS MATERIALIZED (
    SELECT author.member_id, m.kind, m.thread_kind, m.thread_id FROM {ACTS} AND {IN_WINDOW}
), merged AS (
    SELECT DISTINCT opener.member_id
    FROM messages_message m
    JOIN messages_thread t ON t.id = m.thread_id AND NOT t.is_archived
    JOIN account opener ON opener.id = t.author_id
    WHERE m.workspace_id = %(workspace)s AND m.thread_kind = 'pull_request' AND m.kind = 'merged'
      AND m.in_feed AND NOT m.is_archived AND {IN_WINDOW} AND m.occurred_at <= %(now)s
      AND (%(sources)s::bigint[] IS NULL OR m.source_id = ANY(%(sources)s))
      AND (%(kinds)s::text[] IS NULL OR m.thread_kind = ANY(%(kinds)s))
), reviewed AS (
    SELECT DISTINCT act.member_id
    FROM act
    JOIN messages_thread t ON t.id = act.thread_id
    LEFT JOIN account opener ON opener.id = t.author_id
    WHERE act.kind IN ('review', 'review_comment')
      AND opener.member_id IS DISTINCT FROM act.member_id
)
SELECT member_id, bool_or(kind = 'opened'),
       bool_or(kind = 'opened' AND thread_kind = 'pull_request'),
       member_id IN (SELECT member_id FROM merged), member_id IN (SELECT member_id FROM reviewed)
FROM act GROUP BY 1 ORDER BY 1
"""
_SOURCES = f"""
{WHO}
SELECT m.source_id, count(*), count(DISTINCT author.member_id),
       coalesce(array_agg(m.thread_id ORDER BY m.occurred_at, m.id)
                FILTER (WHERE m.kind = 'opened'), ARRAY[]::bigint[])
FROM {ACTS} AND {IN_WINDOW} GROUP BY 1 ORDER BY 2 DESC, 1
"""

_OPENED = f"""
{WHO}
SELECT t.id, t.opened_at < %(since)s FROM {THREADS} AND opener.is_bot IS NOT TRUE
 AND t.opened_at >= %(before)s AND t.opened_at < %(until)s AND t.opened_at <= %(now)s
ORDER BY t.opened_at, t.id
"""


@dataclass(frozen=True, kw_only=True)
class Reach(Figure):
    """How far people went in a window; each list is part of `acted`.

    Args:
        acted: said or did something.
        opened: opened a thread.
        proposed: opened a pull request.
        merged: had one of theirs merged.
        reviewed: reviewed somebody else's.
    """

    acted: Members
    opened: Members
    proposed: Members
    merged: Members
    reviewed: Members


@dataclass(frozen=True, slots=True)
class SourceActivity:
    """What people said and did in one source.

    Args:
        opened_ids: the threads that they opened, the oldest first.
    """

    source_id: int
    acts: int
    people: int
    opened_ids: Sequence[int]

    @property
    def opened(self) -> int:
        """How many threads they opened."""
        return len(self.opened_ids)


def reach(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> Reach:
    """Return how far the people of a window went.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    rows = scope_of(viewer, workspace, window, filters).fetch(_REACH)
    return Reach(
        acted=[row[0] for row in rows],
        opened=[row[0] for row in rows if row[1]],
        proposed=[row[0] for row in rows if row[2]],
        merged=[row[0] for row in rows if row[3]],
        reviewed=[row[0] for row in rows if row[4]],
    )


def opened_threads_compared(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> tuple[Sequence[int], int]:
    """Return the threads of all kinds that were opened in a window: those that are new (M5).

    Returns: with how many were opened in the window before it.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    scope = scope_of(viewer, workspace, window, filters)
    kinds = [str(kind) for kind in scope.kinds_of(*ThreadKind)]
    rows = scope.fetch(_OPENED, kinds=kinds, before=window_before(window).since)
    now = [pk for pk, is_before in rows if not is_before]
    return now, len(rows) - len(now)


def by_source(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> Sequence[SourceActivity]:
    """Return what people said and did in each source, the busiest first.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    rows = scope_of(viewer, workspace, window, filters).fetch(_SOURCES)
    return [SourceActivity(*row) for row in rows]
