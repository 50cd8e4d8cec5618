"""How many to ask for: what GitHub found too many is not asked for again for a day."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from django.utils import timezone

from dexxy.integrations.models import GitHubRepository, RequestKind, SyncStream
from dexxy.integrations.services.github.reading.request_sizes import (
    FAILED_FOR,
    LARGE_ANSWER,
    SLOW_ANSWER,
    RequestSizes,
    culprit_found,
    size_failed,
    size_passed,
    size_take_over,
    size_to_ask,
)
from dexxy.integrations.services.github_client import Answer

START = 25


def answer(*, size: int = 1000, seconds: float = 0.5) -> Answer:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    return Answer({}, httpx.Headers(), now, now, size, seconds)


def asked_for(
    stream: SyncStream, passes: Callable[[int, int], bool], *, threads: int
) -> tuple[list[int], list[int]]:
    """Read so many threads; return the sizes asked for, and the positions that were stepped over.

    Args:
        passes: whether GitHub answers, by the position and the size of a page.
    """
    sizes, skipped, position = [], [], 0
    while position < threads:
        size = size_to_ask(stream, start=START)
        sizes.append(size)
        if passes(position, size):
            size_passed(stream, size, answer(), got=min(size, threads - position))
            position += size
        elif size > 1:
            size_failed(stream, size)
        else:
            culprit_found(stream, start=START)
            skipped.append(position)
            position += 1
    return sizes, skipped


def failures(sizes: list[int], most: int) -> int:
    return sum(size > most for size in sizes)


def test_it_begins_small_and_grows_by_a_tenth_up_to_a_hundred() -> None:
    sizes, _ = asked_for(SyncStream(), lambda position, size: True, threads=2000)

    assert sizes[:8] == [25, 27, 29, 31, 34, 37, 40, 44]
    assert max(sizes) == sizes[-1] == 100


@pytest.mark.parametrize(("most", "failed"), [(60, 1), (26, 1), (25, 1), (20, 2), (12, 2), (6, 3)])
def test_a_size_that_failed_is_not_asked_for_again(most: int, failed: int) -> None:
    sizes, skipped = asked_for(SyncStream(), lambda position, size: size <= most, threads=2000)

    assert failures(sizes, most) == failed
    assert sizes[-1] > most * 0.85
    assert skipped == []


def test_after_a_day_a_larger_size_is_tried_again() -> None:
    stream = SyncStream(page_size=25, failed_size=27, failed_at=timezone.now())
    assert size_to_ask(stream, start=START) == 25

    stream.failed_at = timezone.now() - FAILED_FOR - timedelta(seconds=1)

    assert size_to_ask(stream, start=START) == 27


@pytest.mark.parametrize("bad", range(0, 120, 7))
def test_one_bad_thread_is_found_by_halving_and_costs_no_size(bad: int) -> None:
    def passes(position: int, size: int) -> bool:
        return not position <= bad < position + size

    sizes, skipped = asked_for(SyncStream(), passes, threads=200)

    without, _ = asked_for(SyncStream(), lambda position, size: True, threads=200)
    assert skipped == [bad]
    assert len(sizes) <= len(without) + 15
    assert sizes[-1] >= 25


@pytest.mark.parametrize("bad", [0, 5, 17, 18, 60, 99])
def test_a_bad_thread_lets_no_size_be_forgotten_that_failed(bad: int) -> None:
    def passes(position: int, size: int) -> bool:
        return size <= 18 and not position <= bad < position + size

    sizes, skipped = asked_for(SyncStream(), passes, threads=300)

    assert skipped == [bad]
    # In the first page of all, nothing has passed that would tell number from thread.
    assert failures(sizes, 18) <= (3 if bad < START else 2)
    assert sizes[-1] > 18 * 0.85


def test_where_nothing_is_answered_no_size_is_to_blame() -> None:
    stream = SyncStream(page_size=40, failed_size=50, failed_at=timezone.now())
    for size in (40, 20, 10, 5, 3, 2):
        size_failed(stream, size)

    assert (stream.page_size, stream.failed_size) == (40, 50)


def test_what_another_list_learned_later_is_taken_over() -> None:
    now = timezone.now()
    fresh, old = SyncStream(), SyncStream(page_size=9, failed_size=10, failed_at=now - FAILED_FOR)
    known = SyncStream(page_size=18, failed_size=20, failed_at=now)

    size_take_over(fresh, known)
    size_take_over(known, old)
    size_take_over(known, SyncStream())

    for stream in (fresh, known):
        assert (stream.page_size, stream.failed_size) == (18, 20)


def test_bad_threads_side_by_side_are_all_found() -> None:
    bad = {30, 31, 47}
    sizes, skipped = asked_for(
        SyncStream(),
        lambda position, size: bad.isdisjoint(range(position, position + size)),
        threads=200,
    )

    assert skipped == sorted(bad)
    assert len(sizes) < 50


def test_where_all_suspects_pass_their_number_was_to_blame() -> None:
    stream = SyncStream(page_size=40)
    size_failed(stream, 40)
    while stream.suspects:
        size = size_to_ask(stream, start=START)
        size_passed(stream, size, answer(), got=size)

    assert stream.page_size == 20
    assert size_to_ask(stream, start=START) == 22


@pytest.mark.parametrize(
    "heavy", [answer(size=LARGE_ANSWER + 1), answer(seconds=SLOW_ANSWER + 0.1)]
)
def test_an_answer_that_was_slow_or_large_halves_the_next(heavy: Answer) -> None:
    stream = SyncStream(page_size=40)

    size_passed(stream, 44, heavy, got=44)

    assert stream.page_size == 22


def test_a_page_that_was_not_full_proves_nothing() -> None:
    stream = SyncStream(page_size=25)

    size_passed(stream, 27, answer(), got=26)

    assert stream.page_size == 25


@pytest.mark.django_db
def test_what_is_learned_of_other_requests_is_there_for_the_next_process(
    connected: GitHubRepository,
) -> None:
    sizes = RequestSizes(connected)
    assert [sizes.to_ask(kind) for kind in RequestKind] == [15, 25, 50, 25]

    sizes.failed(RequestKind.THREADS, 15)
    sizes.passed(RequestKind.THREADS, 7, answer(), got=7)
    sizes.passed(RequestKind.PEOPLE, 50, answer(), got=50)

    later = RequestSizes(connected)
    assert [later.to_ask(kind) for kind in RequestKind] == [8, 25, 55, 25]
    later.failed(RequestKind.THREADS, 1)
    assert RequestSizes(connected).to_ask(RequestKind.THREADS) == 15
