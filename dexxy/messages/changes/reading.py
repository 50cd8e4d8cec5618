"""Read the log of changes: which messages to look at again, and where to go on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from dexxy.common.errors import DexxyError
from dexxy.common.sql import fetch_all
from dexxy.messages.changes.positions import LAST, Horizon, Position
from dexxy.messages.models import ChangeKind

# What is deleted of a log is told by the position of a follower of this name, who reads it away.
PRUNING = "pruning"

# A change of a thread that was written or removed stands for all of its messages; of one that was
# edited, for its opening. A change of several messages stands for those of the thread from the
# first to the last. A change of a member stands for none.
#
# One change more is read than a page can need, because the first one may have been read to its end.
_READ = f"""
WITH noted AS MATERIALIZED (
    SELECT * FROM messages_change
    WHERE workspace_id = %(workspace)s
      AND (epoch, transaction_id, id, {LAST})
          > (%(epoch)s, %(transaction)s, %(change)s, %(message)s)
      AND (epoch < %(now)s OR transaction_id < %(oldest_running)s)
    ORDER BY epoch, transaction_id, id LIMIT %(limit)s + 1
)
SELECT c.epoch, c.transaction_id, c.id, coalesce(m.id, {LAST}),
       c.kind, c.thread_id, m.id, c.member_id, c.noted_at
FROM noted c LEFT JOIN LATERAL (
    SELECT c.message_id AS id WHERE c.message_id IS NOT NULL AND c.last_message_id IS NULL
    UNION ALL
    SELECT m.id FROM messages_message m
    WHERE c.last_message_id IS NOT NULL AND m.id BETWEEN c.message_id AND c.last_message_id
      AND m.workspace_id = c.workspace_id AND m.thread_id = c.thread_id
    UNION ALL
    SELECT m.id FROM messages_message m
    WHERE c.message_id IS NULL AND m.workspace_id = c.workspace_id AND m.thread_id = c.thread_id
      AND (c.kind <> 'edited' OR m.kind = 'opened')
) m ON TRUE
WHERE (c.epoch, c.transaction_id, c.id, coalesce(m.id, {LAST}))
      > (%(epoch)s, %(transaction)s, %(change)s, %(message)s)
ORDER BY 1, 2, 3, 4 LIMIT %(limit)s
"""  # noqa: S608
_PRUNED_TO = """
SELECT epoch, transaction_id, change_id, message_id FROM messages_follower
WHERE workspace_id = %(workspace)s AND name = %(pruning)s
"""


class ChangesGoneError(DexxyError):
    """What changed behind a position cannot be told any more: its follower has to start afresh.

    The changes were deleted because they were too old, or the database was restored since.
    """

    code = "start_afresh"


@dataclass(frozen=True)
class Happening:
    """One change, of one thing.

    Args:
        kind: what happened.
        thread_id: of the thread that it happened to, or in.
        message_id: of the message that it happened to.
        member_id: of the member whom it happened to.
        noted_at: when that was noted; None where a follower starts, and reads what there is.
        position: of the note in the log.
    """

    kind: ChangeKind
    thread_id: int | None
    message_id: int | None
    member_id: int | None
    noted_at: datetime | None = None
    position: Position | None = None


@dataclass(frozen=True)
class Reading:
    """Some changes of a log.

    Args:
        happenings: the oldest first.
        end: where to go on.
        has_more: whether more can be read at once.
    """

    happenings: Sequence[Happening]
    end: Position
    has_more: bool

    @property
    def messages(self) -> list[int]:
        """The ids of the messages that changed, each once, in the order of their last change."""
        found = (one.message_id for one in reversed(self.happenings))
        return list(reversed(dict.fromkeys(pk for pk in found if pk is not None)))


def changes_read(workspace_id: int, after: Position, *, limit: int, horizon: Horizon) -> Reading:
    """Read what changed in a workspace behind AFTER: LIMIT happenings at most.

    Args:
        horizon: of now.

    Raises:
        ChangesGoneError: changes behind AFTER were deleted.
    """
    if after < pruned_to(workspace_id):
        raise ChangesGoneError(_("The changes behind this position were deleted."))
    params = {
        "workspace": workspace_id,
        "epoch": after.epoch,
        "transaction": after.transaction,
        "change": after.change,
        "message": after.message,
        "now": horizon.epoch,
        "oldest_running": horizon.oldest_running,
        "limit": limit + 1,
    }
    rows = fetch_all(_READ, params)
    happenings = [_happening(*row) for row in rows[:limit]]
    has_more = len(rows) > limit
    end = Position(*rows[limit - 1][:4]) if has_more else max(after, horizon.position)
    return Reading(happenings, end, has_more)


def _happening(
    epoch: int,
    transaction: int,
    change: int,
    _message: int,
    kind: str,
    thread_id: int | None,
    message_id: int | None,
    member_id: int | None,
    noted_at: datetime,
) -> Happening:
    """Return what a row of _READ tells."""
    position = Position(epoch, transaction, change, LAST)
    return Happening(ChangeKind(kind), thread_id, message_id, member_id, noted_at, position)


def pruned_to(workspace_id: int) -> Position:
    """Tell up to where the log of a workspace was deleted."""
    params = {"workspace": workspace_id, "pruning": PRUNING}
    found = [Position(*row) for row in fetch_all(_PRUNED_TO, params)]
    return found[0] if found else Position()
