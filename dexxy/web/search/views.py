"""The search of everything, its help, the address that leads to what it names, and the palette."""

from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.members.models import Member
from dexxy.messages.searching import MOST_COUNTED, Sought, named_thing, search
from dexxy.web.frame.shortcuts import SHORTCUTS
from dexxy.web.pages import PageRequest, workspace_page
from dexxy.web.search.box import search_box
from dexxy.web.search.grammar import Query
from dexxy.web.search.marks import pattern_of
from dexxy.web.search.meaning import feed_filters, member_filters, thread_filters
from dexxy.web.search.palette import palette_groups
from dexxy.web.search.qualifiers import Where, qualifiers_of

_NEWEST = "newest"


@workspace_page
def search_page(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show what a search finds among threads, messages and people."""
    query = Query.parse(request.GET.get("q", ""))
    is_newest = request.GET.get("sort") == _NEWEST
    context: dict[str, Any] = {
        "workspace": workspace,
        "section": "search",
        "query": query,
        "box": search_box(request.GET, query, _("Words, #123, label:bug, author:meisand")),
        "is_newest": is_newest,
        "most": MOST_COUNTED,
    }
    if query.text:
        found = search(request.user, workspace, sought(query, is_newest_first=is_newest))
        context |= {
            "found": found,
            "marks": pattern_of(query.words),
            **_addresses(workspace, query),
        }
        context["is_empty"] = not any(
            results and results.items for results in (found.threads, found.messages, found.members)
        )
    return render(request, "web/search/search.html", context)


def sought(query: Query, *, is_newest_first: bool = False) -> Sought:
    """Return what a search looks for in each list; a list that lacks a meaning is left out."""
    threads, messages, people = (_read(query, where) for where in _LISTS)
    return Sought(
        threads=thread_filters(threads) if threads else None,
        messages=feed_filters(messages) if messages else None,
        members=member_filters(people) if people and people.words else None,
        is_newest_first=is_newest_first,
    )


_LISTS = (Where.THREADS, Where.FEED, Where.PEOPLE)


def _read(query: Query, where: Where) -> Query | None:
    """Return the same search of one list; None if a part of it means nothing there."""
    found = Query.parse(query.text, where)
    of_people = where is Where.PEOPLE and (query.numbers() or found.words_left_out)
    return None if of_people or len(found.filters) < len(query.filters) else found


def _addresses(workspace: Workspace, query: Query) -> Mapping[str, str]:
    """Return where all results of each list are."""
    asked = QueryDict(mutable=True)
    asked["q"] = query.text
    return {
        f"all_{name}": f"{reverse(name, args=[workspace.slug])}?{asked.urlencode()}"
        for name in ("threads", "feed", "people")
    }


@workspace_page
def search_help(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Explain all that can be typed into a search field."""
    context = {
        "workspace": workspace,
        "section": "search",
        "qualifiers": qualifiers_of(Where.EVERYWHERE),
        "shortcuts": SHORTCUTS,
    }
    return render(request, "web/search/help.html", context)


@workspace_page
def go(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Lead to the thread or the person that `to` names, else to what a search for it finds."""
    to = request.GET.get("to", "").replace("\0", "").strip()
    named = named_thing(request.user, workspace, to) if to else None
    if named is None:
        asked = QueryDict(mutable=True)
        if to:
            asked["q"] = to
        return redirect(f"{reverse('search', args=[workspace.slug])}?{asked.urlencode()}")
    page = "member" if isinstance(named, Member) else "thread"
    return redirect(page, workspace.slug, named.pk)


@workspace_page
def palette(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """List where the words in the palette lead: pages, threads and people."""
    query = Query.parse(request.GET.get("q", ""))
    groups = palette_groups(request.user, workspace, query)
    context = {"workspace": workspace, "groups": groups, "marks": pattern_of(query.words)}
    return render(request, "web/search/palette.html", context)
