"""Counts and times of accounts, recomputed from all their messages: at the end of a sync."""

from dexxy.common.sql import execute
from dexxy.members.activity_times import members_retime

_RECOUNT_IDENTITIES = """
UPDATE members_identity i
SET message_count = c.messages, first_seen_at = c.first_at, last_seen_at = c.last_at
FROM (
    SELECT i.id, c.messages, c.first_at, c.last_at
    FROM members_identity i
    JOIN (
        SELECT i.id, count(m.id) AS messages, min(m.occurred_at) AS first_at,
               max(m.occurred_at) AS last_at
        FROM members_identity i
        LEFT JOIN messages_message m ON m.workspace_id = i.workspace_id AND m.author_id = i.id
                                    AND NOT m.is_archived AND m.in_feed
        WHERE i.workspace_id = %(workspace)s
        GROUP BY i.id
    ) c ON c.id = i.id
    WHERE (i.message_count, i.first_seen_at, i.last_seen_at)
          IS DISTINCT FROM (c.messages, c.first_at, c.last_at)
    ORDER BY i.external_id
    FOR NO KEY UPDATE OF i
) c
WHERE i.id = c.id
"""


def identities_recount(*, workspace_id: int) -> None:
    """Recompute the counts, and the first and last seen times, of a workspace's accounts.

    Their members are recomputed with them.
    """
    execute(_RECOUNT_IDENTITIES, {"workspace": workspace_id})
    members_retime(workspace_id=workspace_id)
