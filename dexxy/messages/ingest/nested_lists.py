"""Lists of a thread that were read to their end: what they do not hold any more is archived.

Rule M7 of docs/explanation/what-wins-when.md.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from dexxy.common.sql import Rows, execute_later
from dexxy.messages.changes.noting import messages_noted
from dexxy.messages.ingest.records import MessageRecord, Scope
from dexxy.messages.ingest.settling import IN_THREADS
from dexxy.messages.ingest.stored_threads import StoredThread
from dexxy.messages.models import MessageKind, ThreadKind

# A row `r` for the lists of one kind in a thread, so that its messages are looked at once: who has
# them, none for the thread's own list, and the external ids that they held.
_ARCHIVE_REST = messages_noted("""
UPDATE messages_message m
SET is_archived = true, archived_reason = 'missing', updated_at = now()
FROM {rows} JOIN messages_thread t ON t.id = r.thread_id
WHERE m.workspace_id = t.workspace_id AND m.thread_id = t.id
  AND m.kind = ANY(ARRAY(SELECT jsonb_array_elements_text(r.kinds)))
  AND NOT m.is_archived
  AND (r.owners = '[]' OR r.owners ?
       (m.details->>CASE m.kind WHEN 'reply' THEN 'in_reply_to' ELSE 'review_id' END))
  AND NOT r.seen ? m.external_id
""")
_SCOPE_COLUMNS = {"thread_id": "bigint", "kinds": "jsonb", "owners": "jsonb", "seen": "jsonb"}

# Where a review is gone, its comments are gone with it; the same holds for a comment and its
# replies. An owner that was deleted but is still shown as a tombstone keeps them.
_ARCHIVE_ORPHANS = messages_noted(f"""
UPDATE messages_message m
SET is_archived = true, archived_reason = 'missing', updated_at = now()
WHERE {IN_THREADS} AND m.kind IN ('review_comment', 'reply')
  AND NOT m.is_archived
  AND m.details ? CASE m.kind WHEN 'reply' THEN 'in_reply_to' ELSE 'review_id' END
  AND NOT EXISTS (
      SELECT FROM messages_message owner
      WHERE owner.workspace_id = m.workspace_id AND owner.thread_id = m.thread_id
        AND owner.kind = CASE m.kind WHEN 'reply' THEN 'comment' ELSE 'review' END
        AND owner.external_id =
            m.details->>CASE m.kind WHEN 'reply' THEN 'in_reply_to' ELSE 'review_id' END
        AND owner.archived_reason <> 'missing')
""")  # noqa: S608

# Messages of these kinds have lists of their own: of review comments, and of replies.
_OWNER: dict[str, MessageKind] = {
    ThreadKind.PULL_REQUEST: MessageKind.REVIEW,
    ThreadKind.DISCUSSION: MessageKind.COMMENT,
}


@dataclass(frozen=True, slots=True)
class FinishedList:
    """A list of one thread that was read to its end.

    Args:
        seen: the external ids of all its messages.
    """

    thread: StoredThread
    scope: Scope
    seen: Sequence[str]


def whole_lists(
    thread: StoredThread, scopes: Iterable[Scope], messages: Sequence[MessageRecord]
) -> Iterator[FinishedList]:
    """Yield the lists of SCOPES, of which MESSAGES holds everything."""
    for scope in scopes:
        seen = [message.external_id for message in messages if message.kind in scope.kinds]
        yield FinishedList(thread, scope, seen)


def lists_finish(lists: Iterable[FinishedList]) -> None:
    """Archive the stored messages in the scope of a list that the list does not hold.

    Only lists of authoritative answers count.
    """
    sure = [done for done in lists if done.thread.is_authoritative and done.scope.kinds]
    alike: dict[tuple[int, frozenset[MessageKind], bool], list[FinishedList]] = {}
    for done in sure:
        key = (done.thread.id, done.scope.kinds, bool(done.scope.owner_id))
        alike.setdefault(key, []).append(done)
    if alike:
        rows = [
            (
                thread,
                sorted(map(str, kinds)),
                [done.scope.owner_id for done in found] if has_owner else [],
                [key for done in found for key in done.seen],
            )
            for (thread, kinds, has_owner), found in alike.items()
        ]
        execute_later(_ARCHIVE_REST, {}, Rows(_SCOPE_COLUMNS, rows))
    # Only a whole list of owners tells that one is missing: a webhook may have brought a comment
    # whose review has not been read yet.
    owners = [done.thread.id for done in sure if _OWNER.get(done.thread.kind) in done.scope.kinds]
    if owners:
        execute_later(_ARCHIVE_ORPHANS, {"threads": owners})
