"""Until when a thread can be snoozed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dexxy.common.errors import BadInputError

# When the day begins on which somebody wants to see it again.
_MORNING = time(8)
_NAMES: Mapping[str, Promise] = {
    "tomorrow": gettext_lazy("Tomorrow"),
    "monday": gettext_lazy("Monday"),
    "week": gettext_lazy("In a week"),
    "month": gettext_lazy("In a month"),
}


@dataclass(frozen=True)
class Snooze:
    """A time until which a thread can be snoozed.

    Args:
        key: as it is sent.
        until: in the zone of the reader.
    """

    key: str
    name: Promise
    until: datetime


def snoozes(now: datetime) -> list[Snooze]:
    """Return the times that are offered, the soonest first."""
    today = timezone.localtime(now).date()
    days = {
        "tomorrow": 1,
        "monday": 7 - today.weekday(),
        "week": 7,
        "month": 30,
    }
    found = [
        Snooze(key, name, _morning(today + timedelta(days=days[key])))
        for key, name in _NAMES.items()
        # On a Sunday tomorrow is Monday, and on a Monday that is in a week.
        if key != "monday" or days[key] not in (1, 7)
    ]
    return sorted(found, key=lambda one: one.until)


def snoozed_until(text: str, now: datetime) -> datetime:
    """Return the time that was chosen: one that is offered, or a date.

    Raises:
        BadInputError: it is neither.
    """
    for one in snoozes(now):
        if one.key == text:
            return one.until
    try:
        return _morning(date.fromisoformat(text))
    except (ValueError, OverflowError) as error:
        raise BadInputError(_("Choose a date.")) from error


def _morning(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, _MORNING))
