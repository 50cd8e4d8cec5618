"""Conditions on the rows of a feed: pieces of SQL, each with the values of its parameters."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_PARAM = re.compile(r"%\((\w+)\)s")
_COLUMN = re.compile(r"\{row\}\.(\w+)")
NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True)
class Condition:
    """A condition on one row of a table.

    Args:
        sql: the condition; `{row}` stands for the alias of the table.
        params: the values of its parameters, by names that no other condition of a query uses.
    """

    sql: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def on(self, row: str, instead: Mapping[str, str] = NOTHING) -> str:
        """Return the SQL for the table with the alias ROW.

        Args:
            instead: column -> SQL that says the same of that row.
        """
        return _COLUMN.sub(lambda m: instead.get(m[1], m[0]), self.sql).format(row=row)

    @property
    def columns(self) -> set[str]:
        """The columns of the row that it is about."""
        return set(_COLUMN.findall(self.sql))

    def negated(self, prefix: str) -> "Condition":
        """Return the condition that this one does not hold, with its parameters renamed."""
        one = self.renamed(prefix)
        return Condition(f"({one.sql}) IS NOT TRUE", one.params)

    def renamed(self, prefix: str) -> "Condition":
        """Return the same condition for a query in which its parameters mean something else.

        Args:
            prefix: goes before the names of its parameters.
        """
        sql = _PARAM.sub(lambda m: f"%({prefix}{m[1]})s" if m[1] in self.params else m[0], self.sql)
        return Condition(sql, {f"{prefix}{name}": value for name, value in self.params.items()})


@dataclass(frozen=True)
class ThreadCondition(Condition):
    """A condition on a thread for which an index has the threads that meet it.

    Such an index has one or more ranges of threads, each in the order of their last activity.

    Args:
        ranges: a FROM item `r` with a column `key` and a column `number`: the ranges to read. Just
            one where the index has only threads that meet the condition.
        in_range: the condition that a thread is in the range `r`; empty where it is the condition.
        is_ordered: whether all of a range comes before all of the next one.
    """

    ranges: str = "(VALUES (1, 1)) AS r(key, number)"
    in_range: str = ""
    is_ordered: bool = False


def months(newest: str, oldest: str) -> str:
    """Return the FROM item `r` with the months from NEWEST to OLDEST, two times in SQL.

    An inverted index returns rows in no order. Where its keys name the month, too, reading one
    month after the other returns the newest rows first.
    """
    series = f"generate_series(messages_month({newest}), messages_month({oldest}), -1)"
    return f"{series} WITH ORDINALITY AS r(key, number)"


def where(row: str, conditions: Iterable[Condition], instead: Mapping[str, str] = NOTHING) -> str:
    """Return SQL that is true where all CONDITIONS hold for the table with the alias ROW.

    Args:
        instead: as of `Condition.on`.
    """
    return " AND ".join(condition.on(row, instead) for condition in conditions) or "TRUE"


def params_of(conditions: Iterable[Condition]) -> dict[str, Any]:
    """Return the parameters of all CONDITIONS."""
    return {name: value for one in conditions for name, value in one.params.items()}


@dataclass(frozen=True)
class Column:
    """A column of messages that is a leading column of an index of the feed.

    Args:
        name: its name.
        type: its type in PostgreSQL.
        of_thread: the column of threads with the same value, if there is one.
    """

    name: str
    type: str
    of_thread: str | None = None

    def is_one_of(self, values: Sequence[Any]) -> Condition:
        """Return the condition that a message has one of VALUES in this column."""
        return self._is_one_of(self.name, values)

    def thread_is_one_of(self, values: Sequence[Any]) -> Condition | None:
        """Return the same condition on a thread; None where threads have no such column."""
        return self._is_one_of(self.of_thread, values) if self.of_thread else None

    def _is_one_of(self, column: str, values: Sequence[Any]) -> Condition:
        # The cast lets PostgreSQL look values up in a hash table, and not compare one by one.
        sql = f"{{row}}.{column} = ANY(%({self.name}s)s::{self.type}[])"
        return Condition(sql, {f"{self.name}s": list(values)})


SOURCE = Column("source_id", "bigint", of_thread="source_id")
THREAD_KIND = Column("thread_kind", "text", of_thread="kind")
KIND = Column("kind", "text")
AUTHOR = Column("author_id", "bigint")
THREAD = Column("thread_id", "bigint", of_thread="id")
