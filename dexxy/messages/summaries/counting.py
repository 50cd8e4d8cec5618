"""Count what members said and did, for lists of people: the same acts as the figures count."""
# ruff: noqa: S608
# The statements are put together from constants; values are parameters.

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from dexxy.common.sql import Rows, execute, fetch_all
from dexxy.members.organization_merges import organization_keys
from dexxy.messages.answers import IS_SAID
from dexxy.messages.feed.snoozed import SNOOZED
from dexxy.messages.figures.organizations import organizations_of
from dexxy.messages.figures.people import QUIET, YEAR
from dexxy.messages.figures.scope import LIVE
from dexxy.messages.member_activity.kept import COUNTED_UP_TO, LONGEST_KEPT, PACE

WEEKS = 12
# Time alone changes what was counted in the last days, by a day at most.
_AGAIN_AFTER = timedelta(days=1)

# How many weeks ago it was, that is seven days.
_WEEK = "floor(extract(epoch FROM %(now)s - m.occurred_at) / 604800)"
_BY_WEEK = ", ".join(f"count(*) FILTER (WHERE m.week = {week})" for week in reversed(range(WEEKS)))
_COUNT = f"""
WITH account AS MATERIALIZED (
    SELECT i.id, i.member_id FROM members_identity i
    WHERE i.workspace_id = %(workspace)s AND i.member_id = ANY(%(members)s)
), act AS (
    SELECT author.member_id, m.occurred_at, m.thread_id, {_WEEK} AS week
    FROM account author JOIN messages_message m ON m.author_id = author.id
    WHERE {LIVE} AND m.in_feed AND {IS_SAID}
), counted AS (
    SELECT m.member_id, count(*) AS messages, min(m.occurred_at) AS first_act_at,
           max(m.occurred_at) AS last_act_at,
           count(*) FILTER (WHERE m.occurred_at >= %(quiet_since)s) AS recent,
           count(DISTINCT m.thread_id) FILTER (
               WHERE m.occurred_at >= %(regular_since)s AND m.occurred_at < %(quiet_since)s
           ) AS regular_threads, ARRAY[{_BY_WEEK}] AS weeks
    FROM act m GROUP BY 1
), waiting AS (
    SELECT opener.member_id, count(*) FILTER (WHERE s.thread_id NOT IN ({SNOOZED})) AS waiting,
           min(tr.snoozed_until) FILTER (WHERE tr.snoozed_until > %(now)s) AS snoozed_until
    FROM account opener
    JOIN messages_thread t ON t.workspace_id = %(workspace)s AND t.author_id = opener.id
         AND NOT t.is_archived
    JOIN sources_source source ON source.id = t.source_id AND NOT source.is_archived
    JOIN messages_standing s ON s.thread_id = t.id AND s.side = 'team' AND NOT s.is_old
    LEFT JOIN messages_triage tr ON tr.thread_id = t.id
    GROUP BY 1
)
SELECT p.member_id, coalesce(c.messages, 0), coalesce(c.recent, 0), coalesce(w.waiting, 0),
       coalesce(c.regular_threads, 0), coalesce(c.weeks, '{{}}'), c.first_act_at, c.last_act_at,
       w.snoozed_until
FROM (SELECT DISTINCT member_id FROM account) p
LEFT JOIN counted c USING (member_id) LEFT JOIN waiting w USING (member_id)
"""
_COLUMNS = {
    "member_id": "bigint",
    "messages": "int",
    "recent": "int",
    "waiting": "int",
    "regular_threads": "int",
    "weeks": "int[]",
    "first_act_at": "timestamptz",
    "last_act_at": "timestamptz",
    "organization": "text",
    "organization_key": "text",
    "counted_at": "timestamptz",
    "due_at": "timestamptz",
}
_NAMES = list(_COLUMNS)[1:]
_WRITE = f"""
UPDATE members_membersummary s SET {", ".join(f"{name} = r.{name}" for name in _NAMES)},
    details = CASE WHEN r.messages > %(up_to)s THEN s.details END,
    details_at = CASE WHEN r.messages > %(up_to)s THEN s.details_at END,
    details_due_at = CASE WHEN r.messages > %(up_to)s
        THEN coalesce(s.details_at + least(%(longest)s, r.messages * %(pace)s), now()) END
FROM {{rows}} WHERE s.member_id = r.member_id
"""
# Who has no account was merged into somebody else.
_FORGET = """
DELETE FROM members_membersummary s WHERE s.member_id = ANY(%(members)s)
  AND NOT EXISTS (SELECT FROM members_identity i WHERE i.member_id = s.member_id)
"""


def summaries_count(workspace_id: int, member_ids: Sequence[int], now: datetime) -> None:
    """Count some members anew, whose rows the caller has locked."""
    quiet_since = now - QUIET
    params = {
        "workspace": workspace_id,
        "members": list(member_ids),
        "now": now,
        "quiet_since": quiet_since,
        "regular_since": quiet_since - YEAR,
    }
    found = fetch_all(_COUNT, params)
    organizations = organizations_of(workspace_id, member_ids)
    key_of = organization_keys(workspace_id)
    rows = [_row(one, organizations.get(one[0], ""), key_of, now) for one in found]
    if rows:
        pace = {"up_to": COUNTED_UP_TO, "longest": LONGEST_KEPT, "pace": PACE}
        execute(_WRITE, pace, Rows(_COLUMNS, rows))
    execute(_FORGET, {"members": list(member_ids)})


def _row(
    counted: Sequence[Any], organization: str, key_of: Callable[[str], str], now: datetime
) -> list[Any]:
    *values, snoozed_until = counted
    _, _, recent, _, regular_threads, *_ = values
    changes_at = [snoozed_until] if snoozed_until else []
    if recent or regular_threads:
        changes_at.append(now + _AGAIN_AFTER)
    due_at = min(changes_at, default=None)
    return [*values, organization, key_of(organization), now, due_at]
