"""Times and time zones that somebody names."""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.utils.translation import gettext as _

from dexxy.common.errors import BadInputError

_FIRST, _LAST = 1970, 2200


class FarTimeError(BadInputError):
    """A time that no calendar of a reader may show: it can leave the years that there are."""


def check_times(*times: datetime | None) -> None:
    """Refuse times that are too far away to be stored; None is no time.

    In the time zone of some reader the first and the last days that there are do not exist, and
    every page with one of them would fail.

    Raises:
        FarTimeError: one of TIMES is.
    """
    if any(one is not None and not _FIRST <= one.year < _LAST for one in times):
        raise FarTimeError(
            _("Choose a time between {first} and {last}.").format(first=_FIRST, last=_LAST)
        )


def aware(time: datetime) -> datetime:
    """Read a time that was sent, without an offset as UTC.

    Raises:
        BadInputError: its offset moves it out of the years that there are.
    """
    try:
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except OverflowError as error:
        raise BadInputError(_("A time is before the year 1 or after the year 9999.")) from error


def zone_called(name: str) -> ZoneInfo | None:
    """Return the time zone called NAME, which the database knows, too; None if there is none."""
    return ZoneInfo(name) if name in _zones() else None


@cache
def _zones() -> set[str]:
    # Debian has a file of that name, and the database has no zone.
    return available_timezones() - {"localtime"}
