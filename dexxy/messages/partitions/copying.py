"""Copy a table into a partitioned one while others read and write it.

Triggers note the key of each row that is written; the rows up to the last key of that moment are
copied in ranges of keys, and then the noted ones, again and again, until none is left. Each step is
a transaction of its own that also says how far it is: a kill at any moment leaves the old table in
use, and the next run goes on.
"""
# ruff: noqa: S608
# Names of our own tables and columns stand in the statements; values are parameters.

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import monotonic, sleep

from django.db import OperationalError, transaction

from dexxy.common.sql import execute, fetch_all
from dexxy.messages.partitions.errors import BusyError, PartitioningError
from dexxy.messages.partitions.shape import copy_make, signature
from dexxy.messages.partitions.tables import BigTable, exists, partitions_of

# Rows of one step: some tenths of a second, so that nothing that waits for a transaction to end
# (search, a page that updates itself) waits long.
BATCH = 20_000
# Who writes in transactions of minutes is waited for at this pace, and for so long.
_PATIENCE_SECONDS = 600.0
_PAUSE_SECONDS = 2.0
_LOCK_MILLISECONDS = 800
# How long whoever reads or writes may wait for what is done under the lock.
_MOST_SECONDS = 1.0

_WATCH = """
CREATE TABLE {noted} (key bigint NOT NULL);
CREATE OR REPLACE FUNCTION {noted}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO {noted} SELECT {key} FROM changed;
    RETURN NULL;
END $$;
CREATE TRIGGER {name}_inserted AFTER INSERT ON {name} REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION {noted}();
CREATE TRIGGER {name}_updated AFTER UPDATE ON {name} REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION {noted}();
CREATE TRIGGER {name}_deleted AFTER DELETE ON {name} REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION {noted}();
CREATE TABLE {progress} (done_to bigint, last bigint, signature text);
"""
_UNWATCH = """
DROP TRIGGER IF EXISTS {name}_inserted ON {name};
DROP TRIGGER IF EXISTS {name}_updated ON {name};
DROP TRIGGER IF EXISTS {name}_deleted ON {name};
DROP FUNCTION IF EXISTS {noted}();
DROP TABLE IF EXISTS {noted}, {progress};
"""
_TAKE_NOTED = """
DELETE FROM {noted} WHERE ctid = ANY (ARRAY(SELECT ctid FROM {noted} LIMIT {batch})) RETURNING key
"""
# Of a range of keys, the rows that differ although nobody has noted them; in one statement, so in
# one snapshot.
_DIFFERING = """
SELECT count(*) FROM (SELECT * FROM {name} WHERE {key} > %(after)s AND {key} <= %(to)s) o
FULL JOIN (SELECT * FROM {copy} WHERE {key} > %(after)s AND {key} <= %(to)s) n USING ({key})
WHERE ({of_old}) IS DISTINCT FROM ({of_new})
  AND NOT EXISTS (SELECT FROM {noted} x WHERE x.key = {key})
"""

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Progress:
    """How far the copy of a table is: the keys up to `done_to`, of those up to `last`."""

    done_to: int
    last: int
    signature: str


def progress_of(table: BigTable) -> Progress | None:
    """Return how far the copy of a table is; None where there is none."""
    if not exists(table.progress):
        return None
    [row] = fetch_all(f"SELECT done_to, last, signature FROM {table.progress}", {})
    return Progress(*row)


def copy_begin(table: BigTable, parts: int) -> None:
    """Make the copy, and have what is written noted from now on, in one transaction.

    Raises:
        PartitioningError: somebody keeps the table locked for too long.
    """
    locked(partial(_begin, table, parts), table, "SHARE ROW EXCLUSIVE")


def _begin(table: BigTable, parts: int) -> None:
    names = {"name": table.name, "key": table.key, "noted": table.noted}
    copy_make(table, parts)
    execute(_WATCH.format(**names, progress=table.progress), {})
    # Whoever wrote before has ended: the lock has waited for them.
    execute(
        f"INSERT INTO {table.progress} SELECT coalesce(min({table.key}), 1) - 1,"
        f" coalesce(max({table.key}), 0), %(signature)s FROM {table.name}",
        {"signature": signature(table)},
    )


def copy_rows(table: BigTable, tell: Tell) -> None:
    """Copy the rows that were there when the copy began; each range is a transaction."""
    columns = ", ".join(table.columns)
    copied = (
        f"INSERT INTO {table.copy} ({columns}) SELECT {columns} FROM {table.name}"
        f" WHERE {table.key} > %(after)s AND {table.key} <= %(to)s ORDER BY {table.key}"
    )
    told = monotonic()
    while (at := progress_of(table)) and at.done_to < at.last:
        to = min(at.done_to + BATCH, at.last)
        with transaction.atomic():
            execute(copied, {"after": at.done_to, "to": to})
            execute(f"UPDATE {table.progress} SET done_to = %(to)s", {"to": to})
        if monotonic() - told > 10:
            told = monotonic()
            tell(f"{table.name}: copied up to {to:,} of {at.last:,}")


def noted_apply(table: BigTable, batch: int = BATCH) -> int:
    """Copy rows anew that were noted, up to BATCH of them. Returns how many were noted."""
    columns = ", ".join(table.columns)
    with transaction.atomic():
        taken = fetch_all(_TAKE_NOTED.format(noted=table.noted, batch=batch), {})
        if not taken:
            return 0
        keys = {"keys": sorted({key for (key,) in taken})}
        of = f"{table.key} = ANY(%(keys)s::bigint[])"
        execute(f"DELETE FROM {table.copy} WHERE {of}", keys)
        # What was written after the notes were taken is in this, and is noted once more.
        execute(
            f"INSERT INTO {table.copy} ({columns}) SELECT {columns} FROM {table.name} WHERE {of}",
            keys,
        )
    return len(taken)


def catch_up(table: BigTable) -> None:
    """Copy what was noted until a step finds little: whoever writes goes on meanwhile."""
    while noted_apply(table) > BATCH // 20:
        pass


def rows_compare(table: BigTable, tell: Tell) -> int:
    """Compare every row with its copy, a range at a time. Returns how many rows there are.

    Raises:
        PartitioningError: some differ although nobody has written them since.
    """
    columns = table.columns
    statement = _DIFFERING.format(
        name=table.name,
        key=table.key,
        copy=table.copy,
        noted=table.noted,
        of_old=", ".join(f"o.{one}" for one in columns),
        of_new=", ".join(f"n.{one}" for one in columns),
    )
    bounds = f"SELECT coalesce(min({table.key}), 1), coalesce(max({table.key}), 0) FROM"
    [(first, last)] = fetch_all(f"{bounds} {table.name}", {})
    [(first_copied, last_copied)] = fetch_all(f"{bounds} {table.copy}", {})
    told = monotonic()
    for after in range(min(first, first_copied) - 1, max(last, last_copied), BATCH):
        [(differing,)] = fetch_all(statement, {"after": after, "to": after + BATCH})
        if differing:
            raise PartitioningError(
                f"{differing} rows of {table.name} differ from their copies, behind"
                f" {table.key} {after}. The old table is in use: `dexxy partition --undo` removes"
                " the copy."
            )
        if monotonic() - told > 10:
            told = monotonic()
            tell(f"{table.name}: compared up to {after + BATCH:,} of {last:,}")
    [(rows,)] = fetch_all(f"SELECT count(*) FROM {table.copy}", {})
    return int(rows)


def copy_forget(table: BigTable) -> bool:
    """Remove the copy and all that stands beside the table. Returns whether there was any."""
    if not any(map(exists, (table.progress, table.noted, table.copy))):
        return False
    locked(partial(_forget, table), table, "SHARE ROW EXCLUSIVE")
    vacuuming(table, is_on=True)
    return True


def _forget(table: BigTable) -> None:
    unwatch(table)
    execute(f"DROP TABLE IF EXISTS {table.copy}", {})


def unwatch(table: BigTable) -> None:
    """Note nothing any more, inside the caller's transaction."""
    names = {"name": table.name, "noted": table.noted, "progress": table.progress}
    execute(_UNWATCH.format(**names), {})


def vacuuming(table: BigTable, *, is_on: bool) -> None:
    """Let autovacuum work on the old table, or keep it away.

    It gives way to whoever waits for a second, and the switch does not wait that long.
    """
    for leaf in partitions_of(table.name) or [table.name]:
        what = "RESET (autovacuum_enabled)" if is_on else "SET (autovacuum_enabled = false)"
        execute(f"ALTER TABLE {leaf} {what}", {})


def locked(work: Callable[[], None], table: BigTable, mode: str) -> None:
    """Do WORK in a transaction that has the table locked; try for some minutes to get the lock.

    Who comes after us waits behind us. So we wait less than a second at a time: shorter than the
    server waits before it looks for a deadlock, so that no other transaction is ever ended for us.

    Raises:
        PartitioningError: somebody holds the table for longer than that.
    """
    until = monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            with transaction.atomic():
                execute(f"SET LOCAL lock_timeout = {_LOCK_MILLISECONDS}", {})
                execute(f"LOCK TABLE {table.name} IN {mode} MODE", {})
                began = monotonic()
                work()
                if monotonic() - began > _MOST_SECONDS:
                    raise BusyError(f"{table.name} would have been locked for too long.")
            return
        except (OperationalError, BusyError) as error:
            if isinstance(error, OperationalError) and not _gave_way(error):
                raise
            if monotonic() > until:
                raise PartitioningError(
                    f"{table.name} was in use by a transaction for {_PATIENCE_SECONDS / 60:.0f}"
                    " minutes: a backup, or an export of another tool? The old table is in use. Run"
                    " this again when that has ended: it goes on where it was."
                ) from error
        sleep(_PAUSE_SECONDS)
        if exists(table.copy):
            catch_up(table)


def _gave_way(error: OperationalError) -> bool:
    return getattr(error.__cause__, "sqlstate", "") in ("55P03", "57014")
