"""SQL of our own: many rows in one statement, and reads that do not take for ever."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Any

import orjson
from django.db import OperationalError, connection, transaction
from django.db.models import Model, QuerySet
from psycopg.errors import QueryCanceled

from dexxy.common.errors import DexxyError

# Longer than anything takes that an index serves, and short enough to wait for.
LONGEST_READ_SECONDS = 5.0
_TOO_SLOW = "That would take too long: ask for less at a time."
# When whatever runs now has to be done, by `monotonic`.
_ends_at: ContextVar[float] = ContextVar("ends_at", default=float("inf"))


class TooSlowError(DexxyError):
    """What was asked for would take the database too long."""

    code = "too_slow"


class Rows:
    """Rows that reach PostgreSQL as one parameter.

    Args:
        columns: name -> PostgreSQL type of each column, in the order of the values.
        rows: the values, a tuple a row.
    """

    def __init__(self, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
        self.columns = columns
        self.rows = list(rows)

    def __len__(self) -> int:
        return len(self.rows)

    def into(self, sql: str) -> str:
        """Put the rows where SQL says `{rows}`, as a FROM item called `r`."""
        fields = ", ".join(f"{name} {kind}" for name, kind in self.columns.items())
        return sql.replace("{rows}", f"json_to_recordset(%(rows)s::json) AS r({fields})")

    @property
    def param(self) -> str:
        """The value of the parameter that `into` made room for.

        JSON is written in a tenth of the time that arrays take, a column each.
        """
        names = list(self.columns)
        return orjson.dumps([dict(zip(names, row, strict=True)) for row in self.rows]).decode()


def fetch_all(
    sql: str, params: Mapping[str, Any], rows: Rows | None = None
) -> list[tuple[Any, ...]]:
    """Run SQL and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(*_bound(sql, params, rows))
        return list(cursor.fetchall())


def execute(sql: str, params: Mapping[str, Any], rows: Rows | None = None) -> int:
    """Run SQL and return the number of rows that it changed."""
    with connection.cursor() as cursor:
        cursor.execute(*_bound(sql, params, rows))
        return int(cursor.rowcount)


def copy_into(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Add rows to TABLE, in half the time that INSERT takes; none of them may be there already.

    Args:
        columns: what each row holds a value of.
    """
    sql = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(sql) as copy:
        for row in rows:
            copy.write_row(row)


class Question:
    """Whether there are rows in a query: compiled once, because it is asked again and again.

    Args:
        query: what its conditions compare with stays as it is now, as a time would.
    """

    def __init__(self, query: QuerySet[Model]) -> None:
        sql, self._params = query.order_by().values("pk").query.sql_with_params()
        self._sql = f"SELECT EXISTS ({sql})"

    def ask(self) -> bool:
        """Return the answer as of now."""
        with connection.cursor() as cursor:
            cursor.execute(self._sql, self._params)
            return bool(cursor.fetchall()[0][0])


@contextmanager
def time_limit(seconds: float = LONGEST_READ_SECONDS) -> Iterator[None]:
    """Stop a statement inside that takes the database longer than SECONDS.

    Inside a `deadline` they end with it.

    Raises:
        TooSlowError: one did.
    """
    left = max(0.001, min(seconds, _ends_at.get() - monotonic()))
    try:
        with transaction.atomic():
            # Of this transaction alone: behind a pooler the next one is somebody else's.
            execute("SET LOCAL statement_timeout = %(ms)s", {"ms": round(left * 1000)})
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooSlowError(_TOO_SLOW) from error
        raise


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Refuse every statement inside that would begin more than SECONDS from now.

    Raises:
        TooSlowError: that statement.
    """
    before = _ends_at.set(monotonic() + seconds)
    try:
        with connection.execute_wrapper(_in_time):
            yield
    finally:
        _ends_at.reset(before)


def _in_time(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Mapping[str, Any]
) -> Any:
    # A transaction that is over must still be able to end.
    if monotonic() > _ends_at.get() and not sql.startswith(("ROLLBACK", "RELEASE")):
        raise TooSlowError(_TOO_SLOW)
    return execute(sql, params, many, context)


def _bound(sql: str, params: Mapping[str, Any], rows: Rows | None) -> tuple[str, dict[str, Any]]:
    if rows is None:
        return sql, dict(params)
    return rows.into(sql), {**params, "rows": rows.param}
