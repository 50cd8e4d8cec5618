"""The cards about what is opened and closed, and what became of pull requests."""

from dataclasses import replace

from django.utils.translation import gettext as _

from dexxy.messages.figures import flow
from dexxy.messages.figures.cohort import LeftOut
from dexxy.messages.figures.flow_trend import flow_trend
from dexxy.messages.figures.left_out import threads_left_out
from dexxy.messages.figures.small_numbers import LEAST_FOR_PERCENT, Ratio, ratio, shown
from dexxy.messages.models import ThreadKind
from dexxy.web.charts.plot import Series, beside
from dexxy.web.charts.shares import shares
from dexxy.web.insights import words
from dexxy.web.insights.cards import Asked, Count, Drawn, Fact, Rows, Table

# The cards, by what they are of.
_SLUGS = {
    ThreadKind.ISSUE: "issues",
    ThreadKind.PULL_REQUEST: "pull-requests",
    ThreadKind.DISCUSSION: "discussions",
}


def issues(asked: Asked) -> Drawn:
    """Draw what was opened and closed of issues (M5, M6)."""
    return _flow(asked, ThreadKind.ISSUE)


def pull_requests(asked: Asked) -> Drawn:
    """Draw what was opened and closed of pull requests (M5, M6, M9)."""
    return _flow(asked, ThreadKind.PULL_REQUEST)


def discussions(asked: Asked) -> Drawn:
    """Draw what was opened and closed of discussions (M5, M6)."""
    return _flow(asked, ThreadKind.DISCUSSION)


def _flow(asked: Asked, kind: ThreadKind) -> Drawn:
    found = shown(flow.backlog(*asked.figure, kind=kind))
    before = flow.opened_and_closed(*asked.figure_before, kind=kind)
    rows = _flow_rows(found.flow)
    if not any(one.ids for one in rows.values()):
        return Drawn(empty=_("Nothing of this kind was open in this time."))
    earlier = _flow_rows(before)
    # Whether more is better, or less, where it is either.
    compared = {"new": 0, "active": 0, "closed": 0, "open-after": -1}
    facts = [
        Fact(
            one.name,
            words.number(len(one.ids)),
            rows=slug,
            change=words.change(len(one.ids), len(earlier[slug].ids), better=compared[slug])
            if slug in compared
            else None,
        )
        for slug, one in rows.items()
        if slug != "closed-by-bots"
    ]
    # A quotient of two of the lists.
    facts.append(Fact(_("Closed of 100 new"), _index(found.index)))
    if kind is ThreadKind.PULL_REQUEST:
        of = len(found.flow.open_before) + len(found.flow.new) + len(found.flow.reopened)
        closed = shown(ratio(len(found.flow.closed), of))
        facts.append(Fact(_("Closed of all that were open"), words.share(closed)))
    notes = _flow_notes(found, kind)
    if out := words.left_out({LeftOut.BOT: threads_left_out(*asked.figure)[kind]}):
        notes.append(out)
    return _over_time(asked, kind, Drawn(facts=facts, notes=notes, rows=rows))


def _flow_rows(found: flow.Flow) -> dict[str, Rows]:
    return {
        "new": Rows(_("Opened"), found.new),
        "active": Rows(_("Active"), found.active),
        "closed": Rows(_("Closed"), found.closed),
        "reopened": Rows(_("Opened again"), found.reopened),
        "open-before": Rows(_("Open before"), found.open_before),
        "open-after": Rows(_("Open after"), found.open_after),
        "closed-by-bots": Rows(_("Closed by bots"), found.closed_by_bots),
    }


def _flow_notes(found: flow.Backlog, kind: ThreadKind) -> list[str]:
    notes = []
    if kind is ThreadKind.DISCUSSION:
        notes.append(_("GitHub tells of no discussion that it was opened again."))
    if "index" in found.withheld:
        notes.append(_("Closed of 100 new needs %d new ones.") % LEAST_FOR_PERCENT)
    if found.flow.closed_by_bots:
        notes.append(_("Bots closed %d of them.") % len(found.flow.closed_by_bots))
    return notes


def _over_time(asked: Asked, kind: ThreadKind, drawn: Drawn) -> Drawn:
    """Add what was opened and closed step by step."""
    trend = flow_trend(*asked.figure, kind=kind)
    slug = _SLUGS[kind]
    steps = [words.step_name(one.step) for one in trend]
    series = [
        Series(_("opened"), "c1", [one.new for one in trend]),
        Series(_("closed"), "c2", [one.closed for one in trend]),
    ]
    chart = beside(series, steps, _("Opened and closed, step by step."), words.number)
    table = Table(
        [_("From"), _("Opened"), _("Closed"), _("Opened again"), _("Open after")],
        [
            [
                one.step.first.isoformat(),
                asked.in_step(one.step, one.new, slug, "new"),
                asked.in_step(one.step, one.closed, slug, "closed"),
                asked.in_step(one.step, one.reopened, slug, "reopened"),
                asked.in_step(one.step, one.open_after, slug, "open-after"),
            ]
            for one in trend
        ],
    )
    return replace(drawn, chart=chart, table=table)


def acceptance(asked: Asked) -> Drawn:
    """Draw what became of the pull requests that were finished (M10)."""
    found = shown(flow.acceptance_ratio(*asked.figure))
    before = shown(flow.acceptance_ratio(*asked.figure_before))
    lists = {
        "merged": Rows(_("Merged"), found.merged),
        "declined": Rows(_("Closed by somebody else"), found.declined),
        "withdrawn": Rows(_("Withdrawn by the opener"), found.withdrawn),
    }
    drawn = _parts(asked, "acceptance", lists, found.ratio.of)
    facts = [Fact(_("Merged of finished"), _before(asked, found.ratio, before.ratio))]
    notes = [_("What lands by a rebase outside GitHub's merge counts as closed and not merged.")]
    return Drawn(facts, drawn.chart, drawn.table, notes, lists, drawn.empty)


def merge_reviews(asked: Asked) -> Drawn:
    """Draw who looked at the pull requests that were merged (M11)."""
    found = shown(flow.merge_reviews(*asked.figure))
    before = shown(flow.merge_reviews(*asked.figure_before))
    lists = {
        "reviewed": Rows(_("Reviewed by another person before"), found.reviewed),
        "others": Rows(_("Merged by another without a review"), found.others),
        "self-merged": Rows(_("Merged by the opener without a review"), found.self_merged),
    }
    drawn = _parts(asked, "merge-reviews", lists, found.reviewed_ratio.of)
    facts = [
        Fact(_("Reviewed"), _before(asked, found.reviewed_ratio, before.reviewed_ratio)),
        Fact(
            _("Merged by oneself"),
            _before(asked, found.self_merged_ratio, before.self_merged_ratio),
        ),
    ]
    return Drawn(facts, drawn.chart, drawn.table, [], lists, drawn.empty)


def _parts(asked: Asked, slug: str, lists: dict[str, Rows], of: int) -> Drawn:
    if not of:
        return Drawn(empty=_("No pull request was merged or closed in this time."))
    bars = [
        (
            rows.name,
            len(rows.ids),
            words.share(shown(ratio(len(rows.ids), of))) if of >= LEAST_FOR_PERCENT else "",
            asked.address("insights_rows", slug, name),
        )
        for name, rows in lists.items()
    ]
    return Drawn(
        chart=shares(_("Pull requests of this time."), bars, of),
        table=Table(
            [_("What became of it"), _("Pull requests")],
            [[rows.name, Count(len(rows.ids), name)] for name, rows in lists.items()],
        ),
    )


def _before(asked: Asked, now: Ratio, before: Ratio) -> str:
    """Write a ratio, and that of the period before where both may be shown."""
    if not asked.is_compared or now.percent is None or before.percent is None:
        return words.share(now)
    return _("%(now)s, before %(before)s") % {
        "now": words.share(now),
        "before": words.share(before),
    }


def _index(index: float | None) -> str:
    return words.NONE if index is None else words.number(index)
