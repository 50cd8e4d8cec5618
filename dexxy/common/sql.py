"""Run SQL of our own: many rows in one statement, and limits on how long a read may take."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from time import monotonic
from typing import Any, TypeVar

import orjson
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Model, QuerySet
from psycopg.errors import DiskFull, QueryCanceled

from dexxy.common.databases.replica import database, wrapped
from dexxy.common.errors import DexxyError

# No query that an index serves takes this long, and a person can still wait for it.
LONGEST_READ_SECONDS = 5.0
ModelT = TypeVar("ModelT", bound=Model)
TOO_SLOW = "That would take too long: ask for less at a time."
# The time, by `monotonic`, at which the current deadline ends.
_ends_at: ContextVar[float] = ContextVar("ends_at", default=float("inf"))
# Statements that are sent with the next one; None outside of `gathering`.
_waiting: ContextVar["list[Statement] | None"] = ContextVar("waiting", default=None)


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
        return filled(sql, rows=f"json_to_recordset(%(rows)s::json) AS r({fields})")

    @property
    def param(self) -> str:
        """The rows as JSON, for the parameter `rows` that `into` adds to the statement.

        Writing JSON takes a tenth of the time of writing one array for each column.
        """
        names = list(self.columns)
        return orjson.dumps([dict(zip(names, row, strict=True)) for row in self.rows]).decode()


def filled(sql: str, **parts: str) -> str:
    """Put PARTS where their names stand in braces; other braces of SQL stay as they are."""
    for name, part in parts.items():
        sql = sql.replace(f"{{{name}}}", part)
    return sql


@dataclass(frozen=True)
class DatabaseServer:
    """The server of the database, and how much it keeps for us.

    Args:
        version: of PostgreSQL, such as 18.1.
        bytes: the size of the database.
    """

    version: str
    bytes: int


def database_server() -> DatabaseServer:
    """Ask the server who it is."""
    [(version, size)] = fetch_all(
        "SELECT current_setting('server_version'), pg_database_size(current_database())", {}
    )
    return DatabaseServer(version.split()[0], size)


def fetch_all(
    sql: str, params: Mapping[str, Any], rows: Rows | None = None
) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows.

    Args:
        sql: the statement, with `{rows}` where ROWS are to be read; of several, the first counts.
        params: its named parameters.
        rows: the rows that it reads, if any.
    """
    return run_together([Statement(sql, params, rows)])[0].rows


def execute(sql: str, params: Mapping[str, Any], rows: Rows | None = None) -> int:
    """Run a statement and return the number of rows that it changed.

    Args:
        sql, params, rows: as of `fetch_all`.
    """
    return run_together([Statement(sql, params, rows)])[0].count


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that is sent together with others.

    Args:
        sql, params, rows: as of `fetch_all`.
    """

    sql: str
    params: Mapping[str, Any] = field(default_factory=dict)
    rows: Rows | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a statement of several did: how many rows it changed or found, and those it returns."""

    count: int
    rows: list[tuple[Any, ...]]


def run_together(statements: Iterable[Statement]) -> list[Outcome]:
    """Run statements one after the other, and wait for the database only once.

    Each sees what those before it did, and what others committed before it began: it is as if they
    were sent one by one. Where one fails, those behind it are not run.
    """
    asked = list(statements)
    waiting = _taken()
    with database().cursor() as cursor:
        bound = (_bound(one.sql, one.params, one.rows) for one in (*waiting, *asked))
        if not (texts := [cursor.mogrify(*one) for one in bound]):
            return []
        cursor.execute("\n;\n".join(texts))
        outcomes = [_outcome(cursor)]
        while cursor.nextset():
            outcomes.append(_outcome(cursor))
    return outcomes[len(waiting) :]


@contextmanager
def gathering() -> Iterator[None]:
    """Let statements inside that are given to `execute_later` wait for the next one.

    Inside a transaction, and not around it: they are sent before this ends.
    """
    if _waiting.get() is not None:
        yield
        return
    token = _waiting.set([])
    try:
        with connection.execute_wrapper(_behind_waiting):
            yield
            run_together([])
    finally:
        _waiting.reset(token)


def execute_later(sql: str, params: Mapping[str, Any], rows: Rows | None = None) -> None:
    """Run a statement of which nobody needs to know how many rows it changed.

    Inside `gathering` it is sent with whatever is asked next, and before it; else at once.

    Args:
        sql, params, rows: as of `fetch_all`.
    """
    statement, waiting = Statement(sql, params, rows), _waiting.get()
    if waiting is None:
        run_together([statement])
    else:
        waiting.append(statement)


def _taken() -> list[Statement]:
    """Return the statements that wait, and forget them."""
    waiting = _waiting.get()
    taken = list(waiting or ())
    if waiting:
        waiting.clear()
    return taken


def _behind_waiting(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Mapping[str, Any]
) -> Any:
    """Send what waits before a statement that another way leads to the database."""
    if _waiting.get():
        run_together([])
    return execute(sql, params, many, context)


def _outcome(cursor: Any) -> Outcome:
    return Outcome(cursor.rowcount, cursor.fetchall() if cursor.description else [])


@cache
def row_columns(model: type[Model]) -> tuple[str, ...]:
    """Return the columns of a model's table, in the order in which `rows_read` wants them."""
    return tuple(f'"{field.column}"' for field in model._meta.concrete_fields)


def rows_read(model: type[ModelT], rows: Iterable[Sequence[Any]]) -> list[ModelT]:
    """Return the objects of rows with all columns."""
    fields = model._meta.concrete_fields
    names = [field.attname for field in fields]
    origin = database()
    convert = {
        index: field.from_db_value
        for index, field in enumerate(fields)
        if hasattr(field, "from_db_value")
    }
    return [
        model.from_db(
            origin.alias,
            names,
            [
                convert[index](value, None, origin) if index in convert else value
                for index, value in enumerate(row)
            ],
        )
        for row in rows
    ]


def save_later(row: Model, fields: Collection[str] = ()) -> None:
    """Store the fields of a row that exists, by `execute_later`.

    Args:
        fields: their names; all by default.
    """
    every = row._meta.concrete_fields
    params = {
        field.attname: field.get_db_prep_save(field.pre_save(row, add=False), connection)
        for field in every
        if not field.primary_key and (not fields or field.name in fields)
    }
    execute_later(_update(type(row), tuple(params)), {**params, "pk": row.pk})


@cache
def _update(model: type[Model], names: tuple[str, ...]) -> str:
    columns = {field.attname: field.column for field in model._meta.concrete_fields}
    written = ", ".join(f'"{columns[name]}" = %({name})s' for name in names)
    return f'UPDATE "{model._meta.db_table}" SET {written} WHERE id = %(pk)s'  # noqa: S608  # names


def copy_into(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert new rows into a table by COPY, in half the time that INSERT takes.

    Args:
        table: its name.
        columns: names of the columns, in the order of the values.
        rows: one sequence of values for each row; a row whose key exists already is an error.
    """
    run_together([])
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
        sql, params = query.order_by().values("pk").query.sql_with_params()
        names = [f"question{index}" for index in range(len(params))]
        sql %= tuple(f"%({name})s" for name in names)
        self.statement = Statement(f"SELECT EXISTS ({sql})", dict(zip(names, params, strict=True)))

    def ask(self) -> bool:
        """Return whether the query has any row now."""
        [[found]] = fetch_all(self.statement.sql, self.statement.params)
        return bool(found)


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
        with transaction.atomic(using=database().alias):
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
        with wrapped(_in_time):
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
