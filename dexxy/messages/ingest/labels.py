"""Labels that were renamed or deleted: no thread that carries them says that it has changed.

Rules T11 and R5 of docs/explanation/what-wins-when.md.
"""

from collections.abc import Iterable

from django.utils import timezone

from dexxy.common.sql import execute, fetch_all
from dexxy.messages.changes.noting import threads_noted
from dexxy.messages.ingest.records import SourceKey
from dexxy.messages.ingest.stored_threads import HINT_SETTLES_AFTER

_LOCK = """
SELECT id FROM messages_thread
WHERE workspace_id = %(workspace)s AND source_id = %(source)s AND NOT is_archived
  AND labels @> ARRAY[%(old)s::text]
ORDER BY kind, number FOR NO KEY UPDATE
"""
# The threads are read again once what was under way meanwhile has come. Nobody waits for that, so
# the mark may wait for points (`reading/refetch.py`).
_REPLACE = threads_noted(
    """
UPDATE messages_thread t
SET labels = CASE WHEN %(new)s::text IS NULL OR t.labels @> ARRAY[%(new)s::text]
                  THEN array_remove(t.labels, %(old)s::text)
                  ELSE array_replace(t.labels, %(old)s::text, %(new)s::text) END,
    hinted_at = clock_timestamp(),
    refetch_at = least(t.refetch_at, clock_timestamp() + make_interval(secs => %(settles)s)),
    updated_at = now()
WHERE t.id = ANY(%(threads)s)
""",
    {"id": "t.id"},
)
_MARK = """
UPDATE messages_thread t
SET refetch_at = %(now)s
FROM (
    SELECT id FROM messages_thread
    WHERE workspace_id = %(workspace)s AND source_id = %(source)s AND NOT is_archived
      AND refetch_at IS NULL AND labels && %(names)s::text[]
    ORDER BY kind, number
    FOR UPDATE
) labelled
WHERE t.id = labelled.id
"""


def label_replaced(source: SourceKey, old: str, new: str | None) -> None:
    """Store what a webhook says of a label, on all threads that carry it, and mark these.

    Args:
        new: None where the label is deleted.
    """
    key = {"workspace": source.workspace_id, "source": source.source_id, "old": old}
    threads = [pk for (pk,) in fetch_all(_LOCK, key)]
    if threads:
        settles = HINT_SETTLES_AFTER.total_seconds()
        execute(_REPLACE, {"threads": threads, "old": old, "new": new, "settles": settles})


def labels_gone(source: SourceKey, names: Iterable[str]) -> int:
    """Mark the threads that carry a label which the platform does not have any more.

    Returns: how many were marked.
    """
    params = {
        "workspace": source.workspace_id,
        "source": source.source_id,
        "names": list(names),
        "now": timezone.now(),
    }
    return execute(_MARK, params)
