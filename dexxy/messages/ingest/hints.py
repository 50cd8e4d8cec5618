"""Store hints: what webhooks tell is shown at once, until a refetch replaces it.

Webhooks are delivered at least once, late and in any order, so all of this is idempotent, and each
thread is marked for a refetch. What wins where a hint differs from what is stored:
docs/explanation/what-wins-when.md.

Everything here runs inside the caller's transaction and is set-based. Locks are taken in the order
that all writers keep: erasures are held off, then identities, then threads by source, kind and
number, then messages.
"""

from collections.abc import Container, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, fields, replace
from datetime import datetime
from operator import itemgetter
from typing import Any

from django.db.models.functions import Now

from dexxy.common.sql import Rows, execute, fetch_all
from dexxy.members.erasure.digests import Erased, erasures_hold_off
from dexxy.members.ingest.hints import identities_meet
from dexxy.messages.ingest import hints_sql as sql
from dexxy.messages.ingest.archiving import ARCHIVE_MESSAGES_OF, GONE_COLUMNS
from dexxy.messages.ingest.named_accounts import (
    accounts_erased,
    message_without,
    thread_without,
)
from dexxy.messages.ingest.records import UNSET, Hint, MessageRecord, SourceKey, ThreadRecord
from dexxy.messages.ingest.review_threads import review_threads_hint
from dexxy.messages.ingest.settling import replies_link, threads_settle
from dexxy.messages.ingest.stored_threads import HINT_SETTLES_AFTER
from dexxy.messages.models import ArchivedReason, MessageKind, Thread

# Source, kind and number of a thread.
_Key = tuple[int, str, int]
# Workspace, provider and external id of an account -> the primary key of its identity.
_Authors = Mapping[tuple[int, str, str], int]


@dataclass(frozen=True, slots=True)
class SourceHint:
    """A hint about a thread of a source."""

    source: SourceKey
    hint: Hint

    @property
    def key(self) -> _Key:
        """The thread's key, in the order in which threads are locked."""
        return self.source.source_id, str(self.hint.thread.kind), self.hint.thread.number


def hints_apply(hints: Sequence[SourceHint], *, received_at: datetime) -> None:
    """Store HINTS.

    Args:
        hints: in the order in which they came. Of two about the same thread or message, the later
            version wins; on a tie, what came later.
        received_at: when the first of them came, by our clock.
    """
    by_thread = _by_thread(hints)
    if not by_thread:
        return
    # Before any account is locked.
    tenants = sorted({one.source.workspace_id for one in by_thread.values()})
    erased = {workspace_id: erasures_hold_off(workspace_id) for workspace_id in tenants}
    authors = _authors_apply(by_thread.values(), received_at)
    by_thread = _without_erased(by_thread, erased)
    threads = _threads_apply(by_thread, authors)
    _threads_archive(by_thread, threads)
    _messages_apply(by_thread, threads, authors, erased)
    review_threads_hint(
        (threads[key], one.hint.thread.version_at, shown)
        for key, one in by_thread.items()
        for shown in one.hint.review_threads
    )
    replies_link(threads.values())
    threads_settle(list(threads.values()))


def _by_thread(hints: Iterable[SourceHint]) -> dict[_Key, SourceHint]:
    """Fold the hints of each thread into one, in the order of the threads' keys."""
    found: dict[_Key, SourceHint] = {}
    for one in sorted(hints, key=lambda one: one.hint.thread.version_at):
        before = found.get(one.key)
        hint = one.hint if before is None else _folded(before.hint, one.hint)
        found[one.key] = replace(one, hint=hint)
    return dict(sorted(found.items()))


def _folded(older: Hint, newer: Hint) -> Hint:
    """Return one hint that tells what two hints about one thread tell."""
    moved = older if older.archived is ArchivedReason.MOVED else newer
    return Hint(
        thread=replace(
            older.thread,
            **_carried(newer.thread)
            | {"details": {**older.thread.details, **newer.thread.details}},
        ),
        messages=_newest(*older.messages, *newer.messages),
        archived=moved.archived or older.archived,
        moved_to_url=moved.moved_to_url,
        changes_state=older.changes_state or newer.changes_state,
        review_threads=tuple(
            {one.node_id: one for one in (*older.review_threads, *newer.review_threads)}.values()
        ),
    )


def _newest(*messages: MessageRecord) -> tuple[MessageRecord, ...]:
    """Keep the newest record of each message, with all details, and whether it was deleted."""
    found: dict[tuple[MessageKind, str], MessageRecord] = {}
    for one in sorted(messages, key=lambda one: one.version_at):
        before = found.get((one.kind, one.external_id), one)
        found[one.kind, one.external_id] = replace(
            one,
            details={**before.details, **one.details},
            is_deleted=before.is_deleted or one.is_deleted,
        )
    return tuple(found.values())


def _carried(thread: ThreadRecord) -> dict[str, Any]:
    """Return the fields of THREAD that its payload carries."""
    values = {field.name: getattr(thread, field.name) for field in fields(thread)}
    return {name: value for name, value in values.items() if value is not UNSET}


def _authors_apply(hints: Iterable[SourceHint], received_at: datetime) -> _Authors:
    """Store the accounts that wrote."""
    by_server: dict[tuple[int, str], dict[str, Any]] = {}
    for one in hints:
        met = by_server.setdefault((one.source.workspace_id, one.source.provider), {})
        for author in (one.hint.thread.author, *(m.author for m in one.hint.messages)):
            if author is not None:
                met[author.external_id] = author
    return {
        (workspace_id, provider, external_id): pk
        for (workspace_id, provider), met in sorted(by_server.items())
        for external_id, pk in identities_meet(
            workspace_id=workspace_id,
            provider=provider,
            records=met.values(),
            seen_at=received_at,
        ).items()
    }


def _author_id(
    source: SourceKey, record: ThreadRecord | MessageRecord, authors: _Authors
) -> int | None:
    if record.author is None:
        return None
    return authors[source.workspace_id, source.provider, record.author.external_id]


def _threads_apply(by_thread: Mapping[_Key, SourceHint], authors: _Authors) -> dict[_Key, int]:
    """Store, lock and mark threads. Returns their primary keys."""
    columns = {key: _fields(one, authors) for key, one in by_thread.items()}
    rows = [(one.source.workspace_id, *key, columns[key]) for key, one in by_thread.items()]
    settles = {"settles": HINT_SETTLES_AFTER.total_seconds()}
    found = fetch_all(sql.MARK_THREADS, settles, Rows(sql.THREAD_COLUMNS, rows))
    threads = {(source, kind, number): pk for source, kind, number, pk, _ in found}
    known = [(pk, columns[source, kind, n]) for source, kind, n, pk, is_new in found if not is_new]
    if known:
        execute(sql.UPDATE_THREADS, {}, Rows(sql.KNOWN_COLUMNS, known))
    urgent = [threads[key] for key, one in by_thread.items() if one.hint.changes_state]
    if urgent:
        # The message about a change of state comes with a refetch only. A refetch that is under way
        # may miss it, and does not take away this mark, because it is younger.
        Thread.objects.filter(pk__in=urgent).update(refetch_at=Now())
    return threads


def _without_erased(
    by_thread: Mapping[_Key, SourceHint], people: Mapping[int, Erased]
) -> dict[_Key, SourceHint]:
    """Name nobody where hints name accounts that were erased."""
    by_source: dict[SourceKey, list[Hint]] = {}
    for one in by_thread.values():
        by_source.setdefault(one.source, []).append(one.hint)
    erased = {
        source: accounts_erased(
            source,
            (one.thread for one in met),
            (m for one in met for m in one.messages),
            erased=people[source.workspace_id],
        )
        for source, met in by_source.items()
    }
    return {
        key: replace(one, hint=_without(one.hint, erased[one.source]))
        for key, one in by_thread.items()
    }


def _without(hint: Hint, erased: Set[str]) -> Hint:
    return replace(
        hint,
        thread=thread_without(hint.thread, erased),
        messages=tuple(message_without(one, erased) for one in hint.messages),
    )


def _fields(one: SourceHint, authors: _Authors) -> dict[str, Any]:
    """Return the columns of a thread that its hint carries."""
    columns = _carried(one.hint.thread)
    for name in ("author", "kind", "number"):
        del columns[name]
    return {**columns, "author_id": _author_id(one.source, one.hint.thread, authors)}


def _threads_archive(by_thread: Mapping[_Key, SourceHint], threads: Mapping[_Key, int]) -> None:
    archived = [
        (threads[key], str(one.hint.archived), one.hint.moved_to_url)
        for key, one in by_thread.items()
        if one.hint.archived
    ]
    if archived:
        rows = Rows(GONE_COLUMNS, archived)
        execute(sql.ARCHIVE_THREADS, {}, rows)
        execute(ARCHIVE_MESSAGES_OF, {}, rows)


def _messages_apply(
    by_thread: Mapping[_Key, SourceHint],
    threads: Mapping[_Key, int],
    authors: _Authors,
    erased: Mapping[int, Erased],
) -> None:
    silenced = {pk for of_workspace in erased.values() for pk in of_workspace.silenced}
    batch = [
        _message_row(threads[key], message, _author_id(one.source, message, authors), silenced)
        for key, one in by_thread.items()
        for message in one.hint.messages
    ]
    # In the order of their keys, as all writers.
    rows = Rows(sql.MESSAGE_COLUMNS, sorted(batch, key=itemgetter(0, 1, 2)))
    execute(sql.UPSERT_MESSAGES, {}, rows)
    reviewed = {
        row[0] for row in batch if row[1] in (MessageKind.REVIEW, MessageKind.REVIEW_COMMENT)
    }
    if reviewed:
        params = {"workspaces": sorted(erased), "threads": sorted(reviewed)}
        execute(sql.DATE_REVIEW_COMMENTS, params)
    if any(message.is_deleted for one in by_thread.values() for message in one.hint.messages):
        execute(sql.ARCHIVE_MESSAGES, {}, rows)


def _message_row(
    thread_id: int, record: MessageRecord, author_id: int | None, silenced: Container[int | None]
) -> tuple[Any, ...]:
    return (
        thread_id,
        str(record.kind),
        record.external_id,
        author_id,
        "" if author_id in silenced else record.body,
        record.url,
        record.occurred_at,
        record.version_at,
        record.details,
        record.in_feed,
        record.is_deleted,
    )
