"""Bars that lie: parts of a whole, or how far people go."""

from collections.abc import Sequence
from dataclasses import dataclass

from dexxy.web.charts.scale import written
from dexxy.web.wording import numbers

_WHOLE = 100.0


@dataclass(frozen=True)
class Share:
    """One bar.

    Args:
        width: of 100.
        beside: what stands at its end, such as a share in per cent; '' for nothing.
        address: of the rows that it counts; '' for none.
    """

    name: str
    number: str
    beside: str
    width: str
    address: str


@dataclass(frozen=True)
class Shares:
    """Bars below each other, with what they show in words."""

    sentence: str
    rows: Sequence[Share]

    @property
    def template(self) -> str:
        """What draws it."""
        return "web/charts/shares.html"


def shares(sentence: str, rows: Sequence[tuple[str, int, str, str]], whole: int) -> Shares:
    """Draw a bar for each of ROWS.

    Args:
        rows: name, number, what stands beside it, and address of each.
        whole: the number that fills the room.
    """
    return Shares(
        sentence,
        [
            Share(
                name,
                numbers.number(number),
                beside,
                written(_WHOLE * number / max(1, whole)),
                address,
            )
            for name, number, beside, address in rows
        ],
    )
