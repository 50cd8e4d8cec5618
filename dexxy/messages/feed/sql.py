"""The statements that find the newest messages of a feed.

`m` is a message, `t` its thread, `s` its words. Their parameters are those of the query's
conditions, those of the ranges, `limit`, and what a function names.
"""
# ruff: noqa: S608
# The statements are put together from the pieces of this package alone; values are parameters.

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dexxy.messages.feed.conditions import Column, Condition, ThreadCondition, where

_LIVE = Condition("{row}.workspace_id = %(workspace)s AND NOT {row}.is_archived")
_IN_WORKSPACE = Condition("{row}.workspace_id = %(workspace)s")
_HAS_WORDS = Condition("{row}.words @> %(words)s::integer[]")
# The same of a message, looked up by its id.
MESSAGE_HAS_WORDS = Condition(
    f"(SELECT {_HAS_WORDS.on('s')} FROM messages_searchentry s"
    " WHERE s.workspace_id = %(workspace)s AND s.message_id = {row}.id)"
)
_NEWEST_FIRST = "ORDER BY m.occurred_at DESC, m.id DESC"


@dataclass(frozen=True)
class Ranges:
    """Ranges of one index of the feed: the entries with equal values in its leading columns.

    Each range has its messages in the order of the feed. Without columns there is one range, the
    whole feed.

    Args:
        columns: the leading columns.
        keys: a value of each column, for each range.
    """

    columns: tuple[Column, ...] = ()
    keys: Sequence[tuple[Any, ...]] = ((),)

    @property
    def params(self) -> dict[str, Any]:
        """A value of each column if there is one range, else an array of values."""
        if len(self.keys) == 1:
            return dict(zip(self._names, self.keys[0], strict=True))
        values = zip(*self.keys, strict=True)
        return {name: list(v) for name, v in zip(self._names, values, strict=True)}

    @property
    def _names(self) -> list[str]:
        return [f"range_{column.name}" for column in self.columns]

    def scan(
        self,
        conditions: Sequence[Condition],
        *,
        thread: Sequence[Condition] = (),
        columns: str = "m.id, m.occurred_at",
        limit: str = "limit",
    ) -> str:
        """Return the statement for the newest messages that meet CONDITIONS.

        One range is read until there are enough. Of several, each is read so, and the results are
        merged.

        Args:
            thread: conditions on the thread of a message, looked up for each message.
            columns: what to return.
            limit: the name of the parameter that says how many are enough.
        """
        enough = f"{_NEWEST_FIRST} LIMIT %({limit})s"
        is_one = len(self.keys) == 1
        values = [f"%({name})s" if is_one else f"r.{name}" for name in self._names]
        own = [
            Condition(f"{{row}}.{column.name} = {value}")
            for column, value in zip(self.columns, values, strict=True)
        ]
        one_range = f"""
SELECT {columns} FROM messages_message m {_with_thread(thread)}
WHERE {where("m", [_LIVE, *own, *conditions])} {enough}"""
        if is_one:
            return one_range
        arrays = ", ".join(
            f"%({name})s::{column.type}[]"
            for name, column in zip(self._names, self.columns, strict=True)
        )
        return f"""
SELECT {columns} FROM unnest({arrays}) AS r({", ".join(self._names)})
CROSS JOIN LATERAL ({one_range}) m {enough}"""


def among_newest(
    ranges: Ranges,
    conditions: Sequence[Condition],
    thread: Sequence[Condition],
    words: Sequence[Condition],
) -> str:
    """Return the statement that looks up threads and words of the newest messages alone.

    Args:
        ranges: the newest `depth` messages of them are looked at.
        conditions: on messages; they decide which are the newest.
        thread: on the threads of those.
        words: on the words of those.
    """
    read = ranges.scan(conditions, columns="m.id, m.occurred_at, m.thread_id", limit="depth")
    return f"""
SELECT m.id, m.occurred_at FROM ({read}) m {_with_thread(thread)}
WHERE {where("m", words)} {_NEWEST_FIRST} LIMIT %(limit)s"""


def count_of_newest(
    ranges: Ranges, conditions: Sequence[Condition], thread: Sequence[Condition]
) -> str:
    """Return the statement that counts for each condition how many of the newest messages meet it.

    Args:
        ranges: the newest `depth` messages of them are looked at.
        conditions: on messages; they decide which are the newest.
        thread: on the threads of those.
    """
    read = ranges.scan(conditions, columns="m.id, m.occurred_at, m.thread_id", limit="depth")
    met = ", ".join(f"{where('t', [condition])} AS c{n}" for n, condition in enumerate(thread))
    counts = ", ".join(f"count(*) FILTER (WHERE t.c{n})" for n in range(len(thread)))
    return f"""
SELECT {counts} FROM ({read}) m
CROSS JOIN LATERAL (SELECT {met} FROM messages_thread t WHERE t.id = m.thread_id OFFSET 0) t"""


def by_words(
    conditions: Sequence[Condition],
    range_of_entry: Sequence[Condition],
    thread: Sequence[Condition],
) -> str:
    """Return the statement that finds messages by the index of words.

    Args:
        conditions: on messages.
        range_of_entry: those of them that are on the sort key, for an entry of the index.
        thread: on threads.
    """
    return f"""
SELECT m.id, m.occurred_at FROM (
    SELECT s.message_id, s.occurred_at FROM messages_searchentry s
    WHERE {where("s", [_IN_WORKSPACE, _HAS_WORDS, *range_of_entry])}
    ORDER BY s.occurred_at DESC, s.message_id DESC
) s JOIN messages_message m ON m.id = s.message_id {_with_thread(thread)}
WHERE {where("m", [_LIVE, *conditions])}
ORDER BY s.occurred_at DESC, s.message_id DESC LIMIT %(limit)s"""


def candidates(by: ThreadCondition | None, others: Sequence[Condition]) -> str:
    """Return the statement for threads that meet all conditions, the last active ones first.

    Args:
        by: the condition whose ranges are read.
        others: conditions that are asked of each thread.
    """
    # Without the condition itself, which says the same.
    in_range = [_LIVE] if by is None else [_LIVE, Condition(by.in_range or by.sql)]
    threads = "messages_thread t"
    if by and by.is_ordered:
        # Apart from the others: for one of them the planner might read another index once for each
        # of many ranges.
        threads = f"(SELECT * FROM {threads} WHERE {where('t', in_range)} OFFSET 0) t"
        in_range = []
    newest = "t.last_activity_at DESC, t.id DESC LIMIT %(limit)s"
    one_range = f"""
SELECT t.id, t.last_activity_at FROM {threads}
WHERE {where("t", [*in_range, *others])} ORDER BY {newest}"""
    if by is None:
        return one_range
    return f"""
SELECT t.id, t.last_activity_at FROM {by.ranges} CROSS JOIN LATERAL ({one_range}) t
ORDER BY {"r.number, " if by.is_ordered else ""}{newest}"""


def count(conditions: Sequence[Condition], thread: Sequence[Condition], *, has_words: bool) -> str:
    """Return the statement that counts the messages that meet the conditions, up to `most`."""
    sets = []
    if thread:
        threads = f"SELECT t.id FROM messages_thread t WHERE {where('t', [_IN_WORKSPACE, *thread])}"
        sets.append(f"m.thread_id IN ({threads})")
    if has_words:
        has = where("s", [_IN_WORKSPACE, _HAS_WORDS])
        entries = f"SELECT s.message_id FROM messages_searchentry s WHERE {has}"
        sets.append(f"m.id IN ({entries})")
    return (
        "SELECT count(*) FROM (SELECT FROM messages_message m"
        f" WHERE {' AND '.join([where('m', [_LIVE, *conditions]), *sets])} LIMIT %(most)s) m"
    )


def _with_thread(conditions: Sequence[Condition]) -> str:
    """Keep messages whose thread meets CONDITIONS.

    The offset keeps the planner from reading the threads first. It may remember the answer for
    each thread.
    """
    if not conditions:
        return ""
    thread = Condition("{row}.id = m.thread_id")
    of = where("t", [thread, *conditions])
    return f"CROSS JOIN LATERAL (SELECT FROM messages_thread t WHERE {of} OFFSET 0) t"
