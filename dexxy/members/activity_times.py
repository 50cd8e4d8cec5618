"""When members were first and last seen: the earliest and the latest of their accounts."""

from collections.abc import Collection

from dexxy.common.sql import execute

# A member whose accounts all went over to another member was never seen.
_RETIME = """
UPDATE members_member m
SET first_seen_at = seen.first_at, last_seen_at = seen.last_at
FROM (
    SELECT m.id, c.first_at, c.last_at
    FROM members_member m
    LEFT JOIN (
        SELECT member_id, min(first_seen_at) AS first_at, max(last_seen_at) AS last_at
        FROM members_identity
        WHERE (%(workspace)s::bigint IS NULL OR workspace_id = %(workspace)s)
          AND (%(members)s::bigint[] IS NULL OR member_id = ANY(%(members)s))
        GROUP BY member_id
    ) c ON c.member_id = m.id
    WHERE (%(workspace)s::bigint IS NULL OR m.workspace_id = %(workspace)s)
      AND (%(members)s::bigint[] IS NULL OR m.id = ANY(%(members)s))
      AND (m.first_seen_at, m.last_seen_at) IS DISTINCT FROM (c.first_at, c.last_at)
    ORDER BY m.id
    FOR NO KEY UPDATE OF m
) seen
WHERE m.id = seen.id
"""


def members_retime(
    *, workspace_id: int | None = None, member_ids: Collection[int] | None = None
) -> None:
    """Recompute when members were first and last seen, inside the caller's transaction.

    Args:
        workspace_id: all members of a workspace.
        member_ids: these members.
    """
    members = None if member_ids is None else list(member_ids)
    execute(_RETIME, {"workspace": workspace_id, "members": members})
