"""The cards about how much is written, when, where, and by bots."""

from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext as _

from dexxy.members.who_may_see import members_by_id
from dexxy.messages.figures import rhythm
from dexxy.messages.figures.cohort import LeftOut
from dexxy.messages.figures.left_out import messages_left_out
from dexxy.messages.figures.reach import by_source
from dexxy.messages.figures.small_numbers import (
    LEAST_FOR_PERCENT,
    LEAST_PEOPLE,
    Ratio,
    ratio,
    shown,
)
from dexxy.messages.figures.steps import Step, steps_before
from dexxy.messages.figures.trends import volume
from dexxy.sources.selectors import visible_sources
from dexxy.web.charts import plot
from dexxy.web.charts.heat import heat
from dexxy.web.charts.plot import Series
from dexxy.web.charts.shares import Shares, shares
from dexxy.web.insights import words
from dexxy.web.insights.cards import Asked, Count, Drawn, Fact, Rows, Table

# The busiest of them are drawn; the table has all.
_SHOWN_SOURCES = 8


def messages(asked: Asked) -> Drawn:
    """Draw how much was written, step by step, beside the period before."""
    trend = volume(*asked.figure)
    now, before = sum(one.messages for one in trend), sum(one.before for one in trend)
    if not now and not before:
        return Drawn(empty=_("Nothing was written in this time."))
    series = [Series(_("this period"), "c1", [one.messages for one in trend])]
    head = [_("From"), _("Messages")]
    if asked.is_compared:
        series.append(Series(_("previous"), "c3", [one.before for one in trend]))
        head.append(_("Previous"))
    steps = [words.step_name(one.step) for one in trend]
    busiest = max(trend, key=lambda one: one.messages)
    sentence = _("%(n)s messages, most of them from %(day)s: %(most)s.") % {
        "n": words.number(now),
        "day": words.step_name(busiest.step),
        "most": words.number(busiest.messages),
    }
    change = words.change(now, before, better=1)
    note = words.left_out({LeftOut.BOT: messages_left_out(*asked.figure).messages})
    earlier = steps_before([one.step for one in trend], asked.window.zone)
    return Drawn(
        facts=[Fact(_("Messages"), words.number(now), address=asked.feed, change=change)],
        chart=plot.beside(series, steps, sentence, words.number),
        table=Table(
            head,
            [
                [
                    one.step.first.isoformat(),
                    _messages_in(asked, one.step, one.messages),
                    _messages_in(asked, step, one.before),
                ][: len(head)]
                for one, step in zip(trend, earlier, strict=True)
            ],
        ),
        notes=[note] if note else [],
    )


def _messages_in(asked: Asked, step: Step, number: int) -> Count:
    return Count(number, address=asked.of_days(step.first, step.last).feed if number else "")


def repositories(asked: Asked) -> Drawn:
    """Draw what each repository has of it."""
    found = by_source(*asked.figure)
    if not found:
        return Drawn(empty=_("Nothing was written in this time."))
    names = {one.pk: one.name for one in visible_sources(asked.viewer, asked.workspace)}
    bars = [(names.get(one.source_id, ""), one.acts, "", "") for one in found[:_SHOWN_SOURCES]]
    return Drawn(
        chart=shares(_("Contributions by repository."), bars, found[0].acts),
        table=Table(
            [_("Repository"), _("Contributions"), _("People"), _("Threads opened")],
            # No list has the contributions alone: the feed also shows what accounts wrote that are
            # gone, and what was hidden.
            [
                [
                    names.get(one.source_id, ""),
                    one.acts,
                    Count(one.people, address=_people_of(asked, one.source_id)),
                    Count(one.opened, f"opened-{one.source_id}"),
                ]
                for one in found
            ],
        ),
        rows={
            f"opened-{one.source_id}": Rows(
                _("Threads opened in %s") % names.get(one.source_id, ""), one.opened_ids
            )
            for one in found
        },
        is_table=True,
    )


def _people_of(asked: Asked, source_id: int) -> str:
    """Return the address of the people who took part in a source."""
    there = replace(asked, query={**asked.query, "source": [str(source_id)]})
    return there.address("insights_rows", "people", "people")


def hours(asked: Asked) -> Drawn:
    """Draw when people act (M19)."""
    found = shown(rhythm.activity_hours(*asked.figure))
    if not found.acts:
        return Drawn(empty=_("Nothing was written in this time."))
    if found.hours is None:
        few = _("Fewer than %d people took part: when they did is nobody's business.")
        return Drawn(empty=few % LEAST_PEOPLE)
    days = [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]
    counts = {(one.weekday, one.hour): one.acts for one in found.hours}
    busiest = max(found.hours, key=lambda one: one.acts)
    sentence = _("Busiest on %(day)s from %(hour)d:00: %(acts)s contributions.") % {
        "day": days[busiest.weekday - 1],
        "hour": busiest.hour,
        "acts": words.number(busiest.acts),
    }
    # No list keeps hours of the week, so none is behind these numbers.
    return Drawn(
        chart=heat(sentence, days, counts, _("contributions")),
        table=Table(
            [_("Day"), _("Hour"), _("Contributions")],
            [[days[one.weekday - 1], one.hour, one.acts] for one in found.hours],
        ),
        notes=[
            sentence,
            _("Hours of %s. Nobody's own time zone is known: do not read this as work at night.")
            % asked.window.zone,
        ],
    )


def bursts(asked: Asked) -> Drawn:
    """Draw weeks of unusual activity (M20)."""
    weeks = rhythm.bursts(*asked.figure).weeks
    if not weeks:
        return Drawn(empty=_("There is no complete week in this time."))
    judged = [week for week in weeks if week.limit is not None]
    unusual = [week for week in weeks if week.is_burst]
    named = ", ".join(words.day(week.begins_on) for week in unusual)
    sentence = _("Unusual weeks: %s.") % named if named else _("No week was unusual.")
    notes = [sentence]
    if len(judged) < len(weeks):
        notes.append(_("A week is judged by the 12 complete weeks before it; some have fewer."))
    head = [_("Week of"), _("Contributions"), _("Unusual above"), _("Unusual"), _("Releases")]
    # As of repositories: no list has contributions alone.
    rows = [
        [
            week.begins_on.isoformat(),
            week.acts,
            week.limit,
            _("yes") if week.is_burst else "",
            _released(week),
        ]
        for week in weeks
    ]
    return Drawn(chart=_weeks(weeks, sentence), table=Table(head, rows), notes=notes)


def _weeks(weeks: Sequence[rhythm.Week], sentence: str) -> plot.Plot:
    """Draw what was done in each week, with the releases, which may be why."""
    series = [
        Series(_("contributions"), "c1", [None if week.is_burst else week.acts for week in weeks]),
        Series(_("unusual"), "c2", [week.acts if week.is_burst else None for week in weeks]),
    ]
    steps = [words.day(week.begins_on) for week in weeks]
    chart = plot.beside(series, steps, sentence, words.number)
    return plot.marked(chart, _("release"), [_released(week) for week in weeks])


def _released(week: rhythm.Week) -> str:
    return ", ".join(one.name for one in week.releases)


def bots(asked: Asked) -> Drawn:
    """Draw how much bots say (M21)."""
    found = shown(rhythm.bot_activity(*asked.figure))
    if not found.ratio.of:
        return Drawn(empty=_("Nothing was written in this time."))
    ids = [bot.member_id for bot in found.bots]
    names = {one.pk: str(one) for one in members_by_id(asked.viewer, asked.workspace, ids)}
    said = {bot.member_id: bot.said for bot in [*found.bots, *found.suspects]}
    suspects = [one.member_id for one in found.suspects]

    def beside(pk: int) -> str:
        return words.number(said[pk])

    return Drawn(
        facts=[
            Fact(_("Said by bots"), words.share(found.ratio)),
            Fact(_("Bots"), words.number(len(ids)), rows="bots"),
            Fact(_("May be bots"), words.number(len(suspects)), rows="suspects"),
        ],
        chart=_by_bots_and_people(asked, found.ratio),
        table=Table(
            [_("Bot"), _("Messages")],
            [[names.get(bot.member_id, ""), bot.said] for bot in found.bots],
            names_people=True,
        ),
        notes=[_("May be bots: people who answered within seconds, many times. You decide.")],
        rows={
            "bots": Rows(_("Bots"), ids, is_people=True, beside=beside),
            "suspects": Rows(_("May be bots"), suspects, is_people=True, beside=beside),
        },
        people="bots",
    )


def _by_bots_and_people(asked: Asked, of_bots: Ratio) -> Shares:
    by_bots, of = of_bots.part, of_bots.of
    bars = [
        (name, number, words.share(ratio(number, of)) if of >= LEAST_FOR_PERCENT else "", address)
        for name, number, address in (
            (_("By bots"), by_bots, asked.feed_of_bots),
            # No list has these alone: the feed also shows what accounts wrote that are gone.
            (_("By people"), of - by_bots, ""),
        )
    ]
    return shares(_("Messages by bots and by people."), bars, of)
