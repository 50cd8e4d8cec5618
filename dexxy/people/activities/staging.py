"""Sort what was told, on disk: a file of any length is checked before a line of it is stored.

SQLite is here what `sort` is in a shell: a file without a name that ends with the process. Nothing
of it is kept, and no lock or long transaction of the database waits for it.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, Self

import orjson

from dexxy.people.activities.lines import Line, LineKind, Problem

# Problems that are told; the rest is counted.
MOST_PROBLEMS = 1_000
_LINES_AT_ONCE = 1_000
# What of the file stays in memory, in KiB.
_CACHE = 32_000

_TABLES = """
CREATE TABLE told (
    part INTEGER, provider TEXT, source TEXT, thread TEXT, kind INTEGER, message_kind TEXT,
    name TEXT, version_at TEXT, is_deleted INTEGER, line INTEGER, thread_kind TEXT, given BLOB);
CREATE TABLE problem (line INTEGER, field TEXT, text TEXT);
"""
_ADD = "INSERT INTO told VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
# Sources, then people, then threads, each with its messages. Of two lines about one thing the later
# version comes last; on a tie the deletion, and then what stands later in the file.
_ORDER = """
part, provider, source, thread, kind, message_kind, name, version_at, is_deleted, line
"""
_READ = f"""
SELECT provider, source, thread, kind, message_kind, name, version_at, is_deleted, given
FROM told WHERE part = ? ORDER BY {_ORDER}
"""  # noqa: S608
_SOURCES = """
SELECT DISTINCT provider, source FROM told WHERE part = 2 ORDER BY provider, source
"""
# A thread that only messages name has no line of its own.
_THREADS = """
SELECT thread, min(kind) = 3, coalesce(min(nullif(thread_kind, '')), ''), max(thread_kind)
FROM told WHERE part = 2 AND provider = ? AND source = ? GROUP BY thread ORDER BY thread
"""
_REFUSE_SOURCE = """
INSERT INTO problem SELECT line, 'source', ? FROM told
WHERE part = 2 AND provider = ? AND source = ?
"""
_REFUSE_THREAD = """
INSERT INTO problem SELECT line, 'thread', ? FROM told
WHERE part = 2 AND provider = ? AND source = ? AND thread = ?
"""
_REFUSE_KIND = """
INSERT INTO problem SELECT line, 'kind', ? FROM told
WHERE part = 2 AND provider = ? AND source = ? AND thread = ? AND thread_kind NOT IN ('', ?)
"""


class Row(NamedTuple):
    """A line as it is read again, in the order in which it is stored.

    Args:
        part, provider, source, thread, kind, message_kind, name: see `Line`.
        version_at: ISO 8601.
        given: JSON.
    """

    provider: str
    source: str
    thread: str
    kind: int
    message_kind: str
    name: str
    version_at: str
    is_deleted: bool
    given: bytes

    @property
    def key(self) -> tuple[object, ...]:
        """What it tells of."""
        return self[:6]


class NamedThread(NamedTuple):
    """A thread that lines name.

    Args:
        is_only_named: no line tells of it itself.
        kind, other_kind: what its lines call it; they differ if its lines do. '' for no line.
    """

    name: str
    is_only_named: bool
    kind: str
    other_kind: str


class Stage:
    """What was told in one call, on disk. Use it as a context manager."""

    def __init__(self) -> None:
        # An empty name is a file of its own, which is deleted when it is closed.
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute(f"PRAGMA cache_size = -{_CACHE}")
        self._database.executescript(_TABLES)
        self._waiting: list[tuple[Any, ...]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._database.close()

    def add(self, line: Line) -> None:
        """Keep a line that can be taken."""
        self._waiting.append(
            (
                *(min(line.kind, LineKind.THREAD), line.provider, line.source, line.thread),
                *(line.kind, line.message_kind, line.name),
                *(line.version_at.isoformat(timespec="microseconds"), line.is_deleted),
                *(line.number, line.thread_kind, orjson.dumps(line.given)),
            )
        )
        if len(self._waiting) == _LINES_AT_ONCE:
            self._write()

    def sort(self) -> None:
        """Be ready to be read: all lines were added."""
        self._write()
        self._database.execute(f"CREATE INDEX told_in_order ON told ({_ORDER})")

    def refuse(self, problems: Iterable[Problem]) -> None:
        """Note what is wrong with lines."""
        rows = [(one.line, one.field, one.text) for one in problems]
        self._database.executemany("INSERT INTO problem VALUES (?, ?, ?)", rows)

    def refuse_source(self, provider: str, source: str, text: str) -> None:
        """Note that nothing of a source can be taken."""
        self._database.execute(_REFUSE_SOURCE, (text, provider, source))

    def refuse_thread(self, provider: str, source: str, thread: str, text: str) -> None:
        """Note that nothing of a thread can be taken."""
        self._database.execute(_REFUSE_THREAD, (text, provider, source, thread))

    def refuse_kind(self, provider: str, source: str, thread: str, kind: str, text: str) -> None:
        """Note that lines give a thread another kind than KIND."""
        self._database.execute(_REFUSE_KIND, (text, provider, source, thread, kind))

    def leave_out_refused(self) -> None:
        """Forget the lines with which something is wrong."""
        self._database.execute("DELETE FROM told WHERE line IN (SELECT line FROM problem)")

    def counts(self) -> Counter[str]:
        """Return how many lines there are of each kind, without those that are left out."""
        found = self._database.execute("SELECT kind, count(*) FROM told GROUP BY kind")
        return Counter({LineKind(kind).word: number for kind, number in found})

    @property
    def bad(self) -> int:
        """How many lines have something wrong with them."""
        found = self._database.execute("SELECT count(DISTINCT line) FROM problem").fetchone()
        return int(found[0])

    def problems(self, most: int = MOST_PROBLEMS) -> list[Problem]:
        """Return the first MOST problems, by their lines."""
        found = self._database.execute(
            "SELECT line, field, text FROM problem ORDER BY line, rowid LIMIT ?", (most,)
        )
        return [Problem(*row) for row in found]

    def rows(self, kind: LineKind) -> Iterator[Row]:
        """Yield all lines of a kind in their order; with threads, their messages."""
        for row in self._database.execute(_READ, (int(kind),)):
            yield Row(*row)

    def sources(self) -> list[tuple[str, str]]:
        """Return provider and name of the sources that threads and messages name."""
        return self._database.execute(_SOURCES).fetchall()

    def threads(self, provider: str, source: str) -> Iterator[NamedThread]:
        """Yield the threads of a source, those that are not told themselves among them."""
        for thread, is_only_named, *kinds in self._database.execute(_THREADS, (provider, source)):
            yield NamedThread(thread, bool(is_only_named), *kinds)

    def _write(self) -> None:
        # One transaction; without it each row would be one.
        self._database.execute("BEGIN")
        self._database.executemany(_ADD, self._waiting)
        self._database.execute("COMMIT")
        self._waiting.clear()
