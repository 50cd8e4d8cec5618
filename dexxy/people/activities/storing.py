"""Store what was told, in batches that are each a transaction; a killed one is done again."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import groupby, islice
from typing import Any

import orjson
from django.db import transaction

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.services import audit
from dexxy.members.erasure.digests import erasures_hold_off
from dexxy.members.ingest.feeding import (
    FedPerson,
    account_by_id,
    accounts_of_erased,
    people_feed,
)
from dexxy.members.ingest.records import IdentityRecord
from dexxy.members.models import IdentityKind
from dexxy.messages.ingest.feeding import FedThread, feeding_wait, sources_date, threads_feed
from dexxy.messages.ingest.records import MessageRecord, SourceKey, ThreadRecord
from dexxy.messages.models import MessageKind, ThreadKind, ThreadState
from dexxy.people.activities.lines import LineKind
from dexxy.people.activities.staging import Row, Stage
from dexxy.sources.feeding import FedSource, sources_fed, sources_feed

_PEOPLE_AT_ONCE = 1_000
# Of one transaction: rows, and bytes of what was told of them.
_MESSAGES_AT_ONCE, _BYTES_AT_ONCE = 2_000, 4_000_000
# Of more accounts the ids are not kept: all are counted anew.
_MOST_AUTHORS = 50_000

# Called with how many more threads and messages were stored.
Progress = Callable[[int], None]


@dataclass
class Stored:
    """What became of what was told.

    Args:
        new_threads, new_messages: how many were not there before.
        authors: the accounts that wrote; None where there are too many of them.
    """

    new_threads: int = 0
    new_messages: int = 0
    authors: set[int] | None = field(default_factory=set)


def stage_store(
    workspace: Workspace,
    stage: Stage,
    *,
    told_at: datetime,
    actor: User | None = None,
    progress: Progress = lambda _rows: None,
) -> Stored:
    """Store all lines of a stage that was checked.

    Args:
        told_at: when it was told, by our clock.
        actor: who wants it; None for a command, which nobody is signed in to.
    """
    _sources_store(workspace, stage, actor)
    erased = _people_store(workspace, stage, told_at)
    sources, done, fed = sources_fed(workspace), Stored(), set[int]()
    for provider, name, batch in _batches(stage.rows(LineKind.THREAD)):
        # What belongs to nothing that is there or told is deleted: there is nothing to do.
        if (source_id := sources.get((provider, name))) is None:
            continue
        source = SourceKey(workspace.pk, source_id, provider)
        _threads_store(source, batch, erased, done, told_at)
        fed.add(source_id)
        progress(sum(_weight(one) for one in batch))
    told = [(row.provider, row.name) for row in stage.rows(LineKind.SOURCE)]
    fed |= {sources[key] for key in told if key in sources}
    sources_date(fed, fed_at=told_at)
    return done


@transaction.atomic
def _sources_store(workspace: Workspace, stage: Stage, actor: User | None) -> None:
    feeding_wait(workspace.pk)
    told = [_source(row) for row in _newest(stage.rows(LineKind.SOURCE))]
    for source in sources_feed(workspace, told):
        what = "source.removed" if source.is_archived else "source.fed"
        audit(workspace, actor, what, source, provider=source.server, name=source.name)


def _people_store(workspace: Workspace, stage: Stage, told_at: datetime) -> set[tuple[str, str]]:
    """Store accounts; return provider and id of those that erased people show."""
    erased = set()
    rows = _newest(stage.rows(LineKind.PERSON))
    for provider, of_one in groupby(rows, key=lambda row: row.provider):
        while batch := [_person(row) for row in islice(of_one, _PEOPLE_AT_ONCE)]:
            with transaction.atomic():
                found = people_feed(workspace.pk, provider, batch, told_at=told_at)
            erased |= {(provider, one) for one in found}
    return erased


def _threads_store(
    source: SourceKey,
    batch: Sequence[FedThread],
    erased: set[tuple[str, str]],
    done: Stored,
    told_at: datetime,
) -> None:
    with transaction.atomic():
        erasures_hold_off(source.workspace_id)
        authors = {one for thread in batch for one in _authors(thread)}
        gone = accounts_of_erased(
            source.workspace_id, source.provider, {one: (one, "") for one in authors}
        )
        gone |= {one for one in authors if (source.provider, one) in erased}
        fed = threads_feed(source, [_without(one, gone) for one in batch], told_at=told_at)
    done.new_threads += fed.threads
    done.new_messages += fed.messages
    if done.authors is not None:
        done.authors |= fed.authors
        if len(done.authors) > _MOST_AUTHORS:
            done.authors = None


def _newest(rows: Iterable[Row]) -> Iterator[Row]:
    """Keep the newest line about each thing."""
    for _, of_one in groupby(rows, key=lambda row: row.key):
        *_, newest = of_one
        yield newest


def _batches(rows: Iterable[Row]) -> Iterator[tuple[str, str, list[FedThread]]]:
    """Yield provider and name of a source, and threads of it that are stored together."""
    for (provider, source), of_one in groupby(rows, key=lambda row: (row.provider, row.source)):
        batch: list[FedThread] = []
        weight = size = 0
        for thread, bytes_ in _threads(_newest(of_one)):
            if batch and (
                batch[-1].external_id == thread.external_id
                or weight + _weight(thread) > _MESSAGES_AT_ONCE
                or size + bytes_ > _BYTES_AT_ONCE
            ):
                yield provider, source, batch
                batch, weight, size = [], 0, 0
            batch.append(thread)
            weight += _weight(thread)
            size += bytes_
        if batch:
            yield provider, source, batch


def _threads(rows: Iterable[Row]) -> Iterator[tuple[FedThread, int]]:
    """Yield the threads of a source with the bytes of each; a very long one in several pieces."""
    for name, of_one in groupby(rows, key=lambda row: row.thread):
        messages: list[MessageRecord] = []
        thread, size = FedThread(name), 0
        for row in of_one:
            size += len(row.given)
            if row.kind == LineKind.THREAD:
                thread = _thread(row)
                continue
            messages.append(_message(row))
            if len(messages) == _MESSAGES_AT_ONCE or size > _BYTES_AT_ONCE:
                yield replace(thread, messages=messages), size
                thread, messages, size = FedThread(name), [], 0
        if messages or thread.record or thread.gone_at:
            yield replace(thread, messages=messages), size


def _weight(thread: FedThread) -> int:
    return len(thread.messages) + (thread.record is not None)


def _authors(thread: FedThread) -> Iterator[str]:
    if thread.record and thread.record.author:
        yield thread.record.author.external_id
    for message in thread.messages:
        if message.author:
            yield message.author.external_id


def _without(thread: FedThread, gone: set[str]) -> FedThread:
    """Name nobody, and leave out the words, where somebody wrote who was erased."""
    if gone.isdisjoint(_authors(thread)):
        return thread
    record, body = thread.record, thread.body
    if record and record.author and record.author.external_id in gone:
        record, body = replace(record, author=None), ""
    messages = [
        replace(one, author=None, body="") if one.author and one.author.external_id in gone else one
        for one in thread.messages
    ]
    return replace(thread, record=record, body=body, messages=messages)


def _source(row: Row) -> FedSource:
    given = orjson.loads(row.given)
    return FedSource(
        provider=row.provider,
        external_id=row.name,
        name=given.get("name", ""),
        url=given.get("url", ""),
        is_deleted=bool(row.is_deleted),
    )


def _person(row: Row) -> FedPerson:
    given = orjson.loads(row.given)
    account = IdentityRecord(
        external_id=row.name,
        kind=IdentityKind.BOT if given.get("bot") else IdentityKind.USER,
        username=given.get("username", row.name),
        name=given.get("name", ""),
        avatar_url=given.get("avatar_url", ""),
        url=given.get("url", ""),
        version_at=_time(given, "updated_at"),
    )
    return FedPerson(
        account,
        email=given.get("email"),
        is_email_verified=given.get("email_verified", False),
        links=given.get("links"),
    )


def _thread(row: Row) -> FedThread:
    given, version_at = orjson.loads(row.given), datetime.fromisoformat(row.version_at)
    if row.is_deleted:
        return FedThread(row.thread, gone_at=version_at)
    record = ThreadRecord(
        kind=ThreadKind(given.get("kind", ThreadKind.DISCUSSION)),
        number=0,
        external_id=row.thread,
        node_id="",
        title=given["title"],
        state=ThreadState(given.get("state", ThreadState.OPEN)),
        url=given.get("url", ""),
        author=_author(given),
        opened_at=datetime.fromisoformat(given["opened_at"]),
        version_at=version_at,
        labels=tuple(given.get("labels", ())),
        category=given.get("category", ""),
        closed_at=_time(given, "closed_at"),
        answered_at=_time(given, "answered_at"),
    )
    return FedThread(row.thread, record, body=given.get("body", ""))


def _message(row: Row) -> MessageRecord:
    given, version_at = orjson.loads(row.given), datetime.fromisoformat(row.version_at)
    occurred_at = _time(given, "occurred_at") or version_at
    return MessageRecord(
        kind=MessageKind(row.message_kind),
        external_id=row.name,
        author=_author(given),
        occurred_at=occurred_at,
        version_at=version_at,
        body=given.get("body", ""),
        url=given.get("url", ""),
        edited_at=version_at if version_at > occurred_at else None,
        details={"in_reply_to": given["parent"]} if "parent" in given else {},
        is_deleted=bool(row.is_deleted),
    )


def _author(given: dict[str, Any]) -> IdentityRecord | None:
    name = given.get("author")
    return account_by_id(name) if name else None


def _time(given: dict[str, Any], name: str) -> datetime | None:
    return datetime.fromisoformat(given[name]) if name in given else None
