"""Labels and milestones that were renamed or deleted: no thread that carries one says that it has
changed.

Rules T11 and R5 of docs/explanation/what-wins-when.md.
"""
# ruff: noqa: S608
# The statements are put together from constants of our own alone; values are parameters.

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from django.utils import timezone

from dexxy.common.sql import execute, fetch_all
from dexxy.messages.changes.noting import threads_noted
from dexxy.messages.ingest.records import SourceKey
from dexxy.messages.ingest.stored_threads import HINT_SETTLES_AFTER


@dataclass(frozen=True, slots=True)
class _Column:
    """How threads carry a name, in SQL.

    Args:
        holds: whether a thread carries the name `old`.
        holds_any: whether it carries one of `names`.
        replaced: sets the name `new` in the place of `old`, or none if that is null.
    """

    holds: str
    holds_any: str
    replaced: str


class Named(Enum):
    """What has a name that threads carry."""

    LABEL = _Column(
        holds="labels @> ARRAY[%(old)s::text]",
        holds_any="labels && %(names)s::text[]",
        replaced="labels = CASE WHEN %(new)s::text IS NULL OR t.labels @> ARRAY[%(new)s::text]"
        " THEN array_remove(t.labels, %(old)s::text)"
        " ELSE array_replace(t.labels, %(old)s::text, %(new)s::text) END",
    )
    MILESTONE = _Column(
        holds="milestone = %(old)s::text",
        holds_any="milestone = ANY(%(names)s::text[])",
        replaced="milestone = coalesce(%(new)s::text, '')",
    )

    @property
    def lock(self) -> str:
        """The statement that locks the live threads that carry a name."""
        return f"""
SELECT id FROM messages_thread
WHERE workspace_id = %(workspace)s AND source_id = %(source)s AND NOT is_archived
  AND {self.value.holds}
ORDER BY kind, number FOR NO KEY UPDATE
"""

    @property
    def replace(self) -> str:
        """The statement that gives locked threads another name, and marks them.

        They are read again once what was under way meanwhile has come. Nobody waits for that, so
        the mark may wait for points (`reading/refetch.py`).
        """
        statement = f"""
UPDATE messages_thread t
SET {self.value.replaced},
    hinted_at = clock_timestamp(),
    refetch_at = least(t.refetch_at, clock_timestamp() + make_interval(secs => %(settles)s)),
    updated_at = now()
WHERE t.id = ANY(%(threads)s)
"""
        return threads_noted(statement, {"id": "t.id"})

    @property
    def mark(self) -> str:
        """The statement that marks the live threads that carry one of some names."""
        return f"""
UPDATE messages_thread t
SET refetch_at = %(now)s
FROM (
    SELECT id FROM messages_thread
    WHERE workspace_id = %(workspace)s AND source_id = %(source)s AND NOT is_archived
      AND refetch_at IS NULL AND {self.value.holds_any}
    ORDER BY kind, number
    FOR UPDATE
) carrying
WHERE t.id = carrying.id
"""


def name_replaced(source: SourceKey, what: Named, old: str, new: str | None) -> None:
    """Store what a webhook says of a name, on all threads that carry it, and mark these.

    Args:
        new: None where what had the name is deleted.
    """
    key = {"workspace": source.workspace_id, "source": source.source_id, "old": old}
    threads = [pk for (pk,) in fetch_all(what.lock, key)]
    if threads:
        settles = HINT_SETTLES_AFTER.total_seconds()
        execute(what.replace, {"threads": threads, "old": old, "new": new, "settles": settles})


def names_gone(source: SourceKey, what: Named, names: Iterable[str]) -> int:
    """Mark the threads that carry a name which the platform does not have any more.

    Returns: how many were marked.
    """
    params = {
        "workspace": source.workspace_id,
        "source": source.source_id,
        "names": list(names),
        "now": timezone.now(),
    }
    return execute(what.mark, params)
