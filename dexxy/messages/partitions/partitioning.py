"""Partition the big tables, say what that needs, and take an unfinished attempt back."""
# Names of our own tables stand in the statements; values are parameters.

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from django.db import connection

from dexxy.common.sql import execute, fetch_all
from dexxy.messages.partitions.copying import (
    BATCH,
    Tell,
    catch_up,
    copy_begin,
    copy_forget,
    copy_rows,
    locked,
    noted_apply,
    progress_of,
    rows_compare,
    unwatch,
    vacuuming,
)
from dexxy.messages.partitions.errors import BusyError, PartitioningError
from dexxy.messages.partitions.shape import (
    filling,
    in_the_way,
    indexes_build,
    indexes_of,
    names_swap,
    signature,
)
from dexxy.messages.partitions.tables import BIG_TABLES, BigTable, exists, partitions_of

# Rows that may be left to copy while everybody waits: a tenth of a second.
_LAST = BATCH // 10
_MOST_MILLISECONDS = 700
# Any number that no other program takes for its own advisory lock: "dexxy" and a serial number.
_LOCK = int.from_bytes(b"dexxy", "big") * 1000 + 2


@dataclass(frozen=True)
class TableState:
    """What a big table is, and what is left to do.

    Args:
        parts: in how many partitions it is; 0 where it is one table.
        bytes: what it takes with its indexes; as much again is needed while it is copied.
        copied: the share of its copy that is there; None where none was begun.
        hindrances: what has to go before it can be partitioned.
    """

    name: str
    parts: int
    bytes: int
    copied: float | None
    hindrances: list[str]


def partitioning_state() -> list[TableState]:
    """Look at the big tables, and change nothing."""
    return [_state(table) for table in BIG_TABLES]


def is_partitioning_unfinished() -> bool:
    """Say whether a copy was begun and not finished, or an old table not dropped."""
    return any(exists(table.progress) or exists(table.before) for table in BIG_TABLES)


def tables_partition(parts: int, tell: Tell) -> None:
    """Bring every big table into so many partitions by a hash of the workspace.

    Whoever reads and writes goes on; at the end of each table they wait for less than two seconds.

    Args:
        parts: how many partitions each table gets.
        tell: is told how it goes, line by line.

    Raises:
        PartitioningError: it cannot be done now; the old tables are in use.
    """
    with _alone():
        for table in BIG_TABLES:
            _drop_before(table)
            if len(partitions_of(table.name)) == parts:
                tell(f"{table.name}: is in {parts} partitions")
            else:
                _partition(table, parts, tell)


def partitioning_undo() -> list[str]:
    """Remove what an unfinished attempt has left. Returns the tables whose copy is gone.

    Raises:
        PartitioningError: somebody partitions them at this moment.
    """
    with _alone():
        for table in BIG_TABLES:
            _drop_before(table)
        return [table.name for table in BIG_TABLES if copy_forget(table)]


@contextmanager
def _alone() -> Iterator[None]:
    # Held by a transaction of a second connection: a lock of the session would be lost or left
    # behind where PgBouncer hands out connections by the transaction.
    second = connection.copy()
    try:
        second.set_autocommit(False)
        with second.cursor() as cursor:
            # It rests for as long as this takes, which a server may forbid to others.
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            [is_ours] = cursor.fetchone()
        if not is_ours:
            raise PartitioningError("The tables are being partitioned by another process.")
        yield
    finally:
        second.close()


def _state(table: BigTable) -> TableState:
    # A table without partitions is in no tree; a partitioned one has no bytes of its own.
    size = """
SELECT pg_total_relation_size(to_regclass(%(table)s)) + coalesce(sum(
    pg_total_relation_size(relid)) FILTER (WHERE isleaf), 0)::bigint
FROM pg_partition_tree(to_regclass(%(table)s))
"""
    [(taken,)] = fetch_all(size, {"table": table.name})
    at = progress_of(table)
    return TableState(
        table.name,
        len(partitions_of(table.name)),
        taken,
        None if at is None else (at.done_to / at.last if at.last else 1.0),
        in_the_way(table),
    )


def _partition(table: BigTable, parts: int, tell: Tell) -> None:
    _refuse_what_would_be_lost(table)
    indexes_of(table.name)
    if progress_of(table) is None:
        copy_begin(table, parts)
    _refuse_another_shape(table, parts)
    copy_rows(table, tell)
    tell(f"{table.name}: copied; its indexes are built")
    indexes_build(table)
    execute(f"ANALYZE {table.copy}", {})
    catch_up(table)
    rows = rows_compare(table, tell)
    tell(f"{table.name}: {rows:,} rows were compared with their copies, all are equal")
    vacuuming(table, is_on=False)
    catch_up(table)
    locked(partial(_switch, table), table, "ACCESS EXCLUSIVE")
    _drop_before(table)
    tell(f"{table.name}: is in {parts} partitions now")


def _refuse_what_would_be_lost(table: BigTable) -> None:
    if found := in_the_way(table):
        raise PartitioningError(
            f"{table.name} has what is not Dexxy's, and would be lost: {', '.join(found)}. Drop it,"
            " and make it again once this is done."
        )


def _refuse_another_shape(table: BigTable, parts: int) -> None:
    at, begun = progress_of(table), len(partitions_of(table.copy))
    if at is not None and at.signature != signature(table):
        raise PartitioningError(
            f"{table.name} was changed by an upgrade since its copy was begun: run `dexxy partition"
            " --undo`, and this again."
        )
    if begun != parts:
        raise PartitioningError(
            f"A copy of {table.name} in {begun} partitions was begun: go on with `--parts {begun}`,"
            " or remove it by `dexxy partition --undo`."
        )


def _switch(table: BigTable) -> None:
    """Put the copy into the place of the table, while nobody else uses either."""
    execute(f"SET LOCAL statement_timeout = {_MOST_MILLISECONDS}", {})
    if noted_apply(table, _LAST) >= _LAST:
        raise BusyError(f"Too much of {table.name} was written in the last moment.")
    _refuse_another_shape(table, len(partitions_of(table.copy)))
    unwatch(table)
    names_swap(table)


def _drop_before(table: BigTable) -> None:
    """Drop the old table, which nobody knows any more since the switch, and what only it needed."""
    if exists(table.before):
        execute(
            f"DROP TABLE {table.before}; DROP FUNCTION IF EXISTS {filling(table)}()",
            {},
        )
