"""What figures about few threads, or few people, do not show."""

from datetime import timedelta

import pytest

from dexxy.accounts.models import User
from dexxy.messages.figures.durations import issue_age, merge_duration
from dexxy.messages.figures.outcomes import Durations, Outcome, Taken
from dexxy.messages.figures.small_numbers import may_compare, ratio, shown
from dexxy.messages.tests.vectors import tell
from dexxy.sources.models import Source

HOUR = timedelta(hours=1)


def durations_of(n: int) -> Durations:
    threads = [Taken(pk, Outcome.DONE, HOUR // timedelta(microseconds=1)) for pk in range(n)]
    return Durations(median=HOUR, p90=2 * HOUR, threads=threads, left_out={})


@pytest.mark.parametrize(
    ("n", "median", "p90", "withheld"),
    [
        (4, None, None, ["median", "p90"]),
        (5, HOUR, None, ["p90"]),
        (19, HOUR, None, ["p90"]),
        (20, HOUR, 2 * HOUR, []),
    ],
)
def test_a_median_is_of_five_threads_and_p90_of_twenty(
    n: int, median: timedelta | None, p90: timedelta | None, withheld: list[str]
) -> None:
    found = shown(durations_of(n))

    assert (found.median, found.p90, sorted(found.withheld)) == (median, p90, withheld)
    assert found.n == n


@pytest.mark.parametrize(("part", "of", "percent"), [(3, 4, None), (9, 9, None), (5, 10, 50.0)])
def test_below_ten_there_is_no_per_cent(part: int, of: int, percent: float | None) -> None:
    found = shown(ratio(part, of))

    assert (found.part, found.of, found.percent) == (part, of, percent)


def test_nothing_has_no_share() -> None:
    assert ratio(0, 0).percent is None


@pytest.mark.parametrize(("n", "before", "may"), [(10, 10, True), (10, 9, False), (9, 10, False)])
def test_two_periods_are_compared_where_both_have_ten(n: int, before: int, may: bool) -> None:
    assert may_compare(n, before) is may


@pytest.mark.django_db
def test_a_median_of_what_was_merged_is_of_five_merged(alice: User, source: Source) -> None:
    stories = " | ".join(["P A opens 0, T merges 4"] * 4 + ["P A opens 0"])
    found = merge_duration(*tell(f"{stories}; now 9", alice, source).asked)

    assert (found.n, found.done, found.median) == (5, 4, 4 * HOUR)
    assert shown(found).median is None


@pytest.mark.django_db
def test_a_figure_inside_another_is_withheld_too(alice: User, source: Source) -> None:
    found = issue_age(*tell("I A opens 0; now 9", alice, source).asked)

    assert found.durations.median == 9 * HOUR
    assert shown(found).durations.median is None
