"""The messages of snapshots become rows: what is new by COPY, what may be stored by an upsert."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
from django.utils import timezone

from dexxy.common.sql import Rows, copy_into, execute
from dexxy.members.erasure.digests import accounts_silenced
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
    batch = _without_silenced(source.workspace_id, batch, authors)
    if erased := accounts_erased(source, (), (message for _, message in batch)):
        batch = [(thread, message_without(message, erased)) for thread, message in batch]
    ordered = sorted(batch, key=lambda pair: (pair[0].id, pair[1].kind, pair[1].external_id))
    _copy(source, [pair for pair in ordered if pair[0].is_new], authors)
    _upsert(source, [pair for pair in ordered if not pair[0].is_new], authors)


def _without_silenced(
    workspace_id: int, batch: Sequence[ThreadMessage], authors: Authors
) -> Sequence[ThreadMessage]:
    """Empty the bodies of what erased people write (rule M9)."""
    silenced = accounts_silenced(workspace_id)
    if not silenced:
        return batch
    return [
        (thread, replace(m, body="") if author_id(m.author, authors) in silenced else m)
        for thread, m in batch
    ]


def _copy(source: SourceKey, batch: Sequence[ThreadMessage], authors: Authors) -> None:
    """Store messages of threads that this transaction made: nobody else can have written one."""
    if not batch:
        return
    now = timezone.now()
    rest = (source.workspace_id, source.source_id, str(now), str(now))
    rows = []
    for thread, message in batch:
        *row, details, in_feed, version_at = _message_row(thread, message, authors)
        archived = (True, ArchivedReason.DELETED.value) if message.is_deleted else (False, "")
        json = orjson.dumps(details).decode()
        rows.append((*row, json, in_feed, min(version_at, now), *archived, *rest))
    copy_into("messages_message", sql.NEW_MESSAGE, rows)


def _upsert(source: SourceKey, batch: Sequence[ThreadMessage], authors: Authors) -> None:
    rows = [
        (*_message_row(thread, message, authors), thread.is_authoritative, message.is_deleted)
        for thread, message in batch
    ]
    params = {"workspace": source.workspace_id, "source": source.source_id}
    for authoritative in {thread.is_authoritative for thread, _ in batch}:
        execute(
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
