"""The times that figures are asked about by name: 7 days, 30, 90, a year, or any days."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from dexxy.messages.figures.scope import WindowError
from dexxy.messages.figures.steps import DAY

USUAL, YEAR = "90d", "12mo"
NAMED: Mapping[str, timedelta] = {
    "7d": 7 * DAY,
    "30d": 30 * DAY,
    USUAL: 90 * DAY,
    YEAR: 365 * DAY,
}
CUSTOM = "custom"
LONGEST = timedelta(days=732)
_EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Period:
    """Some days of a time zone.

    Args:
        name: a key of NAMED, or CUSTOM.
        first, last: its days, both belong to it.
        zone: the name of the time zone.
    """

    name: str
    first: date
    last: date
    zone: str

    @property
    def since(self) -> datetime:
        """The midnight that it begins with."""
        return _midnight(self.first, self.zone)

    @property
    def until(self) -> datetime:
        """The midnight that it ends before."""
        return _midnight(self.last + DAY, self.zone)

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1

    def shifted(self, times: int) -> "Period":
        """Return the period of the same length that is so many lengths later; negative: earlier."""
        by = times * self.days * DAY
        return Period(CUSTOM, self.first + by, self.last + by, self.zone)


def period_of(name: str, *, today: date, zone: str) -> Period:
    """Return the period that NAME stands for, which ends with TODAY.

    Raises:
        WindowError: no period has that name.
    """
    if name not in NAMED:
        raise WindowError(_("There is no such period: choose 7d, 30d, 90d or 12mo."))
    return Period(name, today - NAMED[name] + DAY, today, zone)


def period_between(first: str, last: str, zone: str) -> Period:
    """Return the period from one day to another, each written as 2026-11-29.

    Raises:
        WindowError: these are no days, or too many, or the last one is before the first one.
    """
    try:
        days = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError as error:
        raise WindowError(_("Write both days as 2026-11-29.")) from error
    if days[1] < days[0]:
        raise WindowError(_("The last day is before the first one."))
    if days[1] - days[0] >= LONGEST:
        raise WindowError(_("Choose two years at most."))
    if days[0] < _EARLIEST or days[1].year > _EARLIEST.year + 200:
        raise WindowError(_("Choose days from the year 2000 on."))
    return Period(CUSTOM, *days, zone)


def _midnight(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
