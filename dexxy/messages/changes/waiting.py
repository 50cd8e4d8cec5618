"""Who holds the followers up: a transaction of our database that goes on."""

from dataclasses import dataclass
from datetime import timedelta

from dexxy.common.sql import fetch_all
from dexxy.messages.changes.positions import horizon

# A session tells everybody whether it has a transaction id; since when, only those who may know.
# A prepared transaction belongs to no session.
_HOLDS = """
SELECT pid, datname, usename, extract(epoch FROM now() - xact_start)::float
FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
  AND backend_xid::text::bigint = %(oldest)s
UNION ALL
SELECT NULL, database, owner, extract(epoch FROM now() - prepared)::float
FROM pg_prepared_xacts WHERE transaction::text::bigint = %(oldest)s
"""
_WAITS = """
SELECT extract(epoch FROM now() - min(noted_at))::float FROM (
    SELECT noted_at FROM messages_change
    WHERE epoch = %(epoch)s AND transaction_id >= %(oldest_running)s
    ORDER BY id DESC LIMIT 10000
) c
"""


@dataclass(frozen=True)
class Holder:
    """The transaction for which all followers wait.

    Args:
        pid: of its session; None if it was prepared and belongs to none.
        database: where it runs: ours, or of one that was prepared any.
        user: whose it is.
        age: how long it has run; None where the server does not tell us.
    """

    pid: int | None
    database: str
    user: str
    age: timedelta | None


def followers_wait() -> tuple[timedelta, Holder | None] | None:
    """Tell how long the oldest change has waited to be read, and who holds it up.

    Returns: None where nothing waits.
    """
    now = horizon()
    params = {"epoch": now.epoch, "oldest_running": now.oldest_running}
    [(seconds,)] = fetch_all(_WAITS, params)
    if seconds is None:
        return None
    # Sessions show the lower 32 bits of a transaction id.
    found = fetch_all(_HOLDS, {"oldest": now.oldest_running % 2**32})
    holders = [
        Holder(pid, database, user, None if age is None else timedelta(seconds=age))
        for pid, database, user, age in found
    ]
    return timedelta(seconds=seconds), holders[0] if holders else None
