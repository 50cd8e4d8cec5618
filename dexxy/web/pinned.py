"""The views that stand beside every page, and how much each has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.core.cache import cache
from django.http import HttpResponse, QueryDict
from django.shortcuts import render

from dexxy.accounts.models import ListPage, SavedView, User, Workspace
from dexxy.accounts.saved_views import pinned_views
from dexxy.common.errors import DexxyError
from dexxy.common.sql import deadline
from dexxy.messages.waiting.lists import Tab
from dexxy.messages.waiting.summary import queue_summary
from dexxy.web.directory.people import people_counted
from dexxy.web.feed import feed_counted
from dexxy.web.pages import PageRequest, workspace_page
from dexxy.web.saved.addresses import address_of
from dexxy.web.search.grammar import Query
from dexxy.web.search.meaning import queue_filters
from dexxy.web.search.qualifiers import Where
from dexxy.web.threads.table import threads_counted

# A page asks for the counts after it is shown, and many pages are shown in a minute.
_KEPT_SECONDS = 60
# Kept where nobody has the time to count: not every page tries it again.
_UNKNOWN = "unknown"
# Of all counts together: they are worth no more.
_LONGEST_SECONDS = 1.0


@dataclass(frozen=True)
class Pinned:
    """A pinned view as the sidebar shows it."""

    view: SavedView
    address: str
    count: int | None = None


def pinned_of(viewer: User, workspace: Workspace) -> list[Pinned]:
    """Return the pinned views that VIEWER has in WORKSPACE; one query."""
    return [Pinned(view, address_of(view, workspace)) for view in pinned_views(viewer, workspace)]


@workspace_page
def pinned_views_part(request: PageRequest, workspace: Workspace) -> HttpResponse:
    """Show the pinned views with how much each has now, for a page that is open already."""
    views = pinned_views(request.user, workspace)
    with deadline(_LONGEST_SECONDS):
        counted = [
            Pinned(view, address_of(view, workspace), _count(request.user, workspace, view))
            for view in views
        ]
    context = {"workspace": workspace, "pinned": counted}
    return render(request, "web/saved/pinned.html", context)


def _waiting_counted(viewer: User, workspace: Workspace, query: QueryDict) -> int:
    asked = Query.parse(query.get("q", ""), Where.WAITING)
    tab = query.get("tab", "")
    filters = queue_filters(asked, Tab(tab) if tab in {one.value for one in Tab} else Tab.ALL)
    return queue_summary(viewer, workspace, filters).total


# How many rows a query of a page's address has: None where nobody has the time to count them.
Counter = Callable[[User, Workspace, QueryDict], int | None]
_COUNTERS: Mapping[ListPage, Counter] = {
    ListPage.THREADS: threads_counted,
    ListPage.WAITING: _waiting_counted,
    ListPage.FEED: feed_counted,
    ListPage.PEOPLE: people_counted,
}


def _count(viewer: User, workspace: Workspace, view: SavedView) -> int | None:
    key = f"pinned:{workspace.pk}:{viewer.pk}:{view.pk}:{view.updated_at.timestamp()}"
    known = cache.get(key)
    if known is None:
        try:
            known = _COUNTERS[ListPage(view.page)](viewer, workspace, QueryDict(view.query))
        except DexxyError:  # too much to count, or the view names what is gone
            known = None
        cache.set(key, _UNKNOWN if known is None else known, _KEPT_SECONDS)
    return known if isinstance(known, int) else None
