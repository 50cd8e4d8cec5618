"""The card about stars and forks."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date

from django.utils.translation import gettext as _

from dexxy.messages.figures.steps import Step, steps_of
from dexxy.sources.growth import Counts, growth_of_all
from dexxy.web.charts.plot import Series, lines
from dexxy.web.insights import words
from dexxy.web.insights.cards import Asked, Drawn, Fact, Table


def growth(asked: Asked) -> Drawn:
    """Draw how stars and forks grow, as far as they were looked at."""
    found = growth_of_all(
        asked.viewer,
        asked.workspace,
        until=asked.window.until,
        source_ids=asked.filters.source_ids,
    )
    if not found:
        return Drawn(empty=_("No stars were counted yet: they come with the next sync."))
    steps = steps_of(asked.window)
    days: dict[int, list[tuple[date, Counts]]] = defaultdict(list)
    for row in found:
        days[row.source_id].append((row.date, Counts(row.stars, row.forks)))
    totals = [_total(days, step) for step in steps]
    known = [total for total in totals if total is not None]
    if not known:
        return Drawn(empty=_("No stars were counted in this time."))
    return _drawn(steps, totals, known[0], known[-1])


def _drawn(
    steps: Sequence[Step], totals: Sequence[Counts | None], first: Counts, last: Counts
) -> Drawn:
    names = [_("Stars"), _("Forks")]
    stars = [None if one is None else one.stars for one in totals]
    forks = [None if one is None else one.forks for one in totals]
    series = [Series(names[0], "c1", stars), Series(names[1], "c2", forks)]
    sentence = _("Stars went from %(first)s to %(last)s.") % {
        "first": words.number(first.stars),
        "last": words.number(last.stars),
    }
    rows = [
        [step.first.isoformat(), *each] for step, *each in zip(steps, stars, forks, strict=True)
    ]
    # Dexxy keeps how many there are, and not whose: no list is behind these numbers.
    return Drawn(
        facts=[
            Fact(names[0], words.number(last.stars)),
            Fact(_("More stars"), f"{last.stars - first.stars:+,}"),
            Fact(names[1], words.number(last.forks)),
            Fact(_("More forks"), f"{last.forks - first.forks:+,}"),
        ],
        chart=lines(series, [words.step_name(step) for step in steps], sentence, words.number),
        table=Table([_("From"), *names], rows),
        notes=[
            _("Counted once a day since a repository was connected; before that nobody knows."),
        ],
    )


def _total(days: Mapping[int, Sequence[tuple[date, Counts]]], step: Step) -> Counts | None:
    """Add up the last counts of each source by the end of a step; None before all have one."""
    last = step.until.astimezone(UTC).date()
    found = []
    for counts in days.values():
        known = [count for on, count in counts if on < last]
        if not known:
            return None
        found.append(known[-1])
    return Counts(sum(one.stars for one in found), sum(one.forks for one in found))
