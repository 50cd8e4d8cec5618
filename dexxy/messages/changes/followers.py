"""Followers of the log of changes that are stored with their position.

A follower works inside the transaction that moves its position, so nothing is left out and nothing
done twice. One that is new, or that was away for so long that changes were deleted, starts: it
reads all threads of the workspace as if each had just been written, and then what changed since.
After a restore into another cluster it goes on where it was.
"""

from collections.abc import Callable, Collection

from django.db import transaction

from dexxy.common.sql import fetch_all
from dexxy.messages.changes.positions import LAST, Position, horizon
from dexxy.messages.changes.reading import ChangesGoneError, Happening, Reading, changes_read
from dexxy.messages.models import ChangeKind, Follower, Recount

# Does what the follower is for with some changes, the oldest first.
Work = Callable[[Reading], None]

_BEHIND = f"""
SELECT w.id FROM accounts_workspace w
LEFT JOIN messages_follower f ON f.workspace_id = w.id AND f.name = %(name)s
WHERE (%(among)s::bigint[] IS NULL OR w.id = ANY(%(among)s)) AND (f.started_to IS NOT NULL
   OR EXISTS (
       SELECT FROM messages_change c
       WHERE c.workspace_id = w.id
         AND (c.epoch, c.transaction_id, c.id, {LAST})
             > (coalesce(f.epoch, 0), coalesce(f.transaction_id, 0), coalesce(f.change_id, 0),
                coalesce(f.message_id, 0))
         AND (c.epoch < %(now)s OR c.transaction_id < %(oldest_running)s))
   OR (f.id IS NULL AND EXISTS (SELECT FROM messages_message m WHERE m.workspace_id = w.id)))
ORDER BY w.id
"""  # noqa: S608
# What a follower has not read yet, whether it may already or not.
_AHEAD = f"""
SELECT DISTINCT c.thread_id, c.member_id
FROM messages_change c
JOIN messages_follower f ON f.workspace_id = c.workspace_id AND f.name = %(name)s
WHERE c.workspace_id = %(workspace)s
  AND (c.epoch, c.transaction_id, c.id, {LAST})
      > (f.epoch, f.transaction_id, f.change_id, f.message_id)
LIMIT %(limit)s
"""  # noqa: S608
# All messages of some threads, by the index of their keys. A thread is read whole.
_THREADS = """
WITH few AS (
    SELECT thread_id FROM messages_message
    WHERE workspace_id = %(workspace)s AND thread_id > %(started_to)s
    ORDER BY thread_id LIMIT %(limit)s
)
SELECT thread_id, id FROM messages_message
WHERE workspace_id = %(workspace)s AND thread_id > %(started_to)s
  AND thread_id <= (SELECT max(thread_id) FROM few)
ORDER BY thread_id
"""


def followers_behind(name: str, among: Collection[int] | None = None) -> list[int]:
    """Return the ids of the workspaces in which something waits for the followers of NAME.

    Args:
        among: the workspaces that have such a follower; all have where it is None.
    """
    now = horizon()
    params = {"name": name, "now": now.epoch, "oldest_running": now.oldest_running}
    of = {"among": None if among is None else list(among)}
    return [pk for (pk,) in fetch_all(_BEHIND, {**params, **of})]


def follower_begin(workspace_id: int, name: str) -> None:
    """Let a follower begin here and now, in the caller's transaction: it gets nothing of before."""
    begin = {"started_to": None, **_columns(horizon().position)}
    Follower.objects.update_or_create(workspace_id=workspace_id, name=name, defaults=begin)


def changed_since(workspace_id: int, name: str, *, most: int) -> set[int] | None:
    """Return the threads in which something changed that a follower has not read yet.

    Returns: None if it has not read all threads yet, if a member changed, or for more than MOST.
    """
    mine = Follower.objects.filter(workspace=workspace_id, name=name, started_to=None)
    if not mine.exists() or Recount.objects.filter(workspace=workspace_id).exists():
        return None
    params = {"workspace": workspace_id, "name": name, "limit": most + 1}
    rows = fetch_all(_AHEAD, params)
    if len(rows) > most or any(member is not None for _, member in rows):
        return None
    return {thread for thread, _ in rows}


@transaction.atomic
def follow(workspace_id: int, name: str, work: Work, *, limit: int) -> bool:
    """Let a follower WORK on what changed since it last did.

    Args:
        workspace_id: of the workspace that it follows.
        name: of the follower, in that workspace.
        limit: the number of changes for one transaction.

    Returns: whether it was done; another process may do it just now.
    """
    Follower.objects.get_or_create(
        workspace_id=workspace_id,
        name=name,
        defaults={"started_to": 0, **_columns(horizon().position)},
    )
    free = Follower.objects.select_for_update(skip_locked=True)
    follower = free.filter(workspace_id=workspace_id, name=name).first()
    if follower is None:
        return False
    work(_start(follower, limit) if follower.started_to is not None else _go_on(follower, limit))
    follower.save()
    return True


def _go_on(follower: Follower, limit: int) -> Reading:
    now = horizon()
    try:
        found = changes_read(follower.workspace_id, _position(follower), limit=limit, horizon=now)
    except ChangesGoneError:
        follower.started_to = 0
        _move(follower, now.position)
        return _start(follower, limit)
    _move(follower, found.end)
    return found


def _start(follower: Follower, limit: int) -> Reading:
    """Read some threads more; what changes meanwhile is behind the follower's position."""
    params = {
        "workspace": follower.workspace_id,
        "started_to": follower.started_to,
        "limit": limit,
    }
    rows = fetch_all(_THREADS, params)
    follower.started_to = rows[-1][0] if rows else None
    written = [Happening(ChangeKind.WRITTEN, thread, message, None) for thread, message in rows]
    return Reading(written, _position(follower), bool(rows))


def _position(follower: Follower) -> Position:
    return Position(
        follower.epoch, follower.transaction_id, follower.change_id, follower.message_id
    )


def _move(follower: Follower, position: Position) -> None:
    for name, value in _columns(position).items():
        setattr(follower, name, value)


def _columns(position: Position) -> dict[str, int]:
    return {
        "epoch": position.epoch,
        "transaction_id": position.transaction,
        "change_id": position.change,
        "message_id": position.message,
    }
