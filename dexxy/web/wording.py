"""How what happened reads: who did what, and when."""

from collections.abc import Mapping
from datetime import date as Date
from datetime import datetime, timedelta
from functools import lru_cache

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils import timezone
from django.utils.dateformat import format as date_format
from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from dexxy.integrations.health import SyncHealth
from dexxy.messages.models import (
    QUIET_KINDS,
    Message,
    MessageKind,
    Thread,
    ThreadKind,
    ThreadState,
)
from dexxy.web import phrases
from dexxy.web.phrases import FIELD_LABELS, KIND_LABELS, MESSAGE_LABELS, STATE_LABELS

__all__ = ["FIELD_LABELS", "KIND_LABELS", "MESSAGE_LABELS", "STATE_LABELS"]

Words = str | Promise
# A longer time is easier to grasp as a date.
LONGEST_AGE = timedelta(days=30)


def platform(provider: str) -> str:
    """Name the platform of an account, and its server where that is not the usual one."""
    name, _colon, server = provider.partition(":")
    name = "GitHub" if name == "github" else name
    return _("{name} at {server}").format(name=name, server=server) if server else name


def verb_alone(message: Message) -> str:
    """Say what the author of MESSAGE did, on the page of its thread."""
    return _phrase(
        message,
        phrases.ON_THE_THREAD,
        phrases.REVIEWED_ON_THE_THREAD,
        phrases.CLOSED_ON_THE_THREAD,
    )


def said(message: Message) -> str:
    """Say what the author of MESSAGE did where its words follow: a comment needs no verb."""
    return _phrase(message, phrases.IN_A_LINE, phrases.REVIEWED_IN_A_LINE, phrases.CLOSED_IN_A_LINE)


def _phrase(
    message: Message,
    by_kind: Mapping[MessageKind, Words],
    reviewed: Mapping[str, Words],
    closed: Mapping[str, Words],
) -> str:
    kind, details = MessageKind(message.kind), message.details
    if kind == MessageKind.REVIEW:
        return str(reviewed.get(str(details.get("state")), by_kind[kind]))
    if kind == MessageKind.CLOSED:
        return str(closed.get(str(details.get("state_reason")), by_kind[kind]))
    subject = _subject(message) or phrases.SOMETHING.get(kind, phrases.SOMEBODY)
    return str(by_kind[kind]).format(subject=subject)


def _subject(message: Message) -> str:
    """Name what MESSAGE is about beside its thread; '' where that is not known."""
    subject = message.details.get("subject", {})
    if number := subject.get("number"):
        return f"#{number}"
    return str(subject.get("login") or subject.get("name") or "")


def thread_icon(thread: Thread) -> str:
    """Name the picture of THREAD: a merged or closed one has that of its state."""
    if thread.state == ThreadState.MERGED or (
        thread.state == ThreadState.CLOSED and thread.kind == ThreadKind.ISSUE
    ):
        return str(thread.state)
    return str(thread.kind)


def thread_label(thread: Thread) -> str:
    """Name the kind of THREAD, and its state where it is not open."""
    kind, state = ThreadKind(thread.kind), ThreadState(thread.state)
    return str(phrases.THREAD_LABELS.get((kind, state)) or kind_of_one(kind))


def kind_of_one(kind: ThreadKind) -> str:
    """Name the kind of one thread."""
    return str(phrases.THREAD_LABELS[kind, ThreadState.OPEN])


def icon(message: Message) -> str:
    """Name the picture of what happened, as static/dexxy/icons.svg does."""
    if message.kind == MessageKind.REVIEW:
        states = {"APPROVED": "approved", "CHANGES_REQUESTED": "refused"}
        return states.get(str(message.details.get("state")), "review")
    if message.kind in QUIET_KINDS:
        return "event"
    return "code" if message.kind == MessageKind.REVIEW_COMMENT else str(message.kind)


def state_label(thread: Thread) -> str:
    """Say how THREAD stands."""
    if thread.state == ThreadState.CLOSED:
        closed = phrases.STATES[ThreadState.CLOSED]
        return str(phrases.CLOSED_STATES.get(thread.state_reason, closed))
    if thread.state == ThreadState.OPEN and thread.answered_at:
        return str(phrases.ANSWERED)
    return str(phrases.STATES[ThreadState(thread.state)])


def number(value: float, decimals: int = 0) -> str:
    """Write a number as its reader does: `1,284`, or `1.284` in German.

    Args:
        decimals: how many digits stand behind the point.
    """
    rounded = round(value, decimals) if decimals else round(value)
    return number_format(rounded, decimals or None, force_grouping=True)


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


def health_state(health: SyncHealth) -> str:
    """Name how the sync of a workspace is doing: bad, warn, off, busy or good."""
    if not health.repositories:
        return "good" if health.fed else "off"
    if health.failing or health.overdue:
        return "bad"
    if health.paused_until:
        return "warn"
    return "busy" if health.reading else "good"


def health_line(health: SyncHealth) -> str:
    """Say in a few words how the sync of a workspace is doing."""
    if not health.repositories:
        return _fed_line(health) if health.fed else _("No repository connected")
    if health.failing:
        words = ngettext(
            "{number} repository needs you", "{number} repositories need you", health.failing
        )
        return words.format(number=intcomma(health.failing))
    if health.overdue:
        words = ngettext(
            "{number} repository overdue", "{number} repositories overdue", health.overdue
        )
        return words.format(number=intcomma(health.overdue))
    if health.paused_until:
        return _("Rate limit until {time}").format(time=clock(health.paused_until))
    if health.reading:
        words = ngettext(
            "Syncing {number} repository", "Syncing {number} repositories", health.reading
        )
        return words.format(number=intcomma(health.reading))
    if health.synced_at is None:
        return _("Paused")
    return _("Up to date, {time}").format(time=ago(health.synced_at, timezone.now()))


def _fed_line(health: SyncHealth) -> str:
    if health.fed_at is None:
        return _("Fed by scripts")
    return _("Fed by scripts, {time}").format(time=ago(health.fed_at, timezone.now()))


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
