"""How long things take, in the words of the definitions: see `vectors.py`."""

from datetime import timedelta

import pytest

from dexxy.accounts.models import User
from dexxy.messages.figures.cohort import LeftOut
from dexxy.messages.figures.durations import (
    issue_age,
    merge_duration,
    review_duration,
    team_response_time,
    time_to_answer,
    time_to_close,
    time_to_first_response,
)
from dexxy.messages.figures.estimator import Observation, quantile
from dexxy.messages.figures.outcomes import Durations
from dexxy.messages.models import ThreadKind
from dexxy.messages.tests.vectors import Case, tell, vectors
from dexxy.sources.models import Source

HOUR = timedelta(hours=1)
KINDS = {"I": ThreadKind.ISSUE, "P": ThreadKind.PULL_REQUEST, "D": ThreadKind.DISCUSSION}


@pytest.fixture
def told(vector: str, alice: User, source: Source) -> Case:
    return tell(vector, alice, source)


def numbers(found: Durations) -> dict[str, object]:
    return {
        "n": found.n,
        "done": found.done,
        "open": found.open,
        "never": found.never,
        "withdrawn": found.withdrawn,
        "median": found.median,
        "p90": found.p90,
    }


@vectors("""
    I A opens 0, b1 says 0.1, A says 1, T says 5 | I B opens 1, C says 2 | I C opens 2; now 102 => n 3, done 2, open 1, median 5
    P A opens 0, g says 1, T merges 4 | P B opens 0, T closes 2 | P D opens 0, T closes 3 | P C opens 0, C closes 3; now 9 => n 4, never 2, withdrawn 1, median none
    I A opens 10, T says 4 | I A opens 0, A' says 1, C hides 2, D says 3; now 20 => n 1, done 1, median 3
    I A opens 0, C says 0; now 9 => n 1, done 1, median 0
    P A opens 0, A merges 3 | P B opens 0, b1 merges 4; now 9 => done 0, withdrawn 1, never 1
    I A opens 0, A closes 1, C says 2 | I B opens 0, B closes 1, B reopens 2, C says 5; now 9 => done 1, withdrawn 1, median 5
    I A opens 0, T closes 1, C says 2 | I T opens 0, C says 1 | I g opens 0, C says 1; now 9 => n 1, done 1, median 2
    P A opens 0, T wraps 1, T lines 3; now 9 => done 1, median 3
    D A opens 0, g closes 4 | D B opens 0, g closes 4, C says 5; now 9 => withdrawn 1, never 0, done 1
    I A opens 0, C says 5; now 4 => done 0, open 1
    I A opens 0, T fixes 4 | I B opens 0, C commits 2 | I C opens 0, T plans 1 | I D opens 0, T closes 1; now 9 => n 4, done 2, never 2, median 4
    I A opens 0, A fixes 4 | I B opens 0, b1 commits 2; now 9 => done 0, withdrawn 1, never 1
    P A opens 0, T commits 4; now 9 => done 0, never 1
""")  # noqa: E501
def test_time_to_first_response(told: Case, vector: str) -> None:
    found = time_to_first_response(*told.asked)

    assert told.agrees(**numbers(found[KINDS[vector[0]]]))


@vectors("""
    I A opens 0, C says 1, T says 6 | I B opens 0, U says 2; now 9 => n 2, done 2, median 2
    I A opens 0, C says 1 | I B opens 0, T says 4; now 9 => done 1, open 1, median 4
    I A opens 0, T says 1, T says 6; now 9, team T from 5 => done 1, median 6
    I A opens 0, T fixes 4 | I B opens 0, C commits 2; now 9 => done 1, never 1, median 4
""")
def test_issue_response_time_of_the_team(told: Case) -> None:
    assert told.agrees(**numbers(team_response_time(*told.asked)[ThreadKind.ISSUE]))


@vectors("""
    I A opens 0, T closes 4 | I B opens 0, T closes 2, B reopens 3 | I C opens 0, b1 closes 6; now 10 => n 3, median 6, closed 2, bots 1
    I A opens 0, T closes 2, A reopens 3, T closes 8; now 10 => median 8
    I A opens -50, T closes 5 | I B opens 1, T closes 3 | I C opens 4, D says 2, T closes 5; now 10 => n 1, median 2, closed 2, closedmedian 2
    I A opens 0, T closes 2, A reopens 5; now 10, window 0 4 => n 1, median none, closed 0
    I T opens 0, T closes 2 | I b1 opens 0, b1 closes 1; now 10 => n 1, median 2
""")  # noqa: E501
def test_issue_resolution_duration(told: Case) -> None:
    found = time_to_close(*told.asked)[ThreadKind.ISSUE]

    assert told.agrees(
        **numbers(found.opened.durations),
        closed=found.closed.durations.n,
        closedmedian=found.closed.durations.median,
        bots=found.opened.by_bots,
    )


@vectors("""
    I A opens 0 | I B opens 6, B closes 7 | I C opens 8; now 10 => open 2, median 2
    I A opens 0, T closes 2, A reopens 9; now 10 => open 1, median 10
    I b1 opens 0; now 10 => open 0, median none
    I A opens 0 | I B opens 71d | I C opens 75d | I D opens 101d; now 101d => open 4, month 3, quarter 0, year 1, older 0
    I A opens 0 | I B opens 10d; now 366d => year 1, older 1
""")  # noqa: E501
def test_issue_age(told: Case) -> None:
    found = issue_age(*told.asked)

    bands = dict(zip(("month", "quarter", "year", "older"), found.bands, strict=True))
    assert told.agrees(**numbers(found.durations), **bands)


@vectors("""
    P A opens 0, T says 1, T wraps 3 | P T opens 0, U approves 2; now 9 => n 2, done 2, median 2
    P A opens 0, A reviews 1, b1 approves 2; now 9 => done 0, open 1, median none
    P A opens 0, T lines 2, T merges 5 | P B opens 0, T merges 1; now 9 => done 2, median 1
""")
def test_change_request_review_duration(told: Case) -> None:
    assert told.agrees(**numbers(review_duration(*told.asked)))


@vectors("""
    P A opens 0, T merges 4 | P B opens 0, T merges 8 | P C opens 0, T merges 9 | P D opens 0, T closes 1; now 20 => n 4, merged 3, median 8
    P b1 opens 0, T merges 1 | P A opens -5, T merges 2; now 20 => n 0, merged 0, median none
    P A opens 0, A merges 0 | P B opens 0, T merges 2; now 100d, window 0 9 => merged 2, median 0, young False
    P A opens 0, T merges 1; now 100d, window 0 11d => merged 1, young True
""")  # noqa: E501
def test_change_requests_duration(told: Case) -> None:
    found = merge_duration(*told.asked)

    young = str(found.is_young)
    assert told.agrees(**numbers(found), merged=found.done, young=young)


@vectors("""
    P A opens 0, A readies 10, T asks 14 | P B opens 0, T reviews 2, B readies 5 | P C opens 0, C drafts 1; now 20 => n 1, done 1, early 1, draft 1, median 4
    P A opens 0, A readies 1, A drafts 2, A readies 3, T asks 4; now 9 => n 1, early 0, draft 0, median 3
    P A opens 0, A drafts 1, A readies 3, T asks 4; now 9 => n 1, median 4
    P A opens 0, T closes 1, A readies 5; now 9 => n 1, never 1
    P A opens 0, A closes 1, A readies 5; now 9 => n 1, withdrawn 1
    P A opens 0, A readies 5; now 4, window 0 4 => n 1, open 1
""")  # noqa: E501
def test_a_review_is_waited_for_from_when_a_draft_is_ready(told: Case) -> None:
    found = review_duration(*told.asked)

    left_out = {str(why): found.left_out.get(why, 0) for why in LeftOut}
    assert told.agrees(**numbers(found), **left_out)


@vectors("""
    P A opens 0, A readies 5, T merges 8; now 20 => merged 1, median 3
    P A opens 0, T says 1, A readies 5, T merges 8; now 20 => merged 1, median 3
""")
def test_a_merge_takes_as_long_as_from_when_a_draft_is_ready(told: Case) -> None:
    found = merge_duration(*told.asked)

    assert told.agrees(**numbers(found), merged=found.done)


@vectors("""
    D A opens 0, C says 1, T chooses 6 | D B opens 0, T says 1; now 9 => n 2, done 1, open 1, median 6
    D A opens 0, A says 1, A chooses 2; now 9 => done 1, median 2, own 1
    D A opens 0, T chooses 2 | D B opens 0, B closes 1 | D C opens 0, C closes 1; now 9 => done 1, withdrawn 2, median 2
    D A opens 0 | D B opens 0, C says 1 | D C opens 0, T closes 1; now 9 => unanswered 1, never 1
    Q A opens 0, C says 1, T chooses 6 | N B opens 0, T chooses 1 | N C opens 0; now 9 => n 1, done 1, median 6, unanswered 0, category 2, unknown 0
    D A opens 0 | Q B opens 0 | N T opens 0; now 9 => n 2, open 2, unanswered 2, category 1, unknown 1
""")  # noqa: E501
def test_time_to_answer(told: Case) -> None:
    found = time_to_answer(*told.asked)

    assert told.agrees(
        **numbers(found.durations),
        own=found.by_opener,
        unanswered=found.unanswered,
        unknown=found.unknown,
        category=found.durations.left_out.get(LeftOut.CATEGORY, 0),
    )


@pytest.mark.parametrize(
    ("took", "median"),
    [
        ([], None),
        ([1, 5, "100+"], 5),
        ([1, 2, 3, 4], 2),
        (["1+", "1+", 2], 2),
        ([1, None, None], None),
        ([1, None], 1),
        ([0], 0),
        ([2, "2+"], 2),
    ],
)
def test_who_still_waits_counts_for_as_long_as_they_have_waited(
    took: list[int | str | None], median: int | None
) -> None:
    observed = [
        Observation(
            None if one is None else int(str(one).rstrip("+")) * HOUR,
            has_happened=isinstance(one, int),
        )
        for one in took
    ]

    assert quantile(observed, 0.5) == (None if median is None else median * HOUR)


def test_nine_of_ten_are_a_tenth_left() -> None:
    observed = [Observation(hour * HOUR, has_happened=True) for hour in range(1, 21)]

    assert quantile(observed, 0.9) == 18 * HOUR
