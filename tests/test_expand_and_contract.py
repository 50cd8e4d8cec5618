"""Processes of the last release work on the tables of today, so that no upgrade stops them.

What nothing uses any more is dropped one release later: by then nobody runs who used it.
"""

import pytest
from django.db import connection

from dexxy.cli.upgrading.released import last_release

pytestmark = pytest.mark.django_db

_COLUMNS = """
SELECT table_name, column_name, is_nullable = 'YES' OR column_default IS NOT NULL
    OR is_identity = 'YES' OR is_generated = 'ALWAYS'
FROM information_schema.columns WHERE table_schema = current_schema()
"""


def columns() -> dict[str, dict[str, bool]]:
    """Return the columns of each table, and whether a row can be written that does not name it."""
    found: dict[str, dict[str, bool]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS)
        for table, column, may_be_left_out in cursor.fetchall():
            found.setdefault(table, {})[column] = may_be_left_out
    return found


def faults() -> list[str]:
    """Return what would stop a process of the last release."""
    today, release = columns(), last_release()
    gone = [
        f"{table}.{column} is gone, and {release.version} reads it: leave it until a later release"
        for table, names in release.tables.items()
        for column in names
        if column not in today.get(table, {})
    ]
    asked = [
        f"{table}.{column} must be given, and {release.version} does not know it: give it a"
        " db_default, or let it be null"
        for table, names in release.tables.items()
        for column, may_be_left_out in today.get(table, {}).items()
        if not may_be_left_out and column not in names
    ]
    return sorted(gone + asked)


def test_what_the_last_release_uses_is_still_there() -> None:
    assert faults() == []


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            "ALTER TABLE members_member DROP COLUMN display_name CASCADE",
            "members_member.display_name is gone",
        ),
        (
            "ALTER TABLE sources_source RENAME COLUMN server TO host",
            "sources_source.server is gone",
        ),
        (
            "ALTER TABLE members_member ADD COLUMN made_up text NOT NULL",
            "members_member.made_up must be given",
        ),
        ("DROP TABLE kept_keptfile CASCADE", "kept_keptfile."),
    ],
)
def test_what_would_stop_its_processes_is_found(statement: str, found: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)

    assert [fault for fault in faults() if fault.startswith(found)] != []
