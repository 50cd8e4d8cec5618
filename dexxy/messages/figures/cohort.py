"""Read a cohort: the threads opened in a window, each followed until now."""
# ruff: noqa: S608
# The statements are put together from constants; values are parameters.

from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple

from dexxy.messages.answers import IS_ANSWER, by_another_person, nobody_waits
from dexxy.messages.figures.scope import LIVE, THREADS, WHO, Scope
from dexxy.messages.models import MessageKind, ThreadKind, ThreadState


class LeftOut(StrEnum):
    """Why a thread is in no figure about durations."""

    GHOST = "ghost"
    BOT = "bot"
    # It is older than its opening here says.
    IMPORTED = "imported"
    # It is a draft now.
    DRAFT = "draft"
    # It had what a figure asks about while it was still a draft.
    EARLY = "early"
    TEAM = "team"


class By(StrEnum):
    """Who changed the state of a thread."""

    OPENER = "opener"
    OTHER = "other"
    BOT = "bot"
    # GitHub does not tell who closed a discussion.
    UNKNOWN = "unknown"


class StateChange(NamedTuple):
    """A thread was closed, merged or opened again.

    Args:
        after: in microseconds since the start of the thread.
        kind: a value of MessageKind.
    """

    after: int
    kind: str
    by: By


class CohortThread(NamedTuple):
    """A thread with the times that figures are told from.

    All times but `opened` are in microseconds since its start, which is its opening or, of a pull
    request that was opened as a draft, when it was first ready. A year has tens of thousands of
    threads, and to make a datetime of each would take longer than to read them.

    Args:
        kind: a value of ThreadKind.
        left_out: why it is not in the cohort, a value of LeftOut; only some figures leave TEAM out.
        opened: in microseconds since the window began.
        age: now, of its source.
        window_since: when the window begins.
        response: when another person first spoke, or merged it.
        team_response: when the team first did.
        review: when another person first reviewed it, or merged it.
        answer: when its answer was chosen.
        has_own_answer: its opener wrote the chosen answer.
        changes: of its state, the oldest first, as `ending` reads them.
    """

    pk: int
    kind: str
    state: str
    state_reason: str
    left_out: str | None
    opened: int
    age: int
    window_since: int
    closed: int | None
    response: int | None
    team_response: int | None
    review: int | None
    answer: int | None
    has_own_answer: bool
    changes: str | None

    def ending(self, before: int | None = None) -> StateChange | None:
        """Return what closed it, if it was closed just before a time; None stands for now."""
        changes = [
            change
            for change in _changes_of(self.changes)
            if before is None or change.after < before
        ]
        if changes and changes[-1].kind != MessageKind.REOPENED:
            return changes[-1]
        if before is None and self.state != ThreadState.OPEN and self.closed is not None:
            # No message tells who closed it.
            return StateChange(self.closed, MessageKind.CLOSED, By.UNKNOWN)
        return None


_OPENED = "t.opened_at >= %(since)s AND t.opened_at < %(until)s AND t.opened_at <= %(now)s"
# Closed in the window; who reads them keeps those that it closed for good.
_CLOSED = f"""t.id IN (
    SELECT m.thread_id FROM messages_message m
    WHERE {LIVE} AND m.in_feed AND m.thread_kind = ANY(%(kinds)s) AND m.kind = 'closed'
      AND m.occurred_at >= %(since)s AND m.occurred_at < %(until)s)"""
_LEFT_OUT = f"""
coalesce(
    {nobody_waits(kind="t.opener_kind", is_bot="t.is_by_bot")},
    CASE WHEN t.first_activity_at < t.opened_at THEN 'imported'
         WHEN t.kind = 'pull_request'
              AND coalesce(drafts.last = 'drafted', t.state_reason = 'draft') THEN 'draft'
         WHEN team.member_id IS NOT NULL THEN 'team' END)"""
_BY = """
CASE WHEN m.author_id IS NULL AND m.thread_kind = 'discussion' THEN 'unknown'
     WHEN author.member_id = o.opener THEN 'opener'
     WHEN author.is_bot THEN 'bot' ELSE 'other' END"""


_BY_ANOTHER = by_another_person(
    member="author.member_id", is_bot="author.is_bot", opener="o.opener"
)


def _after(at: str) -> str:
    """Return the SQL of a time as microseconds since the start."""
    return f"(extract(epoch FROM {at} - o.started_at) * 1000000)::bigint"


# What tells of each pull request whether it was opened as a draft, and is one. A window has few.
_DRAFTS = """
    SELECT m.thread_id,
           (array_agg(m.kind ORDER BY m.occurred_at, m.id))[1] AS first,
           (array_agg(m.kind ORDER BY m.occurred_at DESC, m.id DESC))[1] AS last,
           min(m.occurred_at) FILTER (WHERE m.kind = 'ready') AS ready_at
    FROM messages_message m
    WHERE m.workspace_id = %(workspace)s AND m.kind IN ('ready', 'drafted') AND NOT m.in_feed
      AND NOT m.is_archived AND m.occurred_at <= %(now)s
      AND (%(members)s::bigint[] IS NULL OR m.thread_id = ANY(ARRAY(
          SELECT t.id FROM members_identity i
          JOIN messages_thread t ON t.workspace_id = %(workspace)s AND t.author_id = i.id
          WHERE i.member_id = ANY(%(members)s))))
    GROUP BY m.thread_id
"""


# What other people said, and all that changed a state.
_TOLD = f"""
    SELECT m.thread_id, m.id, m.occurred_at, m.kind, m.in_feed, {_BY} AS by_whom,
           {_BY_ANOTHER} AND {IS_ANSWER} AS is_by_other,
           team.member_id IS NOT NULL AS is_by_team
    FROM opened o
    JOIN messages_message m ON m.workspace_id = %(workspace)s AND m.thread_id = o.id
    LEFT JOIN account author ON author.id = m.author_id
    LEFT JOIN team ON team.member_id = author.member_id AND team.since <= m.occurred_at
                  AND (team.until IS NULL OR m.occurred_at < team.until)
    WHERE (o.left_out IS NULL OR o.left_out = 'team') AND {LIVE} AND m.kind <> 'opened'
      AND (%(told)s::text[] IS NULL OR m.kind = ANY(%(told)s))
"""
_COHORT = f"""
{WHO}, drafts AS ({_DRAFTS}), opened AS MATERIALIZED (
    SELECT t.id, t.kind, t.state, t.state_reason, t.opened_at, t.closed_at, t.answered_at,
           t.opener, greatest(t.now, t.opened_at) AS now, {_LEFT_OUT} AS left_out,
           CASE WHEN drafts.first = 'ready' THEN drafts.ready_at ELSE t.opened_at END AS started_at
    FROM (SELECT t.*, source.now, opener.member_id AS opener, opener.kind AS opener_kind,
                 opener.is_bot AS is_by_bot
          FROM {THREADS} AND {{condition}}) t
    LEFT JOIN team ON team.member_id = t.opener AND team.since <= t.opened_at
                  AND (team.until IS NULL OR t.opened_at < team.until)
    LEFT JOIN drafts ON drafts.thread_id = t.id
), told AS MATERIALIZED ({_TOLD}), first AS (
    SELECT thread_id, min(occurred_at) FILTER (WHERE in_feed) AS response_at,
           min(occurred_at) FILTER (WHERE in_feed AND is_by_team) AS team_response_at,
           min(occurred_at) FILTER (WHERE kind IN ('review', 'review_comment', 'merged'))
               AS review_at
    FROM told WHERE is_by_other GROUP BY thread_id
), changed AS (
    SELECT told.thread_id, string_agg(
        concat_ws(' ', {_after("told.occurred_at")}, told.kind, told.by_whom), ','
        ORDER BY told.occurred_at, told.id) AS changes
    FROM told JOIN opened o ON o.id = told.thread_id
    WHERE told.kind IN ('closed', 'reopened', 'merged') GROUP BY told.thread_id
), own_answer AS (
    SELECT o.id
    FROM opened o
    JOIN messages_message chosen ON chosen.workspace_id = %(workspace)s
         AND chosen.thread_id = o.id AND chosen.kind = 'answered' AND NOT chosen.is_archived
    JOIN messages_message m ON m.workspace_id = chosen.workspace_id AND m.thread_id = o.id
         AND m.kind IN ('comment', 'reply') AND m.external_id = chosen.external_id
    JOIN account author ON author.id = m.author_id AND author.member_id = o.opener
    WHERE o.answered_at <= %(now)s
)
SELECT o.id, o.kind, o.state, o.state_reason, o.left_out,
       (extract(epoch FROM o.opened_at - %(since)s) * 1000000)::bigint,
       {_after("greatest(o.now, o.started_at)")}, {_after("%(since)s")},
       CASE WHEN o.closed_at <= %(now)s THEN {_after("o.closed_at")} END,
       {_after("first.response_at")}, {_after("first.team_response_at")},
       {_after("first.review_at")},
       CASE WHEN o.answered_at <= %(now)s THEN {_after("o.answered_at")} END,
       o.id IN (SELECT id FROM own_answer), changed.changes
FROM opened o
LEFT JOIN first ON first.thread_id = o.id
LEFT JOIN changed ON changed.thread_id = o.id
ORDER BY o.opened_at, o.id
"""
OPENED_IN_WINDOW = _COHORT.format(condition=_OPENED, rows="{rows}", once="{once}")
CLOSED_IN_WINDOW = _COHORT.format(condition=_CLOSED, rows="{rows}", once="{once}")


def cohort_read(
    scope: Scope,
    *kinds: ThreadKind,
    statement: str = OPENED_IN_WINDOW,
    only_changes: bool = False,
) -> list[CohortThread]:
    """Return the threads of some kinds, the oldest first, with those that are left out.

    Args:
        statement: which ones: OPENED_IN_WINDOW or CLOSED_IN_WINDOW.
        only_changes: read only what changed their states, and not what was said.
    """
    told = ["closed", "reopened", "merged"] if only_changes else None
    rows = scope.fetch(
        statement,
        kinds=[str(kind) for kind in scope.kinds_of(*kinds)],
        told=told,
    )
    return [CohortThread(*row) for row in rows]


def lasting(microseconds: int) -> timedelta:
    """Return a time since the start of a thread as what it is."""
    return timedelta(microseconds=microseconds)


def _changes_of(text: str | None) -> list[StateChange]:
    changes = (change.split(" ") for change in text.split(",")) if text else ()
    return [StateChange(int(after), kind, By(by)) for after, kind, by in changes]
