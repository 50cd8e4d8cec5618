"""Counts and times of accounts, recomputed from all their messages: at the end of a sync."""

from collections.abc import Collection

from dexxy.common.sql import execute
from dexxy.members.activity_times import members_retime
from dexxy.members.models import Identity

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
          AND (%(accounts)s::bigint[] IS NULL OR i.id = ANY(%(accounts)s))
        GROUP BY i.id
    ) c ON c.id = i.id
    WHERE (i.message_count, i.first_seen_at, i.last_seen_at)
          IS DISTINCT FROM (c.messages, c.first_at, c.last_at)
    ORDER BY i.external_id
    FOR NO KEY UPDATE OF i
) c
WHERE i.id = c.id
"""


def identities_recount(*, workspace_id: int, account_ids: Collection[int] | None = None) -> None:
    """Recompute the counts, and the first and last seen times, of a workspace's accounts.

    Their members are recomputed with them.

    Args:
        account_ids: of these accounts alone; None for all.
    """
    accounts = None if account_ids is None else list(account_ids)
    execute(_RECOUNT_IDENTITIES, {"workspace": workspace_id, "accounts": accounts})
    if accounts is None:
        members_retime(workspace_id=workspace_id)
    elif accounts:
        members = Identity.objects.filter(pk__in=accounts).values_list("member", flat=True)
        members_retime(member_ids=set(members))
