"""The home page of a workspace: who waits for the team, and what has changed since it was read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from dexxy.accounts.models import ListPage, Workspace
from dexxy.members.who_may_see import members_by_id
from dexxy.messages.figures.small_numbers import LEAST_FOR_MEDIAN
from dexxy.messages.models import Message, Thread
from dexxy.messages.selectors import threads_by_id
from dexxy.messages.team.listing import team_list
from dexxy.messages.waiting.lists import WHOLE_QUEUE, QueueFilters, Tab
from dexxy.messages.waiting.pace import queue_pace
from dexxy.messages.waiting.queue import WaitingThread, queue_changes, queue_page
from dexxy.messages.waiting.summary import (
    QueueSummary,
    has_team,
    last_answer,
    list_counts,
    queue_labels,
    queue_summary,
)
from dexxy.sources.models import Source
from dexxy.sources.selectors import visible_sources
from dexxy.web.pages import PageRequest, wants_part, workspace_action, workspace_page
from dexxy.web.saved.gone import what_is_gone
from dexxy.web.saved.tabs import Ready, views_of
from dexxy.web.search.box import search_box
from dexxy.web.search.grammar import qualifier_text
from dexxy.web.start.checklist import checklist
from dexxy.web.waiting import words
from dexxy.web.waiting.asked import filters_in, search_in
from dexxy.web.waiting.requests import ids_in, query_of_page

# Parameters of the feed, which was at this address.
_OF_THE_FEED = frozenset({"thread", "kind", "member", "state", "bots", "search", "unanswered"})


@dataclass(frozen=True)
class Band:
    """A range of ages on the page.

    Args:
        number: its place, the oldest first.
        count: how many there are, shown or not.
        rows: those of this part of the page.
    """

    number: int
    name: Promise
    count: int
    rows: Sequence[WaitingThread]

    @property
    def is_parted(self) -> bool:
        """Whether rows to which nobody replied stand before others, which may be older."""
        return len({row.standing.others_replied for row in self.rows}) > 1


@workspace_page
def waiting(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show who waits, in the order in which they should be answered."""
    if _OF_THE_FEED & set(request.GET):
        query = request.META["QUERY_STRING"]
        return HttpResponseRedirect(f"{reverse('feed', args=[workspace.slug])}?{query}")
    filters, after = filters_in(request.GET), request.GET.get("after")
    # Read behind the time that they name: what is said meanwhile has not been seen.
    context = numbers(request, workspace, filters)
    page = queue_page(request.user, workspace, filters, after=after)
    context |= {"page": page, "bands": bands_of(context["summary"].bands, page.items)}
    if wants_part(request, "more"):
        return render(request, "web/waiting/more.html", context)
    sources = list(visible_sources(request.user, workspace))
    context |= {
        "box": search_box(
            request.GET, search_in(request.GET), _("Filter: label:bug repo:ants #158")
        ),
        "menus": _menus(request, sources, queue_labels(request.user, workspace, filters.tab)),
        "is_later": after is not None,
        "has_team": has_team(request.user, workspace),
        "sources": sources,
        "gone": _gone(request, workspace, filters, sources),
        "last_answer": _last_answer(request, workspace, context),
        "checklist": checklist(request.user, workspace),
    }
    return render(request, "web/waiting/page.html", context)


@workspace_action
def changed(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Tell a page that stays open who does not wait any more, and how many came."""
    filters = filters_in(query_of_page(request))
    read = ids_in(",".join(request.POST.getlist("rows")).split(","))
    context = numbers(request, workspace, filters)
    context["changes"] = queue_changes(request.user, workspace, filters, read)
    return render(request, "web/waiting/changed.html", context)


@workspace_page
def how(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Say how who waits is counted, with the team of today."""
    now = timezone.now()
    team = [mate for mate in team_list(request.user, workspace) if mate.is_there(now)]
    context = {"workspace": workspace, "section": "waiting", "team": team}
    return render(request, "web/waiting/how.html", context)


def numbers(request: PageRequest, workspace: Workspace, filters: QueueFilters) -> dict[str, Any]:
    """Return what the numbers of the page are rendered from."""
    viewer, is_whole = request.user, filters == WHOLE_QUEUE
    counts = list_counts(viewer, workspace, filters)
    is_filtered = filters != QueueFilters(tab=filters.tab)
    # A list that no search empties keeps its tab: nothing jumps while somebody types.
    whole = list_counts(viewer, workspace) if is_filtered else counts
    summary = queue_summary(viewer, workspace, filters)
    return {
        "workspace": workspace,
        "section": "waiting",
        "now": timezone.now(),
        "tab": filters.tab,
        "meaning": words.MEANINGS.get(filters.tab, ""),
        "summary": summary,
        "longest": _longest(request, workspace, summary),
        "pace": queue_pace(viewer, workspace, filters),
        "has_median": summary.total >= LEAST_FOR_MEDIAN,
        "number": whole[Tab.ALL],
        "views": views_of(
            request,
            workspace,
            ListPage.WAITING,
            _lists(request, filters.tab, counts, whole),
            address=query_of_page(request),
        ),
        "query_of_page": query_of_page(request),
        "is_whole": is_whole,
        "is_filtered": is_filtered,
        "old": counts.get(Tab.OLD, 0) if filters.tab is Tab.ALL else 0,
    }


def _longest(request: PageRequest, workspace: Workspace, summary: QueueSummary) -> Thread | None:
    """Return the thread whose opener waits longest, which the first row need not be."""
    if summary.longest_thread_id is None:
        return None
    found = threads_by_id(request.user, workspace, [summary.longest_thread_id])
    return found[0] if found else None


def _lists(
    request: PageRequest, shown: Tab, counts: Mapping[Tab, int], whole: Mapping[Tab, int]
) -> list[Ready]:
    """Return the lists as tabs, which keep the filters; what is empty folds away."""
    found = []
    for tab, name in words.TABS.items():
        if not (whole.get(tab) or tab in (Tab.ALL, shown)):
            continue
        there = query_of_page(request).copy()
        for gone in ("after", "view", "tab"):
            there.pop(gone, None)
        if tab is not Tab.ALL:
            there["tab"] = tab.value
        is_beside = tab not in words.OF_THE_QUEUE
        found.append(Ready(str(name), there.urlencode(), counts.get(tab), is_beside=is_beside))
    return found


def _gone(
    request: PageRequest, workspace: Workspace, filters: QueueFilters, sources: Sequence[Source]
) -> list[str]:
    members = members_by_id(request.user, workspace, filters.threads.member_ids)
    return what_is_gone(filters.threads, sources, members)


def bands_of(counts: Sequence[int], rows: Sequence[WaitingThread]) -> list[Band]:
    """Put rows into their bands, all of which a page has."""
    of_band = {number: list(found) for number, found in groupby(rows, lambda row: row.band)}
    return [
        Band(number, name, counts[number], of_band.get(number, []))
        for number, name in enumerate(words.BANDS)
    ]


def _menus(
    request: PageRequest, sources: Sequence[Source], labels: Sequence[str]
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the menus of the filter: what each choice is called, and where it leads."""
    query = search_in(request.GET)
    box = search_box(request.GET, query, "")
    choices = (
        (_("Repository"), [(one.name, qualifier_text("repo", one.name)) for one in sources]),
        (_("Kind"), [(str(name), f"kind:{kind}") for kind, name in words.KINDS.items()]),
        (_("Label"), [(label, qualifier_text("label", label)) for label in labels]),
    )
    return [
        (name, [(label, box.address(query.with_term(term))) for label, term in offered])
        for name, offered in choices
        if offered
    ]


def _last_answer(
    request: PageRequest, workspace: Workspace, context: dict[str, Any]
) -> Message | None:
    if context["is_whole"] and not context["summary"].total:
        return last_answer(request.user, workspace)
    return None
