"""Marks: `refetch_at` of a thread is the time from which on it is to be read again.

A mark is a debounced request: it may be set again and again, and one refetch answers them all. A
refetch takes away only the marks that were there when its request left. Rules R1 and R4 of
docs/explanation/what-wins-when.md.

The reasons that lists of GitHub give are here. Others are set where they are met: by a webhook in
`hints.py`, for a label or milestone that was renamed in `names.py`, and for a part whose thread is
not shown in `parts.py` of `integrations`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models.functions import Now
from django.utils import timezone

from dexxy.common.sql import Rows, execute, execute_later
from dexxy.messages.ingest.records import SourceKey
from dexxy.messages.ingest.stored_threads import HINT_SETTLES_AFTER, StoredThread
from dexxy.messages.models import MessageKind, Thread, ThreadKind

# The refetch is due once the last hint has settled. A mark that was set since the request left and
# is due already stays as it is: the answer cannot show what that mark is about.
_POSTPONE = """
UPDATE messages_thread SET refetch_at = hinted_at + make_interval(secs => %(settles)s)
WHERE id = ANY(%(threads)s)
  AND (refetch_at > %(asked_at)s AND refetch_at <= clock_timestamp()) IS NOT TRUE
"""
_CLEAR = """
UPDATE messages_thread
SET refetch_at = CASE
    WHEN refetch_at > %(asked_at)s AND refetch_at <= clock_timestamp() THEN refetch_at
    WHEN hinted_at > %(asked_at)s - make_interval(secs => %(settles)s)
    THEN hinted_at + make_interval(secs => %(settles)s)
    WHEN refetch_at > %(asked_at)s THEN refetch_at END
WHERE id = ANY(%(threads)s)
"""

_MARK_COMMENTS_CHANGED = """
UPDATE messages_thread t
SET refetch_at = %(now)s
FROM (
    SELECT t.id
    FROM {rows}
    JOIN messages_thread t ON t.workspace_id = %(workspace)s AND t.source_id = %(source)s
                          AND t.number = r.number AND t.kind = ANY(%(thread_kinds)s)
    WHERE t.refetch_at IS NULL
      AND NOT EXISTS (
          SELECT FROM messages_message m
          WHERE m.workspace_id = t.workspace_id AND m.thread_id = t.id AND m.kind = %(kind)s
            AND m.external_id = r.external_id AND m.version_at = r.version_at
            AND NOT m.is_archived)
    ORDER BY t.kind, t.number
    FOR UPDATE OF t
) changed
WHERE t.id = changed.id
"""
_CHANGED_COLUMNS = {"number": "bigint", "external_id": "text", "version_at": "timestamptz"}

_MARK_MISSING = """
UPDATE messages_thread t
SET refetch_at = %(now)s
FROM (
    SELECT id FROM messages_thread t
    WHERE t.workspace_id = %(workspace)s AND t.source_id = %(source)s AND t.kind = %(kind)s
      AND NOT t.is_archived AND t.refetch_at IS NULL
      AND (%(since)s::timestamptz IS NULL OR t.opened_at >= %(since)s)
      AND (%(before)s::timestamptz IS NULL OR t.opened_at < %(before)s)
      AND NOT t.number = ANY(%(numbers)s)
    ORDER BY t.number
    FOR UPDATE
) missing
WHERE t.id = missing.id
"""

_MARK_AUTHORS_GONE = """
UPDATE messages_thread t
SET refetch_at = %(now)s
FROM (
    SELECT id FROM messages_thread
    WHERE workspace_id = %(workspace)s AND NOT is_archived AND refetch_at IS NULL AND id IN (
        SELECT thread_id FROM messages_message
        WHERE workspace_id = %(workspace)s AND author_id = ANY(%(authors)s)
          AND NOT is_archived AND in_feed)
    ORDER BY source_id, kind, number
    FOR UPDATE
) theirs
WHERE t.id = theirs.id
"""


def marks_postpone(thread_ids: Sequence[int], *, asked_at: datetime) -> None:
    """Let locked threads be read again once their last hints have settled.

    Args:
        asked_at: when the request for an answer left that is not authoritative for them.
    """
    if thread_ids:
        settles = HINT_SETTLES_AFTER.total_seconds()
        execute_later(_POSTPONE, {"threads": thread_ids, "asked_at": asked_at, "settles": settles})


def marks_clear(threads: Iterable[StoredThread], *, asked_at: datetime) -> None:
    """Take away the marks that locked THREADS had before ASKED_AT.

    Where the last hint has not settled by then, the thread is due again as soon as it has.
    """
    params = {
        "threads": [thread.id for thread in threads],
        "asked_at": asked_at,
        "settles": HINT_SETTLES_AFTER.total_seconds(),
    }
    execute_later(_CLEAR, params)


def comments_changed(
    source: SourceKey, kind: MessageKind, changed: Iterable[tuple[int, str, datetime]]
) -> None:
    """Mark the threads of comments that are not stored in the version that the platform shows.

    Args:
        kind: comment or review_comment.
        changed: thread number, external id and version of each.
    """
    kinds = [ThreadKind.PULL_REQUEST]
    if kind is MessageKind.COMMENT:
        kinds.append(ThreadKind.ISSUE)
    params = {
        "workspace": source.workspace_id,
        "source": source.source_id,
        "kind": str(kind),
        "thread_kinds": [str(kind) for kind in kinds],
        "now": timezone.now(),
    }
    execute_later(_MARK_COMMENTS_CHANGED, params, Rows(_CHANGED_COLUMNS, changed))


def thread_changed(source: SourceKey, kind: ThreadKind, number: int) -> bool:
    """Mark a thread of which a webhook tells no more than that it changed.

    Returns: whether it is stored.
    """
    thread = Thread.objects.filter(
        workspace_id=source.workspace_id, source_id=source.source_id, kind=kind, number=number
    )
    # As after a hint: what is read sooner than a minute from now may be older than the webhook.
    return bool(thread.update(hinted_at=Now(), refetch_at=Now()))


def authors_gone(workspace_id: int, author_ids: Sequence[int]) -> None:
    """Mark the threads in which accounts wrote that the platform does not show any more.

    What they wrote is nobody's then, and no thread says that it has changed.
    """
    if author_ids:
        params = {"workspace": workspace_id, "authors": list(author_ids), "now": timezone.now()}
        execute_later(_MARK_AUTHORS_GONE, params)


def threads_missing(
    source: SourceKey,
    kind: ThreadKind,
    *,
    since: datetime | None,
    before: datetime | None,
    numbers: Sequence[int],
) -> int:
    """Mark the live threads that a list of all threads should have held, but did not.

    Args:
        since, before: the list held the threads opened from SINCE on and before BEFORE; None for
            no limit.
        numbers: the threads that it held.

    Returns: how many were marked.
    """
    params = {
        "workspace": source.workspace_id,
        "source": source.source_id,
        "kind": str(kind),
        "since": since,
        "before": before,
        "numbers": list(numbers),
        "now": timezone.now(),
    }
    return execute(_MARK_MISSING, params)
