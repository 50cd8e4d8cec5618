"""Set-based writes: many rows, one statement."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from django.db import connection


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


def _bound(sql: str, params: Mapping[str, Any], rows: Rows | None) -> tuple[str, dict[str, Any]]:
    if rows is None:
        return sql, dict(params)
    return rows.into(sql), {**params, "rows": rows.param}
