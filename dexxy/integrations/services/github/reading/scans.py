"""The scan of a stream: where it stands in its list, and how much to ask for next.

A stream first goes up by creation (the backfill, elsewhere called initial load or full sync), later
down by update to where the last scan began. A sweep goes up by creation every time: what it does
not meet, GitHub does not show any more.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_noop

from dexxy.common.sql import save_later
from dexxy.integrations.models import GitHubRepository, StreamName, SyncStream
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.queries import PAGE_LIMIT
from dexxy.integrations.services.github.reading.page_frame import Listing, refuse_circle
from dexxy.integrations.services.github.reading.request_sizes import (
    START,
    culprit_found,
    size_passed,
    size_take_over,
    size_to_ask,
    suspects_passed,
)
from dexxy.integrations.services.github.reading.sweep_position import SweepPosition
from dexxy.integrations.services.github_client import Answer
from dexxy.messages.models import ThreadKind

# An update that GitHub shows late must not fall between two scans.
WATERMARK_OVERLAP = timedelta(minutes=5)
# Threads in the first page of a scan for what is new.
FIRST_LOOK = 10

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


def streams_ensure(
    repository: GitHubRepository, names: Iterable[StreamName], *, is_done: bool = False
) -> None:
    """Make those of a repository's streams that are not there yet.

    Args:
        is_done: of the new ones.
    """
    known = set(repository.streams.values_list("name", flat=True))
    new = [
        SyncStream(repository=repository, name=name, is_done=is_done)
        for name in names
        if name not in known
    ]
    if new:
        SyncStream.objects.bulk_create(new, ignore_conflicts=True)


def page_size(stream: SyncStream) -> int:
    """Return how many threads to ask for.

    GitHub charges for all that may be in a page, and most scans for what is new find little. A
    sweep begins with what its list has learned: what that could not read, it cannot either.
    """
    if stream.name in SWEEPS and stream.scan_started_at is None and not stream.suspects:
        of_list = stream.name.removeprefix("sweep_")
        for known in SyncStream.objects.filter(repository=stream.repository_id, name=of_list):
            size_take_over(stream, known)
            stream.save(update_fields=["page_size", "failed_size", "failed_at", "updated_at"])
    size = size_to_ask(stream, start=START[stream.name])
    is_first_look = stream.watermark is not None and stream.scan_started_at is None
    return min(size, FIRST_LOOK) if is_first_look else size


def page_variables(stream: SyncStream, size: int) -> dict[str, Any]:
    """Return the variables of a query for the next SIZE threads, but those of the repository."""
    order = {"field": "CREATED_AT", "direction": "ASC"}
    if stream.watermark is not None:
        order = {"field": "UPDATED_AT", "direction": "DESC"}
    after = stream.cursor if stream.scan_started_at else None
    return {"first": size, "after": after, "order": order}


def refuse_endless(stream: SyncStream, listing: Listing, after: str | None) -> None:
    """Tell where a list does not come to its end.

    Args:
        after: the cursor before the page.

    Raises:
        CursorRefusedError: its cursors go round in a circle, or it shows more than there is.
    """
    refuse_circle(listing.page, after)
    has_read = stream.read if stream.scan_started_at else 0
    if listing.page.goes_on and has_read > 2 * listing.total + PAGE_LIMIT:
        raise errors.CursorRefusedError(gettext_noop("It goes on behind all that there is."))


def scan_advance(
    stream: SyncStream, listing: Listing, answer: Answer, *, asked: int, met_known: bool
) -> None:
    """Move the cursor behind a page, and end the scan after its last one.

    Args:
        asked: how many threads the page could have had.
        met_known: the page holds a thread that was read by an earlier scan and has not changed
            since. From the newest update down, so it is with all threads behind it.
    """
    if stream.scan_started_at is None:
        stream.scan_started_at, stream.read = answer.date, 0
    stream.read += len(listing.page.nodes)
    stream.cursor = listing.page.end
    stream.expected = listing.total if stream.watermark is None else None
    stream.refusal = listing.refusal
    size_passed(stream, asked, answer, got=len(listing.page.nodes))
    if met_known or not listing.page.goes_on:
        _end(stream, is_enabled=listing.is_enabled)
    save_later(stream)


def scan_step_over(
    stream: SyncStream, numbers: list[int], answer: Answer, *, cursor: str, goes_on: bool
) -> None:
    """Move the cursor behind threads that cannot be read.

    Args:
        numbers: those of the threads that GitHub told.
    """
    if stream.scan_started_at is None:
        stream.scan_started_at = answer.date
    position_set(stream, position_of(stream).stepped_over(numbers))
    stream.cursor = cursor
    culprit_found(stream, start=START[stream.name])
    if not goes_on:
        _end(stream, is_enabled=True)
    stream.save()


def scan_restart(stream: SyncStream) -> None:
    """Let a scan begin at the beginning of its list: ingestion is idempotent."""
    stream.cursor, stream.scan_started_at, stream.read, stream.met = "", None, 0, {}
    stream.suspects, stream.suspected_size = 0, None
    position_set(stream, SweepPosition())
    stream.save()


def position_of(stream: SyncStream) -> SweepPosition:
    """Return how far a sweep has come."""
    return SweepPosition(stream.swept_until, tuple(stream.swept_numbers))


def position_set(stream: SyncStream, position: SweepPosition) -> None:
    """Let a sweep have come to POSITION; it is not saved."""
    stream.swept_until, stream.swept_numbers = position.until, list(position.numbers)


def _end(stream: SyncStream, *, is_enabled: bool) -> None:
    """End a scan: what GitHub updates from its start on, the next scan reads.

    A feature that is switched off has shown nothing: what it holds is still to be read then.
    """
    if stream.name in THREAD_LISTS and is_enabled and stream.scan_started_at:
        stream.watermark = stream.scan_started_at - WATERMARK_OVERLAP
    stream.scan_started_at = None
    position_set(stream, SweepPosition())
    if stream.suspects:
        suspects_passed(stream)
    stream.is_done = True
