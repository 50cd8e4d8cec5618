"""The rule for migrations: readers wait at most two seconds, and no big table is rewritten.

`BASELINE` names the migrations that every installation has; the rule is for what comes after.
"""

import ast
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import psycopg
from django.apps import apps

BASELINE = {
    "accounts": "0001_initial",
    "integrations": "0001_initial",
    "kept": "0001_initial",
    "members": "0001_initial",
    "messages": "0001_with_a_log_of_changes",
    "people": "0001_initial",
    "sources": "0001_initial",
}
# Apps that came after it: of them an installation at the baseline has nothing.
NEWER_APPS = {"mail", "outgoing"}
MESSAGES = 100_000
# How many rows each big table gets, in the order in which they refer to each other.
ROWS = {
    "accounts_workspace": 1,
    "sources_source": 10,
    "members_member": MESSAGES // 5,
    "members_identity": MESSAGES // 5,
    "messages_thread": MESSAGES // 5,
    "messages_message": MESSAGES,
    "messages_searchentry": MESSAGES,
    "messages_change": MESSAGES,
}
PATIENCE = "2s"

# What the constraints ask for, where a made-up value of the right type would not do.
_VALUES = {
    "archived_reason": "''",
    "thread_kind": "'issue'",
    "state": "'open'",
    ("messages_message", "kind"): "'comment'",
    ("messages_change", "kind"): "'written'",
    ("messages_searchentry", "words"): "ARRAY[i, i % 1000]",
    ("messages_thread", "kind"): "'issue'",
    ("members_identity", "kind"): "'user'",
    ("sources_source", "kind"): "'github_repository'",
}
_OF_TYPE = {
    "ARRAY": "'{}'",
    "bigint": "i",
    "boolean": "false",
    "character varying": "i::text",
    "integer": "i",
    "jsonb": "'{}'",
    "text": "i::text",
    "timestamp with time zone": "now() - i * interval '1 minute'",
}
_COLUMNS = """
SELECT column_name, data_type FROM information_schema.columns
WHERE table_name = %s AND is_nullable = 'NO' AND is_identity = 'NO'
"""
_REFERENCES = {
    "workspace_id": "accounts_workspace",
    "source_id": "sources_source",
    "member_id": "members_member",
    "home_member_id": "members_member",
    "thread_id": "messages_thread",
    "message_id": "messages_message",
}


def fill(connection: "psycopg.Connection[tuple[object, ...]]") -> None:
    """Fill the big tables, whatever columns they have at this migration."""
    for table, rows in ROWS.items():
        columns = connection.execute(_COLUMNS, [table]).fetchall()
        values = [_value(table, str(name), str(kind)) for name, kind in columns]
        names = ", ".join(str(name) for name, _ in columns)
        connection.execute(
            f"INSERT INTO {table} ({names})"  # noqa: S608
            f" SELECT {', '.join(values)} FROM generate_series(1, {rows}) i"
        )
    connection.execute("ANALYZE")


def _value(table: str, column: str, kind: str) -> str:
    if column in _REFERENCES:
        return f"1 + i % {ROWS[_REFERENCES[column]]}"
    return _VALUES.get((table, column)) or _VALUES.get(column) or _OF_TYPE[kind]


def faults(database_url: str, migrate: Callable[[], object]) -> list[str]:
    """Migrate a filled database, and return what breaks the rule.

    Args:
        migrate: does it, on this database.
    """
    with psycopg.connect(database_url, autocommit=True) as connection:
        before = _files(connection)
        over, found = Event(), list[str]()
        readers = [Thread(target=_read, args=(database_url, table, over, found)) for table in ROWS]
        for reader in readers:
            reader.start()
        try:
            migrate()
        finally:
            over.set()
            for reader in readers:
                reader.join()
        after = _files(connection)
    rewritten = [table for table in ROWS if before[table] != after[table]]
    return sorted(set(found)) + [f"{table} was rewritten" for table in rewritten]


def _files(connection: "psycopg.Connection[tuple[object, ...]]") -> dict[str, object]:
    """Return the file of each table, which is another one after the table was rewritten."""
    query = "SELECT pg_relation_filenode(%s::regclass)"
    return {table: (connection.execute(query, [table]).fetchone() or [None])[0] for table in ROWS}


def _read(database_url: str, table: str, over: Event, found: list[str]) -> None:
    """Read a table again and again; note when a lock keeps us from it for too long."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(f"SET lock_timeout = '{PATIENCE}'")
        while not over.wait(0.05):
            try:
                connection.execute(f"SELECT 1 FROM {table} LIMIT 1")  # noqa: S608
            except psycopg.errors.LockNotAvailable:
                found.append(f"{table} could not be read for {PATIENCE}")


# What blocks those who write, in a way that a short test of readers does not show.
_INSTEAD = {
    "AddIndex": "AddIndexConcurrently of django.contrib.postgres.operations, with atomic = False",
    "AddConstraint": "AddConstraintNotValid and, in a later migration, ValidateConstraint;"
    " a unique one is built by AddIndexConcurrently and added USING INDEX",
}


def forbidden(source: str) -> list[str]:
    """Return what a migration may not do, with what to do instead.

    A table that the same migration makes is empty, so it may get anything.

    Args:
        source: the text of the migration.
    """
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    new = {_argument(call, "name").lower() for call in calls if _name(call) == "CreateModel"}
    return [
        f"line {call.lineno}: {_name(call)} keeps writers from the table:"
        f" use {_INSTEAD[_name(call)]}"
        for call in calls
        if _name(call) in _INSTEAD and _argument(call, "model_name").lower() not in new
    ]


# They may be partitioned, and PostgreSQL builds and drops no index concurrently there. Migrations
# up to this one ran before that could be.
PARTITIONED = ("message", "searchentry")
LAST_BEFORE_PARTITIONS = "0022"
_OPERATIONS = "dexxy.messages.partitions.operations"


def unfit_for_partitions(source: str) -> list[str]:
    """Return what a migration does to a table of messages or words that fails on partitions.

    Args:
        source: the text of the migration.
    """
    tree = ast.parse(source)
    ours = {
        name.name
        for one in ast.walk(tree)
        if isinstance(one, ast.ImportFrom) and one.module == _OPERATIONS
        for name in one.names
    }
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [
        f"line {call.lineno}: {_name(call)} fails on partitions: use that of {_OPERATIONS}"
        for call in calls
        if _name(call) in ("AddIndexConcurrently", "RemoveIndexConcurrently")
        and _name(call) not in ours
        and _argument(call, "model_name").lower() in PARTITIONED
    ]


# Fields of models, and operations that no more than add to Django's.
_MAY_BE_IMPORTED = ("dexxy.common.crypto", _OPERATIONS)


def alive(source: str) -> list[str]:
    """Return what of Dexxy a migration imports: it would do another thing once that changes.

    Args:
        source: the text of the migration.
    """
    names = [
        (one.lineno, name)
        for one in ast.walk(ast.parse(source))
        if isinstance(one, ast.Import | ast.ImportFrom)
        for name in ([one.module or ""] if isinstance(one, ast.ImportFrom) else _names(one))
    ]
    return [
        f"line {line}: {name} may change: keep a copy of what is needed"
        for line, name in names
        if name.partition(".")[0] == "dexxy" and name not in _MAY_BE_IMPORTED
    ]


def _names(statement: ast.Import) -> list[str]:
    return [name.name for name in statement.names]


def _name(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _argument(call: ast.Call, name: str) -> str:
    """Return a string that is given by this name, or first of all."""
    values = [keyword.value for keyword in call.keywords if keyword.arg == name] or call.args[:1]
    value = values[0] if values else None
    return str(value.value) if isinstance(value, ast.Constant) else ""


def later_migrations() -> list[Path]:
    """Return the files of our migrations after the baseline."""
    folders = {
        app.label: Path(app.path) / "migrations"
        for app in apps.get_app_configs()
        if app.name.startswith("dexxy.")
    }
    files = [path for folder in folders.values() for path in folder.glob("[0-9]*.py")]
    return sorted(path for path in files if path.stem > BASELINE.get(_label(path), ""))


def _label(path: Path) -> str:
    return path.parent.parent.name
