"""Threads that the platform does not show any more become tombstones: archived, never deleted.

Rules T9, T10 and M8 of docs/explanation/what-wins-when.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dexxy.common.sql import Rows, execute
from dexxy.messages.changes.noting import threads_removed
from dexxy.messages.ingest.refetch_reasons import marks_clear
from dexxy.messages.ingest.settling import threads_settle
from dexxy.messages.ingest.stored_threads import StoredThread
from dexxy.messages.models import ArchivedReason

# A webhook may have told why: then "GitHub does not show it" is no news, and the reason is kept.
_ARCHIVE_THREADS = """
UPDATE messages_thread t
SET is_archived = true, archived_reason = r.reason, moved_to_url = r.moved_to_url,
    updated_at = now()
FROM {rows}
WHERE t.id = r.thread_id AND NOT (t.is_archived AND r.reason = 'missing')
"""
ARCHIVE_MESSAGES_OF = threads_removed("""
UPDATE messages_message m
SET is_archived = true, archived_reason = r.reason, updated_at = now()
FROM {rows} JOIN messages_thread t ON t.id = r.thread_id
WHERE m.workspace_id = t.workspace_id AND m.thread_id = t.id AND NOT m.is_archived
""")
GONE_COLUMNS = {"thread_id": "bigint", "reason": "text", "moved_to_url": "text"}


@dataclass(frozen=True, slots=True)
class GoneThread:
    """A stored thread that the platform does not show any more.

    Args:
        url: where it moved to, or ''.
    """

    thread: StoredThread
    reason: ArchivedReason
    url: str = ""


def threads_archive(gone: Sequence[GoneThread], *, asked_at: datetime) -> set[int]:
    """Archive locked threads, with all their messages, that an answer did not hold.

    Args:
        asked_at: when the request for that answer left. Where the answer is not authoritative, the
            thread stays as it is and is read again later.

    Returns: the primary keys of the threads that were archived.
    """
    sure = [one for one in gone if one.thread.is_authoritative]
    rows = Rows(GONE_COLUMNS, [(one.thread.id, str(one.reason), one.url) for one in sure])
    if sure:
        execute(_ARCHIVE_THREADS, {}, rows)
        execute(ARCHIVE_MESSAGES_OF, {}, rows)
        threads_settle([one.thread.id for one in sure])
    marks_clear((one.thread for one in gone), asked_at=asked_at)
    return {one.thread.id for one in sure}
