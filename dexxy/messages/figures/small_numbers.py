"""What of a figure may be shown where it tells of few threads, or of few people.

A median of three threads says nothing that the three threads do not say better, and a figure about
one person is about that person.
"""

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

LEAST_FOR_MEDIAN = 5
LEAST_FOR_P90 = 20
LEAST_FOR_PERCENT = 10
LEAST_TO_COMPARE = 10
LEAST_PEOPLE = 5


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What was counted, before the rules of small numbers.

    Args:
        withheld: the names of its fields that `shown` has taken away.
    """

    withheld: frozenset[str] = frozenset()

    def unshown(self) -> Collection[str]:
        """Return the names of the fields that tell too little to be shown."""
        return ()


F = TypeVar("F", bound=Figure)


def shown(figure: F) -> F:
    """Return FIGURE as pages, API and exports may show it: what tells of too few is None.

    Counts and lists stay: below these numbers, they are what is shown instead.
    """
    parts: dict[str, Any] = {
        part.name: shown(value)
        for part in fields(figure)
        if isinstance(value := getattr(figure, part.name), Figure)
    }
    withheld = frozenset(figure.unshown())
    return replace(figure, **{**parts, **dict.fromkeys(withheld)}, withheld=withheld)


def may_compare(n: int, n_before: int) -> bool:
    """Tell whether a figure of two periods may be compared, which tell of so many each."""
    return min(n, n_before) >= LEAST_TO_COMPARE


@dataclass(frozen=True, kw_only=True)
class Ratio(Figure):
    """Some of all: "3 of 4".

    Args:
        percent: None where there is nothing.
    """

    part: int
    of: int
    percent: float | None

    def unshown(self) -> Collection[str]:
        return () if self.of >= LEAST_FOR_PERCENT else ("percent",)


def ratio(part: int, of: int) -> Ratio:
    """Return PART of OF."""
    return Ratio(part=part, of=of, percent=100 * part / of if of else None)
