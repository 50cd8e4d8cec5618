"""The threads of snapshots become rows, with what they know about their own messages."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from dexxy.common.sql import Rows, execute_later, fetch_all
from dexxy.messages.answers import is_answer
from dexxy.messages.ingest import snapshots_sql as sql
from dexxy.messages.ingest.authors import Authors, author_id
from dexxy.messages.ingest.named_accounts import accounts_erased, thread_without
from dexxy.messages.ingest.records import UNSET, MessageRecord, Snapshot, SourceKey
from dexxy.messages.ingest.stored_threads import HINT_SETTLES_AFTER, StoredThread
from dexxy.messages.models import ThreadKind


def threads_apply(
    source: SourceKey, snapshots: Sequence[Snapshot], authors: Authors, *, asked_at: datetime
) -> list[StoredThread]:
    """Insert or update, and lock, the threads of SNAPSHOTS.

    Args:
        authors: as `authors_apply` returns them.

    Returns: the stored threads, in the order of the snapshots.
    """
    threads = (one.thread for one in snapshots)
    if erased := accounts_erased(source, threads, (), erased=authors.erased):
        snapshots = [replace(one, thread=thread_without(one.thread, erased)) for one in snapshots]
    # Rows are locked in the order of their keys, so that two writers cannot wait for each other.
    ordered = sorted(snapshots, key=lambda snapshot: (snapshot.thread.kind, snapshot.thread.number))
    rows = Rows(sql.THREAD_COLUMNS, [_thread_row(snapshot, authors) for snapshot in ordered])
    params = {
        "workspace": source.workspace_id,
        "source": source.source_id,
        "settled": asked_at - HINT_SETTLES_AFTER,
        "asked_at": asked_at,
    }
    keys = [(str(one.thread.kind), one.thread.number) for one in ordered]
    execute_later(sql.LOCK_THREADS, params, Rows(sql.THREAD_KEY_COLUMNS, keys))
    found = fetch_all(sql.UPSERT_THREADS, params, rows)
    written = {(kind, number) for kind, number, *_ in found}
    unchanged = [key for key in keys if key not in written]
    if unchanged:
        found += fetch_all(sql.FIND_THREADS, params, Rows(sql.THREAD_KEY_COLUMNS, unchanged))
    stored = {
        (kind, number): StoredThread(pk, kind, is_authoritative, is_new)
        for kind, number, pk, is_authoritative, is_new in found
    }
    return [stored[snapshot.thread.kind, snapshot.thread.number] for snapshot in snapshots]


def _thread_row(snapshot: Snapshot, authors: Authors) -> tuple[Any, ...]:
    record = snapshot.thread
    shown = [m for m in snapshot.messages if m.in_feed and not m.is_deleted]
    times = [message.occurred_at for message in shown]
    return (
        str(record.kind),
        record.number,
        record.external_id,
        record.node_id,
        record.title,
        str(record.state),
        record.state_reason,
        _shown(record.labels),
        _shown(record.category),
        record.milestone,
        record.issue_type,
        record.head_oid,
        record.is_locked,
        _shown(record.assignees),
        record.details,
        record.url,
        author_id(record.author, authors),
        record.opened_at,
        record.closed_at,
        record.merged_at,
        record.answered_at,
        record.version_at,
        len(shown),
        min(times, default=record.opened_at),
        max(times, default=record.opened_at),
        _first_responses(record.kind, shown, authors),
    )


def _shown(value: object) -> object:
    """Return what a thread says of itself; None where the platform keeps that back."""
    return None if value is UNSET else value


def _first_responses(
    kind: ThreadKind, messages: Iterable[MessageRecord], authors: Authors
) -> list[dict[str, object]]:
    """Return when each account first wrote or did something that may answer the opening.

    Whether it does depends on members, so the INSERT decides it.
    """
    first: dict[int, datetime] = {}
    for message in messages:
        author = author_id(message.author, authors)
        if author is not None and is_answer(kind, message.kind, message.details):
            first[author] = min(message.occurred_at, first.get(author, message.occurred_at))
    return [{"author_id": author, "at": at} for author, at in first.items()]
