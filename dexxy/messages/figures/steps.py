"""Cut a window into days or weeks of its zone, and find the window before it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from dexxy.messages.figures.scope import Window

# A longer window is cut into weeks.
LONGEST_IN_DAYS = 31
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Step:
    """A day or a week of a window; the first and the last week may be cut by its edges.

    Args:
        since, until: half open, as of a window.
        first: the first local day of it.
        days: how many local days it has.
    """

    since: datetime
    until: datetime
    first: date
    days: int

    @property
    def last(self) -> date:
        """The last local day of it."""
        return self.first + (self.days - 1) * DAY


def steps_of(window: Window) -> Sequence[Step]:
    """Return the days of a window, or the weeks of a longer one; weeks begin on Monday."""
    zone = ZoneInfo(window.zone)
    first = window.since.astimezone(zone).date()
    last = (window.until - timedelta(microseconds=1)).astimezone(zone).date()
    in_days = (last - first).days < LONGEST_IN_DAYS
    steps = []
    while first <= last:
        after = first + (DAY if in_days else timedelta(days=7 - first.weekday()))
        after = min(after, last + DAY)
        steps.append(
            Step(
                since=max(window.since, _midnight(first, zone)),
                until=min(window.until, _midnight(after, zone)),
                first=first,
                days=(after - first).days,
            )
        )
        first = after
    return steps


def steps_before(steps: Sequence[Step], zone: str) -> Sequence[Step]:
    """Return as many steps before, each with the same weekdays and hours as its own one."""
    here = ZoneInfo(zone)
    days = sum(step.days for step in steps)
    is_weekly = any(step.days > 1 for step in steps)
    back = DAY * (-(-days // 7) * 7 if is_weekly else days)
    return [
        Step(
            _back(step.since, back, here),
            _back(step.until, back, here),
            step.first - back,
            step.days,
        )
        for step in steps
    ]


def window_before(window: Window) -> Window:
    """Return the window of the same length that ends where WINDOW begins, by the local clock."""
    zone = ZoneInfo(window.zone)
    since, until = (at.astimezone(zone).replace(tzinfo=None) for at in (window.since, window.until))
    return replace(window, since=_back(window.since, until - since, zone), until=window.since)


def _back(at: datetime, by: timedelta, zone: ZoneInfo) -> datetime:
    """Return the same hour of an earlier day, whatever summer time does."""
    # Arithmetic of times with a zone is that of their clocks.
    return at.astimezone(zone) - by


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)
