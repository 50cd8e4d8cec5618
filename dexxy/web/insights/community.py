"""The cards about people: who takes part, who is new, who has gone quiet, on whom it rests."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dexxy.members.who_may_see import members_by_id
from dexxy.messages.figures import concentration, people
from dexxy.messages.figures.left_out import messages_left_out
from dexxy.messages.figures.reach import reach
from dexxy.messages.figures.small_numbers import LEAST_FOR_PERCENT, ratio, shown
from dexxy.messages.figures.steps import steps_of
from dexxy.messages.figures.trends import StepPeople, participation
from dexxy.web.charts import plot
from dexxy.web.charts.plot import Plot, Series, stacked
from dexxy.web.charts.shares import Shares, shares
from dexxy.web.insights import words
from dexxy.web.insights.cards import Asked, Count, Drawn, Fact, Rows, Table


def participants(asked: Asked) -> Drawn:
    """Draw who took part, and how many of them were new (M12, M13)."""
    found = people.contributors(*asked.figure)
    before = people.contributors(*asked.figure_before)
    if not found.people:
        return Drawn(empty=_("Nobody wrote anything in this time."))
    rows = _participants(found)
    trend = participation(*asked.figure)
    change = words.change(len(found.people), len(before.people), better=1)
    return Drawn(
        facts=[
            Fact(rows[slug].name, words.number(len(rows[slug].ids)), rows=slug, change=changed)
            for slug, changed in (("people", change), ("team", None), ("others", None))
        ],
        chart=_over_time(trend, has_history=asked.window.has_history),
        table=Table(
            [_("From"), _("People"), _("New")],
            [
                [
                    one.step.first.isoformat(),
                    asked.in_step(one.step, one.people, "people", "people"),
                    asked.in_step(one.step, one.new, "newcomers", "people"),
                ]
                for one in trend
            ],
        ),
        notes=[*_ghosts(found.ghost_messages), *_bots(asked)],
        rows=rows,
        people="people",
    )


def _participants(found: people.Contributors) -> dict[str, Rows]:
    acts = {one.member_id: one.acts for one in found.people}

    def beside(pk: int) -> str:
        number = acts.get(pk, 0)
        return ngettext("%(n)s contribution", "%(n)s contributions", number) % {
            "n": words.number(number)
        }

    lists = {
        "people": (_("Active people"), [one.member_id for one in found.people]),
        "team": (_("Of the team"), [one.member_id for one in found.people if one.is_team]),
        "others": (_("Others"), [one.member_id for one in found.people if not one.is_team]),
    }
    return {
        slug: Rows(name, ids, is_people=True, beside=beside) for slug, (name, ids) in lists.items()
    }


def _over_time(trend: Sequence[StepPeople], *, has_history: bool) -> Plot:
    steps = [words.step_name(one.step) for one in trend]
    sentence = _("People who took part, step by step, and how many of them were new.")
    if not has_history:
        only = Series(_("people"), "c1", [one.people for one in trend])
        return plot.beside([only], steps, sentence, words.number)
    series = [
        Series(_("returning"), "c1", [one.people - (one.new or 0) for one in trend]),
        Series(_("new"), "c2", [one.new for one in trend]),
    ]
    return stacked(series, steps, sentence, words.number)


def _ghosts(number: int) -> list[str]:
    if not number:
        return []
    text = ngettext(
        "%(n)s message is of an account that is gone: nobody.",
        "%(n)s messages are of accounts that are gone: nobody.",
        number,
    )
    return [text % {"n": words.number(number)}]


def _bots(asked: Asked) -> list[str]:
    number = messages_left_out(*asked.figure).bots
    text = ngettext("Left out: %(n)s bot.", "Left out: %(n)s bots.", number)
    return [text % {"n": words.number(number)}] if number else []


def newcomers(asked: Asked) -> Drawn:
    """Draw who had never taken part before (M13)."""
    now, earlier = people.new_contributors_compared(*asked.figure)
    found, before = shown(now), shown(earlier).people or ()
    if found.people is None:
        return Drawn(empty=_first_sync())
    ids = [one.member_id for one in found.people]
    if not ids:
        return Drawn(empty=_("Nobody took part for the first time."))
    first_at = {one.member_id: one.first_at for one in found.people}
    names = {one.pk: str(one) for one in members_by_id(asked.viewer, asked.workspace, ids)}
    change = words.change(len(ids), len(before), better=1)
    return Drawn(
        facts=[Fact(_("New people"), words.number(len(ids)), rows="people", change=change)],
        chart=_first_days(asked, list(first_at.values())),
        table=Table(
            [_("Person"), _("First contribution")],
            [[names.get(one.member_id, ""), one.first_at.isoformat()] for one in found.people],
            names_people=True,
        ),
        rows={
            "people": Rows(
                _("New people"), ids, is_people=True, beside=lambda pk: words.day(first_at[pk])
            )
        },
        people="people",
    )


def _first_days(asked: Asked, first_at: Sequence[datetime]) -> Plot:
    """Draw how many came in each day or week."""
    steps = steps_of(asked.window)
    counts = [sum(step.since <= at < step.until for at in first_at) for step in steps]
    series = [Series(_("new people"), "c1", counts)]
    sentence = _("People who took part for the first time, step by step.")
    return plot.beside(series, [words.step_name(step) for step in steps], sentence, words.number)


def occasional(asked: Asked) -> Drawn:
    """Draw who came once or twice within a year (M14)."""
    found = shown(people.occasional_contributors(*asked.figure))
    lists = {
        "occasional": Rows(_("In one or two threads"), found.occasional, is_people=True),
        "regular": Rows(_("In three threads or more"), found.regular, is_people=True),
        "new": Rows(_("First seen under 90 days ago"), found.new, is_people=True),
    }
    return _lists(
        asked,
        "occasional",
        [Fact(_("Occasional"), words.share(found.ratio))],
        lists,
        found.ratio.of,
        [_("Of the 365 days before the end of the period. Who is new is in both numbers.")],
    )


def quiet(asked: Asked) -> Drawn:
    """Draw which regulars have gone quiet (M15)."""
    found = shown(people.inactive_contributors(*asked.figure))
    lists = {
        "inactive": Rows(_("Quiet for 90 days"), found.inactive, is_people=True),
        "active": Rows(_("Still active"), found.active, is_people=True),
    }
    facts = [Fact(_("Regulars gone quiet"), words.share(found.ratio))]
    drawn = _lists(asked, "quiet", facts, lists, found.ratio.of, [])
    return Drawn(
        drawn.facts, drawn.chart, drawn.table, drawn.notes, drawn.rows, drawn.empty, "inactive"
    )


def conversion(asked: Asked) -> Drawn:
    """Draw what became of newcomers (M16)."""
    found = shown(people.conversion_rate(*asked.figure))
    if found.converted is None or found.came_back is None:
        return Drawn(empty=_first_sync())
    facts, rows, table, notes = [], {}, [], []
    steps = {
        "merged": (_("Had a pull request merged within 180 days"), shown(found.converted)),
        "back": (_("Came back to another thread within 90 days"), shown(found.came_back)),
    }
    for slug, (name, step) in steps.items():
        facts.append(Fact(name, words.share(step.ratio), rows=slug))
        table.append(
            [name, Count(len(step.taken), slug), Count(len(step.not_taken), f"{slug}-not")]
        )
        rows[slug] = Rows(name, step.taken, is_people=True)
        rows[f"{slug}-not"] = Rows(_("Not yet: %s") % name, step.not_taken, is_people=True)
        rows[f"{slug}-recent"] = Rows(_("Too new to tell: %s") % name, step.recent, is_people=True)
        table[-1].append(Count(len(step.recent), f"{slug}-recent"))
    if not any(one.ids for one in rows.values()):
        return Drawn(empty=_("Nobody outside the team took part for the first time."))
    notes.append(_("Who came too lately to tell is in neither number."))
    head = [_("Step"), _("Took it"), _("Did not"), _("Too new to tell")]
    bars = [
        (one.name, len(one.ids), "", asked.address("insights_rows", "conversion", slug))
        for slug, one in rows.items()
    ]
    # Both steps ask about the same people.
    new = sum(len(rows[slug].ids) for slug in ("merged", "merged-not", "merged-recent"))
    chart = shares(_("New people by the steps that they took."), bars, new)
    return Drawn(facts, chart, Table(head, table), notes, rows)


def how_far(asked: Asked) -> Drawn:
    """Draw how far people went."""
    found = reach(*asked.figure)
    lists = {
        "acted": Rows(_("Said or did something"), found.acted, is_people=True),
        "opened": Rows(_("Opened a thread"), found.opened, is_people=True),
        "proposed": Rows(_("Opened a pull request"), found.proposed, is_people=True),
        "merged": Rows(_("Had one merged"), found.merged, is_people=True),
        "reviewed": Rows(_("Reviewed somebody else's"), found.reviewed, is_people=True),
    }
    return _lists(asked, "how-far", [], lists, len(found.acted), [])


def absence(asked: Asked) -> Drawn:
    """Draw on how few people half of it rests (M17)."""
    found = shown(concentration.absence_factor(*asked.figure))
    if not found.people:
        return Drawn(empty=_("Nobody wrote anything in this time."))
    half, everybody = _("People who made half of it"), _("People")
    ids = [one.member_id for one in found.people]
    rows = {"people": Rows(everybody, ids, is_people=True)}
    if found.factor is not None:
        rows["half"] = Rows(half, ids[: found.factor], is_people=True)
    # As of repositories: no list has contributions alone.
    return Drawn(
        facts=[
            Fact(half, _count(found.factor), rows="half" if "half" in rows else ""),
            Fact(everybody, words.number(len(ids)), rows="people"),
            Fact(_("Contributions"), words.number(found.acts)),
        ],
        chart=_halves(found),
        table=Table(
            [_("Figure"), _("Number")],
            [
                [half, None if found.factor is None else Count(found.factor, "half")],
                [everybody, Count(len(ids), "people")],
                [_("Contributions"), found.acts],
            ],
        ),
        rows=rows,
        notes=[
            *_of_a_year(asked),
            _("It is about what is said and done here, not about code."),
            *_too_few(found.withheld, concentration.LEAST_WHO),
        ],
    )


def _of_a_year(asked: Asked) -> list[str]:
    """Say of which time it is where nobody has chosen it: not that of the page."""
    return [_("Of the last 365 days, unless a period is chosen.")] if asked.is_usual else []


def _halves(found: concentration.AbsenceFactor) -> Shares | None:
    """Draw what the fewest made who made half of it, and what the others did, without a name."""
    if found.factor is None:
        return None
    most = sum(one.acts for one in found.people[: found.factor])
    others = len(found.people) - found.factor
    of_most = ngettext("%(n)s person who did most", "%(n)s people who did most", found.factor)
    of_others = ngettext("%(n)s other person", "%(n)s other people", others)
    parts = [(of_most, found.factor, most), (of_others, others, found.acts - most)]
    bars = [
        (name % {"n": words.number(who)}, acts, words.share(ratio(acts, found.acts)), "")
        for name, who, acts in parts
    ]
    return shares(_("Contributions of those who did most, and of the others."), bars, found.acts)


def elephant(asked: Asked) -> Drawn:
    """Draw on how few organizations half of it rests (M18)."""
    found = shown(concentration.elephant_factor(*asked.figure))
    if not found.known.of:
        return Drawn(empty=_("Nobody wrote anything in this time."))
    largest = found.organizations[:8]
    address = "organizations"
    bars = [(one.name, one.acts, "", "") for one in largest]
    notes = [*_of_a_year(asked), _("By today's profiles: nobody knows since when.")]
    if found.factor is None and "factor" not in found.withheld:
        notes.append(
            _("Of fewer than half of the contributions the organization is known, so none is told.")
        )
    notes += _too_few(found.withheld, concentration.LEAST_WHO)
    rows = {
        f"{address}-{index}": Rows(one.name, one.member_ids, is_people=True)
        for index, one in enumerate(found.organizations, start=1)
    }
    # Lists are of people: the table is the one of organizations. Contributions: as of repositories.
    return Drawn(
        facts=[
            Fact(_("Organizations that made half of it"), _count(found.factor)),
            Fact(_("Organizations"), words.number(len(found.organizations))),
            Fact(_("Contributions with a known organization"), words.share(shown(found.known))),
        ],
        chart=shares(_("Contributions by organization."), bars, largest[0].acts)
        if largest
        else None,
        table=Table(
            [_("Organization"), _("Contributions"), _("People")],
            [
                [one.name, one.acts, Count(len(one.member_ids), f"{address}-{index}")]
                for index, one in enumerate(found.organizations, start=1)
            ],
        ),
        notes=notes,
        rows=rows,
    )


def _lists(
    asked: Asked,
    slug: str,
    facts: Sequence[Fact],
    lists: dict[str, Rows],
    of: int,
    notes: Sequence[str],
) -> Drawn:
    if not of:
        return Drawn(empty=_("Nobody wrote anything in this time."))
    bars = [
        (
            rows.name,
            len(rows.ids),
            words.share(ratio(len(rows.ids), of)) if of >= LEAST_FOR_PERCENT else "",
            asked.address("insights_rows", slug, name),
        )
        for name, rows in lists.items()
    ]
    return Drawn(
        facts=facts,
        chart=shares(_("People by what they did."), bars, of),
        table=Table(
            [_("What"), _("People")],
            [[rows.name, Count(len(rows.ids), name)] for name, rows in lists.items()],
        ),
        notes=notes,
        rows=lists,
    )


def _first_sync() -> str:
    return _("Who is new is told when the first sync of every repository has finished.")


def _too_few(withheld: frozenset[str], who: int) -> list[str]:
    if "factor" not in withheld:
        return []
    needs = {"who": who, "acts": concentration.LEAST_ACTS}
    return [_("It is told from %(who)d of them and %(acts)d contributions on.") % needs]


def _count(factor: int | None) -> str:
    return words.NONE if factor is None else words.number(factor)
