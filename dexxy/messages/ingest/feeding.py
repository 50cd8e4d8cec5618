"""Store what a script tells of threads, message by message: what is newer wins.

Nothing else reads the platform, so there is neither a snapshot that has all nor a refetch that
checks a hint. What wins where something is stored: rules F1 to F5 of
docs/explanation/what-wins-when.md. Everything here runs inside the caller's transaction, is
idempotent and set-based, and takes its locks in the order of all writers.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from operator import itemgetter

from dexxy.common.sql import Rows, execute, fetch_all
from dexxy.members.ingest.records import IdentityRecord
from dexxy.messages.ingest import feeding_sql as sql
from dexxy.messages.ingest.archiving import ARCHIVE_MESSAGES_OF
from dexxy.messages.ingest.archiving import GONE_COLUMNS as REMOVED_COLUMNS
from dexxy.messages.ingest.authors import Authors, author_id, authors_apply
from dexxy.messages.ingest.message_rows import messages_apply
from dexxy.messages.ingest.records import MessageRecord, Snapshot, SourceKey, ThreadRecord
from dexxy.messages.ingest.settling import replies_link, threads_settle
from dexxy.messages.ingest.thread_rows import threads_apply
from dexxy.messages.models import ArchivedReason, MessageKind, ThreadKind

# The kinds that a thread of such a platform can have.
KINDS = (ThreadKind.DISCUSSION, ThreadKind.ISSUE)
_KINDS = [str(kind) for kind in KINDS]


@dataclass(frozen=True, slots=True)
class FedThread:
    """What is told of one thread, all of it or some of its messages.

    Args:
        external_id: its name on the platform.
        record: None where no more is told than messages. Its number is ours, and given here.
        gone_at: it was deleted, in this version; None otherwise.
        messages: without the opening, which `record` and `body` tell.
        body: of the opening.
    """

    external_id: str
    record: ThreadRecord | None = None
    gone_at: datetime | None = None
    messages: Sequence[MessageRecord] = ()
    body: str = ""


@dataclass(frozen=True, slots=True)
class Fed:
    """What became of it.

    Args:
        threads, messages: how many are new; an opening is none of the messages.
        authors: the accounts that wrote.
    """

    threads: int
    messages: int
    authors: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Stored:
    """A locked thread that was there before."""

    id: int
    kind: str
    is_archived: bool


def threads_feed(source: SourceKey, fed: Sequence[FedThread], *, told_at: datetime) -> Fed:
    """Store what is told of threads of SOURCE, each of which is there once.

    Messages of a thread that is neither stored nor told are left out.

    Args:
        told_at: when it was told, by our clock.
    """
    authors = authors_apply(source, _authors(fed), asked_at=told_at)
    feeding_wait(source.workspace_id)
    stored = _find(source, [one.external_id for one in fed])
    new = [one for one in fed if one.external_id not in stored and one.record is not None]
    known = [(stored[one.external_id], one) for one in fed if one.external_id in stored]
    added = _insert(source, new, authors, told_at=told_at)
    _update(known, authors)
    added += _messages_apply(source, known, authors)
    return Fed(len(new), added, frozenset(authors.ids.values()))


def feeding_wait(workspace_id: int) -> None:
    """Wait until nobody else feeds a workspace, until the transaction ends."""
    fetch_all(sql.LOCK, {"workspace": workspace_id})


def sources_date(source_ids: Collection[int], *, fed_at: datetime) -> None:
    """Note when sources were fed, and when something last happened in them."""
    execute(sql.SOURCES_DATE, {"sources": list(source_ids), "fed_at": fed_at})


def _authors(fed: Sequence[FedThread]) -> Iterator[IdentityRecord | None]:
    for one in fed:
        if one.record is not None:
            yield one.record.author
        for message in one.messages:
            yield message.author


def _find(source: SourceKey, ids: Sequence[str]) -> dict[str, _Stored]:
    """Return the stored threads among IDS, and lock them."""
    key = {"workspace": source.workspace_id, "source": source.source_id, "kinds": _KINDS}
    found = fetch_all(sql.LOCK_THREADS, {**key, "ids": list(ids)})
    return {name: _Stored(pk, kind, is_archived) for name, pk, kind, is_archived in found}


def threads_known(workspace_id: int, source_id: int, ids: Collection[str]) -> dict[str, str]:
    """Return those of IDS that are stored threads of a source: name on the platform -> kind."""
    key = {"workspace": workspace_id, "source": source_id, "kinds": _KINDS, "ids": list(ids)}
    return {name: kind for name, _, kind, _ in fetch_all(sql.FIND_THREADS, key)}


def _insert(
    source: SourceKey, new: Sequence[FedThread], authors: Authors, *, told_at: datetime
) -> int:
    """Store threads that are not there; return how many messages came with them."""
    if not new:
        return 0
    key = {"workspace": source.workspace_id, "source": source.source_id, "kinds": _KINDS}
    last = fetch_all(sql.LAST_NUMBER, key)[0][0] or 0
    snapshots = [_snapshot(one, number) for number, one in enumerate(_by_age(new), start=last + 1)]
    threads = threads_apply(source, snapshots, authors, asked_at=told_at)
    pairs = list(zip(threads, snapshots, strict=True))
    messages_apply(source, [(t, m) for t, snapshot in pairs for m in snapshot.messages], authors)
    replies_link(t.id for t, snapshot in pairs if _answers(snapshot.messages))
    return sum(len(snapshot.messages) - 1 for snapshot in snapshots)


def _by_age(new: Sequence[FedThread]) -> list[FedThread]:
    return sorted(new, key=lambda one: (_record(one).opened_at, one.external_id))


def _record(one: FedThread) -> ThreadRecord:
    assert one.record is not None
    return one.record


def _snapshot(one: FedThread, number: int) -> Snapshot:
    record = replace(_record(one), number=number)
    live = tuple(message for message in one.messages if not message.is_deleted)
    return Snapshot(record, (_opening(record, one.body), *live), complete=())


def _opening(record: ThreadRecord, body: str) -> MessageRecord:
    return MessageRecord(
        kind=MessageKind.OPENED,
        external_id=record.external_id,
        author=record.author,
        occurred_at=record.opened_at,
        version_at=record.version_at,
        body=body,
        url=record.url,
    )


def _answers(messages: Sequence[MessageRecord]) -> bool:
    return any("in_reply_to" in message.details for message in messages)


def _update(known: Sequence[tuple[_Stored, FedThread]], authors: Authors) -> None:
    """Store what is told of threads that are there, as far as it is newer."""
    told = [(stored.id, one.record) for stored, one in known if one.record is not None]
    rows = [
        (
            *(pk, record.title, str(record.state), record.labels, record.category, record.url),
            *(author_id(record.author, authors), record.opened_at, record.closed_at),
            *(record.answered_at, record.version_at),
        )
        for pk, record in told
    ]
    if rows:
        written = {
            pk for (pk,) in fetch_all(sql.UPDATE_THREADS, {}, Rows(sql.THREAD_COLUMNS, rows))
        }
        back = [stored.id for stored, _ in known if stored.is_archived and stored.id in written]
        if back:
            execute(sql.REVIVE_MESSAGES, {"threads": back})
    gone = [(stored.id, one.gone_at) for stored, one in known if one.gone_at is not None]
    if gone:
        found = fetch_all(sql.ARCHIVE_THREADS, {}, Rows(sql.GONE_COLUMNS, gone))
        removed = [(pk, str(ArchivedReason.MISSING), "") for (pk,) in found]
        execute(ARCHIVE_MESSAGES_OF, {}, Rows(REMOVED_COLUMNS, removed))


def _messages_apply(
    source: SourceKey, known: Sequence[tuple[_Stored, FedThread]], authors: Authors
) -> int:
    """Store messages of threads that are there; return how many are new."""
    if not known:
        return 0
    told = [(stored.id, m) for stored, one in known for m in _messages_of(one)]
    live = [
        _message_row(pk, m, author_id(m.author, authors), authors.erased.silenced)
        for pk, m in told
        if not m.is_deleted
    ]
    gone = [(pk, str(m.kind), m.external_id, m.version_at) for pk, m in told if m.is_deleted]
    new = 0
    if live:
        # In the order of their keys, as all writers.
        rows = Rows(sql.MESSAGE_COLUMNS, sorted(live, key=itemgetter(0, 1, 2)))
        new = len(rows) - fetch_all(sql.COUNT_KNOWN, {}, rows)[0][0]
        execute(sql.UPSERT_MESSAGES, {}, rows)
    if gone:
        execute(sql.ARCHIVE_MESSAGES, {}, Rows(sql.ARCHIVE_COLUMNS, sorted(gone)))
    threads = [stored.id for stored, _ in known]
    replies_link(threads)
    threads_settle(threads)
    return int(new)


def _messages_of(one: FedThread) -> Iterator[MessageRecord]:
    if one.record is not None:
        yield _opening(one.record, one.body)
    yield from one.messages


def _message_row(
    thread_id: int, record: MessageRecord, author: int | None, silenced: Collection[int]
) -> tuple[object, ...]:
    return (
        thread_id,
        str(record.kind),
        record.external_id,
        author,
        "" if author in silenced else record.body,
        record.url,
        record.occurred_at,
        record.edited_at,
        record.details,
        record.version_at,
    )
