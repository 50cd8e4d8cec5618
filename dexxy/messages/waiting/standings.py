"""Keep the rows that say in which threads somebody waits, and when somebody did."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from dexxy.common.sql import Rows, execute, fetch_all
from dexxy.members.summaries import summaries_due
from dexxy.messages.models import Side, Triage
from dexxy.messages.team.roster import Roster
from dexxy.messages.waiting.acts import ThreadActs, acts_read
from dexxy.messages.waiting.turns import Act, Actor, Deed, Standing, standings

# A thread in which nobody waits has no row.
_LISTED = (Side.TEAM, Side.LATE, Side.OURS, Side.ASIDE)

# One writer of a workspace's rows at a time: each reads before it writes.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('messages_standing', %(workspace)s))"
_FORGET = """
DELETE FROM messages_standing WHERE thread_id = ANY(%(threads)s) AND thread_id <> ALL(%(kept)s)
"""
_WRITE = """
INSERT INTO messages_standing AS s (
    thread_id, workspace_id, source_id, kind, side, reason, since, turned_at, message_id,
    others_replied, is_old, labels)
SELECT r.thread_id, %(workspace)s, r.source_id, r.kind, r.side, r.reason, r.since, r.turned_at,
       r.message_id, r.others_replied, r.is_old,
       (SELECT t.labels FROM messages_thread t WHERE t.id = r.thread_id)
FROM {rows} ORDER BY r.thread_id
ON CONFLICT (thread_id) DO UPDATE SET
    source_id = excluded.source_id, kind = excluded.kind, side = excluded.side,
    reason = excluded.reason, since = excluded.since, turned_at = excluded.turned_at,
    message_id = excluded.message_id,
    others_replied = excluded.others_replied, is_old = excluded.is_old,
    labels = excluded.labels
WHERE (s.source_id, s.kind, s.side, s.reason, s.since, s.turned_at, s.message_id,
       s.others_replied, s.is_old, s.labels)
      IS DISTINCT FROM
      (excluded.source_id, excluded.kind, excluded.side, excluded.reason, excluded.since,
       excluded.turned_at, excluded.message_id, excluded.others_replied, excluded.is_old,
       excluded.labels)
"""
# What is kept already is left as it is: a recount changes little.
_WRITE_WAITS = """
WITH kept AS (SELECT r.thread_id, r.since, r.until FROM {rows}), gone AS (
    DELETE FROM messages_wait w
    WHERE w.workspace_id = %(workspace)s AND w.thread_id = ANY(%(threads)s)
      AND (w.thread_id, w.since) NOT IN (SELECT thread_id, since FROM kept)
)
INSERT INTO messages_wait AS w (workspace_id, thread_id, since, until)
SELECT %(workspace)s, thread_id, since, until FROM kept ORDER BY thread_id, since
ON CONFLICT (workspace_id, thread_id, since) DO UPDATE SET until = excluded.until
WHERE w.until IS DISTINCT FROM excluded.until
"""
_WAIT_COLUMNS = {"thread_id": "bigint", "since": "timestamptz", "until": "timestamptz"}
_OPENERS = """
SELECT DISTINCT opener.member_id
FROM messages_thread t JOIN members_identity opener ON opener.id = t.author_id
WHERE t.id = ANY(%(threads)s)
"""
# Nobody opens a second thread before the first. A thread that came or went may be an older one than
# those of the same openers that wait.
_FIRST = """
UPDATE messages_standing s SET is_first = NOT s.is_first
FROM (
    SELECT t.id, row_number() OVER (PARTITION BY i.member_id ORDER BY t.opened_at, t.id) = 1
               AS is_first
    FROM members_identity i
    JOIN messages_thread t ON t.author_id = i.id AND t.workspace_id = %(workspace)s
         AND NOT t.is_archived
    WHERE i.member_id = ANY(%(openers)s)
) opened
WHERE s.thread_id = opened.id AND s.is_first <> opened.is_first
"""
_COLUMNS = {
    "thread_id": "bigint",
    "source_id": "bigint",
    "kind": "text",
    "side": "text",
    "reason": "text",
    "since": "timestamptz",
    "turned_at": "timestamptz",
    "message_id": "bigint",
    "others_replied": "boolean",
    "is_old": "boolean",
}


def standings_recompute(workspace_id: int, thread_ids: Collection[int], team: Roster) -> None:
    """Tell anew whose turn it is in threads, inside the caller's transaction.

    Args:
        team: of the workspace, as `team_of` returns it.
    """
    execute(_LOCK, {"workspace": workspace_id})
    aside = _set_aside(thread_ids)
    rows: list[tuple[Any, ...]] = []
    waits: list[tuple[Any, ...]] = []
    for thread in acts_read(workspace_id, thread_ids, team):
        acts = _with(thread.acts, aside.get(thread.thread_id))
        told = list(standings(thread.opened, acts, as_draft=thread.as_draft))
        _, found = told[-1]
        if found.side in _LISTED:
            rows.append(_row(thread, found))
        queued = ((at, one.side is Side.TEAM and not _is_old(thread, one)) for at, one in told)
        waits += [(thread.thread_id, *wait) for wait in stretches(queued)]
    threads = {"threads": list(thread_ids), "kept": [row[0] for row in rows]}
    execute(_FORGET, threads)
    if rows:
        execute(_WRITE, {"workspace": workspace_id}, Rows(_COLUMNS, rows))
    given = {"workspace": workspace_id, "threads": list(thread_ids)}
    execute(_WRITE_WAITS, given, Rows(_WAIT_COLUMNS, waits))
    openers = [pk for (pk,) in fetch_all(_OPENERS, {"threads": list(thread_ids)})]
    execute(_FIRST, {"workspace": workspace_id, "openers": openers})
    summaries_due(workspace_id, openers)


def stretches(
    told: Iterable[tuple[datetime, bool]],
) -> list[tuple[datetime, datetime | None]]:
    """Return from when until when something held; None if it still does.

    Args:
        told: whether it holds from a time on. What comes later in a thread may have an earlier
            time, where it was imported: that is taken for the time of what is before it.
    """
    found: list[tuple[datetime, datetime | None]] = []
    began: datetime | None = None
    latest: datetime | None = None
    for time, holds in told:
        latest = at = max(latest or time, time)
        if holds and began is None:
            began = at
        elif not holds and began is not None:
            if began < at:
                found.append((began, at))
            began = None
    return found if began is None else [*found, (began, None)]


def _set_aside(thread_ids: Collection[int]) -> dict[int, Act]:
    """Return where in its thread each setting aside stands: behind what its author had seen."""
    rows = Triage.objects.filter(thread__in=thread_ids, is_set_aside=True)
    return {
        row.thread_id: Act(row.seen_at, Deed.SET_ASIDE, Actor.TEAM) for row in rows if row.seen_at
    }


def _with(acts: list[Act], one: Act | None) -> list[Act]:
    # Sorting keeps the order of acts at the same time: what was seen comes before.
    return sorted([*acts, one], key=lambda act: act.at) if one else acts


def _row(thread: ThreadActs, found: Standing) -> tuple[Any, ...]:
    return (
        thread.thread_id,
        thread.source_id,
        thread.kind,
        str(found.side),
        str(found.reason),
        found.since,
        found.turned_at,
        found.message_id,
        found.others_replied,
        _is_old(thread, found),
    )


def _is_old(thread: ThreadActs, found: Standing) -> bool:
    asked_at = found.turned_at or found.since
    return thread.is_from_before and asked_at is not None and asked_at <= thread.connected_at
