"""What is opened and closed in a window, in the words of the definitions: see `vectors.py`."""

import pytest

from dexxy.accounts.models import User
from dexxy.messages.figures.flow import (
    acceptance_ratio,
    backlog,
    closure_ratio,
    merge_reviews,
    opened_and_closed,
)
from dexxy.messages.figures.small_numbers import shown
from dexxy.messages.models import ThreadKind
from dexxy.messages.tests.vectors import Case, tell, vectors
from dexxy.sources.models import Source


@pytest.fixture
def told(vector: str, alice: User, source: Source) -> Case:
    return tell(vector, alice, source)


@vectors("""
    I A opens 0, T closes 12, A reopens 13, T closes 14 | I B opens 1, T closes 4; window 10 20 => new 0, active 1, closed 1, reopened 0
    I A opens 0, T closes 2, A reopens 12 | I B opens 10; window 10 20 => new 1, active 2, closed 0, reopened 1
    I A opens 20 | I b1 opens 11 | I C opens 0, b1 says 11; window 10 20 => new 0, active 0, closed 0
    I A opens 11, T closes 12, A reopens 13; window 10 20 => new 1, closed 0, reopened 0
    I A opens 10, T closes 20; window 10 20 => new 1, closed 0
    I A opens 0, T closes 9, A reopens 10; window 10 20 => reopened 1
    I A opens 0, g says 11, C hides 12 | I B opens 0, C says 11, C says 12; window 10 20 => active 1
""")  # noqa: E501
def test_issues_new_active_closed(told: Case) -> None:
    found = opened_and_closed(*told.asked)

    assert told.agrees(
        new=len(found.new),
        active=len(found.active),
        closed=len(found.closed),
        reopened=len(found.reopened),
    )
    before, after = len(found.open_before), len(found.open_after)
    assert after == before + len(found.new) + len(found.reopened) - len(found.closed)


@vectors("""
    I A opens 0 | I B opens 11, T closes 12 | I C opens 13; window 10 20 => before 1, after 2, new 2, closed 1, bmi 50
    I A opens 0, T closes 15; window 10 20 => before 1, after 0, bmi none
    I A opens 0, T closes 2, A reopens 11, T closes 12 | I g opens 13; window 10 20 => after 1, new 1, closed 0, bmi 0
    I A opens 0, b1 closes 11 | I B opens 0, T closes 12; window 10 20 => closed 2, bots 1
""")  # noqa: E501
def test_backlog_and_backlog_management_index(told: Case) -> None:
    found = backlog(*told.asked)

    assert told.agrees(
        before=len(found.flow.open_before),
        after=len(found.flow.open_after),
        new=len(found.flow.new),
        closed=len(found.flow.closed),
        bots=len(found.flow.closed_by_bots),
        bmi=found.index,
    )


@vectors(
    "D A opens 0 | D B opens 11, B closes 12 | D C opens 13; window 10 20 => before 1, after 2"
)
def test_of_discussions_only_the_backlog_is_known(told: Case) -> None:
    found = backlog(*told.asked, kind=ThreadKind.DISCUSSION)

    assert told.agrees(before=len(found.flow.open_before), after=len(found.flow.open_after))
    assert found.index is None


@vectors("I A opens 0, T closes 2; window 1 3 => before 1, after 0, closed 1")
def test_a_closing_that_no_message_tells_counts_by_the_time_of_the_thread(told: Case) -> None:
    told.threads[0].messages.filter(kind="closed").delete()
    found = opened_and_closed(*told.asked)

    before, after, closed = found.open_before, found.open_after, found.closed
    assert told.agrees(before=len(before), after=len(after), closed=len(closed))


@vectors("""
    P A opens 0 | P B opens 11, T merges 12; window 10 20 => closed 1, of 2
    P A opens 0, T closes 5 | P B opens 0, T merges 20; window 10 20 => closed 0, of 1
    P A opens 0, A closes 5, A reopens 11 | P b1 opens 11, T merges 12; window 10 20 => closed 0, of 1
""")  # noqa: E501
def test_change_request_closure_ratio(told: Case) -> None:
    found = closure_ratio(*told.asked).ratio

    assert told.agrees(closed=found.part, of=found.of)


@vectors("""
    P A opens 0, T merges 1 | P B opens 0, T closes 2 | P C opens 0, C closes 3; now 9 => merged 1, declined 1, withdrawn 1, of 3
    P A opens 0, b1 closes 1, A reopens 2; now 9 => of 0
    P A opens 0, T closes 1, T reopens 2, T merges 3 | P b1 opens 0, b1 merges 1; now 9 => merged 1, of 1
    P A opens 0, b1 closes 1 | P g opens 0, g closes 1 | P B opens 0, B' closes 1; now 9 => declined 2, withdrawn 1, of 3
    P A opens 0, T closes 1, A reopens 11, T merges 12; window 10 20 => merged 1, of 1
    P A opens 0, T merges 1; window 2 9 => of 0
""")  # noqa: E501
def test_change_request_acceptance_ratio(told: Case) -> None:
    found = acceptance_ratio(*told.asked)

    assert told.agrees(
        merged=len(found.merged),
        declined=len(found.declined),
        withdrawn=len(found.withdrawn),
        of=found.ratio.of,
    )


@vectors("""
    P A opens 0, T approves 1, A merges 2 | P T opens 0, T merges 1 | P B opens 0, U merges 1; now 9 => reviewed 1, self 1, merged 3
    P T opens 0, b1 approves 1, T merges 2, U approves 3; now 9 => reviewed 0, self 1, merged 1
    P A opens 0, A' approves 1, A merges 2 | P A opens 0, T wraps 1, T merges 2; now 9 => reviewed 1, self 1, merged 2
    P A opens 0, g approves 1, A merges 2 | P b1 opens 0, T merges 1 | P A opens 0, T says 1, T merges 2; now 9 => reviewed 0, self 1, merged 2
""")  # noqa: E501
def test_change_request_reviews_and_self_merge_rate(told: Case) -> None:
    found = merge_reviews(*told.asked)

    merged = len(found.reviewed) + len(found.self_merged) + len(found.others)
    self_merged = len(found.self_merged)
    assert told.agrees(reviewed=len(found.reviewed), self=self_merged, merged=merged)
    assert found.reviewed_ratio.of == found.self_merged_ratio.of == merged


@pytest.mark.parametrize(("new", "index"), [(9, None), (10, 50.0)])
def test_the_index_is_of_ten_new_threads(
    alice: User, source: Source, new: int, index: float | None
) -> None:
    stories = ["I A opens 0, T closes 1"] * 5 + ["I A opens 0"] * (new - 5)
    found = backlog(*tell(f"{' | '.join(stories)}; now 9", alice, source).asked)

    assert found.index is not None
    assert shown(found).index == index
