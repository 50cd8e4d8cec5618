"""Read a cohort: the threads opened in a window, each followed until now."""
# ruff: noqa: S608
# The statements are put together from constants; values are parameters.

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from enum import Enum, StrEnum
from operator import itemgetter
from typing import NamedTuple

from dexxy.messages.answers import IS_BY_WORK, answer_if, by_another_person, nobody_waits
from dexxy.messages.changes.followers import changed_since
from dexxy.messages.figures.scope import LIVE, NOT_HIDDEN, THREADS, WHO, Scope
from dexxy.messages.figures.steps import window_before
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
    # Its category takes no answers.
    CATEGORY = "category"


class By(StrEnum):
    """Who changed the state of a thread."""

    OPENER = "opener"
    OTHER = "other"
    BOT = "bot"
    # GitHub does not tell who closed a discussion.
    UNKNOWN = "unknown"


# Where a row has it.
_OPENED_AT = 5
_BY: Mapping[str, By] = {str(by): by for by in By}
_REOPENED = str(MessageKind.REOPENED)


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
        takes_answers: whether a discussion's category does; None where that is not known.
        changes: of its state, the oldest first, as `ending` reads them. Of a thread that is told
            anew they are those since the window began.
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
    takes_answers: bool | None
    changes: str

    def ending(self, before: int | None = None) -> StateChange | None:
        """Return what closed it, if it was closed just before a time; None stands for now."""
        changes = self.changes
        while changes:
            changes, _, change = changes.rpartition(",")
            after, kind, by = change.split(" ")
            if before is None or int(after) < before:
                if kind != _REOPENED:
                    return StateChange(int(after), kind, _BY[by])
                break
        if before is None and self.state != ThreadState.OPEN and self.closed is not None:
            # No message tells who closed it.
            return StateChange(self.closed, MessageKind.CLOSED, By.UNKNOWN)
        return None


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
_BY_WHOM = """
CASE WHEN m.author_id IS NULL AND m.thread_kind = 'discussion' THEN 'unknown'
     WHEN author.member_id = o.opener THEN 'opener'
     WHEN author.is_bot THEN 'bot' ELSE 'other' END"""


_BY_ANOTHER = by_another_person(
    member="author.member_id", is_bot="author.is_bot", opener="o.opener"
)


def _after(at: str) -> str:
    """Return the SQL of a time as microseconds since the start."""
    # A double holds the microseconds of centuries; `extract` would compute decimal digits.
    return f"(date_part('epoch', {at} - o.started_at) * 1000000)::bigint"


# What tells of each pull request whether it was opened as a draft, and is one. A window has few.
_DRAFTS = """
    SELECT m.thread_id,
           (array_agg(m.kind ORDER BY m.occurred_at, m.id))[1] AS first,
           (array_agg(m.kind ORDER BY m.occurred_at DESC, m.id DESC))[1] AS last,
           min(m.occurred_at) FILTER (WHERE m.kind = 'ready') AS ready_at,
           max(m.occurred_at) AS last_at
    FROM messages_message m
    WHERE m.workspace_id = %(workspace)s AND m.kind IN ('ready', 'drafted') AND NOT m.in_feed
      AND NOT m.is_archived AND m.occurred_at <= %(now)s
      AND (%(threads)s::bigint[] IS NULL OR m.thread_id = ANY(%(threads)s))
    GROUP BY m.thread_id
"""


# What happened since the window began, each part as one index has it: what the feed shows, and
# reviews without words. Nothing that is older matters: a thread of a cohort was opened in the
# window, or closed in it.
_HAPPENED = f"""
    SELECT {{columns}} FROM messages_message m
    WHERE {LIVE} AND {{part}} AND m.occurred_at >= %(since)s AND m.thread_kind = ANY(%(kinds)s)
      AND m.kind <> 'opened' AND (%(threads)s::bigint[] IS NULL OR m.thread_id = ANY(%(threads)s))
"""
_COLUMNS = "m.id, m.thread_id, m.thread_kind, m.occurred_at, m.kind, m.author_id, m.in_feed"
_SHOWN = _HAPPENED.format(columns=_COLUMNS, part="m.in_feed")
_WORDLESS = _HAPPENED.format(
    columns=_COLUMNS, part="NOT m.in_feed AND m.kind IN ('review', 'review_comment')"
)
# Which of the issues that were closed a commit or a pull request closed: that stands in the row,
# which is else not read.
_WORKED = f"""
    SELECT m.id FROM messages_message m
    WHERE {LIVE} AND m.in_feed AND m.occurred_at >= %(since)s AND m.kind = 'closed'
      AND m.thread_kind = 'issue' AND {IS_BY_WORK}
      AND (%(threads)s::bigint[] IS NULL OR m.thread_id = ANY(%(threads)s))
"""
_IS_ANSWER = answer_if(is_said=NOT_HIDDEN, is_by_work="m.id IN (SELECT id FROM worked)")
# What other people said, and all that changed a state.
_TOLD = f"""
    SELECT m.thread_id, m.id, m.occurred_at, m.kind, m.in_feed, {_BY_WHOM} AS by_whom,
           {_BY_ANOTHER} AND {_IS_ANSWER} AS is_by_other,
           team.member_id IS NOT NULL AS is_by_team
    FROM opened o
    JOIN ({_SHOWN} UNION ALL {_WORDLESS}) m ON m.thread_id = o.id
    LEFT JOIN account author ON author.id = m.author_id
    LEFT JOIN team ON team.member_id = author.member_id AND team.since <= m.occurred_at
                  AND (team.until IS NULL OR m.occurred_at < team.until)
    WHERE o.left_out IS NULL OR o.left_out = 'team'
"""
_PARTS = f"""
{WHO}, drafts AS ({_DRAFTS}), worked AS MATERIALIZED ({_WORKED}), opened AS MATERIALIZED (
    SELECT t.id, t.source_id, t.kind, t.state, t.state_reason, t.opened_at, t.closed_at,
           t.answered_at, t.opener, {_LEFT_OUT} AS left_out,
           CASE t.details->'is_answerable' WHEN 'true' THEN true WHEN 'false' THEN false
           END AS takes_answers,
           greatest(t.last_activity_at, t.closed_at, t.answered_at, drafts.last_at) AS last_at,
           CASE WHEN drafts.first = 'ready' THEN drafts.ready_at ELSE t.opened_at END AS started_at
    FROM (SELECT t.*, opener.member_id AS opener, opener.kind AS opener_kind,
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
    SELECT told.thread_id, max(told.occurred_at) AS last_at,
           (array_agg(told.kind ORDER BY told.occurred_at DESC, told.id DESC))[1] AS last,
           string_agg({_after("told.occurred_at")} || ' ' || told.kind || ' ' || told.by_whom, ','
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
    WHERE o.kind = 'discussion' AND o.answered_at <= %(now)s
)
"""
# All that is told of a thread, whatever the window: what is kept of it.
_TIMES = f"""
SELECT o.id AS thread_id, %(workspace)s AS workspace_id, o.source_id, o.kind, o.state,
       o.state_reason, coalesce(o.left_out, '') AS left_out, o.opener AS opener_id, o.opened_at,
       o.started_at,
       CASE WHEN o.closed_at <= %(now)s THEN {_after("o.closed_at")} END AS closed,
       {_after("first.response_at")} AS response,
       {_after("first.team_response_at")} AS team_response,
       {_after("first.review_at")} AS review,
       CASE WHEN o.answered_at <= %(now)s THEN {_after("o.answered_at")} END AS answer,
       o.id IN (SELECT id FROM own_answer) AS has_own_answer, o.takes_answers,
       coalesce(changed.changes, '') AS changes,
       CASE WHEN changed.last <> 'reopened' THEN changed.last_at END AS ended_at, o.last_at
FROM opened o
LEFT JOIN first ON first.thread_id = o.id
LEFT JOIN changed ON changed.thread_id = o.id
"""
# As a window sees it.
_SEEN = """
SELECT o.thread_id, o.kind, o.state, o.state_reason, nullif(o.left_out, ''),
       (date_part('epoch', o.opened_at - %(since)s) * 1000000)::bigint,
       (date_part('epoch', greatest(source.now, o.opened_at, o.started_at) - o.started_at) * 1000000
       )::bigint,
       (date_part('epoch', %(since)s - o.started_at) * 1000000)::bigint,
       o.closed, o.response, o.team_response, o.review, o.answer, o.has_own_answer,
       o.takes_answers, o.changes
"""
_TOLD_NOW = f"""{_PARTS}{_SEEN}
FROM ({_TIMES}) o JOIN source ON source.id = o.source_id"""
_KEPT = f"""
{WHO} {_SEEN}
FROM messages_threadtimes o JOIN source ON source.id = o.source_id
WHERE o.workspace_id = %(workspace)s AND o.kind = ANY(%(kinds)s)
  AND (%(sources)s::bigint[] IS NULL OR o.source_id = ANY(%(sources)s))
  AND (%(members)s::bigint[] IS NULL OR o.opener_id = ANY(%(members)s))
  AND o.last_at <= %(now)s AND o.thread_id <> ALL(%(changed)s) AND {{condition}}
"""
# What happened after the moment that a window sees is not to be seen in it.
_LATER = """
SELECT thread_id FROM messages_threadtimes
WHERE workspace_id = %(workspace)s AND last_at > %(now)s
"""
# They are few threads, and a community has many accounts.
_OF_FEW = _PARTS.format(condition="t.id = ANY(%(threads)s)", rows="{rows}", once="NOT MATERIALIZED")
KEEP = f"""{_OF_FEW}, gone AS (
    DELETE FROM messages_threadtimes
    WHERE thread_id = ANY(%(threads)s) AND thread_id NOT IN (SELECT id FROM opened)
)
INSERT INTO messages_threadtimes AS k (
    thread_id, workspace_id, source_id, kind, state, state_reason, left_out, opener_id, opened_at,
    started_at, closed, response, team_response, review, answer, has_own_answer, takes_answers,
    changes, ended_at, last_at)
{_TIMES} ORDER BY 1
ON CONFLICT (thread_id) DO UPDATE SET
    source_id = excluded.source_id, state = excluded.state, state_reason = excluded.state_reason,
    left_out = excluded.left_out, opener_id = excluded.opener_id, opened_at = excluded.opened_at,
    started_at = excluded.started_at, closed = excluded.closed, response = excluded.response,
    team_response = excluded.team_response, review = excluded.review, answer = excluded.answer,
    has_own_answer = excluded.has_own_answer, takes_answers = excluded.takes_answers,
    changes = excluded.changes, ended_at = excluded.ended_at, last_at = excluded.last_at
WHERE k IS DISTINCT FROM excluded
"""


# Who keeps them: see `messages/waiting/follower.py`.
FOLLOWER = "waiting"
# More are told at once with all others.
_MOST_ANEW = 1000


class Which(Enum):
    """The threads of a cohort: how they are found where they are told, and where they are kept."""

    OPENED = (
        "t.opened_at >= %(since)s AND t.opened_at < %(until)s AND t.opened_at <= %(now)s",
        "o.opened_at >= %(since)s AND o.opened_at < %(until)s AND o.opened_at <= %(now)s",
    )
    # Closed in the window; who reads them keeps those that it closed for good.
    CLOSED = (_CLOSED, "o.ended_at >= %(since)s AND o.ended_at < %(until)s")


def cohort_read(
    scope: Scope, *kinds: ThreadKind, which: Which = Which.OPENED
) -> list[CohortThread]:
    """Return the threads of some kinds, the oldest first, with those that are left out.

    What is kept of them is read, and what has changed since is told anew.
    """
    told, kept = which.value
    params = {"kinds": [str(kind) for kind in scope.kinds_of(*kinds)]}
    changed = changed_since(scope.workspace_id, FOLLOWER, most=_MOST_ANEW)
    if changed is None:
        rows = scope.fetch(_where(_TOLD_NOW, told), threads=None, **params)
    else:
        changed |= {pk for (pk,) in scope.fetch(_LATER)}
        few = list(changed)
        rows = scope.fetch(_where(_KEPT, kept), changed=few, **params)
        if few:
            anew = _where(_TOLD_NOW, f"t.id = ANY(%(threads)s) AND {told}")
            rows += scope.fetch(anew, threads=few, **params)
    rows.sort(key=itemgetter(_OPENED_AT, 0))
    # As the class does it, without a call for each of very many.
    return list(map(CohortThread._make, rows))


def both_windows(scope: Scope) -> tuple[Scope, int]:
    """Return the scope of a window together with the window before it, to be read at once.

    Returns: with how many microseconds of it are of the window before.
    """
    since = window_before(scope.window).since
    both = replace(scope, window=replace(scope.window, since=since))
    return both, (scope.window.since - since) // timedelta(microseconds=1)


def _where(sql: str, condition: str) -> str:
    # What `Scope.fetch` puts in stays to be put in.
    return sql.format(condition=condition, rows="{rows}", once="{once}")


def lasting(microseconds: int) -> timedelta:
    """Return a time since the start of a thread as what it is."""
    return timedelta(microseconds=microseconds)
