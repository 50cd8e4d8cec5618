"""Store which comments on code are resolved, inside the caller's transaction.

Rules V1 to V4 of docs/explanation/what-wins-when.md. Rows are written under the lock of their
thread.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dexxy.common.sql import Rows, execute
from dexxy.messages.changes.noting import resolved_noted
from dexxy.messages.ingest.records import ReviewThreadRecord
from dexxy.messages.ingest.stored_threads import StoredThread

# A row `r` for each list: what is resolved, what is not, and what its other pages have told.
_LIST_COLUMNS = {
    "thread_id": "bigint",
    "resolved": "jsonb",
    "unresolved": "jsonb",
    "before": "jsonb",
    "is_whole": "boolean",
}
_FORGET = resolved_noted("""
DELETE FROM messages_resolvedreviewthread w
USING {rows}
WHERE w.thread_id = r.thread_id
  AND (r.unresolved ? w.node_id
       OR r.is_whole AND NOT r.resolved ? w.node_id AND NOT r.before ? w.node_id)
""")
# Of which comments these are, parts tell. So nothing that anybody could see has changed yet.
_RESOLVE = """
INSERT INTO messages_resolvedreviewthread (workspace_id, thread_id, node_id, comment_ids)
SELECT t.workspace_id, t.id, jsonb_array_elements_text(r.resolved), '{}'
FROM {rows} JOIN messages_thread t ON t.id = r.thread_id
ON CONFLICT (thread_id, node_id) DO NOTHING
"""

_COMMENT_COLUMNS = {"thread_id": "bigint", "node_id": "text", "ids": "jsonb", "is_whole": "boolean"}
_STORE_COMMENTS = resolved_noted("""
UPDATE messages_resolvedreviewthread w
SET comment_ids = CASE WHEN r.is_whole THEN '{}' ELSE w.comment_ids END
                  || ARRAY(SELECT jsonb_array_elements_text(r.ids))
FROM {rows}
WHERE w.thread_id = r.thread_id AND w.node_id = r.node_id
  AND (NOT r.is_whole OR w.comment_ids <> ARRAY(SELECT jsonb_array_elements_text(r.ids)))
""")

_HINT_COLUMNS = {
    "thread_id": "bigint",
    "version_at": "timestamptz",
    "node_id": "text",
    "is_resolved": "boolean",
    "ids": "jsonb",
}
# Webhooks may write node ids in another format: it is the comments that say which thread it is.
_FORGET_HINTED = resolved_noted("""
DELETE FROM messages_resolvedreviewthread w
USING {rows} JOIN messages_thread t ON t.id = r.thread_id
WHERE w.thread_id = r.thread_id AND r.version_at >= t.version_at
  AND (w.node_id = r.node_id OR w.comment_ids && ARRAY(SELECT jsonb_array_elements_text(r.ids)))
""")
_RESOLVE_HINTED = resolved_noted("""
INSERT INTO messages_resolvedreviewthread AS w (workspace_id, thread_id, node_id, comment_ids)
SELECT t.workspace_id, t.id, r.node_id, ARRAY(SELECT jsonb_array_elements_text(r.ids))
FROM {rows} JOIN messages_thread t ON t.id = r.thread_id
WHERE r.is_resolved AND r.version_at >= t.version_at
""")


@dataclass(frozen=True, slots=True)
class ReviewThreadList:
    """A page of the list of a pull request's review threads.

    Args:
        before: the node ids of the pages before it.
        is_whole: the list ends here, and had no gaps.
    """

    thread: StoredThread
    shown: Sequence[ReviewThreadRecord]
    before: Sequence[str] = ()
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class ResolvedComments:
    """The comments of a review thread that is resolved.

    Args:
        node_id: of the review thread.
        ids: external ids of comments.
        is_whole: these are all of them.
    """

    thread: StoredThread
    node_id: str
    ids: Sequence[str]
    is_whole: bool


def review_threads_apply(lists: Iterable[ReviewThreadList]) -> None:
    """Store which review threads are resolved, and forget the others.

    Only lists of authoritative answers count.
    """
    rows = [_row(one) for one in lists if one.thread.is_authoritative]
    if rows:
        execute(_FORGET, {}, Rows(_LIST_COLUMNS, rows))
    if resolved := [row for row in rows if row[1]]:
        execute(_RESOLVE, {}, Rows(_LIST_COLUMNS, resolved))


def _row(one: ReviewThreadList) -> tuple[int, list[str], list[str], list[str], bool]:
    resolved = [shown.node_id for shown in one.shown if shown.is_resolved]
    unresolved = [shown.node_id for shown in one.shown if not shown.is_resolved]
    return one.thread.id, resolved, unresolved, list(one.before), one.is_whole


def resolved_comments_apply(found: Iterable[ResolvedComments]) -> None:
    """Store which comments are resolved; where some were kept back, those that were known stay.

    Only authoritative answers count.
    """
    rows = [
        (one.thread.id, one.node_id, list(one.ids), one.is_whole)
        for one in found
        if one.thread.is_authoritative
    ]
    if rows:
        execute(_STORE_COMMENTS, {}, Rows(_COMMENT_COLUMNS, rows))


def review_threads_hint(hints: Iterable[tuple[int, datetime, ReviewThreadRecord]]) -> None:
    """Store what webhooks tell of review threads.

    Args:
        hints: each with the primary key of the locked thread, and the thread's version there.
    """
    rows = [
        (thread, version_at, one.node_id, one.is_resolved, list(one.comment_ids))
        for thread, version_at, one in hints
    ]
    if rows:
        execute(_FORGET_HINTED, {}, Rows(_HINT_COLUMNS, rows))
        execute(_RESOLVE_HINTED, {}, Rows(_HINT_COLUMNS, rows))
