"""Places in the log of changes, and how far it can be read.

A row gets its id and its time before its transaction commits. So it can become visible after
another one with a higher id was read already, and a reader that goes on from the highest id would
lose it. Followers therefore read in the order of transactions, and only up to the oldest one that
still runs: all below that one have ended, so nothing can appear there any more.
https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT

The oldest one of the cluster is the snapshot's `xmin`. Where it runs in another database, nothing
of ours can come from it, and the oldest one counts of which that is not known. Whose a transaction
is tells the lock that it has on its own id.

Transactions are counted by the cluster. A database that was restored into another one begins a
new epoch there, whose number comes first in the order: everything of an earlier epoch is settled.
"""

from dataclasses import astuple, dataclass

from django.utils.translation import gettext as _

from dexxy.common.pages import InvalidCursorError, decoded, encoded
from dexxy.common.sql import fetch_all

LAST = 2**63 - 1
_LAST_EPOCH = 2**31 - 1

# A snapshot lists neither our own transaction nor, on a standby, any; locks have the lower 32 bits
# of an id. A transaction that has not got its lock yet, or has ended since, counts as one of ours.
_HORIZON = """
WITH s AS (
    SELECT pg_snapshot_xmin(s)::text::bigint AS oldest, pg_snapshot_xmax(s)::text::bigint AS next,
      pg_current_xact_id_if_assigned()::text::bigint AS own, s AS snapshot
    FROM pg_current_snapshot() s
), elsewhere AS MATERIALIZED (
    SELECT l.transactionid::text::bigint AS id
    FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
      AND a.datname <> current_database()
)
SELECT messages_epoch_now(), CASE
    WHEN mod(oldest, 4294967296) IN (SELECT id FROM elsewhere) THEN least(own, coalesce(
        (SELECT min(x::text::bigint) FROM pg_snapshot_xip(snapshot) x
         WHERE mod(x::text::bigint, 4294967296) NOT IN (SELECT id FROM elsewhere)), next))
    ELSE oldest END, next
FROM s
"""


@dataclass(frozen=True, order=True)
class Position:
    """A place in the log of changes: what was read last.

    Args:
        epoch: its number.
        transaction: the id of the transaction that noted the change.
        change: the id of the change.
        message: the id of the last message, of the several that a change may stand for; LAST where
            all of them were read.
    """

    epoch: int = 0
    transaction: int = 0
    change: int = 0
    message: int = 0

    def __str__(self) -> str:
        return encoded("f" + ".".join(map(str, astuple(self))))

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Read what `str()` wrote.

        Raises:
            InvalidCursorError: TEXT is anything else.
        """
        plain = decoded(text)
        try:
            epoch, transaction, change, message = (int(part) for part in plain[1:].split("."))
        except ValueError as error:
            raise InvalidCursorError(_("The cursor is not one of ours.")) from error
        position = cls(epoch, transaction, change, message)
        is_possible = epoch <= _LAST_EPOCH and all(0 <= n <= LAST for n in astuple(position))
        if plain[0] != "f" or not is_possible:
            raise InvalidCursorError(_("The cursor is not one of ours."))
        return position


@dataclass(frozen=True)
class Horizon:
    """How far the log can be read just now.

    Args:
        epoch: the number of the current epoch.
        oldest_running: the id of the oldest transaction that still runs and may be of our database.
        next_unused: an id that no transaction has yet.
    """

    epoch: int
    oldest_running: int
    next_unused: int

    @property
    def position(self) -> Position:
        """The last place that is settled: whoever begins now begins here."""
        return Position(self.epoch, self.oldest_running - 1, LAST, LAST)


def horizon() -> Horizon:
    """Tell how far the log can be read; begins a new epoch if the database came to this cluster."""
    [found] = fetch_all(_HORIZON, {})
    return Horizon(*found)
