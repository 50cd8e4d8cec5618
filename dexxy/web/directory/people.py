"""The table of people: segments, filters, orders, and a page behind a cursor."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext as _

from dexxy.accounts.models import ListPage, User, Workspace
from dexxy.accounts.selectors import is_admin
from dexxy.common.sql import TooSlowError
from dexxy.integrations.figure_window import has_history
from dexxy.members.directory import MemberFilterError, tags_known
from dexxy.members.segments import Segment
from dexxy.members.sorting import MemberSort
from dexxy.messages.thread_table import MOST_COUNTED
from dexxy.people.bulk_tasks import bulk_tasks_unfinished
from dexxy.people.directory import Listed, people_count, people_page, people_segments
from dexxy.sources.selectors import visible_sources
from dexxy.web.pages import PageRequest, wants_part, workspace_page
from dexxy.web.saved.tabs import views_of
from dexxy.web.search.box import search_box
from dexxy.web.search.grammar import Query, qualifier_text
from dexxy.web.search.meaning import member_filters
from dexxy.web.search.qualifiers import Where

# What the menu of tags offers; others can be typed.
_MOST_TAGS = 50

# The orders, each with how the head of its column reads.
_COLUMNS = {
    MemberSort.NAME: gettext_lazy("Person"),
    MemberSort.MESSAGES: gettext_lazy("Messages"),
    MemberSort.RECENT: gettext_lazy("90 days"),
    MemberSort.WAITING: gettext_lazy("Waiting"),
    MemberSort.FIRST_SEEN: gettext_lazy("First seen"),
    MemberSort.LAST_SEEN: gettext_lazy("Last seen"),
}
# What is said of the order to who hears the table.
_ORDERS = {
    MemberSort.NAME: gettext_lazy("in the order of the alphabet"),
    MemberSort.MESSAGES: gettext_lazy("most messages first"),
    MemberSort.RECENT: gettext_lazy("most messages in 90 days first"),
    MemberSort.WAITING: gettext_lazy("most waiting threads first"),
    MemberSort.FIRST_SEEN: gettext_lazy("the newest first"),
    MemberSort.LAST_SEEN: gettext_lazy("who was last seen first"),
}


# What can be taken back of what was just done, in the session of whoever did it.
UNDO = "people undo"
# What older addresses asked for -> how a search does.
_QUALIFIERS = {"tag": "tag", "organization": "org"}


@workspace_page
def people(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show the table of people."""
    if any(name in request.GET for name in (*_QUALIFIERS, "kind", "search")):
        return redirect(_as_today(workspace, request.GET))
    viewer, listed = request.user, read_listed(request.GET)
    sort, after = read_sort(request.GET, listed), request.GET.get("after")
    context: dict[str, Any] = {
        "workspace": workspace,
        "section": "people",
        "page": people_page(viewer, workspace, listed, sort, after=after),
        "knows_new": has_history(viewer, workspace),
        "is_picking": True,
    }
    if wants_part(request, "more"):
        return render(request, "web/people/list_items.html", context)
    counts = people_segments(viewer, workspace)
    query = read_query(request.GET)
    context |= {
        "box": search_box(request.GET, query, gettext("Name, username, address, org:, tag:")),
        "counts": counts,
        "views": views_of(request, workspace, ListPage.PEOPLE, ()),
        "tabs": tabs(workspace, request.GET, counts),
        "segment": listed.segment,
        "total": _total(request, workspace, listed)
        if str(query)
        else counts[read_segment(request.GET)],
        "tags": _tags(viewer, workspace, query),
        "sort": sort,
        "columns": _COLUMNS,
        "order": _ORDERS[sort],
        "is_filtered": bool(str(query)),
        "is_later": after is not None,
        "is_admin": is_admin(viewer, workspace),
        "tasks": bulk_tasks_unfinished(viewer, workspace),
        "sources": visible_sources(viewer, workspace),
        "undo": request.session.pop(UNDO, None),
    }
    return render(request, "web/people/list.html", context)


def people_counted(viewer: User, workspace: Workspace, parameters: QueryDict) -> int:
    """Count the people of a view, up to one more than MOST_COUNTED."""
    return people_count(viewer, workspace, read_listed(parameters), MOST_COUNTED + 1)


def _tags(viewer: User, workspace: Workspace, query: Query) -> list[tuple[str, str]]:
    """Return tags to choose from, each with the search that has it, too."""
    known = tags_known(viewer, workspace)[:_MOST_TAGS]
    return [(tag, query.with_term(qualifier_text("tag", tag))) for tag in known]


def _total(request: PageRequest, workspace: Workspace, listed: Listed) -> int | None:
    """Count whom a search finds; None where that takes too long, and the page does without."""
    try:
        return people_count(request.user, workspace, listed)
    except TooSlowError:
        return None


def read_query(parameters: QueryDict) -> Query:
    """Read the search of an address of the table."""
    return Query.parse(parameters.get("q", ""), Where.PEOPLE)


def read_listed(parameters: QueryDict) -> Listed:
    """Read whom an address lists.

    Raises:
        MemberFilterError: there is no such segment.
    """
    filters = member_filters(read_query(parameters))
    return Listed(segment=read_segment(parameters), filters=filters)


def read_segment(parameters: QueryDict) -> Segment:
    """Read which segment an address lists.

    Raises:
        MemberFilterError: there is no such segment.
    """
    try:
        return Segment(parameters.get("segment") or Segment.EVERYBODY)
    except ValueError as error:
        raise MemberFilterError(
            _("{name} is not one of: {values}.").format(
                name="segment", values=", ".join(Segment.values)
            )
        ) from error


def _as_today(workspace: Workspace, parameters: QueryDict) -> str:
    """Return the address of today for one of the time before there was `q`."""
    named = [
        qualifier_text(qualifier, value)
        for name, qualifier in _QUALIFIERS.items()
        for value in parameters.getlist(name)
        if value
    ]
    asked = {"q": " ".join([*named, parameters.get("search", "")]).strip()}
    if parameters.get("kind") == "bots":
        asked["segment"] = str(Segment.BOTS)
    return f"{reverse('people', args=[workspace.slug])}?{urlencode(asked)}"


def read_sort(query: QueryDict, listed: Listed) -> MemberSort:
    """Read in which order an address lists people.

    Raises:
        MemberFilterError: there is no such order.
    """
    usual = (listed.segment or Segment.EVERYBODY).sort
    try:
        return MemberSort(query.get("sort") or usual)
    except ValueError as error:
        raise MemberFilterError(
            _("{name} is not one of: {values}.").format(
                name="sort", values=", ".join(MemberSort.values)
            )
        ) from error


def tabs(
    workspace: Workspace, query: QueryDict, counts: Mapping[Segment, int]
) -> list[tuple[Segment, str, int]]:
    """Return the segments with their addresses, which keep the filters, and how many are in each.

    Each is listed in its own order.
    """
    address, kept = reverse("people", args=[workspace.slug]), query.copy()
    for name in ("after", "sort", "segment"):
        kept.pop(name, None)
    found = []
    for segment in Segment:
        kept["segment"] = str(segment)
        found.append((segment, f"{address}?{kept.urlencode()}", counts[segment]))
    return found
