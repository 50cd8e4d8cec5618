"""A week of hours, each as dark as it is busy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dexxy.web.charts.scale import WIDTH, written
from dexxy.web.wording import numbers

DAYS, HOURS = 7, 24
_ROW = 17.0
LEVELS = 4


@dataclass(frozen=True)
class Cell:
    """An hour.

    Args:
        level: 0, nothing, to 4, the busiest.
    """

    x: str
    y: str
    level: int
    title: str


@dataclass(frozen=True)
class Heat:
    """The hours of a week.

    Args:
        days: their names, the first day first.
    """

    sentence: str
    days: Sequence[str]
    cells: Sequence[Cell]

    width, height = written(WIDTH / HOURS - 1.6), written(_ROW - 1.6)

    @property
    def template(self) -> str:
        """What draws it."""
        return "web/charts/heat.html"


def heat(
    sentence: str, days: Sequence[str], counts: Mapping[tuple[int, int], int], what: str
) -> Heat:
    """Draw the hours of a week.

    Args:
        days: the names of the days, Monday first.
        counts: (weekday from 1, hour) -> number.
        what: what is counted.
    """
    most = max(counts.values(), default=0)
    cells = []
    for day, name in enumerate(days):
        for hour in range(HOURS):
            number = counts.get((day + 1, hour), 0)
            level = -(-number * LEVELS // most) if most else 0
            x, y = written(hour * WIDTH / HOURS + 0.8), written(day * _ROW + 0.8)
            cells.append(Cell(x, y, level, f"{name} {hour}:00: {numbers.number(number)} {what}"))
    return Heat(sentence, days, cells)
