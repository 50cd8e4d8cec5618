"""Replace what is in a schema by a dump, in one transaction of our own connection.

`pg_restore` only turns the dump into SQL. We run it, so that a dump of a newer PostgreSQL can be
loaded into an older one, and so that the transaction is ours.
"""

import re
from collections.abc import Iterable, Iterator

from django.db import connection
from psycopg import Connection, Cursor, sql

from dexxy.common.sql import fetch_all

# Seconds that whoever still works here may take to be done with a table.
PATIENCE = 20
_COPY = re.compile(rb"COPY .+ FROM stdin;\n")
_END_OF_COPY = b"\\.\n"
_SET = re.compile(rb"SET (\w+) = ")
# psql alone knows these: they keep a script from running commands of psql.
_OF_PSQL = (b"\\restrict ", b"\\unrestrict ")

# Extensions and what belongs to them stay: they may be a superuser's.
_OBJECTS = """
SELECT o.type, o.identity
FROM pg_depend d, pg_identify_object(d.classid, d.objid, 0) o
WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = current_schema()::regnamespace
  AND d.deptype = 'n' AND o.type <> 'extension'
  AND NOT EXISTS (
      SELECT FROM pg_depend e
      WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e')
ORDER BY o.type <> 'table', o.identity
"""


def schema_objects() -> list[tuple[str, str]]:
    """Return the type and name of each object in our schema, as `DROP` takes them."""
    return [(kind, name) for kind, name in fetch_all(_OBJECTS, {})]


def schema_empty() -> None:
    """Drop every object in our schema, within the caller's transaction."""
    with connection.cursor() as cursor:
        # Whoever still works here has it in use.
        cursor.execute(f"SET LOCAL lock_timeout = '{PATIENCE}s'")
        for kind, name in schema_objects():
            cursor.execute(f"DROP {kind.upper()} IF EXISTS {name} CASCADE")


def script_run(lines: Iterable[bytes]) -> None:
    """Run the script of a dump within the caller's transaction.

    Args:
        lines: as `Programs.script` returns them.

    Raises:
        DatabaseError: the server refuses a statement.
    """
    connection.ensure_connection()
    raw: Connection[tuple[object, ...]] = connection.connection
    known = {name for (name,) in fetch_all("SELECT name FROM pg_settings", {})}
    with connection.wrap_database_errors, raw.cursor() as cursor:
        _run(cursor, iter(lines), known)


def _run(cursor: "Cursor[tuple[object, ...]]", lines: Iterator[bytes], known: set[str]) -> None:
    statements: list[bytes] = []
    for line in lines:
        if _COPY.fullmatch(line):
            _execute(cursor, statements)
            _copy(cursor, line, lines)
        elif line.startswith(_OF_PSQL) or _is_unknown_setting(line, known):
            continue
        else:
            statements.append(line)
    _execute(cursor, statements)


def _is_unknown_setting(line: bytes, known: set[str]) -> bool:
    """Say whether a line sets what this server, which may be older, does not have."""
    found = _SET.match(line)
    return found is not None and found[1].decode() not in known


def _execute(cursor: "Cursor[tuple[object, ...]]", statements: list[bytes]) -> None:
    """Run statements at once, as one query without parameters may hold several."""
    if statements:
        cursor.execute(sql.SQL(b"".join(statements).decode()))
        statements.clear()


def _copy(cursor: "Cursor[tuple[object, ...]]", statement: bytes, lines: Iterator[bytes]) -> None:
    with cursor.copy(statement) as copy:
        for line in lines:
            if line == _END_OF_COPY:
                return
            copy.write(line)
