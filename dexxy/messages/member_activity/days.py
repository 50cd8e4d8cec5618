"""The last year of a member, day by day: how much they said and did.

Days of the calendar alone: at which hours or weekdays somebody works is told of nobody.
"""
# ruff: noqa: S608
# The statement is put together from constants; values are parameters.

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils.translation import gettext as _

from dexxy.common.errors import BadInputError
from dexxy.common.times import zone_called
from dexxy.messages.member_activity.asked import MINE, Asked

WEEKS = 53
LEVELS = 4
_DAYS = f"""
SELECT (m.occurred_at AT TIME ZONE %(zone)s)::date, count(*)
FROM {MINE} AND m.occurred_at >= %(since)s AND m.occurred_at < %(until)s
GROUP BY 1 ORDER BY 1
"""


class ZoneError(BadInputError):
    """There is no such time zone."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the year.

    Args:
        level: 0 if nothing happened, else 1 to LEVELS: one more than there are quartiles, of the
            days on which something did, below it.
    """

    date: date
    messages: int
    level: int


@dataclass(frozen=True)
class Year:
    """53 weeks, each from Monday on; the last one ends today.

    Args:
        days: each day of them, the oldest first.
    """

    days: Sequence[Day]

    @property
    def messages(self) -> int:
        """How much was said and done."""
        return sum(day.messages for day in self.days)

    @property
    def active(self) -> int:
        """On how many days."""
        return sum(day.messages > 0 for day in self.days)

    @property
    def busiest(self) -> date | None:
        """The first day of the month with the most messages, the newest of equals."""
        months = Counter[date]()
        for day in self.days:
            months[day.date.replace(day=1)] += day.messages
        month = max(months, key=lambda one: (months[one], one))
        return month if months[month] else None


def year_of(asked: Asked, zone: str, now: datetime) -> Year:
    """Return the last 53 weeks of a member.

    Args:
        zone: the name of the time zone whose days are counted.

    Raises:
        ZoneError: there is no such zone.
    """
    known = zone_called(zone)
    if known is None:
        raise ZoneError(_("There is no such time zone."))
    today = now.astimezone(known).date()
    first = today - timedelta(days=today.weekday(), weeks=WEEKS - 1)
    since, until = (
        datetime.combine(at, time.min, known) for at in (first, today + timedelta(days=1))
    )
    counts = dict(asked.fetch(_DAYS, zone=zone, since=since, until=until))
    limits = _limits(list(counts.values()))
    dates = (first + timedelta(days=number) for number in range((today - first).days + 1))
    return Year([_day(day, counts.get(day, 0), limits) for day in dates])


def _limits(counts: Sequence[int]) -> set[int]:
    """Return above what a day belongs to the next level: where most days are alike, few levels."""
    ordered = sorted(counts)
    if not ordered:
        return set()
    return {ordered[(len(ordered) - 1) * part // LEVELS] for part in range(1, LEVELS)}


def _day(day: date, messages: int, limits: Collection[int]) -> Day:
    level = 1 + sum(messages > limit for limit in limits) if messages else 0
    return Day(day, messages, level)
