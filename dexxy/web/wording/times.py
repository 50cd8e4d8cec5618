"""When something was and how long it took, where the reader is."""

from datetime import date as Date
from datetime import datetime, timedelta
from functools import lru_cache

from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

# A longer time is easier to grasp as a date.
LONGEST_AGE = timedelta(days=30)


def ago(moment: datetime, now: datetime) -> str:
    """Say how long ago MOMENT was, and its date where that is easier to grasp."""
    passed = now - moment
    if passed < timedelta(minutes=1):
        return _("just now")
    if passed < LONGEST_AGE:
        return _("{time} ago").format(time=_amount(passed))
    return _("on {date}").format(date=date(moment, now))


def age(moment: datetime, now: datetime) -> str:
    """Say in a column how long ago MOMENT was: `40 min`, `9 h`, `3 d`, then its date."""
    passed = now - moment
    if passed < timedelta(minutes=1):
        return _("now")
    return _amount(passed) if passed < LONGEST_AGE else date(moment, now)


def _amount(passed: timedelta) -> str:
    if passed < timedelta(hours=1):
        return _("{number} min").format(number=passed // timedelta(minutes=1))
    if passed < timedelta(days=1):
        return _("{number} h").format(number=passed // timedelta(hours=1))
    # Translators: days, as short as it can be.
    return _("{number} d").format(number=passed.days)


def date(moment: datetime, now: datetime) -> str:
    """Write the date of MOMENT where the reader is, with the year if it is another one."""
    local = timezone.localtime(moment)
    is_this_year = local.year == timezone.localtime(now).year
    # Translators: letters as in Django's filter `date`; of this year, as in "3 May".
    this_year = pgettext("date", "j M")
    # Translators: letters as in Django's filter `date`, as in "3 May 2025".
    other_year = pgettext("date", "j M Y")
    return date_format(local, this_year if is_this_year else other_year)


def day_alone(day: Date, *, with_year: bool = False) -> str:
    """Write a day as short as it can be: `3 May`, `3 May 2025`."""
    return date_format(day, pgettext("date", "j M Y") if with_year else pgettext("date", "j M"))


def day_in_full(day: Date, *, with_year: bool = True) -> str:
    """Write a day with the whole name of its month: `3 May 2025`."""
    # Translators: letters as in Django's filter `date`, with the whole name of the month.
    short, whole = pgettext("date", "j F"), pgettext("date", "j F Y")
    return date_format(day, whole if with_year else short)


def at(moment: datetime, now: datetime) -> str:
    """Write when MOMENT was to the minute, where the reader is: `today, 09:12`."""
    local = timezone.localtime(moment)
    names = {0: _("today"), 1: _("yesterday")}
    day = names.get((timezone.localtime(now).date() - local.date()).days) or date(moment, now)
    return f"{day}, {local:%H:%M}"


def under_its_day(moment: datetime, now: datetime) -> str:
    """Say when MOMENT was where its day stands above: its age, or the time of a day before."""
    if now - moment < timedelta(days=1):
        return age(moment, now)
    return timezone.localtime(moment).strftime("%H:%M")


def day(moment: datetime, now: datetime) -> tuple[str, str]:
    """Name a day where the reader is: in a word, and by its date; a far one by its date alone."""
    local, today = timezone.localtime(moment), timezone.localtime(now)
    # Translators: letters as in Django's filter `date`; of this year, as in "Sunday 3 May".
    this_year = pgettext("day", "l j F")
    # Translators: letters as in Django's filter `date`, as in "Saturday 3 May 2025".
    other_year = pgettext("day", "l j F Y")
    written = date_format(local, this_year if local.year == today.year else other_year)
    names = {0: _("Today"), 1: _("Yesterday")}
    name = names.get((today.date() - local.date()).days)
    return (name, written) if name else (written, "")


def exactly(moment: datetime) -> str:
    """Write MOMENT to the second, where the reader is, with the zone."""
    local = timezone.localtime(moment)
    return f"{_to_the_second(local.replace(tzinfo=None), get_language())} {zone(local)}"


# A page has hundreds of times, and the next one the same.
@lru_cache(maxsize=8192)
def _to_the_second(local: datetime, _language: str | None) -> str:
    # Translators: letters as in Django's filter `date`, as in "Sunday 3 May 2026, 14:05:09".
    return date_format(local, pgettext("date", "l j F Y, H:i:s"))


def clock(moment: datetime) -> str:
    """Write the time of day of MOMENT, where the reader is, with the zone."""
    local = timezone.localtime(moment)
    return f"{local:%H:%M} {zone(local)}"


def zone(local: datetime) -> str:
    """Name the time zone of LOCAL as it is then: `CET`, or `UTC+05` where it has no such name."""
    name = local.tzname() or ""
    return name if name[:1].isalpha() else f"UTC{name}"


def lasting(span: timedelta) -> str:
    """Say roughly how long SPAN is."""
    seconds = round(span.total_seconds())
    if seconds >= 86400:
        days = round(seconds / 86400)
        return ngettext("{number} day", "{number} days", days).format(number=days)
    if seconds >= 3600:
        hours = round(seconds / 3600)
        return ngettext("{number} hour", "{number} hours", hours).format(number=hours)
    if seconds >= 60:
        minutes = round(seconds / 60)
        return ngettext("{number} minute", "{number} minutes", minutes).format(number=minutes)
    seconds = max(1, seconds)
    return ngettext("{number} second", "{number} seconds", seconds).format(number=seconds)
