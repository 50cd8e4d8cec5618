"""Store snapshots: what is in the tables becomes exactly what the platform shows.

Everything here runs inside the caller's transaction and is set-based: one statement for the
identities of a batch, one for its threads, one for its messages.

Every writer takes its locks in this order, so that no two wait for each other: erasures are held
off, then identities by external id, then threads by source, kind and number, then messages. A
message is written only under the lock of its thread.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.utils import timezone

from dexxy.common.sql import Rows, copy_into, execute, fetch_all
from dexxy.members.erasure.digests import accounts_silenced, erasures_hold_off
from dexxy.members.ingest.accounts import identities_apply
from dexxy.members.ingest.records import IdentityRecord
from dexxy.messages.ingest import snapshots_sql as sql
from dexxy.messages.ingest.records import MessageRecord, Scope, Snapshot
from dexxy.messages.models import ArchivedReason, MessageKind, Thread, ThreadKind

# GitHub's replicas lag behind its webhooks: a snapshot asked for sooner than this after a
# webhook may be older than what the webhook said.
HINT_SETTLES_AFTER = timedelta(seconds=60)


_NO_RESPONSES = frozenset((MessageKind.OPENED, *MessageKind.state_changes()))


@dataclass(frozen=True, slots=True)
class Place:
    """Where the records of a batch belong."""

    workspace_id: int
    source_id: int
    provider: str


@dataclass(frozen=True, slots=True)
class StoredThread:
    """A thread's row, whether the snapshot at hand is the truth about it, or even made it."""

    id: int
    kind: str
    is_truth: bool
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class FinishedList:
    """A list of one thread that was read to its end, and the external ids that were in it."""

    thread: StoredThread
    scope: Scope
    seen: Sequence[str]


@dataclass(frozen=True, slots=True)
class GoneThread:
    """A stored thread that the platform does not show any more.

    Args:
        url: where it moved to, or ''.
    """

    thread: StoredThread
    reason: ArchivedReason
    url: str = ""


def snapshots_apply(
    place: Place, snapshots: Sequence[Snapshot], *, asked_at: datetime
) -> list[StoredThread]:
    """Store SNAPSHOTS, whose request left at ASKED_AT by our clock.

    Returns: the stored threads, in the order of the snapshots.
    """
    authors = authors_apply(
        place,
        (
            author
            for s in snapshots
            for author in (s.thread.author, *(m.author for m in s.messages))
        ),
        asked_at=asked_at,
    )
    threads = _threads(place, snapshots, authors, asked_at)
    stored = [threads[snapshot.thread.kind, snapshot.thread.number] for snapshot in snapshots]
    pairs = list(zip(stored, snapshots, strict=True))
    messages_apply(place, [(thread, m) for thread, s in pairs for m in s.messages], authors)
    # A new thread holds nothing but what came with it, and was told so.
    known = [(thread, snapshot) for thread, snapshot in pairs if not thread.is_new]
    lists_finish(whole for t, s in known for whole in whole_lists(t, s.complete, s.messages))
    replies_link(t.id for t, s in pairs if not t.is_new or any(map(_is_answer, s.messages)))
    threads_settle([thread.id for thread, _ in known])
    _postpone([thread.id for thread in stored if not thread.is_truth], asked_at)
    return stored


def _postpone(thread_ids: Sequence[int], asked_at: datetime) -> None:
    if thread_ids:
        settles = HINT_SETTLES_AFTER.total_seconds()
        params = {"threads": thread_ids, "asked_at": asked_at, "settles": settles}
        execute(sql.POSTPONE_REFETCH, params)


def authors_apply(
    place: Place, authors: Iterable[IdentityRecord | None], *, asked_at: datetime
) -> dict[str, int]:
    """Store the accounts of AUTHORS, before any thread is locked.

    Returns: external id -> primary key of the identity.
    """
    erasures_hold_off(place.workspace_id)
    return identities_apply(
        workspace_id=place.workspace_id,
        provider=place.provider,
        records=(author for author in authors if author is not None),
        seen_at=asked_at,
    )


def messages_apply(
    place: Place,
    batch: Sequence[tuple[StoredThread, MessageRecord]],
    authors: Mapping[str, int],
) -> None:
    """Store messages that did not fit into the snapshots of their threads, which are locked.

    Args:
        authors: as `authors_apply` returns them.
    """
    batch = _without_silenced(place.workspace_id, batch, authors)
    ordered = sorted(batch, key=lambda pair: (pair[0].id, pair[1].kind, pair[1].external_id))
    _messages_insert(place, [pair for pair in ordered if pair[0].is_new], authors)
    known = [pair for pair in ordered if not pair[0].is_new]
    rows = [
        (*_message_row(thread, message, authors), thread.is_truth, message.is_deleted)
        for thread, message in known
    ]
    params = {"workspace": place.workspace_id, "source": place.source_id}
    for truth in {thread.is_truth for thread, _ in known}:
        execute(sql.UPSERT_MESSAGES, {**params, "truth": truth}, Rows(sql.MESSAGE_COLUMNS, rows))


def _without_silenced(
    workspace_id: int,
    batch: Sequence[tuple[StoredThread, MessageRecord]],
    authors: Mapping[str, int],
) -> Sequence[tuple[StoredThread, MessageRecord]]:
    """Take the words away from what erased people write."""
    silenced = accounts_silenced(workspace_id)
    if not silenced:
        return batch
    return [
        (thread, replace(m, body="") if _author_id(m.author, authors) in silenced else m)
        for thread, m in batch
    ]


def _messages_insert(
    place: Place,
    batch: Sequence[tuple[StoredThread, MessageRecord]],
    authors: Mapping[str, int],
) -> None:
    """Store messages of threads that this transaction made: nobody else can have written one."""
    if not batch:
        return
    now = timezone.now()
    rest = (place.workspace_id, place.source_id, str(now), str(now))
    rows = []
    for thread, message in batch:
        *row, details, in_feed, version_at = _message_row(thread, message, authors)
        archived = (True, ArchivedReason.DELETED.value) if message.is_deleted else (False, "")
        said = orjson.dumps(details).decode()
        rows.append((*row, said, in_feed, min(version_at, now), *archived, *rest))
    copy_into("messages_message", sql.NEW_MESSAGE, rows)


def threads_lock(thread_ids: Iterable[int]) -> dict[int, Thread]:
    """Lock threads against other writers until the transaction ends, in the order of their keys.

    Identities that the transaction writes, too, are to be stored before.

    Returns: primary key -> thread.
    """
    threads = Thread.objects.select_for_update().filter(pk__in=set(thread_ids))
    ordered = threads.order_by("source_id", "kind", "number")
    return {thread.pk: thread for thread in ordered.only("kind", "hinted_at")}


def stored_thread(thread: Thread, *, asked_at: datetime) -> StoredThread:
    """Tell whether what was asked for at ASKED_AT is the truth about THREAD."""
    settled = asked_at - HINT_SETTLES_AFTER
    is_truth = thread.hinted_at is None or thread.hinted_at <= settled
    return StoredThread(thread.pk, thread.kind, is_truth)


def marks_clear(threads: Iterable[StoredThread], *, asked_at: datetime) -> None:
    """Take away the marks of locked THREADS that were there before ASKED_AT.

    Where that was too soon after a webhook, the thread is due again as soon as that has settled.
    """
    params = {
        "threads": [thread.id for thread in threads],
        "asked_at": asked_at,
        "settles": HINT_SETTLES_AFTER.total_seconds(),
    }
    execute(sql.CLEAR_MARKS, params)


def comments_changed(
    place: Place, kind: MessageKind, changed: Iterable[tuple[int, str, datetime]]
) -> None:
    """Mark the threads of comments that are not stored as they are now.

    Args:
        kind: comment or review_comment.
        changed: thread number, external id and version of each.
    """
    kinds = [ThreadKind.PULL_REQUEST]
    if kind is MessageKind.COMMENT:
        kinds.append(ThreadKind.ISSUE)
    params = {
        "workspace": place.workspace_id,
        "source": place.source_id,
        "kind": str(kind),
        "thread_kinds": [str(kind) for kind in kinds],
        "now": timezone.now(),
    }
    execute(sql.MARK_COMMENTS_CHANGED, params, Rows(sql.CHANGED_COLUMNS, changed))


def threads_missing(
    place: Place,
    kind: ThreadKind,
    *,
    since: datetime | None,
    before: datetime | None,
    numbers: Sequence[int],
) -> int:
    """Mark the live threads opened from SINCE until before BEFORE whose numbers are not NUMBERS.

    Returns: how many there were.
    """
    params = {
        "workspace": place.workspace_id,
        "source": place.source_id,
        "kind": str(kind),
        "since": since,
        "before": before,
        "numbers": list(numbers),
        "now": timezone.now(),
    }
    return execute(sql.MARK_MISSING, params)


def threads_archive(gone: Sequence[GoneThread], *, asked_at: datetime) -> set[int]:
    """Archive locked threads, with all their messages, that an answer did not hold.

    Args:
        asked_at: when that answer was asked for. Too soon after a thread's webhook it is not the
            truth, and archives nothing.

    Returns: the threads that were archived.
    """
    true = [one for one in gone if one.thread.is_truth]
    rows = Rows(sql.GONE_COLUMNS, [(one.thread.id, str(one.reason), one.url) for one in true])
    if true:
        execute(sql.ARCHIVE_THREADS, {}, rows)
        execute(sql.ARCHIVE_MESSAGES_OF, {}, rows)
        threads_settle([one.thread.id for one in true])
    marks_clear((one.thread for one in gone), asked_at=asked_at)
    return {one.thread.id for one in true}


def whole_lists(
    thread: StoredThread, scopes: Iterable[Scope], messages: Sequence[MessageRecord]
) -> Iterator[FinishedList]:
    """Tell apart what MESSAGES hold of each scope: ids of different kinds may be equal."""
    for scope in scopes:
        for kind in scope.kinds:
            seen = [message.external_id for message in messages if message.kind is kind]
            yield FinishedList(thread, replace(scope, kinds=frozenset({kind})), seen)


# What has lists of its own in a thread: review comments, and replies.
_OWNER: dict[str, MessageKind] = {
    ThreadKind.PULL_REQUEST: MessageKind.REVIEW,
    ThreadKind.DISCUSSION: MessageKind.COMMENT,
}


def lists_finish(lists: Iterable[FinishedList]) -> None:
    """Archive what is stored in the scope of a list that was read whole, but was not in it."""
    true = [done for done in lists if done.thread.is_truth]
    rows = [
        (done.thread.id, str(kind), done.scope.owner_id, list(done.seen))
        for done in true
        for kind in done.scope.kinds
    ]
    if rows:
        execute(sql.ARCHIVE_REST, {}, Rows(sql.SCOPE_COLUMNS, rows))
    # Only a whole list of owners tells that one is missing: a webhook may have brought a comment
    # whose review nobody has seen.
    owners = [done.thread.id for done in true if _OWNER.get(done.thread.kind) in done.scope.kinds]
    if owners:
        execute(sql.ARCHIVE_ORPHANS, {"threads": owners})


def replies_link(thread_ids: Iterable[int]) -> None:
    """Point the answers in threads to the messages that they answer."""
    if threads := list(thread_ids):
        execute(sql.LINK_REPLIES, {"threads": threads})


def _is_answer(message: MessageRecord) -> bool:
    return "in_reply_to" in message.details


def threads_settle(thread_ids: Sequence[int]) -> None:
    """Recompute what threads know about their own messages."""
    if not thread_ids:
        return
    params = {
        "threads": list(thread_ids),
        "state_changes": [str(kind) for kind in MessageKind.state_changes()],
    }
    execute(sql.SETTLE_THREADS, params)


def _author_id(author: IdentityRecord | None, authors: Mapping[str, int]) -> int | None:
    return None if author is None else authors[author.external_id]


def _threads(
    place: Place, snapshots: Iterable[Snapshot], authors: Mapping[str, int], asked_at: datetime
) -> dict[tuple[str, int], StoredThread]:
    # Rows are locked in the order of their keys, so that two writers cannot wait for each other.
    ordered = sorted(snapshots, key=lambda snapshot: (snapshot.thread.kind, snapshot.thread.number))
    rows = Rows(sql.THREAD_COLUMNS, [_thread_row(snapshot, authors) for snapshot in ordered])
    params = {
        "workspace": place.workspace_id,
        "source": place.source_id,
        "settled": asked_at - HINT_SETTLES_AFTER,
        "asked_at": asked_at,
    }
    found = fetch_all(sql.UPSERT_THREADS, params, rows)
    written = {(kind, number) for kind, number, *_ in found}
    unchanged = [key for kind, number, *_ in rows.rows if (key := (kind, number)) not in written]
    if unchanged:
        found += fetch_all(sql.FIND_THREADS, params, Rows(sql.THREAD_KEY_COLUMNS, unchanged))
    return {
        (kind, number): StoredThread(pk, kind, is_truth, is_new)
        for kind, number, pk, is_truth, is_new in found
    }


def _thread_row(snapshot: Snapshot, authors: Mapping[str, int]) -> tuple[object, ...]:
    record = snapshot.thread
    shown = [m for m in snapshot.messages if m.in_feed and not m.is_deleted]
    times = [message.occurred_at for message in shown]
    return (
        str(record.kind),
        record.number,
        record.node_id,
        record.title,
        str(record.state),
        record.state_reason,
        record.labels,
        record.url,
        _author_id(record.author, authors),
        record.opened_at,
        record.closed_at,
        record.merged_at,
        record.answered_at,
        record.version_at,
        len(shown),
        min(times, default=record.opened_at),
        max(times, default=record.opened_at),
        _first_said(shown, authors),
    )


def _first_said(
    messages: Iterable[MessageRecord], authors: Mapping[str, int]
) -> list[dict[str, object]]:
    """Return when each account first wrote something behind the opening."""
    first: dict[int, datetime] = {}
    for message in messages:
        if message.author is not None and message.kind not in _NO_RESPONSES:
            author_id, at = authors[message.author.external_id], message.occurred_at
            first[author_id] = min(at, first.get(author_id, at))
    return [{"author_id": author_id, "at": at} for author_id, at in first.items()]


def _message_row(
    thread: StoredThread, record: MessageRecord, authors: Mapping[str, int]
) -> tuple[Any, ...]:
    return (
        thread.id,
        thread.kind,
        str(record.kind),
        record.external_id,
        _author_id(record.author, authors),
        record.body,
        record.url,
        record.occurred_at,
        record.edited_at,
        record.details,
        record.in_feed,
        record.version_at,
    )
