"""All that a database holds, to compare before with after."""

from collections.abc import Iterable
from typing import Any

import psycopg
from django.db import connection

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"


def everything(*, but: Iterable[str] = (), of: str = "") -> dict[str, list[str]]:
    """Return the rows of each table as texts, in an order that does not depend on their place.

    Args:
        but: columns to leave out, as `table.column`, and tables.
        of: the address of the database; the test's own if not given.
    """
    left_out = set(but)
    if not of:
        with connection.cursor() as cursor:
            return _tables(cursor, left_out)
    with psycopg.connect(of) as other, other.cursor() as cursor:
        return _tables(cursor, left_out)


def _tables(cursor: Any, left_out: set[str]) -> dict[str, list[str]]:
    cursor.execute(_TABLES)
    tables = {name for (name,) in cursor.fetchall()} - left_out
    return {table: _rows(cursor, table, left_out) for table in sorted(tables)}


def _rows(cursor: Any, table: str, left_out: set[str]) -> list[str]:
    columns = [one.split(".")[1] for one in sorted(left_out) if one.startswith(f"{table}.")]
    row = "to_jsonb(t)" + "".join(f" - '{column}'" for column in columns)
    cursor.execute(f'SELECT ({row})::text FROM "{table}" t')  # noqa: S608
    # Sorted here: servers sort texts differently.
    return sorted(text for (text,) in cursor.fetchall())
