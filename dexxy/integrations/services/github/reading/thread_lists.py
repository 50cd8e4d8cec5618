"""Lists of whole threads, read page by page: a repository's streams, and its sweeps."""

from typing import Any

from dexxy.integrations.models import StreamName, SyncStream
from dexxy.integrations.services.github.access.repository_state import page_stored
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.errors import answer_shape
from dexxy.integrations.services.github.api.optional_fields import of_repository
from dexxy.integrations.services.github.api.queries import (
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
from dexxy.integrations.services.github.reading.page_frame import (
    Listing,
    listing_of,
    refuse_circle,
    time_in,
)
from dexxy.integrations.services.github.reading.part_rows import parts_replace
from dexxy.integrations.services.github.reading.problems import (
    problem_note,
    threads_are_read,
    unnumbered_expect,
    unnumbered_forget,
    unnumbered_note,
)
from dexxy.integrations.services.github.reading.receipt import messages_counted, sweep_meets
from dexxy.integrations.services.github.reading.request_sizes import size_failed
from dexxy.integrations.services.github.reading.scans import (
    SWEEPS,
    page_size,
    page_variables,
    position_of,
    position_set,
    refuse_endless,
    scan_advance,
    scan_restart,
    scan_step_over,
)
from dexxy.integrations.services.github.reading.session import Reading
from dexxy.integrations.services.github_client import Answer
from dexxy.messages.ingest.names import Named, names_gone
from dexxy.messages.ingest.refetch_reasons import threads_missing
from dexxy.messages.ingest.snapshots import snapshots_apply
from dexxy.messages.models import ThreadKind
from dexxy.outgoing.privacy import source_visibility_note
from dexxy.sources.growth import counts_note

# GitHubRepository's mirrors of the cursors.
_CURSOR_FIELDS = {
    StreamName.ISSUES: "issues_cursor",
    StreamName.PULL_REQUESTS: "prs_cursor",
    StreamName.DISCUSSIONS: "discussions_cursor",
}
# Where the names are kept that a repository had when last asked.
_NAME_FIELDS = {Named.LABEL: "label_names", Named.MILESTONE: "milestone_titles"}
_MAY_LACK = [
    "repository.list",
    "repository.labels",
    "repository.milestones",
    *of_repository(),
]
_DOCUMENTS = {kind: list_document(kind) for kind in THREAD_TYPES}
# With the first page of the issues come the names of the labels and milestones: every sync asks for
# that page.
_FIRST_PAGES = _DOCUMENTS | {ThreadKind.ISSUE: list_document(ThreadKind.ISSUE, with_names=True)}


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
    size = page_size(stream)
    variables = reading.name | page_variables(stream, size)
    try:
        documents = _DOCUMENTS if variables["after"] else _FIRST_PAGES
        answer = reading.query(
            documents[kind],
            variables,
            may_lack=_MAY_LACK,
            is_smallest=size == 1,
        )
        listing = listing_of(reading, kind, answer)
        refuse_endless(stream, listing, variables["after"])
        _store(reading, stream, kind, listing, answer, asked=size)
    except errors.QueryTooHeavyError as error:
        if size == 1:
            _step_over(reading, stream, kind, error)
            return
        # The page that could not be stored may have changed it.
        stream.refresh_from_db()
        size_failed(stream, size)
        with reading.storing():
            stream.save()


def _store(
    reading: Reading,
    stream: SyncStream,
    kind: ThreadKind,
    listing: Listing,
    answer: Answer,
    *,
    asked: int,
) -> None:
    nodes = listing.page.nodes
    fresh = [node for node in nodes if not _is_known(stream, node)]
    threads, unreadable = read_threads(kind, fresh)
    if stream.name in SWEEPS and listing.is_enabled:
        # A transaction of its own: each locks its threads in the order of their keys (ADR 15), and
        # the keys of these lie between those of the page.
        with reading.storing():
            _mark_missing(reading, stream, kind, listing.page)
    for what, names in listing.names.items():
        _mark_renamed(reading, what, names)
    with reading.storing():
        _expect_unnumbered(reading, stream, kind)
        stored = snapshots_apply(
            reading.source, [t.snapshot for t in threads], asked_at=answer.asked_at
        )
        open_lists = [thread.open_lists for thread in threads]
        sweep = stream if stream.name in SWEEPS else None
        parts_replace(reading.repository, stored, open_lists, answer.asked_at, sweep=sweep)
        threads_are_read(reading, stored, threads, answer.asked_at)
        if sweep:
            sweep_meets(sweep, (m for thread in threads for m in thread.snapshot.messages))
        for thread in unreadable:
            problem_note(reading.repository, kind, thread.number, thread.error)
        is_of_all = stream.watermark is None
        scan_advance(stream, listing, answer, asked=asked, met_known=len(fresh) < len(nodes))
        if is_of_all and stream.is_done and listing.is_enabled and reading.has_problems:
            unnumbered_forget(reading.repository, kind)
        _note(reading, stream, kind, listing, answer)
        reading.count(threads=len(threads), messages=_messages_in(threads))


def _expect_unnumbered(reading: Reading, stream: SyncStream, kind: ThreadKind) -> None:
    """Begin to look for threads without a number, where a scan of all threads begins."""
    if stream.scan_started_at is None and stream.watermark is None and reading.has_problems:
        unnumbered_expect(reading.repository, kind)


def _is_known(stream: SyncStream, node: Payload) -> bool:
    """Tell whether a thread was read by an earlier scan and has not changed since."""
    if stream.watermark is None:
        return False
    updated_at = time_in(node, "updatedAt")
    return updated_at is not None and updated_at < stream.watermark


def _messages_in(threads: list[MappedThread]) -> int:
    return sum(messages_counted(thread.snapshot.messages) for thread in threads)


def _mark_missing(reading: Reading, stream: SyncStream, kind: ThreadKind, page: Page) -> None:
    """Mark the stored threads that the sweep should have met by now, but did not."""
    position = position_of(stream)
    span = position.span(page)
    if span:
        threads_missing(
            reading.source, kind, since=span.since, before=span.before, numbers=span.numbers
        )
    position_set(stream, position.after(page))


def _mark_renamed(reading: Reading, what: Named, names: frozenset[str]) -> None:
    """Mark the threads with a name that the repository had when last asked, and has not now."""
    repository, field = reading.repository, _NAME_FIELDS[what]
    known = frozenset(getattr(repository, field))
    if names == known:
        return
    with reading.storing():
        if gone := known - names:
            names_gone(reading.source, what, gone)
        setattr(repository, field, sorted(names))
        repository.save(update_fields=[field, "updated_at"])


def _note(
    reading: Reading, stream: SyncStream, kind: ThreadKind, listing: Listing, answer: Answer
) -> None:
    """Write down what the answer says about the repository itself."""
    repository = reading.repository
    repository.full_name = listing.full_name
    repository.name = repository.full_name.split("/")[1]
    repository.node_id = listing.node_id
    fields = ["full_name", "name", "node_id"]
    if stream.name in _CURSOR_FIELDS:
        fields.append(_CURSOR_FIELDS[StreamName(stream.name)])
        setattr(repository, fields[-1], stream.cursor)
    page_stored(repository, fields)
    if listing.counts:
        counts_note(reading.source.source_id, listing.counts, taken_at=answer.date, is_hint=False)
    if listing.is_private is not None:
        source_visibility_note(reading.source.source_id, is_private=listing.is_private)
    reading.run.receipt[kind] = {
        "github": listing.total,
        "taken_at": answer.date.isoformat(),
        "is_enabled": listing.is_enabled,
        "refusal": listing.refusal,
    }


def _restart(reading: Reading, stream: SyncStream, error: errors.CursorRefusedError) -> None:
    """Start a scan from its beginning; what it stored already is not doubled.

    Raises:
        UnexpectedAnswerError: that does not help.
    """
    reading.restarting(error)
    with reading.storing():
        scan_restart(stream)


def _step_over(
    reading: Reading, stream: SyncStream, kind: ThreadKind, error: errors.GitHubError
) -> None:
    """Leave out the one thread that cannot be read, write it down, and go on behind it."""
    # The page that could not be stored may have changed it.
    stream.refresh_from_db()
    variables = reading.name | page_variables(stream, 1)
    answer = _ask_what_is_there(reading, kind, variables)
    found = reading.repository_of(answer)
    with answer_shape(f"{kind}s"):
        page = page_of({"nodes": [], **found["list"]})
        numbers = [number_of(node) for node in page.nodes if node]
    refuse_circle(page, variables["after"])
    with reading.storing():
        _expect_unnumbered(reading, stream, kind)
        for number in numbers:
            problem_note(reading.repository, kind, number, error)
        # At the end of the list there is nothing to step over, and no cursor behind it.
        if not numbers and page.end:
            unnumbered_note(reading.repository, kind)
        scan_step_over(stream, numbers, answer, cursor=page.end, goes_on=page.goes_on)


def _ask_what_is_there(reading: Reading, kind: ThreadKind, variables: dict[str, Any]) -> Answer:
    """Ask for the number of the next thread, or for no more than where the list goes on."""
    try:
        return reading.query(
            skip_document(kind),
            variables,
            may_lack=["repository.list"],
            is_smallest=True,
        )
    except errors.QueryTooHeavyError:
        return reading.query(skip_document(kind, blindly=True), variables, is_smallest=True)
