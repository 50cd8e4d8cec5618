"""Keep the rows that say in which threads somebody waits."""

from collections.abc import Collection
from typing import Any

from dexxy.common.sql import Rows, execute, fetch_all
from dexxy.members.summaries import summaries_due
from dexxy.messages.models import Triage
from dexxy.messages.team.roster import Roster
from dexxy.messages.waiting.acts import ThreadActs, acts_read
from dexxy.messages.waiting.turns import Act, Actor, Deed, Side, Standing, standing

# A thread in which nobody waits has no row.
_LISTED = (Side.TEAM, Side.LATE, Side.OURS, Side.ASIDE)

# One writer of a workspace's rows at a time: each reads before it writes.
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('messages_standing', %(workspace)s))"
_FORGET = """
DELETE FROM messages_standing WHERE thread_id = ANY(%(threads)s) AND thread_id <> ALL(%(kept)s)
"""
_WRITE = """
INSERT INTO messages_standing AS s (
    thread_id, workspace_id, side, reason, since, turned_at, message_id, others_replied, is_old)
SELECT r.thread_id, %(workspace)s, r.side, r.reason, r.since, r.turned_at, r.message_id,
       r.others_replied, r.is_old
FROM {rows} ORDER BY r.thread_id
ON CONFLICT (thread_id) DO UPDATE SET
    side = excluded.side, reason = excluded.reason, since = excluded.since,
    turned_at = excluded.turned_at, message_id = excluded.message_id,
    others_replied = excluded.others_replied, is_old = excluded.is_old
WHERE (s.side, s.reason, s.since, s.turned_at, s.message_id, s.others_replied, s.is_old)
      IS DISTINCT FROM
      (excluded.side, excluded.reason, excluded.since, excluded.turned_at, excluded.message_id,
       excluded.others_replied, excluded.is_old)
"""
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
    rows = []
    for thread in acts_read(workspace_id, thread_ids, team):
        acts = _with(thread.acts, aside.get(thread.thread_id))
        found = standing(thread.opened, acts, as_draft=thread.as_draft)
        if found.side in _LISTED:
            rows.append(_row(thread, found))
    threads = {"threads": list(thread_ids), "kept": [row[0] for row in rows]}
    execute(_FORGET, threads)
    if rows:
        execute(_WRITE, {"workspace": workspace_id}, Rows(_COLUMNS, rows))
    openers = [pk for (pk,) in fetch_all(_OPENERS, {"threads": list(thread_ids)})]
    execute(_FIRST, {"workspace": workspace_id, "openers": openers})
    summaries_due(workspace_id, openers)


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
    asked_at = found.turned_at or found.since
    is_old = thread.is_from_before and asked_at is not None and asked_at <= thread.connected_at
    return (
        thread.thread_id,
        str(found.side),
        str(found.reason),
        found.since,
        found.turned_at,
        found.message_id,
        found.others_replied,
        is_old,
    )
