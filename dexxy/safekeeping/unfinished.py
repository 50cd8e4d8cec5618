"""A note in the database that a restore has begun: nothing may use it until that is finished."""

from collections.abc import Iterable

from django.db import connection

from dexxy.common.errors import DexxyError
from dexxy.common.sql import fetch_all
from dexxy.members.erasure.lists import ErasureList, lists_read

# No model: it must be there before the migrations are, and is gone when all is well.
_TABLE = "dexxy_unfinished_restore"
IS_UNFINISHED = f"SELECT to_regclass('{_TABLE}') IS NOT NULL"


class UnfinishedRestoreError(DexxyError):
    """The database is half restored."""

    code = "unfinished_restore"

    def __init__(self) -> None:
        super().__init__(
            "A restore into this database was not finished: run `dexxy restore FILE --force` again."
        )


def unfinished_refuse() -> None:
    """Refuse a database that is half restored.

    Raises:
        UnfinishedRestoreError: it is.
    """
    if _is_there():
        raise UnfinishedRestoreError


def unfinished_begin(erasures: Iterable[ErasureList]) -> None:
    """Note that a restore has begun, with the erasures that are to be played back."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TABLE {_TABLE} (erasure text NOT NULL)")
        for one in erasures:
            cursor.execute(f"INSERT INTO {_TABLE} VALUES (%s)", [one.line().decode()])  # noqa: S608


def unfinished_erasures() -> list[ErasureList]:
    """Return the erasures of a restore that was not finished."""
    if not _is_there():
        return []
    rows = fetch_all(f"SELECT erasure FROM {_TABLE}", {})  # noqa: S608
    lines = (line.encode() for (line,) in rows)
    return list(lists_read(lines, "the database", is_whole=True))


def unfinished_end() -> None:
    """Note that the restore is finished."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {_TABLE}")


def _is_there() -> bool:
    [(there,)] = fetch_all(IS_UNFINISHED, {})
    return bool(there)
