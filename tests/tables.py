"""All that a database holds, to compare before with after."""

from collections.abc import Iterable

from django.db import connection


def everything(*, but: Iterable[str] = ()) -> dict[str, list[str]]:
    """Return the rows of each table as texts, in an order that does not depend on their place.

    Args:
        but: columns to leave out, as `table.column`, and tables.
    """
    left_out = set(but)
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor)) - left_out
        return {table: _rows(table, left_out) for table in sorted(tables)}


def _rows(table: str, left_out: set[str]) -> list[str]:
    columns = [one.split(".")[1] for one in sorted(left_out) if one.startswith(f"{table}.")]
    row = "to_jsonb(t)" + "".join(f" - '{column}'" for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT ({row})::text FROM {table} t ORDER BY 1")  # noqa: S608
        return [text for (text,) in cursor.fetchall()]
