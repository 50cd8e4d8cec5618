"""Delete the old end of the log of changes, as a follower does: what it has read is gone."""

from datetime import timedelta

from django.conf import settings

from dexxy.common.sql import fetch_all
from dexxy.messages.changes.positions import LAST, horizon
from dexxy.messages.changes.reading import PRUNING

_AT_ONCE = 10_000

_OLDEST = "SELECT noted_at < now() - %(kept)s FROM messages_change ORDER BY id LIMIT 1"

# By the ids, which are as old as the changes. What is settled alone: nothing may turn up behind it.
_PRUNE = f"""
WITH oldest AS (
    SELECT * FROM messages_change ORDER BY id LIMIT %(limit)s
), pruned AS (
    DELETE FROM messages_change c USING oldest
    WHERE c.id = oldest.id AND oldest.noted_at < now() - %(kept)s
      AND (oldest.epoch < %(now)s OR oldest.transaction_id < %(oldest_running)s)
    RETURNING c.workspace_id, c.epoch, c.transaction_id, c.id
), moved AS (
    INSERT INTO messages_follower AS f (workspace_id, name, epoch, transaction_id, change_id,
        message_id)
    SELECT DISTINCT ON (p.workspace_id) p.workspace_id, %(pruning)s, p.epoch, p.transaction_id,
           p.id, {LAST}
    FROM pruned p JOIN accounts_workspace w ON w.id = p.workspace_id
    ORDER BY p.workspace_id, p.epoch DESC, p.transaction_id DESC, p.id DESC
    ON CONFLICT (workspace_id, name) DO UPDATE
    SET epoch = excluded.epoch, transaction_id = excluded.transaction_id,
        change_id = excluded.change_id
    WHERE (f.epoch, f.transaction_id, f.change_id)
          < (excluded.epoch, excluded.transaction_id, excluded.change_id)
)
SELECT count(*) FROM pruned
"""  # noqa: S608


def changes_prune() -> int:
    """Delete changes that are older than DEXXY_KEEP_CHANGES, of all workspaces.

    Returns: how many were deleted.
    """
    kept = {"kept": timedelta(days=settings.DEXXY_KEEP_CHANGES)}
    now, deleted = horizon(), 0
    position = {"now": now.epoch, "oldest_running": now.oldest_running, "pruning": PRUNING}
    while fetch_all(_OLDEST, kept) == [(True,)]:
        [(count,)] = fetch_all(_PRUNE, {**kept, **position, "limit": _AT_ONCE})
        deleted += count
        if count == 0:
            break
    return deleted
