"""Which messages of a long thread are shown, told without a database."""

from datetime import timedelta

import pytest

from dexxy.common.pages import Cursor
from dexxy.messages.conversation.outline import STRETCH, Line, Outline
from dexxy.messages.conversation.stretch import BEFORE_TARGET, Anchor, Stretch, stretch_at
from dexxy.messages.models import MessageKind
from tests.factories import START


def outline(size: int, quiet: tuple[int, ...] = ()) -> Outline:
    """Make an outline whose messages have their places as ids, two of them each minute."""
    kinds = [MessageKind.OPENED, *([MessageKind.COMMENT] * max(0, size - 1))]
    return Outline(
        [
            Line(n, START + timedelta(minutes=n // 2), kind, 1, 1, False, n not in quiet, n > 0)
            for n, kind in enumerate(kinds[:size])
        ]
    )


def cursor(anchor: int) -> str:
    return str(Cursor(START + timedelta(minutes=anchor // 2), anchor))


def gaps(stretch: Stretch) -> tuple[int | None, ...]:
    return tuple(gap.number if gap else None for gap in (stretch.gap, stretch.rest))


@pytest.mark.parametrize("size", [0, 1, STRETCH])
def test_a_short_thread_is_shown_whole(size: int) -> None:
    for anchor in (Anchor(), Anchor(around=0), Anchor(since=START), Anchor(after=cursor(10**6))):
        found = stretch_at(outline(size), anchor)

        assert list(found.shown) == list(range(size))
        assert gaps(found) == (None, None)


def test_of_a_long_thread_the_opening_and_the_last_messages_are_shown() -> None:
    found = stretch_at(outline(5000), Anchor())

    assert found.shown == range(4950, 5000)
    assert found.is_apart
    assert gaps(found) == (4949, None)


def test_what_comes_right_behind_the_opening_needs_no_gap() -> None:
    found = stretch_at(outline(STRETCH + 1), Anchor())

    assert found.shown == range(STRETCH + 1)
    assert not found.is_apart


def test_reading_goes_on_where_nobody_has_answered() -> None:
    assert 1000 in stretch_at(outline(5000), Anchor(), goes_on=1000).shown
    assert stretch_at(outline(5000), Anchor(), goes_on=4990).shown == range(4950, 5000)


@pytest.mark.parametrize("target", [0, 1, 14, 20, 2500, 4999])
def test_any_message_of_a_long_thread_is_found(target: int) -> None:
    found = stretch_at(outline(5000), Anchor(around=target))

    assert target in found.shown
    assert len(found.shown) == STRETCH
    assert found.shown.start == max(0, min(target - BEFORE_TARGET, 4950))
    assert sum(number or 0 for number in gaps(found)) + STRETCH + found.is_apart == 5000


def test_a_message_that_is_gone_leaves_the_thread_where_reading_goes_on() -> None:
    assert stretch_at(outline(5000), Anchor(around=10**30)).shown == range(4950, 5000)


def test_a_gap_is_filled_from_both_ends_without_repeating_what_is_shown() -> None:
    whole = outline(300)
    first = Anchor(after=cursor(0), until=cursor(250))
    last = Anchor(before=cursor(250), until=cursor(0))

    top, bottom = stretch_at(whole, first), stretch_at(whole, last)

    assert (top.shown, gaps(top)) == (range(1, 51), (None, 199))
    assert (bottom.shown, gaps(bottom)) == (range(200, 250), (199, None))
    assert top.rest is not None
    rest = Anchor(after=str(top.rest.after), until=str(top.rest.before))
    assert stretch_at(whole, rest).shown == range(51, 101)


def test_the_end_of_a_thread_is_filled_up_too() -> None:
    whole = outline(120)
    rest = stretch_at(whole, Anchor(around=0)).rest
    assert rest is not None

    behind = stretch_at(whole, Anchor(after=str(rest.after), until=str(rest.before)))
    last = stretch_at(whole, Anchor(before=str(rest.before), until=str(rest.after)))

    assert (behind.shown, gaps(behind)) == (range(50, 100), (None, 20))
    assert (last.shown, gaps(last)) == (range(70, 120), (20, None))


def test_pages_follow_each_other_by_cursors_alone() -> None:
    whole = outline(300)

    assert stretch_at(whole, Anchor(after=cursor(99))).shown == range(100, 150)
    assert stretch_at(whole, Anchor(before=cursor(100))).shown == range(50, 100)
    assert stretch_at(whole, Anchor(before=cursor(20))).shown == range(20)


def test_a_day_is_found() -> None:
    found = stretch_at(outline(300), Anchor(since=START + timedelta(minutes=60)))

    assert found.shown.start == 120 - BEFORE_TARGET
    assert 299 in stretch_at(outline(300), Anchor(since=START + timedelta(days=900))).shown


def test_a_gap_counts_what_was_said_and_what_was_done_apart() -> None:
    gap = outline(10, quiet=(3, 4)).gap(0, 9)

    assert gap is not None
    assert (gap.number, gap.events, gap.is_short) == (6, 2, True)
    assert outline(10).gap(3, 4) is None
