"""Lists of whole threads, read page by page: a repository's streams, and its sweeps.

A stream first goes up by creation, later down by update to where the last scan began. A sweep
goes up by creation every time: what it does not meet, GitHub does not show any more.
"""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from dexxy.integrations.models import StreamName, SyncStream
from dexxy.integrations.services import github_errors as errors
from dexxy.integrations.services import github_parts as parts
from dexxy.integrations.services.github_client import Answer
from dexxy.integrations.services.github_lease import LEASE_SECONDS
from dexxy.integrations.services.github_mapping import THREADS, MappedThread
from dexxy.integrations.services.github_problems import problem_note
from dexxy.integrations.services.github_queries import (
    PAGE_LIMIT,
    THREAD_TYPES,
    list_document,
    skip_document,
)
from dexxy.integrations.services.github_reading import Reading, documented
from dexxy.messages.ingest import snapshots_apply, threads_missing
from dexxy.messages.models import ThreadKind

# An update that GitHub shows late must not fall between two scans.
WATERMARK_OVERLAP = timedelta(minutes=5)
# Threads in the first page of a scan for what is new.
FIRST_LOOK = 10
# How fast a page grows back after it had to be halved.
GROWTH = 5
# Bytes of an answer beyond which the next page is smaller: memory stays flat.
LARGE_ANSWER = 6_000_000

THREAD_LISTS = {
    StreamName.ISSUES: ThreadKind.ISSUE,
    StreamName.PULL_REQUESTS: ThreadKind.PULL_REQUEST,
    StreamName.DISCUSSIONS: ThreadKind.DISCUSSION,
}
SWEEPS = {
    StreamName.SWEEP_ISSUES: ThreadKind.ISSUE,
    StreamName.SWEEP_PULL_REQUESTS: ThreadKind.PULL_REQUEST,
    StreamName.SWEEP_DISCUSSIONS: ThreadKind.DISCUSSION,
}
# GitHubRepository's mirrors of the cursors.
_CURSOR_FIELDS = {
    StreamName.ISSUES: "issues_cursor",
    StreamName.PULL_REQUESTS: "prs_cursor",
    StreamName.DISCUSSIONS: "discussions_cursor",
}
_DOCUMENTS = {kind: list_document(kind) for kind in THREAD_TYPES}


def read_page(reading: Reading, stream: SyncStream, kind: ThreadKind) -> None:
    """Read and store the next page of a list of threads.

    Raises:
        DexxyError: the page could not be read; nothing of it was stored.
    """
    size = _size(stream)
    try:
        answer = reading.query(
            _DOCUMENTS[kind],
            _variables(reading, stream, size),
            may_miss=["repository.list"],
            is_smallest=size == 1,
        )
    except errors.CursorRefusedError:
        _restart(stream)
    except errors.QueryTooHeavyError as error:
        if size == 1:
            _step_over(reading, stream, kind, error)
        else:
            SyncStream.objects.filter(pk=stream.pk).update(page_size=size // 2)
    else:
        _store(reading, stream, kind, answer)


def _size(stream: SyncStream) -> int:
    """Return how many threads to ask for.

    Points are counted by what may be in a page, and most scans for what is new find little.
    """
    size = stream.page_size or PAGE_LIMIT
    is_first_look = stream.watermark is not None and stream.scan_started_at is None
    return min(size, FIRST_LOOK) if is_first_look else size


def _variables(reading: Reading, stream: SyncStream, size: int) -> dict[str, Any]:
    up = stream.watermark is None
    order = {"field": "CREATED_AT", "direction": "ASC"}
    if not up:
        order = {"field": "UPDATED_AT", "direction": "DESC"}
    after = stream.cursor if stream.scan_started_at else None
    return {**reading.name, "first": size, "after": after, "order": order}


def _store(reading: Reading, stream: SyncStream, kind: ThreadKind, answer: Answer) -> None:
    found = reading.repository_of(answer)
    with documented(f"{kind}s"):
        listing = found["list"] or _nothing()
        nodes = [node for node in listing["nodes"] if node]
        fresh = [node for node in nodes if not _is_known(stream, node)]
        threads = [THREADS[kind](node) for node in fresh]
    if stream.name in SWEEPS and _is_enabled(kind, found):
        # Apart, because threads are locked in the order of their keys, and these come in between.
        with reading.storing():
            _mark_missing(reading, stream, kind, nodes, listing)
    with reading.storing():
        stored = snapshots_apply(
            reading.place, [t.snapshot for t in threads], asked_at=answer.asked_at
        )
        open_lists = [thread.open_lists for thread in threads]
        parts.replace(reading.repository, stored, open_lists, answer.asked_at)
        reached = len(fresh) < len(nodes)
        _advance(stream, listing, answer, reached=reached, is_enabled=_is_enabled(kind, found))
        _note(reading, stream, kind, found, listing, answer)
        reading.count(threads=len(threads), messages=_messages_in(threads))


def _nothing() -> dict[str, Any]:
    return {
        "totalCount": 0,
        "nodes": [],
        "pageInfo": {"hasNextPage": False, "endCursor": None},
    }


def _is_known(stream: SyncStream, node: Any) -> bool:
    """Tell whether a thread was read by an earlier scan and has not changed since."""
    if stream.watermark is None:
        return False
    return datetime.fromisoformat(node["updatedAt"]) < stream.watermark


def _is_enabled(kind: ThreadKind, found: dict[str, Any]) -> bool:
    field = THREAD_TYPES[kind].enabled_field
    return not field or bool(found[field])


def _messages_in(threads: list[MappedThread]) -> int:
    return sum(len(thread.snapshot.messages) for thread in threads)


def _advance(
    stream: SyncStream, listing: Any, answer: Answer, *, reached: bool, is_enabled: bool
) -> None:
    """Move the cursor behind the page, and end the scan after its last one.

    From the newest update down, everything behind a known thread is known, too. A feature that
    is switched off has shown nothing, so what it holds is still to be read once it is on.
    """
    if stream.scan_started_at is None:
        stream.scan_started_at, stream.read = answer.date, 0
    info = listing["pageInfo"]
    stream.read += len(listing["nodes"])
    stream.cursor = info["endCursor"] or ""
    stream.expected = listing["totalCount"] if stream.watermark is None else None
    stream.page_size = _next_size(stream.page_size or PAGE_LIMIT, answer.size)
    if reached or not info["hasNextPage"]:
        _end_scan(stream, is_enabled=is_enabled)
    stream.save()


def _end_scan(stream: SyncStream, *, is_enabled: bool) -> None:
    if stream.name in THREAD_LISTS and is_enabled and stream.scan_started_at:
        stream.watermark = stream.scan_started_at - WATERMARK_OVERLAP
    stream.scan_started_at = stream.swept_until = None
    stream.swept_numbers = []
    stream.is_done = True


def _next_size(size: int, answer_size: int) -> int:
    if answer_size > LARGE_ANSWER:
        return max(1, size // 2)
    return min(PAGE_LIMIT, size + GROWTH)


def _mark_missing(
    reading: Reading, stream: SyncStream, kind: ThreadKind, nodes: list[Any], listing: Any
) -> None:
    """Mark the stored threads that the sweep should have met by now, but did not.

    The threads of the page's last second may go on on the next page, so they wait for it.
    """
    is_end = not listing["pageInfo"]["hasNextPage"]
    until = datetime.fromisoformat(nodes[-1]["createdAt"]) if nodes else stream.swept_until
    met = [*stream.swept_numbers, *(node["number"] for node in nodes)]
    threads_missing(
        reading.place,
        kind,
        since=stream.swept_until,
        before=None if is_end else until,
        numbers=met,
    )
    of_last_second = [n["number"] for n in nodes if datetime.fromisoformat(n["createdAt"]) == until]
    same_second = stream.swept_numbers if stream.swept_until == until else []
    stream.swept_until, stream.swept_numbers = until, [*same_second, *of_last_second]


def _note(
    reading: Reading,
    stream: SyncStream,
    kind: ThreadKind,
    found: dict[str, Any],
    listing: Any,
    answer: Answer,
) -> None:
    """Write down what the answer says about the repository itself."""
    repository = reading.repository
    repository.full_name = found["nameWithOwner"]
    repository.name = repository.full_name.split("/")[1]
    # Due again soon, should this process die before it says when.
    repository.next_sync_at = timezone.now() + timedelta(seconds=LEASE_SECONDS)
    fields = ["full_name", "name", "next_sync_at", "updated_at"]
    if stream.name in _CURSOR_FIELDS:
        fields.append(_CURSOR_FIELDS[StreamName(stream.name)])
        setattr(repository, fields[-1], stream.cursor)
    repository.save(update_fields=fields)
    reading.run.receipt[kind] = {
        "github": listing["totalCount"],
        "taken_at": answer.date.isoformat(),
        "is_enabled": _is_enabled(kind, found),
    }


def _restart(stream: SyncStream) -> None:
    """Start a scan from its beginning; what it stored already is not doubled."""
    stream.cursor, stream.scan_started_at, stream.read = "", None, 0
    stream.swept_until, stream.swept_numbers = None, []
    stream.save()


def _step_over(
    reading: Reading, stream: SyncStream, kind: ThreadKind, error: errors.GitHubError
) -> None:
    """Leave out the one thread that cannot be read, write it down, and go on behind it."""
    answer = reading.query(skip_document(kind), _variables(reading, stream, 1))
    found = reading.repository_of(answer)
    with documented(f"{kind}s"):
        listing = found["list"]
        numbers = [node["number"] for node in listing["nodes"] if node]
    with reading.storing():
        for number in numbers:
            problem_note(reading.repository, kind, number, error)
        if stream.scan_started_at is None:
            stream.scan_started_at = answer.date
        stream.swept_numbers = [*stream.swept_numbers, *numbers]
        stream.cursor = listing["pageInfo"]["endCursor"] or ""
        stream.page_size = GROWTH
        if not listing["pageInfo"]["hasNextPage"]:
            _end_scan(stream, is_enabled=True)
        stream.save()
