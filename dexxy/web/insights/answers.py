"""The cards about how long things take: to answer, to close, to review, to merge."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import cache

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dexxy.messages.figures import durations
from dexxy.messages.figures.outcomes import Durations, Outcome
from dexxy.messages.figures.small_numbers import (
    LEAST_FOR_MEDIAN,
    LEAST_FOR_P90,
    LEAST_FOR_PERCENT,
    ratio,
    shown,
)
from dexxy.messages.figures.steps import DAY
from dexxy.messages.figures.trends import ResponseTrend, response_trend
from dexxy.messages.figures.waiting_trend import waiting_trend
from dexxy.web.charts.plot import Plot, Series, lines
from dexxy.web.charts.shares import Shares, shares
from dexxy.web.insights import words
from dexxy.web.insights.cards import Asked, Count, Drawn, Fact, Rows, Table

_HOUR = timedelta(hours=1)
_DONE = {
    Outcome.DONE: gettext_lazy("Done"),
    Outcome.OPEN: gettext_lazy("Still waiting"),
    Outcome.NEVER: gettext_lazy("Closed without it"),
    Outcome.WITHDRAWN: gettext_lazy("Closed by the opener before"),
}
# What took longer than the last of these is in one more band.
_BANDS = (timedelta(days=1), timedelta(days=7), timedelta(days=30))
_BAND_NAMES = (
    gettext_lazy("Within a day"),
    gettext_lazy("Later, within a week"),
    gettext_lazy("Later, within 30 days"),
    gettext_lazy("Still later"),
)


def responses(asked: Asked) -> Drawn:
    """Draw how soon anybody, and the team, answered (M1, M2)."""
    found = response_trend(*asked.figure, with_team=asked.with_team)
    facts, table, notes = [], [], []
    rows: dict[str, Rows] = {}
    for kind, now in found.now.items():
        anybody, team = shown(now.anybody), shown(now.team)
        if not anybody.n:
            continue
        before = shown(found.before[kind])
        name = str(words.KINDS[kind])
        by_anybody = _("%(kind)s, by anybody") % {"kind": name}
        by_team = _("%(kind)s, by the team") % {"kind": name}
        facts += [
            _median(by_anybody, anybody, before.anybody),
            _median(by_team, team, before.team),
        ]
        table += [
            _row(by_anybody, anybody, f"{kind}-"),
            _row(by_team, team, f"{kind}-team-"),
        ]
        rows |= _lists(f"{kind}-", by_anybody, anybody)
        rows |= _lists(f"{kind}-team-", by_team, team)
        notes += _notes(anybody, name)
    if not facts:
        if asked.with_team:
            return Drawn(empty=_("Nobody opened a thread in this time."))
        return Drawn(empty=_("Nobody outside the team opened a thread in this time."))
    notes = [*_of_team(asked), *notes]
    chart = _response_lines(found)
    if chart is None:
        notes.insert(0, _("No line: in no day or week were enough issues opened for a median."))
    return Drawn(facts, chart, Table(_head(), table), notes, rows)


def _of_team(asked: Asked) -> list[str]:
    return [_("Threads that the team opened count, too.")] if asked.with_team else []


def _response_lines(found: ResponseTrend) -> Plot | None:
    """Draw how the medians went; None where no step has enough for one."""
    steps = [words.step_name(step) for step, _found in found.steps]
    series = [
        Series(_("team"), "c1", [_hours(shown(one.team)) for _step, one in found.steps]),
        Series(_("anybody"), "c3", [_hours(shown(one.anybody)) for _step, one in found.steps]),
    ]
    if all(value is None for one in series for value in one.values):
        return None
    sentence = _("Median time until issues were first answered, by when they were opened.")
    return lines(series, steps, sentence, words.hours)


def closings(asked: Asked) -> Drawn:
    """Draw how long issues and discussions take until they are closed (M3)."""
    facts, table, notes, drawn = [], [], [], []
    rows: dict[str, Rows] = {}
    now, before = durations.time_to_close_compared(*asked.figure)
    for kind, both in now.items():
        opened, closed = shown(both.opened), shown(both.closed)
        if not opened.durations.n and not closed.durations.n:
            continue
        name = str(words.KINDS[kind])
        of_opened = _("%(kind)s opened") % {"kind": name}
        of_closed = _("%(kind)s closed in this time") % {"kind": name}
        earlier = shown(before[kind])
        facts += [
            _median(of_opened, opened.durations, earlier.opened.durations),
            _median(of_closed, closed.durations, earlier.closed.durations),
        ]
        table += [
            _row(of_opened, opened.durations, f"{kind}-"),
            _row(of_closed, closed.durations, f"{kind}-closed-"),
        ]
        rows |= _lists(f"{kind}-", of_opened, opened.durations)
        rows |= _lists(f"{kind}-closed-", of_closed, closed.durations)
        notes += _how_closed(of_opened, opened) + _notes(opened.durations, name)
        # What to expect; what was worked off is drawn where nothing was opened.
        drawn.append(
            (f"{kind}-", of_opened, opened.durations)
            if opened.durations.n
            else (f"{kind}-closed-", of_closed, closed.durations)
        )
    if not facts:
        return Drawn(empty=_("No issue and no discussion was opened or closed in this time."))
    chart, bands = _soon(asked, "time-to-close", drawn)
    return Drawn(facts, chart, Table(_head(), table), notes, {**rows, **bands})


def _how_closed(name: str, found: durations.Closings) -> list[str]:
    """Say what closings there were that nobody would take for an answer, if there were any."""
    notes = []
    if found.by_bots:
        text = _("%(kind)s: %(bots)d of %(closed)d closed by bots.")
        counts = {"kind": name, "bots": found.by_bots, "closed": found.durations.done}
        notes.append(text % counts)
    if found.not_planned:
        text = _("%(kind)s: %(planned)d closed as not planned.")
        notes.append(text % {"kind": name, "planned": found.not_planned})
    return notes


def waiting(asked: Asked) -> Drawn:
    """Draw how many waited for the team at the end of each day or week."""
    found = waiting_trend(*asked.figure)
    numbers = [one.waiting for one in found.steps]
    if not any(numbers) and not found.before:
        return Drawn(empty=_("Nobody waited for the team in this time."))
    last = len(found.at_the_end)
    most = max(found.steps, key=lambda one: one.waiting)
    sentence = _("Waiting at the end: %(last)s. Most of all from %(day)s: %(most)s.") % {
        "last": words.number(last),
        "day": words.step_name(most.step),
        "most": words.number(most.waiting),
    }
    series = [Series(_("waiting"), "c1", numbers)]
    steps = [words.step_name(one.step) for one in found.steps]
    change = words.change(last, found.before, better=-1)
    return Drawn(
        facts=[
            Fact(_("Waiting at the end"), words.number(last), rows="end", change=change),
            _waiting_before(asked, found.before),
        ],
        chart=lines(series, steps, sentence, words.number),
        table=Table(
            [_("From"), _("To"), _("Waiting at its end")],
            [
                [
                    one.step.first.isoformat(),
                    one.step.last.isoformat(),
                    asked.in_step(one.step, one.waiting, "waiting", "end"),
                ]
                for one in found.steps
            ],
        ),
        notes=[_("Snoozed ones count. What is old, and what the team opened, does not.")],
        rows={"end": Rows(_("Waiting at the end"), found.at_the_end)},
    )


def _waiting_before(asked: Asked, number: int) -> Fact:
    """Tell how many waited at the beginning, which is the end of the day before."""
    last = asked.period.first - DAY
    address = asked.of_days(last, last).address("insights_rows", "waiting", "end")
    name = _("Waiting at the beginning")
    return Fact(name, words.number(number), address=address if number else "")


def ages(asked: Asked) -> Drawn:
    """Draw how old the open issues are (M4)."""
    found = shown(durations.issue_age(*asked.figure))
    took = found.durations
    if not took.n:
        return Drawn(empty=_("No issue is open."))
    names = [_("Up to 30 days"), _("31 to 90 days"), _("91 days to a year"), _("Older")]
    beside = _beside(took)
    rows = {"open": Rows(_("Open issues"), took.ended(Outcome.OPEN), beside=beside)}
    bars = []
    # The oldest come first, so the bands stand behind each other.
    ids, end = rows["open"].ids, took.n
    for index, (name, count) in enumerate(zip(names, found.bands, strict=True)):
        rows[f"band-{index + 1}"] = Rows(name, ids[end - count : end], beside=beside)
        end -= count
        address = asked.address("insights_rows", "issue-age", f"band-{index + 1}")
        bars.append((name, count, "", address))
    return Drawn(
        facts=[
            Fact(_("Open issues"), words.number(took.n), rows="open"),
            Fact(_("Median age"), words.lasting(took.median)),
            Fact(_("Nine of ten are younger than"), words.lasting(took.p90)),
        ],
        chart=shares(_("Open issues by age."), bars, took.n),
        table=Table(
            [_("Age"), _("Issues")],
            [
                [name, Count(count, f"band-{index}")]
                for index, (name, count) in enumerate(zip(names, found.bands, strict=True), start=1)
            ],
        ),
        notes=[_("It is about now, whatever the period."), *_notes(took)],
        rows=rows,
    )


def reviews(asked: Asked) -> Drawn:
    """Draw how long pull requests wait for their first review (M7)."""
    return _one(
        asked,
        "review",
        shown(durations.review_duration(*asked.figure)),
        shown(durations.review_duration(*asked.figure_before)),
        _("Until the first review"),
        _("No pull request was opened in this time."),
    )


def merges(asked: Asked) -> Drawn:
    """Draw how long accepted pull requests took (M8)."""
    found = shown(durations.merge_duration(*asked.figure))
    before = shown(durations.merge_duration(*asked.figure_before))
    drawn = _one(
        asked,
        "merge",
        found,
        before,
        _("Until the merge"),
        _("No pull request was opened in this time."),
        compared=(found.done, before.done),
    )
    if drawn.empty or not found.is_young:
        return drawn
    young = _("Under 90 days ago: only what was quick is merged yet, so the time will grow.")
    return Drawn(drawn.facts, drawn.chart, drawn.table, [young, *drawn.notes], drawn.rows)


def answers(asked: Asked) -> Drawn:
    """Draw how long discussions wait for their chosen answer (M22)."""
    with_team = asked.with_team
    found = shown(durations.time_to_answer(*asked.figure, with_team=with_team))
    before = shown(durations.time_to_answer(*asked.figure_before, with_team=with_team))
    drawn = _one(
        asked,
        "answers",
        found.durations,
        before.durations,
        _("Until the chosen answer"),
        _("Nobody opened a discussion in this time.")
        if with_team
        else _("Nobody outside the team opened a discussion in this time."),
    )
    if drawn.empty:
        return drawn
    notes = _of_team(asked)
    if found.by_opener:
        notes.append(_("Answered by their own opener: %d.") % found.by_opener)
    if found.unanswered:
        notes.append(_("Open, and nobody else has spoken: %d.") % found.unanswered)
    if found.unknown:
        text = ngettext(
            "Of %(n)s nobody knows yet whether its category takes answers: it counts.",
            "Of %(n)s nobody knows yet whether their categories take answers: they count.",
            found.unknown,
        )
        notes.append(text % {"n": words.number(found.unknown)})
    return Drawn(drawn.facts, drawn.chart, drawn.table, [*notes, *drawn.notes], drawn.rows)


def _one(
    asked: Asked,
    slug: str,
    found: Durations,
    before: Durations,
    name: str,
    empty: str,
    *,
    compared: tuple[int, int] | None = None,
) -> Drawn:
    if not found.n:
        return Drawn(empty=empty)
    compared = compared or (found.n, before.n)
    change = words.change_of_time(found.median, before.median, *compared)
    facts = [
        Fact(_("Median"), words.lasting(found.median), change=change),
        Fact(_("Nine of ten within"), words.lasting(found.p90)),
        *(
            Fact(str(label), words.number(found.count(outcome)), rows=str(outcome.value))
            for outcome, label in _DONE.items()
        ),
    ]
    chart, bands = _soon(asked, slug, [("", name, found)])
    table = Table(_head(), [_row(name, found)])
    return Drawn(facts, chart, table, _notes(found), {**_lists("", name, found), **bands})


def _soon(
    asked: Asked, slug: str, parts: Sequence[tuple[str, str, Durations]]
) -> tuple[Shares, dict[str, Rows]]:
    """Draw how many threads have it how soon, and how many do not: each is in one bar.

    Args:
        slug: of the card.
        parts: beginnings of the names of their lists, what they are, and what became of them.

    Returns: with the lists that the bars count.
    """
    bars: list[tuple[str, int, str, str]] = []
    rows: dict[str, Rows] = {}
    for prefix, name, found in parts:
        beside = _beside(found)
        bands = [
            (str(label), f"{prefix}within-{number}", ids)
            for number, (label, ids) in enumerate(
                zip(_BAND_NAMES, _by_band(found), strict=True), start=1
            )
        ]
        rows |= {key: Rows(f"{name}: {label}", ids, beside=beside) for label, key, ids in bands}
        without = [
            (str(label), f"{prefix}{outcome.value}", found.ended(outcome))
            for outcome, label in _DONE.items()
            if outcome is not Outcome.DONE
        ]
        bars += [
            (
                label if len(parts) == 1 else f"{name}: {label}",
                len(ids),
                words.share(ratio(len(ids), found.n)) if found.n >= LEAST_FOR_PERCENT else "",
                asked.address("insights_rows", slug, key),
            )
            for label, key, ids in [*bands, *(one for one in without if one[2])]
        ]
    sentence = _("Threads by how soon they had it.")
    return shares(sentence, bars, max(found.n for _prefix, _name, found in parts)), rows


def _by_band(found: Durations) -> list[list[int]]:
    """Return the threads that have it, by how long it took them."""
    bands: list[list[int]] = [[] for _name in _BAND_NAMES]
    for one in found.threads:
        if one.outcome is Outcome.DONE and one.took is not None:
            bands[bisect_left(_BANDS, one.took)].append(one.thread_id)
    return bands


def _median(name: str, now: Durations, before: Durations) -> Fact:
    change = words.change_of_time(now.median, before.median, now.n, before.n)
    return Fact(name, words.lasting(now.median), change=change)


def _head() -> Sequence[str]:
    return [
        _("Threads"),
        _("In all"),
        *(str(label) for label in _DONE.values()),
        _("Median"),
        _("Nine of ten within"),
    ]


def _row(name: str, found: Durations, prefix: str = "") -> Sequence[object]:
    counts = [Count(found.count(one), f"{prefix}{one.value}") for one in _DONE]
    return [name, Count(found.n, f"{prefix}all"), *counts, found.median, found.p90]


def _lists(prefix: str, name: str, found: Durations) -> dict[str, Rows]:
    beside = _beside(found)
    return {
        f"{prefix}all": Rows(name, [one.thread_id for one in found.threads], beside=beside),
        **{
            f"{prefix}{outcome.value}": Rows(
                f"{name}: {label}", found.ended(outcome), beside=beside
            )
            for outcome, label in _DONE.items()
        },
    }


def _beside(found: Durations) -> Callable[[int], str]:
    @cache
    def took() -> dict[int, timedelta | None]:
        return {one.thread_id: one.took for one in found.threads}

    return lambda pk: words.lasting(took().get(pk))


def _notes(found: Durations, name: str = "") -> list[str]:
    notes = []
    if "median" in found.withheld:
        few = _("No median of fewer than %d threads: see the threads themselves.")
        notes.append(few % LEAST_FOR_MEDIAN)
    elif found.median is None:
        notes.append(_("Not yet half of them have it, so there is no median."))
    elif "p90" in found.withheld:
        notes.append(_("Nine of ten is shown from %d threads on.") % LEAST_FOR_P90)
    if out := words.left_out(found.left_out):
        notes.append(out)
    return [f"{name}: {note}" if name else note for note in notes]


def _hours(found: Durations) -> float | None:
    return None if found.median is None else found.median / _HOUR
