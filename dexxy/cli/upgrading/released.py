"""What the last release uses of the database: its processes may run until they are replaced."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("released.json")


@dataclass(frozen=True)
class Released:
    """The last release, as `tools/released.py` wrote it down.

    Args:
        migrations: pairs of an app and the name of a migration, all that it has.
        tables: the columns that its models name, by table.
    """

    version: str
    migrations: frozenset[tuple[str, str]]
    tables: dict[str, list[str]]


@cache
def last_release() -> Released:
    """Return what the last release before this state of Dexxy uses."""
    read = json.loads(_FILE.read_text(encoding="utf-8"))
    return Released(
        read["version"],
        frozenset((app, name) for app, name in read["migrations"]),
        read["tables"],
    )
