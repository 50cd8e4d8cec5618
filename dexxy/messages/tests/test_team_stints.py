"""Somebody belongs to the team from their first act of a maintainer until a year after the last."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from dexxy.messages.team.roster import team_learn, team_of
from dexxy.messages.team.stints import Stint, is_on_team, stints_with
from dexxy.messages.tests.stories import Teller, moment
from dexxy.messages.tests.vectors import vectors
from dexxy.sources.models import Source

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    return BEGIN + timedelta(days=number)


@pytest.mark.parametrize(
    ("acts", "stints"),
    [
        ([], []),
        ([1], [(1, 366)]),
        ([100, 1, 300], [(1, 665)]),
        ([2, 367], [(2, 732)]),
        ([2, 368], [(2, 367), (368, 733)]),
    ],
)
def test_acts_within_a_year_are_one_stint(acts: list[int], stints: list[tuple[int, int]]) -> None:
    assert stints_with((), map(day, acts)) == [Stint(day(a), day(b)) for a, b in stints]


def test_an_act_between_two_stints_joins_them() -> None:
    known = stints_with((), [day(1), day(700)])

    assert stints_with(known, [day(360)]) == [Stint(day(1), day(1065))]


def test_a_stint_holds_its_beginning_and_not_its_end() -> None:
    stints = stints_with((), [day(1)])

    held = [is_on_team(stints, at) for at in (day(0.9), day(1), day(365.9), day(366))]
    assert held == [False, True, True, False]


def test_a_stint_that_nobody_ends_goes_on() -> None:
    assert is_on_team([Stint(day(1))], day(10_000))


@vectors("""
    I A opens 0d, T closes 1d | I B opens 0d, U says 1d; now 9d => team T
    I A opens 0d, A closes 1d | P B opens 0d, b1 merges 1d | P C opens 0d, C merges 1d; now 9d => team nobody
    D A opens 0d, U says 1d, T chooses 2d | I B opens 0d, U reopens 400d, U closes 401d; now 402d => team U
    I A opens 0d, A' closes 1d | I B opens 0d, g closes 1d; now 9d => team nobody
""")  # noqa: E501
def test_acts_in_threads_of_others_tell_who_is_of_the_team(vector: str, source: Source) -> None:
    stories, now, expected = re.split("; now | => team ", vector)
    teller = Teller(source)
    threads = teller.tell(stories)

    is_of_the_past = team_learn(source.workspace_id, [thread.pk for thread in threads])

    roster = team_of(source.workspace_id)
    there = {
        name
        for name, account in teller.people.items()
        if is_on_team(roster.get(account.member_id, ()), moment(now))
    }
    assert there == {expected} - {"nobody"}
    assert is_of_the_past is bool(roster)
