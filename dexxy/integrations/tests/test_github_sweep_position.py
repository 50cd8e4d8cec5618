"""A sweep knows which threads it must have met, wherever its pages end."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from dexxy.integrations.services.github.api.values import Page
from dexxy.integrations.services.github.reading.sweep_position import SweepPosition, SweptSpan

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


def second(number: int) -> datetime:
    return START + timedelta(seconds=number)


def page(*threads: tuple[int, int | None], goes_on: bool = True) -> Page:
    """Return a page of threads, each with its number and the second in which it was opened."""
    nodes = [
        {"number": number, "createdAt": None if at is None else second(at).isoformat()}
        for number, at in threads
    ]
    return Page(nodes, "cursor", goes_on)


def test_the_first_page_is_complete_up_to_its_last_second() -> None:
    first = page((1, 0), (2, 5), (3, 5))

    assert SweepPosition().span(first) == SweptSpan(None, second(5), (1, 2, 3))
    assert SweepPosition().after(first) == SweepPosition(second(5), (2, 3))


def test_the_next_page_goes_on_in_the_second_in_which_the_last_one_ended() -> None:
    position, following = SweepPosition(second(5), (2, 3)), page((4, 5), (5, 9))

    assert position.span(following) == SweptSpan(second(5), second(9), (2, 3, 4, 5))
    assert position.after(following) == SweepPosition(second(9), (5,))


def test_a_page_of_a_single_second_adds_to_what_was_met_in_it() -> None:
    position, following = SweepPosition(second(5), (2, 3)), page((4, 5), (5, 5))

    assert position.span(following) == SweptSpan(second(5), second(5), (2, 3, 4, 5))
    assert position.after(following) == SweepPosition(second(5), (2, 3, 4, 5))


def test_the_last_page_is_complete_to_the_end_of_time() -> None:
    last = page((4, 6), goes_on=False)

    assert SweepPosition(second(5), (3,)).span(last) == SweptSpan(second(5), None, (3, 4))


def test_a_list_without_threads_is_complete_at_once() -> None:
    empty = page(goes_on=False)

    assert SweepPosition().span(empty) == SweptSpan(None, None, ())
    assert SweepPosition().after(empty) == SweepPosition()


def test_a_thread_whose_time_cannot_be_read_may_be_of_any_second() -> None:
    unclear = page((1, 0), (2, None), (3, 5))

    assert SweepPosition().after(unclear) == SweepPosition(second(5), (2, 3))


def test_where_no_time_can_be_read_nothing_is_complete() -> None:
    unclear = page((1, None), (2, None))

    assert SweepPosition().span(unclear) is None
    assert SweepPosition().after(unclear) == SweepPosition(None, (1, 2))


def test_threads_that_were_stepped_over_count_as_met() -> None:
    position = SweepPosition(second(5), (3,)).stepped_over([4])

    assert position == SweepPosition(second(5), (3, 4))


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_pages_of_any_size_cover_all_of_time_and_every_thread(size: int) -> None:
    seconds = [0, 0, 1, 2, 2, 2, 2, 3]
    threads = list(enumerate(seconds, start=1))
    starts = range(0, len(threads), size)
    pages = [page(*threads[at : at + size], goes_on=at + size < len(threads)) for at in starts]

    position, spans = SweepPosition(), []
    for one in pages:
        spans.append(position.span(one))
        position = position.after(one)

    whole = [span for span in spans if span]
    assert (whole[0].since, whole[-1].before) == (None, None)
    assert all(before.before == after.since for before, after in pairwise(whole))
    for span in whole:
        opened = {
            number
            for number, at in threads
            if (span.since is None or second(at) >= span.since)
            and (span.before is None or second(at) < span.before)
        }
        assert opened <= set(span.numbers)
