"""The messages of snapshots become rows: what is new by COPY, what may be stored by an upsert."""

from collections.abc import Sequence, Set
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson
from django.utils import timezone

from dexxy.common.sql import Rows, Statement, copy_into, execute_later, run_together
from dexxy.messages.changes.noting import new_messages_note
from dexxy.messages.ingest import snapshots_sql as sql
from dexxy.messages.ingest.authors import Authors, author_id
from dexxy.messages.ingest.named_accounts import accounts_erased, message_without
from dexxy.messages.ingest.records import MessageRecord, SourceKey
from dexxy.messages.ingest.stored_threads import StoredThread
from dexxy.messages.models import ArchivedReason

# A message with the row of its thread.
ThreadMessage = tuple[StoredThread, MessageRecord]


def messages_apply(source: SourceKey, batch: Sequence[ThreadMessage], authors: Authors) -> None:
    """Store messages of locked threads. Links and counts are left to `settling`.

    Args:
        authors: as `authors_apply` returns them.
    """
    batch = _without_silenced(batch, authors)
    named = (message for _, message in batch)
    if erased := accounts_erased(source, (), named, erased=authors.erased):
        batch = [(thread, message_without(message, erased)) for thread, message in batch]
    ordered = sorted(batch, key=_key)
    stored, now = _stored(source, [pair for pair in ordered if not pair[0].is_new])
    new: list[ThreadMessage] = []
    others: list[ThreadMessage] = []
    for pair in ordered:
        (new if _is_new(pair, stored) else others).append(pair)
    _copy(source, new, authors, now)
    _upsert(source, others, authors)


def _key(pair: ThreadMessage) -> tuple[int, str, str]:
    return pair[0].id, pair[1].kind, pair[1].external_id


def _is_new(pair: ThreadMessage, stored: Set[tuple[int, str, str]]) -> bool:
    """Tell whether a message is not stored, and the note of those of its thread tells of it."""
    thread, message = pair
    return thread.is_new or not (message.is_deleted or _key(pair) in stored)


def _stored(
    source: SourceKey, batch: Sequence[ThreadMessage]
) -> tuple[Set[tuple[int, str, str]], datetime]:
    """Return the keys of those of some messages of locked threads that are stored, and the time."""
    if not batch:
        return frozenset(), timezone.now()
    keys = [(thread.id, str(message.kind), message.external_id) for thread, message in batch]
    params = {"workspace": source.workspace_id}
    rows = Rows(sql.MESSAGE_KEY_COLUMNS, keys)
    found, now = run_together(
        [Statement(sql.FIND_MESSAGES, params, rows), Statement("SELECT clock_timestamp()")]
    )
    return {(thread, kind, key) for thread, kind, key in found.rows}, now.rows[0][0]


def _without_silenced(batch: Sequence[ThreadMessage], authors: Authors) -> Sequence[ThreadMessage]:
    """Empty the bodies of what erased people write (rule M9)."""
    silenced = authors.erased.silenced
    if not silenced:
        return batch
    return [
        (thread, replace(m, body="") if author_id(m.author, authors) in silenced else m)
        for thread, m in batch
    ]


def _copy(
    source: SourceKey, batch: Sequence[ThreadMessage], authors: Authors, now: datetime
) -> None:
    """Store messages that are not stored yet, of threads that this transaction has locked."""
    if not batch:
        return
    rest = (source.workspace_id, source.source_id, str(now), str(now))
    rows = []
    for thread, message in batch:
        *row, details, in_feed, version_at = _message_row(thread, message, authors)
        archived = (True, ArchivedReason.DELETED.value) if message.is_deleted else (False, "")
        json = orjson.dumps(details).decode()
        rows.append((*row, json, in_feed, min(version_at, now), *archived, *rest))
    copy_into("messages_message", sql.NEW_MESSAGE, rows)
    # The note of a thread that is new stands for all that came with it.
    if known := sorted({thread.id for thread, _ in batch if not thread.is_new}):
        new_messages_note(source.workspace_id, known, now)


def _upsert(source: SourceKey, batch: Sequence[ThreadMessage], authors: Authors) -> None:
    rows = [
        (*_message_row(thread, message, authors), thread.is_authoritative, message.is_deleted)
        for thread, message in batch
    ]
    params = {"workspace": source.workspace_id, "source": source.source_id}
    for authoritative in {thread.is_authoritative for thread, _ in batch}:
        execute_later(
            sql.UPSERT_MESSAGES,
            {**params, "authoritative": authoritative},
            Rows(sql.MESSAGE_COLUMNS, rows),
        )


def _message_row(thread: StoredThread, record: MessageRecord, authors: Authors) -> tuple[Any, ...]:
    return (
        thread.id,
        thread.kind,
        str(record.kind),
        record.external_id,
        author_id(record.author, authors),
        record.body,
        record.url,
        record.occurred_at,
        record.edited_at,
        record.details,
        record.in_feed,
        record.version_at,
    )
