"""Which tables may be partitioned, and what stands beside one while it is copied."""

from dataclasses import dataclass

from dexxy.common.sql import fetch_all


@dataclass(frozen=True)
class BigTable:
    """A table that may be partitioned by a hash of its column `workspace_id`.

    Args:
        name: its name, today and when it is partitioned.
        key: the column of its primary key, which every row keeps.
    """

    name: str
    key: str

    @property
    def copy(self) -> str:
        """The partitioned table, until it takes the place of the other."""
        return f"{self.name}_copy"

    @property
    def noted(self) -> str:
        """The keys of rows that changed since they may have been copied."""
        return f"{self.name}_noted"

    @property
    def progress(self) -> str:
        """The table with one row that says how far the copy is."""
        return f"{self.name}_copied"

    @property
    def before(self) -> str:
        """The name of the old table from the switch until it is dropped."""
        return f"{self.name}_before"

    @property
    def columns(self) -> list[str]:
        """The columns of the table, in their order."""
        sql = """
SELECT attname FROM pg_attribute WHERE attrelid = %(table)s::regclass AND attnum > 0
  AND NOT attisdropped ORDER BY attnum
"""
        return [f'"{name}"' for (name,) in fetch_all(sql, {"table": self.name})]


# They hold nine tenths of what is stored, and what reads them says the workspace. Threads are
# looked up by their ids alone from everywhere, and are small; see docs/adr/0064.
BIG_TABLES = (
    BigTable("messages_message", "id"),
    BigTable("messages_searchentry", "message_id"),
)


def exists(table: str) -> bool:
    """Say whether there is a table of that name."""
    [(found,)] = fetch_all("SELECT to_regclass(%(table)s) IS NOT NULL", {"table": table})
    return bool(found)


def partitions_of(table: str) -> list[str]:
    """Return the names of the partitions of a table, in their order; none if it has none."""
    sql = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
JOIN pg_class parent ON parent.oid = i.inhparent AND parent.relkind = 'p'
WHERE i.inhparent = to_regclass(%(table)s) ORDER BY c.relname
"""
    return [name for (name,) in fetch_all(sql, {"table": table})]
