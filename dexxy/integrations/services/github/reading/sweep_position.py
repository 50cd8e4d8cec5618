"""How far a sweep has come, and which threads it should have met by now. Pure: no database.

A sweep goes up by creation. Several threads may be opened in one second, and a page may end between
two of them: so the threads of a page's last second wait for the next page.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dexxy.integrations.services.github.api.values import Page, number_of
from dexxy.integrations.services.github.reading.page_frame import time_in


@dataclass(frozen=True, slots=True)
class SweptSpan:
    """A span of time of which a sweep has met all threads that there are.

    Args:
        since: the first second of the span; None for the beginning of time.
        before: the first second behind it; None for the end of time.
        numbers: the threads that the sweep met in it, and perhaps some others.
    """

    since: datetime | None
    before: datetime | None
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SweepPosition:
    """Where a sweep is between two pages.

    Args:
        until: the second in which the last thread was opened that it met; None for none yet.
        numbers: the threads of that second that it met, and those whose time cannot be read.
    """

    until: datetime | None = None
    numbers: tuple[int, ...] = ()

    def after(self, page: Page) -> "SweepPosition":
        """Return the position behind PAGE."""
        opened, until = _opened(page), self._until(page)
        same_second = self.numbers if self.until == until else ()
        # A thread whose time cannot be read may be of any second.
        last = (number for number, at in opened if at in (until, None))
        return SweepPosition(until, (*same_second, *last))

    def span(self, page: Page) -> SweptSpan | None:
        """Return the span that is complete with PAGE; None where nothing tells its end."""
        until = self._until(page)
        if until is None and page.goes_on:
            return None
        numbers = (number for number, _ in _opened(page))
        return SweptSpan(self.until, until if page.goes_on else None, (*self.numbers, *numbers))

    def stepped_over(self, numbers: Iterable[int]) -> "SweepPosition":
        """Return the position behind threads of which only NUMBERS can be read."""
        return SweepPosition(self.until, (*self.numbers, *numbers))

    def _until(self, page: Page) -> datetime | None:
        return next((at for _, at in reversed(_opened(page)) if at), self.until)


def _opened(page: Page) -> list[tuple[int, datetime | None]]:
    """Return the number of each thread of PAGE, and when it was opened."""
    return [(number_of(node), time_in(node, "createdAt")) for node in page.nodes]
