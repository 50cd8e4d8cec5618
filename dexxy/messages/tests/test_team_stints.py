"""Somebody belongs to the team from their first act of a maintainer until a year after the last."""

from datetime import UTC, datetime, timedelta

import pytest

from dexxy.messages.team.stints import Stint, is_on_team, stints_with

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
