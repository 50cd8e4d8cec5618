"""The six numbers above all cards."""

from dataclasses import replace
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from dexxy.messages.figures.activity import Activity, activity
from dexxy.messages.figures.durations import team_response_compared
from dexxy.messages.figures.reach import opened_threads_compared
from dexxy.messages.figures.small_numbers import shown
from dexxy.messages.models import ThreadKind
from dexxy.messages.waiting.summary import queue_summary
from dexxy.sources.selectors import visible_sources
from dexxy.web.insights import words
from dexxy.web.insights.cards import Asked, Drawn, Fact, Rows, Table
from dexxy.web.search.grammar import Query
from dexxy.web.search.meaning import queue_filters, queue_search
from dexxy.web.waiting.words import counted


def overview(asked: Asked) -> Drawn:
    """Draw what one wants to know first, each beside the period before."""
    found = shown(activity(*asked.figure))
    messages, earlier = found.messages, found.messages_before
    opened, before = opened_threads_compared(*asked.figure)
    rows = {"opened": Rows(_("Threads opened"), opened)}
    facts = [
        Fact(
            _("Messages"),
            words.number(messages),
            address=asked.feed,
            change=words.or_too_few(words.change(messages, earlier, better=1), messages, earlier),
        ),
        *_people(found, rows),
        Fact(
            _("Threads opened"),
            words.number(len(opened)),
            rows="opened",
            change=words.or_too_few(words.change(len(opened), before), len(opened), before),
        ),
        _answer(asked, rows),
        _waiting(asked),
    ]
    table = Table([_("Figure"), _("Number")], [[fact.name, fact] for fact in facts])
    return Drawn(facts=facts, table=table, rows=rows)


def _people(found: Activity, rows: dict[str, Rows]) -> list[Fact]:
    active, new = found.people, found.new
    rows["people"] = Rows(_("Active people"), active, is_people=True)
    before = found.people_before
    change = words.or_too_few(words.change(len(active), before, better=1), len(active), before)
    facts = [Fact(_("Active people"), words.number(len(active)), rows="people", change=change)]
    if new is None:
        return [*facts, Fact(_("New people"), words.NONE)]
    rows["new"] = Rows(_("New people"), new, is_people=True)
    earlier = found.new_before
    change = words.or_too_few(words.change(len(new), earlier, better=1), len(new), earlier)
    return [*facts, Fact(_("New people"), words.number(len(new)), rows="new", change=change)]


def _answer(asked: Asked, rows: dict[str, Rows]) -> Fact:
    name = _("Median first answer to issues")
    if asked.filters.kinds and ThreadKind.ISSUE not in asked.filters.kinds:
        return Fact(name, words.NONE)
    issues = replace(asked, filters=replace(asked.filters, kinds=[ThreadKind.ISSUE]))
    with_team = asked.with_team
    now, before = map(shown, team_response_compared(*issues.figure, with_team=with_team))
    threads = [one.thread_id for one in now.threads]
    of = _("Issues opened") if with_team else _("Issues opened from outside the team")
    rows["issues"] = Rows(of, threads)
    change = words.or_too_few(
        words.change_of_time(now.median, before.median, now.n, before.n), now.n, before.n
    )
    return Fact(name, words.lasting(now.median), rows="issues", change=change)


def _waiting(asked: Asked) -> Fact:
    """Count the queue by the search that the number leads to, so that both say the same."""
    name, search = _("Waiting now"), _search(asked)
    if search is None:
        return Fact(name, words.NONE)
    total = queue_summary(asked.viewer, asked.workspace, queue_filters(search)).total
    address = reverse("waiting", args=[asked.workspace.slug])
    query = f"?{urlencode({'q': search.text})}" if search.text else ""
    return Fact(name, counted(total), address=f"{address}{query}")


def _search(asked: Asked) -> Query | None:
    """Return the search of the queue that keeps what the page counts; None where there is none."""
    filters = asked.filters
    names = [
        one.name
        for one in visible_sources(asked.viewer, asked.workspace)
        if one.pk in filters.source_ids
    ]
    if filters.source_ids and not names:
        return None
    return queue_search(names, filters.kinds, filters.organizations)
