"""Days and weeks of a window, and the time before it, by the clock of a zone."""

from datetime import UTC, date, datetime, timedelta

import pytest

from dexxy.messages.figures.periods import period_between, period_of
from dexxy.messages.figures.scope import Window, WindowError
from dexxy.messages.figures.steps import steps_before, steps_of, window_before

DAY = timedelta(days=1)
BERLIN = "Europe/Berlin"
TODAY = date(2026, 11, 29)


def window(first: str, last: str, zone: str = BERLIN) -> Window:
    period = period_between(first, last, zone)
    return Window(since=period.since, until=period.until, now=period.until, zone=zone)


def test_a_month_is_cut_into_days_and_the_day_of_summer_time_is_shorter() -> None:
    steps = steps_of(window("2026-03-01", "2026-03-31"))

    assert len(steps) == 31
    assert steps[0].since == datetime(2026, 2, 28, 23, tzinfo=UTC)
    # Times of one zone are subtracted as clocks on its wall.
    begin, end = (at.astimezone(UTC) for at in (steps[28].since, steps[28].until))
    assert end - begin == timedelta(hours=23)
    assert steps[-1].until == datetime(2026, 3, 31, 22, tzinfo=UTC)


def test_more_is_cut_into_weeks_that_begin_on_monday() -> None:
    steps = steps_of(window("2026-08-26", "2026-11-29"))

    assert [step.first for step in steps[:3]] == [
        date(2026, 8, 26),
        date(2026, 8, 31),
        date(2026, 9, 7),
    ]
    assert [step.days for step in steps] == [5, *[7] * 13]
    assert steps[-1].last == date(2026, 11, 29)


def test_steps_have_no_gap_and_the_same_weekdays_before() -> None:
    asked = window("2026-08-26", "2026-11-29")
    steps = steps_of(asked)
    before = steps_before(steps, BERLIN)

    assert [a.until for a in steps[:-1]] == [b.since for b in steps[1:]]
    assert [a.until for a in before[:-1]] == [b.since for b in before[1:]]
    assert {a.first.weekday() - b.first.weekday() for a, b in zip(steps, before, strict=True)} == {
        0
    }
    assert before[-1].until <= steps[0].since
    assert before[0].first == date(2026, 8, 26) - 98 * DAY


def test_the_window_before_has_as_many_days_whatever_summer_time_does() -> None:
    found = window_before(window("2026-03-29", "2026-03-29"))

    assert found.since == datetime(2026, 3, 27, 23, tzinfo=UTC)
    assert found.until == datetime(2026, 3, 28, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("7d", date(2026, 11, 23)),
        ("30d", date(2026, 10, 31)),
        ("90d", date(2026, 9, 1)),
        ("12mo", date(2025, 11, 30)),
    ],
)
def test_a_named_period_ends_with_today(name: str, first: date) -> None:
    found = period_of(name, today=TODAY, zone=BERLIN)

    assert (found.first, found.last) == (first, TODAY)
    assert found.until == datetime(2026, 11, 29, 23, tzinfo=UTC)
    assert found.shifted(-1).last == first - DAY


def test_a_period_without_a_name_is_refused() -> None:
    with pytest.raises(WindowError):
        period_of("week", today=TODAY, zone=BERLIN)
