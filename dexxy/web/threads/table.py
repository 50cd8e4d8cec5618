"""The table of threads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import TextChoices
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _

from dexxy.accounts.models import ListPage, User, Workspace
from dexxy.common.ids import parse_id
from dexxy.members.who_may_see import members_by_id
from dexxy.messages.feed.filters import ALL_THREADS, FilterError, ThreadFilters
from dexxy.messages.models import Thread, ThreadKind, ThreadState
from dexxy.messages.selectors import labels_used, thread_counts, thread_list
from dexxy.messages.thread_table import (
    ThreadSort,
    ThreadTab,
    assignees_of,
    people_in,
    waits_since,
)
from dexxy.people.export_selection import Selection
from dexxy.sources.selectors import visible_sources
from dexxy.web.pages import PageRequest, wants_part, workspace_page
from dexxy.web.saved.gone import what_is_gone
from dexxy.web.saved.tabs import Ready, views_of
from dexxy.web.search.box import search_box
from dexxy.web.search.grammar import Query
from dexxy.web.search.meaning import thread_filters
from dexxy.web.search.menu import filter_menu
from dexxy.web.search.qualifiers import Where
from dexxy.web.threads.columns import NAMES, beside_the_address, columns_shown
from dexxy.web.wording import threads as threads_words

Choice = TypeVar("Choice", bound=TextChoices)


@dataclass(frozen=True)
class Row:
    """A thread as the table shows it.

    Args:
        waits_since: since when somebody waits in it for the team; None where nobody does.
        people: how many have spoken in it.
        assignees: the names of those to whom it is assigned.
    """

    thread: Thread
    waits_since: datetime | None
    people: int
    assignees: Sequence[str]


@workspace_page
def threads(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show the threads, by default those with the newest activity first."""
    query = Query.parse(request.GET.get("q", ""), Where.THREADS)
    filters = thread_filters(query, read_thread_filters(request.GET))
    tab, sort = _tab(request.GET), _sort(request.GET)
    after = request.GET.get("after") or None
    page = thread_list(request.user, workspace, filters, after=after, tab=tab, sort=sort)
    people = people_in(page.items)
    rows = [
        Row(one, waits_since(one), people.get(one.pk, 0), assignees_of(one)) for one in page.items
    ]
    context: dict[str, Any] = {"workspace": workspace, "section": "threads", "page": page}
    context |= {"rows": rows, "tab": tab, "sort": sort}
    context["columns"] = columns_shown(request.user, request.GET)
    if wants_part(request, "more"):
        return render(request, "web/threads/list_items.html", context)
    context |= _around_the_rows(request, workspace, query, filters)
    context["is_later"] = after is not None
    return render(request, "web/threads/list.html", context)


def _around_the_rows(
    request: PageRequest, workspace: Workspace, query: Query, filters: ThreadFilters
) -> dict[str, Any]:
    counts = thread_counts(request.user, workspace, filters)
    box = search_box(request.GET, query, _("Words, is:open, label:bug, author:meisand, #123"))
    sources = list(visible_sources(request.user, workspace))
    members = members_by_id(request.user, workspace, filters.member_ids)
    return {
        "box": box,
        "menu": filter_menu(box, sources, labels_used(request.user, workspace), has_types=False),
        "sorts": _sorts(),
        "views": views_of(
            request,
            workspace,
            ListPage.THREADS,
            _ready_views(request.GET, counts),
            beside=beside_the_address(request.user, request.GET),
        ),
        "column_names": NAMES.items(),
        "counts": {tab.value: number for tab, number in counts.items()},
        "sources": sources,
        "members": members,
        "gone": what_is_gone(filters, sources, members),
        "filters": filters,
        "labels": [label for label in request.GET.getlist("label") if label],
        "kinds": threads_words.KIND_LABELS.items(),
        "is_filtered": filters != ALL_THREADS,
    }


def threads_selected(query: QueryDict) -> Selection:
    """Return which threads the query of an address shows, for an export of them.

    Raises:
        FilterError: it names something that does not exist.
    """
    asked = Query.parse(query.get("q", ""), Where.THREADS)
    return Selection(_tab(query), thread_filters(asked, read_thread_filters(query)))


def threads_counted(viewer: User, workspace: Workspace, query: QueryDict) -> int | None:
    """Count the threads of a view; None where that takes too long."""
    selected = threads_selected(query)
    counts = thread_counts(viewer, workspace, selected.filters, [selected.tab])
    return counts.get(selected.tab)


def read_thread_filters(query: QueryDict) -> ThreadFilters:
    """Read the filters of an address; what is empty filters nothing.

    Raises:
        FilterError: it names something that does not exist.
    """
    return ThreadFilters(
        source_ids=_ids(query, "source"),
        kinds=_choices(query, "thread", ThreadKind),
        states=_choices(query, "state", ThreadState),
        labels=tuple(_text(label) for label in query.getlist("label") if label),
        member_ids=_ids(query, "member"),
        only_unanswered=query.get("unanswered") == "yes",
    )


def _ready_views(query: QueryDict, counts: Mapping[ThreadTab, int]) -> list[Ready]:
    """Return the tabs: each keeps the filters and the order of the address."""
    names = {
        ThreadTab.OPEN: _("Open"),
        ThreadTab.WAITING: _("Waiting"),
        ThreadTab.ANSWERED: _("Answered"),
        ThreadTab.CLOSED: _("Closed"),
        ThreadTab.ALL: _("All"),
    }
    ready = []
    for tab, name in names.items():
        there = query.copy()
        for gone in ("after", "view", "tab"):
            there.pop(gone, None)
        if tab is not ThreadTab.ALL:
            there["tab"] = tab.value
        ready.append(Ready(name, there.urlencode(), counts.get(tab)))
    return ready


def _sorts() -> Sequence[tuple[ThreadSort, str]]:
    return (
        (ThreadSort.ACTIVITY, _("Last activity")),
        (ThreadSort.OPENED, _("Opened")),
        (ThreadSort.MESSAGES, _("Messages")),
        (ThreadSort.WAITING, _("Waiting longest")),
    )


def _tab(query: QueryDict) -> ThreadTab:
    return (*_choices(query, "tab", ThreadTab), ThreadTab.ALL)[0]


def _sort(query: QueryDict) -> ThreadSort:
    return (*_choices(query, "sort", ThreadSort), ThreadSort.ACTIVITY)[0]


def _text(value: str) -> str:
    if "\0" in value:
        raise FilterError(_("A filter holds a null byte."))
    return value


def _ids(query: QueryDict, name: str) -> tuple[int, ...]:
    numbers = [parse_id(text) for text in query.getlist(name) if text]
    if None in numbers:
        raise FilterError(_("%(name)s is not an id.") % {"name": name})
    return tuple(number for number in numbers if number is not None)


def _choices(query: QueryDict, name: str, choices: type[Choice]) -> tuple[Choice, ...]:
    try:
        return tuple(choices(text) for text in query.getlist(name) if text)
    except ValueError as error:
        known = ", ".join(choices.values)
        raise FilterError(
            _("%(name)s is not one of: %(known)s.") % {"name": name, "known": known}
        ) from error
