"""Store snapshots: what is in the tables becomes exactly what the platform shows.

Everything here runs inside the caller's transaction, is idempotent, and is set-based: one statement
for the identities of a batch, one for its threads, one for its messages. What wins where a snapshot
differs from what is stored: docs/explanation/what-wins-when.md.

Every writer takes its locks in this order, so that no two wait for each other: erasures are held
off, then identities by external id, then threads by source, kind and number, then messages. A
message is written only under the lock of its thread.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from dexxy.members.ingest.records import IdentityRecord
from dexxy.messages.ingest.authors import authors_apply
from dexxy.messages.ingest.message_rows import ThreadMessage, messages_apply
from dexxy.messages.ingest.nested_lists import FinishedList, lists_finish, whole_lists
from dexxy.messages.ingest.records import Snapshot, SourceKey
from dexxy.messages.ingest.refetch_reasons import marks_postpone
from dexxy.messages.ingest.review_threads import ReviewThreadList, review_threads_apply
from dexxy.messages.ingest.settling import replies_link, threads_settle
from dexxy.messages.ingest.stored_threads import StoredThread
from dexxy.messages.ingest.thread_rows import threads_apply


class Batch:
    """The snapshots of one answer, each with the row of its thread.

    Args:
        threads: the locked rows, in the order of SNAPSHOTS.
    """

    def __init__(self, threads: Sequence[StoredThread], snapshots: Sequence[Snapshot]) -> None:
        self._pairs = list(zip(threads, snapshots, strict=True))
        # A thread that this transaction inserted has no older messages, and the INSERT has set its
        # counts: only the others need what follows below.
        self._known = [(thread, s) for thread, s in self._pairs if not thread.is_new]
        self.known_ids = [thread.id for thread, _ in self._known]
        self.untrue_ids = [thread.id for thread in threads if not thread.is_authoritative]

    def messages(self) -> list[ThreadMessage]:
        """Return all messages, each with the row of its thread."""
        return [(thread, m) for thread, snapshot in self._pairs for m in snapshot.messages]

    def whole_lists(self) -> Iterator[FinishedList]:
        """Yield the lists that are here from end to end, of threads that may hold more messages."""
        for thread, snapshot in self._known:
            yield from whole_lists(thread, snapshot.complete, snapshot.messages)

    def review_threads(self) -> Iterator[ReviewThreadList]:
        """Yield what is resolved, and of known threads what may not be any more."""
        for thread, snapshot in self._pairs:
            shown, is_whole = snapshot.review_threads, snapshot.has_all_review_threads
            may_differ = not thread.is_new and bool(shown or is_whole)
            if may_differ or any(one.is_resolved for one in shown):
                yield ReviewThreadList(thread, shown, is_whole=is_whole)

    def answered_ids(self) -> Iterator[int]:
        """Yield the threads that may hold an answer to another message."""
        for thread, snapshot in self._pairs:
            if not thread.is_new or any("in_reply_to" in m.details for m in snapshot.messages):
                yield thread.id


def snapshots_apply(
    source: SourceKey, snapshots: Sequence[Snapshot], *, asked_at: datetime
) -> list[StoredThread]:
    """Store SNAPSHOTS of threads of SOURCE.

    Args:
        asked_at: when their request left, by our clock.

    Returns: the stored threads, in the order of the snapshots.
    """
    authors = authors_apply(source, _authors(snapshots), asked_at=asked_at)
    stored = threads_apply(source, snapshots, authors, asked_at=asked_at)
    batch = Batch(stored, snapshots)
    messages_apply(source, batch.messages(), authors)
    lists_finish(batch.whole_lists())
    review_threads_apply(batch.review_threads())
    replies_link(batch.answered_ids())
    threads_settle(batch.known_ids)
    marks_postpone(batch.untrue_ids, asked_at=asked_at)
    return stored


def _authors(snapshots: Sequence[Snapshot]) -> Iterator[IdentityRecord | None]:
    for snapshot in snapshots:
        yield snapshot.thread.author
        for message in snapshot.messages:
            yield message.author
