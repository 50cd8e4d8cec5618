"""Draw the days of a year as a heat map: a column for each week, Monday first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dexxy.messages.member_activity.days import LEVELS, WEEKS, Day, Year
from dexxy.web.wording import numbers, times

# In units of the drawing: a cell with the gap behind it, and where the first one stands.
_STEP = 13
_CELL = 10
_LEFT, _TOP = 30, 14
# A month is named where it has room: in its first week, unless the next month begins too soon.
_NARROW = 3
# The rows with a name: every other one, or they would touch.
_NAMED = (0, 2, 4)


@dataclass(frozen=True, slots=True)
class Cell:
    """One day as a square."""

    x: int
    y: int
    level: int
    title: str


@dataclass(frozen=True, slots=True)
class Label:
    """A word beside the squares."""

    x: int
    y: int
    text: str


@dataclass(frozen=True)
class Heat:
    """What a template draws.

    Args:
        summary: what there is to see, in a sentence.
        steps: the levels, for the key.
    """

    width: int
    height: int
    cells: Sequence[Cell]
    labels: Sequence[Label]
    summary: str
    steps: Sequence[tuple[int, int]]


def heat_of(year: Year) -> Heat:
    """Return the drawing of a year."""
    days = year.days
    return Heat(
        width=_LEFT + WEEKS * _STEP,
        height=_TOP + 7 * _STEP,
        cells=[_cell(number, day) for number, day in enumerate(days)],
        labels=[*_months(days), *_weekdays(days)],
        summary=_summary(year),
        steps=[(level, level * _STEP) for level in range(LEVELS + 1)],
    )


def _cell(number: int, day: Day) -> Cell:
    week, weekday = divmod(number, 7)
    counted = _("nothing")
    if day.messages:
        shown = {"n": numbers.number(day.messages)}
        counted = ngettext("%(n)s message", "%(n)s messages", day.messages) % shown
    return Cell(
        x=_LEFT + week * _STEP,
        y=_TOP + weekday * _STEP,
        level=day.level,
        title=f"{times.day_alone(day.date, with_year=True)}: {counted}",
    )


def _months(days: Sequence[Day]) -> list[Label]:
    first: dict[date, int] = {}
    for number, day in enumerate(days):
        first.setdefault(day.date.replace(day=1), number // 7)
    weeks = [*first.values(), WEEKS + 1]
    return [
        Label(_LEFT + week * _STEP, 8, formats.date_format(month, "M"))
        for (month, week), following in zip(first.items(), weeks[1:], strict=True)
        if following - week >= _NARROW
    ]


def _weekdays(days: Sequence[Day]) -> list[Label]:
    return [
        Label(0, _TOP + row * _STEP + _CELL - 1, formats.date_format(days[row].date, "D"))
        for row in _NAMED
    ]


def _summary(year: Year) -> str:
    busiest = year.busiest
    if busiest is None:
        return _("No messages in the last 12 months")
    messages = ngettext("%(n)s message", "%(n)s messages", year.messages)
    days = ngettext("on %(n)s day", "on %(n)s days", year.active)
    return _("%(messages)s %(days)s in the last 12 months; most in %(month)s") % {
        "messages": messages % {"n": numbers.number(year.messages)},
        "days": days % {"n": numbers.number(year.active)},
        "month": formats.date_format(busiest, "F Y"),
    }
