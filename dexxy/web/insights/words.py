"""How numbers, times and changes of them read in the figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dexxy.messages.figures.cohort import LeftOut
from dexxy.messages.figures.periods import Period
from dexxy.messages.figures.small_numbers import LEAST_FOR_PERCENT, Ratio, may_compare
from dexxy.messages.figures.steps import Step
from dexxy.messages.models import ThreadKind
from dexxy.web.wording import numbers, times

NONE = "—"
# A copy that is older says so.
STALE = timedelta(days=1)
KINDS = {
    ThreadKind.ISSUE: gettext_lazy("Issues"),
    ThreadKind.PULL_REQUEST: gettext_lazy("Pull requests"),
    ThreadKind.DISCUSSION: gettext_lazy("Discussions"),
}


@dataclass(frozen=True)
class Change:
    """How much a number changed since the period before.

    Args:
        words: such as "↑ 22%", or that there are too few to compare.
        look: good, bad, or '' where more is neither.
        before: what it was; '' where that is not compared.
    """

    words: str
    look: str
    before: str


def number(value: float) -> str:
    """Write a count."""
    return numbers.number(value)


def lasting(span: timedelta | None) -> str:
    """Write a time as in a column: `40 min`, `9 h`, `3.5 d`; a dash for none."""
    if span is None:
        return NONE
    minutes = span / timedelta(minutes=1)
    if minutes < 1:
        return _("%(seconds)d s") % {"seconds": span / timedelta(seconds=1)}
    if minutes < 60:
        return _("%(minutes)d min") % {"minutes": minutes}
    if minutes < 48 * 60:
        return _("%(hours)s h") % {"hours": _short(minutes / 60)}
    return _("%(days)s d") % {"days": _short(minutes / 60 / 24)}


def hours(value: float) -> str:
    """Write hours beside a chart."""
    return lasting(timedelta(hours=value)) if value else "0"


def share(found: Ratio) -> str:
    """Write a ratio: "62%", or "3 of 4" where there are too few; a dash of nothing."""
    if found.of == 0:
        return NONE
    if found.percent is None or found.of < LEAST_FOR_PERCENT:
        return _("%(part)s of %(of)s") % {"part": number(found.part), "of": number(found.of)}
    return _("%(percent)d%%") % {"percent": round(found.percent)}


def change(now: int, before: int, *, better: int = 0) -> Change | None:
    """Say how much a count changed; None where there are too few to compare.

    Args:
        better: 1 where more is better, -1 where less is, 0 where it is neither.
    """
    if not may_compare(now, before):
        return None
    percent = round(100 * (now - before) / before)
    words = _("%(arrow)s %(percent)d%%") % {"arrow": _arrow(percent), "percent": abs(percent)}
    return Change(words, _look(percent * better), number(before))


def change_of_time(
    now: timedelta | None, before: timedelta | None, n: int, n_before: int
) -> Change | None:
    """Say how much a duration changed, of which less is better; as `change`."""
    if now is None or before is None or not may_compare(n, n_before):
        return None
    by = (now - before) // timedelta(seconds=1)
    words = f"{_arrow(by)} {lasting(abs(now - before))}"
    return Change(words, _look(-by), lasting(before))


def or_too_few(found: Change | None, *counts: int) -> Change | None:
    """Return a change, or that there is too little to compare: COUNTS of both periods."""
    if found or not any(counts):
        return found
    return Change(_("too few to compare"), "", "")


def step_name(step: Step) -> str:
    """Name a day, or a week by its first day."""
    return day(step.first)


def day(on: date) -> str:
    """Write a day without its year."""
    return times.day_alone(on)


def day_and_year(on: date) -> str:
    """Write a day with its year."""
    return times.day_in_full(on)


def between(period: Period, *, year: int | None = None) -> str:
    """Write the days of a period.

    Args:
        year: the one that is clear from what stands before.
    """
    first, last = period.first, period.last
    is_one_year = first.year == last.year
    begins = times.day_in_full(first, with_year=not is_one_year)
    ends = times.day_in_full(last, with_year=not (is_one_year and last.year == year))
    return f"{begins} – {ends}"


def left_out(found: Mapping[LeftOut, int]) -> str:
    """Say how many threads were left out, and why; '' if none was."""
    words = {
        LeftOut.TEAM: ngettext("%d of the team", "%d of the team", found.get(LeftOut.TEAM, 0)),
        LeftOut.BOT: ngettext("%d of a bot", "%d of bots", found.get(LeftOut.BOT, 0)),
        LeftOut.GHOST: ngettext(
            "%d of an account that is gone",
            "%d of accounts that are gone",
            found.get(LeftOut.GHOST, 0),
        ),
        LeftOut.IMPORTED: ngettext("%d imported", "%d imported", found.get(LeftOut.IMPORTED, 0)),
        LeftOut.DRAFT: ngettext("%d draft", "%d drafts", found.get(LeftOut.DRAFT, 0)),
        LeftOut.EARLY: ngettext(
            "%d answered while still a draft",
            "%d answered while still drafts",
            found.get(LeftOut.EARLY, 0),
        ),
        LeftOut.CATEGORY: ngettext(
            "%d of a category that takes no answers",
            "%d of categories that take no answers",
            found.get(LeftOut.CATEGORY, 0),
        ),
    }
    parts = [text % found[why] for why, text in words.items() if found.get(why)]
    return _("Left out: %(what)s.") % {"what": ", ".join(parts)} if parts else ""


def _arrow(by: int) -> str:
    return "↑" if by > 0 else "↓" if by < 0 else "="


def _look(goodness: int) -> str:
    return "good" if goodness > 0 else "bad" if goodness < 0 else ""


def _short(value: float) -> str:
    return numbers.number(value, 0 if value >= 10 or value == round(value) else 1)
