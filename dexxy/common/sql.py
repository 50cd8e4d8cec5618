"""Run SQL of our own: many rows in one statement, and limits on how long a read may take."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import Any

import orjson
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Model, QuerySet
from psycopg.errors import DiskFull, QueryCanceled

from dexxy.common.errors import DexxyError

# No query that an index serves takes this long, and a person can still wait for it.
LONGEST_READ_SECONDS = 5.0
TOO_SLOW = "That would take too long: ask for less at a time."
# The time, by `monotonic`, at which the current deadline ends.
_ends_at: ContextVar[float] = ContextVar("ends_at", default=float("inf"))


class TooSlowError(DexxyError):
    """A query takes the database longer than its limit."""

    code = "too_slow"


def is_disk_full(error: BaseException) -> bool:
    """Tell whether the database failed because its disk is full."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, DiskFull):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def is_database_away(error: BaseException) -> bool:
    """Tell whether the database failed as a whole, and not one statement at its own fault."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    return is_disk_full(error) or not connection.is_usable()


class Rows:
    """Many rows as one parameter of a statement (docs/adr/0010).

    Args:
        columns: name -> PostgreSQL type of each column, in the order of the values.
        rows: one sequence of values for each row.
    """

    def __init__(self, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
        self.columns = columns
        self.rows = list(rows)

    def __len__(self) -> int:
        return len(self.rows)

    def into(self, sql: str) -> str:
        """Replace `{rows}` in SQL by a FROM item, called `r`, that has the columns of the rows."""
        fields = ", ".join(f"{name} {kind}" for name, kind in self.columns.items())
        return sql.replace("{rows}", f"json_to_recordset(%(rows)s::json) AS r({fields})")

    @property
    def param(self) -> str:
        """The rows as JSON, for the parameter `rows` that `into` adds to the statement.

        Writing JSON takes a tenth of the time of writing one array for each column.
        """
        names = list(self.columns)
        return orjson.dumps([dict(zip(names, row, strict=True)) for row in self.rows]).decode()


def fetch_all(
    sql: str, params: Mapping[str, Any], rows: Rows | None = None
) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows.

    Args:
        sql: the statement, with `{rows}` where ROWS are to be read.
        params: its named parameters.
        rows: the rows that it reads, if any.
    """
    with connection.cursor() as cursor:
        cursor.execute(*_bound(sql, params, rows))
        return list(cursor.fetchall())


def execute(sql: str, params: Mapping[str, Any], rows: Rows | None = None) -> int:
    """Run a statement and return the number of rows that it changed.

    Args:
        sql, params, rows: as of `fetch_all`.
    """
    with connection.cursor() as cursor:
        cursor.execute(*_bound(sql, params, rows))
        return int(cursor.rowcount)


def copy_into(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert new rows into a table by COPY, in half the time that INSERT takes.

    Args:
        table: its name.
        columns: names of the columns, in the order of the values.
        rows: one sequence of values for each row; a row whose key exists already is an error.
    """
    sql = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(sql) as copy:
        for row in rows:
            copy.write_row(row)


class Question:
    """Asks again and again whether a query has rows; the query is compiled only once.

    Args:
        query: its parameters are fixed here, once: a condition that compares with the current time
            would compare with the time of this call for ever.
    """

    def __init__(self, query: QuerySet[Model]) -> None:
        sql, self._params = query.order_by().values("pk").query.sql_with_params()
        self._sql = f"SELECT EXISTS ({sql})"

    def ask(self) -> bool:
        """Return whether the query has any row now."""
        with connection.cursor() as cursor:
            cursor.execute(self._sql, self._params)
            return bool(cursor.fetchall()[0][0])


@contextmanager
def time_limit(seconds: float = LONGEST_READ_SECONDS) -> Iterator[None]:
    """Limit each statement inside to SECONDS; opens a transaction.

    Args:
        seconds: of one statement; less if a `deadline` around this ends sooner.

    Raises:
        TooSlowError: a statement took longer and was cancelled.
    """
    left = max(0.001, min(seconds, _ends_at.get() - monotonic()))
    try:
        with transaction.atomic():
            # LOCAL, because behind a connection pooler the next transaction may be somebody else's.
            execute("SET LOCAL statement_timeout = %(ms)s", {"ms": round(left * 1000)})
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooSlowError(TOO_SLOW) from error
        raise


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Refuse every statement inside that begins more than SECONDS from now.

    Of deadlines inside each other the first one counts.

    Raises:
        TooSlowError: a statement was refused.
    """
    before = _ends_at.set(min(_ends_at.get(), monotonic() + seconds))
    try:
        with connection.execute_wrapper(_in_time):
            yield
    finally:
        _ends_at.reset(before)


def _in_time(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Mapping[str, Any]
) -> Any:
    # Rolling back stays allowed after the deadline, so that the transaction can end.
    if monotonic() > _ends_at.get() and not sql.startswith(("ROLLBACK", "RELEASE")):
        raise TooSlowError(TOO_SLOW)
    return execute(sql, params, many, context)


def _bound(sql: str, params: Mapping[str, Any], rows: Rows | None) -> tuple[str, dict[str, Any]]:
    if rows is None:
        return sql, dict(params)
    return rows.into(sql), {**params, "rows": rows.param}
