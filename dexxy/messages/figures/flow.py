"""What is opened and closed in a window, what is open before and after it, and how it was closed.

The states of then are told from the messages that changed them: the row of a thread knows only the
last closing, and only while it is closed.
"""
# ruff: noqa: S608
# The statements are put together from constants; values are parameters.

from collections.abc import Sequence
from dataclasses import dataclass

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.messages.figures.scope import (
    EVERYTHING,
    LIVE,
    NOT_HIDDEN,
    THREADS,
    WHO,
    FigureFilters,
    Scope,
    Window,
    scope_of,
)
from dexxy.messages.figures.small_numbers import LEAST_FOR_PERCENT, Figure, Ratio, ratio
from dexxy.messages.models import ThreadKind

# The last change of state of each thread in some time.
_LAST_CHANGES = """
    SELECT DISTINCT ON (m.thread_id) m.thread_id, m.kind, m.occurred_at, m.author_id
    FROM messages_message m
    WHERE {live} AND m.in_feed
      AND m.thread_kind = ANY(%(kinds)s) AND m.kind IN ('closed', 'reopened', 'merged') AND {when}
    ORDER BY m.thread_id, m.occurred_at DESC, m.id DESC
"""
BEFORE = _LAST_CHANGES.format(live=LIVE, when="m.occurred_at < %(since)s")
_DURING = _LAST_CHANGES.format(
    live=LIVE, when="m.occurred_at >= %(since)s AND m.occurred_at < %(until)s"
)
# Where no message tells of a closing, the thread's own time does.
IS_CLOSED_SINCE = "t.state <> 'open' AND t.closed_at <"
_FLOW = f"""
{WHO}, before AS ({BEFORE}), during AS ({_DURING}), acted AS (
    SELECT DISTINCT m.thread_id
    FROM messages_message m
    JOIN account author ON author.id = m.author_id AND NOT author.is_bot
    WHERE {LIVE} AND m.in_feed AND {NOT_HIDDEN} AND m.thread_kind = ANY(%(kinds)s)
      AND m.occurred_at >= %(since)s AND m.occurred_at < %(until)s
), flow AS (
    SELECT t.id, t.opened_at >= %(since)s AS is_new,
           t.opened_at < %(since)s AND coalesce(
               before.kind <> 'reopened', {IS_CLOSED_SINCE} %(since)s, false) AS was_closed,
           coalesce(during.kind <> 'reopened', before.kind <> 'reopened',
                    {IS_CLOSED_SINCE} least(%(until)s, %(now)s), false) AS is_closed,
           acted.thread_id IS NOT NULL AS is_active, closer.is_bot IS TRUE AS is_by_bot
    FROM (SELECT t.id, t.opened_at, t.state, t.closed_at FROM {THREADS}
          AND opener.is_bot IS NOT TRUE AND t.opened_at < %(until)s AND t.opened_at <= %(now)s) t
    LEFT JOIN before ON before.thread_id = t.id
    LEFT JOIN during ON during.thread_id = t.id
    LEFT JOIN acted ON acted.thread_id = t.id
    LEFT JOIN account closer ON closer.id = during.author_id
)
SELECT ARRAY(SELECT id FROM flow WHERE NOT is_new AND NOT was_closed ORDER BY id),
       ARRAY(SELECT id FROM flow WHERE is_new ORDER BY id),
       ARRAY(SELECT id FROM flow WHERE is_active ORDER BY id),
       ARRAY(SELECT id FROM flow WHERE is_closed AND NOT was_closed ORDER BY id),
       ARRAY(SELECT id FROM flow WHERE NOT is_closed AND was_closed ORDER BY id),
       ARRAY(SELECT id FROM flow WHERE NOT is_closed ORDER BY id),
       ARRAY(SELECT id FROM flow WHERE is_closed AND NOT was_closed AND is_by_bot ORDER BY id)
"""
# Pull requests that were merged or closed in the window and not opened again in it. The planner
# takes half of the rows for true where it knows nothing, and one in two hundred for equal to a
# text: for so few it would go through all accounts for each.
_FINISHED = f"""
{WHO}, during AS ({_DURING}), finished AS (
    SELECT t.id, during.kind = 'merged' AS is_merged, during.occurred_at,
           opener.member_id AS opener,
           coalesce(closer.member_id = opener.member_id, false) AS is_by_opener
    FROM during JOIN LATERAL (
        SELECT t.id, t.author_id FROM {THREADS} AND t.id = during.thread_id
           AND opener.is_bot IS NOT TRUE) t ON TRUE
    LEFT JOIN account opener ON opener.id = t.author_id
    LEFT JOIN account closer ON closer.id = during.author_id
    WHERE during.kind <> 'reopened'
)
"""
_DECISIONS = f"""
{_FINISHED}
SELECT ARRAY(SELECT id FROM finished WHERE is_merged ORDER BY id),
       ARRAY(SELECT id FROM finished WHERE NOT is_merged AND NOT is_by_opener ORDER BY id),
       ARRAY(SELECT id FROM finished WHERE NOT is_merged AND is_by_opener ORDER BY id)
"""
_REVIEWED = f"""
{_FINISHED}, reviewed AS (
    SELECT f.id
    FROM finished f
    JOIN messages_message m ON m.workspace_id = %(workspace)s AND m.thread_id = f.id
         AND m.kind IN ('review', 'review_comment') AND m.occurred_at <= f.occurred_at
    JOIN account author ON author.id = m.author_id AND NOT author.is_bot
    WHERE f.is_merged AND {LIVE} AND {NOT_HIDDEN}
      AND author.member_id IS DISTINCT FROM f.opener
), merged AS (
    SELECT f.id, f.is_by_opener, f.id IN (SELECT id FROM reviewed) AS is_reviewed
    FROM finished f WHERE f.is_merged
)
SELECT ARRAY(SELECT id FROM merged WHERE is_reviewed ORDER BY id),
       ARRAY(SELECT id FROM merged WHERE NOT is_reviewed AND is_by_opener ORDER BY id),
       ARRAY(SELECT id FROM merged WHERE NOT is_reviewed AND NOT is_by_opener ORDER BY id)
"""

Threads = Sequence[int]


@dataclass(frozen=True, kw_only=True)
class Flow(Figure):
    """Threads of one kind in a window, by their primary keys; each is in a list once.

    Those open after it are those open before it, with `new` and `reopened`, and without `closed`.

    Args:
        open_before, open_after: open at its beginning and at its end.
        new: opened in it.
        active: in which a person said or did something in it.
        closed: closed at its end and not at its beginning.
        reopened: closed at its beginning and open at its end.
        closed_by_bots: those of `closed` that a bot closed.
    """

    open_before: Threads
    new: Threads
    active: Threads
    closed: Threads
    reopened: Threads
    open_after: Threads
    closed_by_bots: Threads


@dataclass(frozen=True, kw_only=True)
class Backlog(Figure):
    """What is open, and whether it grows.

    Args:
        flow: the lists behind it.
        index: the backlog management index (BMI), closed / new x 100; below 100 the backlog grows.
            None if nothing is new; and of discussions, of which no reopening is known.
    """

    flow: Flow
    index: float | None

    def unshown(self) -> Sequence[str]:
        return () if len(self.flow.new) >= LEAST_FOR_PERCENT else ("index",)


@dataclass(frozen=True, kw_only=True)
class Closure(Figure):
    """Whether the team keeps up.

    Args:
        ratio: those closed in the window, of all that were open at any moment of it.
        flow: the lists behind it.
    """

    ratio: Ratio
    flow: Flow


@dataclass(frozen=True, kw_only=True)
class Acceptance(Figure):
    """What became of the pull requests that were finished in a window.

    Args:
        ratio: the merged of the finished ones.
        merged: their primary keys.
        declined: closed by another person, or a bot.
        withdrawn: closed by whoever opened it.
    """

    ratio: Ratio
    merged: Threads
    declined: Threads
    withdrawn: Threads


@dataclass(frozen=True, kw_only=True)
class MergeReviews(Figure):
    """Who looked at the pull requests that were merged in a window.

    Args:
        reviewed: another person had reviewed it before the merge.
        self_merged: no such review, and merged by whoever opened it.
        others: merged by another without a written review.
        reviewed_ratio, self_merged_ratio: of all that were merged.
    """

    reviewed: Threads
    self_merged: Threads
    others: Threads
    reviewed_ratio: Ratio
    self_merged_ratio: Ratio


def opened_and_closed(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
    *,
    kind: ThreadKind = ThreadKind.ISSUE,
) -> Flow:
    """Return the threads that were new, active, closed and reopened in a window (M5).

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    [row] = _fetch(_FLOW, scope_of(viewer, workspace, window, filters), kind)
    before, new, active, closed, reopened, after, by_bots = row
    return Flow(
        open_before=before,
        new=new,
        active=active,
        closed=closed,
        reopened=reopened,
        open_after=after,
        closed_by_bots=by_bots,
    )


def backlog(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
    *,
    kind: ThreadKind = ThreadKind.ISSUE,
) -> Backlog:
    """Return what was open before and after a window, and the backlog management index (M6).

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    flow = opened_and_closed(viewer, workspace, window, filters, kind=kind)
    has_index = bool(flow.new) and kind is not ThreadKind.DISCUSSION
    return Backlog(flow=flow, index=100 * len(flow.closed) / len(flow.new) if has_index else None)


def closure_ratio(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> Closure:
    """Return how many of the pull requests that were open were closed or merged (M9).

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    kind = ThreadKind.PULL_REQUEST
    flow = opened_and_closed(viewer, workspace, window, filters, kind=kind)
    of = len(flow.open_before) + len(flow.new) + len(flow.reopened)
    return Closure(ratio=ratio(len(flow.closed), of), flow=flow)


def acceptance_ratio(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> Acceptance:
    """Return how many of the pull requests that were finished in a window were merged (M10).

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    scope = scope_of(viewer, workspace, window, filters)
    [(merged, declined, withdrawn)] = _fetch(_DECISIONS, scope, ThreadKind.PULL_REQUEST)
    return Acceptance(
        ratio=ratio(len(merged), len(merged) + len(declined) + len(withdrawn)),
        merged=merged,
        declined=declined,
        withdrawn=withdrawn,
    )


def merge_reviews(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> MergeReviews:
    """Return how many of the merged pull requests another person had reviewed (M11).

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    scope = scope_of(viewer, workspace, window, filters)
    [(reviewed, self_merged, others)] = _fetch(_REVIEWED, scope, ThreadKind.PULL_REQUEST)
    merged = len(reviewed) + len(self_merged) + len(others)
    return MergeReviews(
        reviewed=reviewed,
        self_merged=self_merged,
        others=others,
        reviewed_ratio=ratio(len(reviewed), merged),
        self_merged_ratio=ratio(len(self_merged), merged),
    )


def _fetch(statement: str, scope: Scope, kind: ThreadKind) -> list[tuple[Threads, ...]]:
    return scope.fetch(statement, kinds=[str(one) for one in scope.kinds_of(kind)])
