"""Lists of whole threads, read page by page: a repository's streams, and its sweeps.

A stream first goes up by creation, later down by update to where the last scan began. A sweep
goes up by creation every time: what it does not meet, GitHub does not show any more.
"""

from datetime import timedelta
from typing import Any

from dexxy.integrations.models import StreamName, SyncStream
from dexxy.integrations.services.github.access.repository_state import page_stored
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.errors import answer_shape
from dexxy.integrations.services.github.api.queries import (
    PAGE_LIMIT,
    THREAD_TYPES,
    list_document,
    skip_document,
)
from dexxy.integrations.services.github.api.values import (
    Page,
    Payload,
    number_of,
    page_of,
)
from dexxy.integrations.services.github.mapping.pages import read_threads
from dexxy.integrations.services.github.mapping.threads import MappedThread
from dexxy.integrations.services.github.reading import parts
from dexxy.integrations.services.github.reading.page_frame import (
    Listing,
    listing_of,
    refuse_circle,
    time_in,
)
from dexxy.integrations.services.github.reading.problems import problem_note
from dexxy.integrations.services.github.reading.receipt import sweep_meets
from dexxy.integrations.services.github.reading.session import Reading
from dexxy.integrations.services.github_client import Answer
from dexxy.messages.ingest.snapshots import snapshots_apply, threads_missing
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
    try:
        _read_page(reading, stream, kind)
    except errors.CursorRefusedError as error:
        _restart(reading, stream, error)


def _read_page(reading: Reading, stream: SyncStream, kind: ThreadKind) -> None:
    size = _size(stream)
    variables = _variables(reading, stream, size)
    try:
        answer = reading.query(
            _DOCUMENTS[kind], variables, may_miss=["repository.list"], is_smallest=size == 1
        )
        listing = listing_of(reading, kind, answer)
        refuse_circle(listing.page, variables["after"])
        if listing.page.goes_on and _has_read(stream) > 2 * listing.total + PAGE_LIMIT:
            raise errors.CursorRefusedError("It goes on behind all that there is.")
        _store(reading, stream, kind, listing, answer)
    except errors.QueryTooHeavyError as error:
        if size == 1:
            _step_over(reading, stream, kind, error)
        else:
            with reading.storing():
                SyncStream.objects.filter(pk=stream.pk).update(page_size=size // 2)


def _has_read(stream: SyncStream) -> int:
    """Return how many threads this scan has read so far."""
    return stream.read if stream.scan_started_at else 0


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


def _store(
    reading: Reading, stream: SyncStream, kind: ThreadKind, listing: Listing, answer: Answer
) -> None:
    nodes = listing.page.nodes
    fresh = [node for node in nodes if not _is_known(stream, node)]
    threads, unreadable = read_threads(kind, fresh)
    if stream.name in SWEEPS and listing.is_enabled:
        # Apart, because threads are locked in the order of their keys, and these come in between.
        with reading.storing():
            _mark_missing(reading, stream, kind, listing.page)
    with reading.storing():
        stored = snapshots_apply(
            reading.place, [t.snapshot for t in threads], asked_at=answer.asked_at
        )
        open_lists = [thread.open_lists for thread in threads]
        sweep = stream if stream.name in SWEEPS else None
        parts.replace(reading.repository, stored, open_lists, answer.asked_at, sweep=sweep)
        if sweep:
            sweep_meets(sweep, (m for thread in threads for m in thread.snapshot.messages))
        for thread in unreadable:
            problem_note(reading.repository, kind, thread.number, thread.error)
        _advance(stream, listing, answer, reached=len(fresh) < len(nodes))
        _note(reading, stream, kind, listing, answer)
        reading.count(threads=len(threads), messages=_messages_in(threads))


def _is_known(stream: SyncStream, node: Payload) -> bool:
    """Tell whether a thread was read by an earlier scan and has not changed since."""
    if stream.watermark is None:
        return False
    updated_at = time_in(node, "updatedAt")
    return updated_at is not None and updated_at < stream.watermark


def _messages_in(threads: list[MappedThread]) -> int:
    return sum(len(thread.snapshot.messages) for thread in threads)


def _advance(stream: SyncStream, listing: Listing, answer: Answer, *, reached: bool) -> None:
    """Move the cursor behind the page, and end the scan after its last one.

    From the newest update down, everything behind a known thread is known, too. A feature that
    is switched off has shown nothing, so what it holds is still to be read once it is on.
    """
    if stream.scan_started_at is None:
        stream.scan_started_at, stream.read = answer.date, 0
    stream.read += len(listing.page.nodes)
    stream.cursor = listing.page.end
    stream.expected = listing.total if stream.watermark is None else None
    stream.page_size = _next_size(stream.page_size or PAGE_LIMIT, answer.size)
    if reached or not listing.page.goes_on:
        _end_scan(stream, is_enabled=listing.is_enabled)
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


def _mark_missing(reading: Reading, stream: SyncStream, kind: ThreadKind, page: Page) -> None:
    """Mark the stored threads that the sweep should have met by now, but did not.

    The threads of the page's last second may go on on the next page, so they wait for it.
    """
    opened = [(number_of(node), time_in(node, "createdAt")) for node in page.nodes]
    until = next((at for _, at in reversed(opened) if at), stream.swept_until)
    met = [*stream.swept_numbers, *(number for number, _ in opened)]
    if until or not page.goes_on:
        threads_missing(
            reading.place,
            kind,
            since=stream.swept_until,
            before=until if page.goes_on else None,
            numbers=met,
        )
    # One whose time cannot be read may be of any second.
    of_last_second = [number for number, at in opened if at in (until, None)]
    same_second = stream.swept_numbers if stream.swept_until == until else []
    stream.swept_until, stream.swept_numbers = until, [*same_second, *of_last_second]


def _note(
    reading: Reading, stream: SyncStream, kind: ThreadKind, listing: Listing, answer: Answer
) -> None:
    """Write down what the answer says about the repository itself."""
    repository = reading.repository
    repository.full_name = listing.full_name
    repository.name = repository.full_name.split("/")[1]
    fields = ["full_name", "name"]
    if stream.name in _CURSOR_FIELDS:
        fields.append(_CURSOR_FIELDS[StreamName(stream.name)])
        setattr(repository, fields[-1], stream.cursor)
    page_stored(repository, fields)
    reading.run.receipt[kind] = {
        "github": listing.total,
        "taken_at": answer.date.isoformat(),
        "is_enabled": listing.is_enabled,
    }


def _restart(reading: Reading, stream: SyncStream, error: errors.CursorRefusedError) -> None:
    """Start a scan from its beginning; what it stored already is not doubled.

    Raises:
        UnexpectedAnswerError: that does not help.
    """
    reading.restarting(error)
    with reading.storing():
        stream.cursor, stream.scan_started_at, stream.read = "", None, 0
        stream.swept_until, stream.swept_numbers, stream.met = None, [], {}
        stream.save()


def _step_over(
    reading: Reading, stream: SyncStream, kind: ThreadKind, error: errors.GitHubError
) -> None:
    """Leave out the one thread that cannot be read, write it down, and go on behind it."""
    # What a page that could not be stored has changed of it is not true.
    stream.refresh_from_db()
    variables = _variables(reading, stream, 1)
    answer = reading.query(skip_document(kind), variables)
    found = reading.repository_of(answer)
    with answer_shape(f"{kind}s"):
        page = page_of(found["list"])
        # Where there is no number either, GitHub shows nothing there.
        numbers = [number_of(node) for node in page.nodes if node]
    refuse_circle(page, variables["after"])
    with reading.storing():
        for number in numbers:
            problem_note(reading.repository, kind, number, error)
        if stream.scan_started_at is None:
            stream.scan_started_at = answer.date
        stream.swept_numbers = [*stream.swept_numbers, *numbers]
        stream.cursor = page.end
        stream.page_size = GROWTH
        if not page.goes_on:
            _end_scan(stream, is_enabled=True)
        stream.save()
