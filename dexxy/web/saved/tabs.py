"""The views that stand above a list: the ready ones of its page, and those that people kept."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.http import QueryDict

from dexxy.accounts.models import ListPage, SavedView, Workspace
from dexxy.accounts.saved_views import SavedViewError, kept_query, may_change, saved_views
from dexxy.common.ids import parse_id
from dexxy.web.pages import PageRequest


@dataclass(frozen=True)
class Ready:
    """A view that everybody has, of a page.

    Args:
        query: that of its address, as `bots=no`; '' for the page as it is.
        count: how many rows it has, where that is known.
        is_beside: its rows are not among those of the first view.
    """

    name: str
    query: str
    count: int | None = None
    is_beside: bool = False


@dataclass(frozen=True)
class Tab:
    """One view as its page shows it.

    Args:
        query: that of its address, without the question mark; '' for the page as it is.
        count: how many rows it has, where that is known.
        view: what was kept; None of a ready view.
        is_beside: as of `Ready`.
    """

    name: str
    query: str
    is_current: bool
    count: int | None = None
    view: SavedView | None = None
    is_beside: bool = False


@dataclass(frozen=True)
class Views:
    """The views of a page, and what could be kept of it now.

    Args:
        query: the filters and the order that are looked at, as a view would keep them.
        current: the kept view that the address names, if it is there.
        is_changed: whether what is looked at differs from what CURRENT keeps.
        may_change: whether the viewer may change or delete CURRENT.
        is_gone: whether the address names a view that is not there any more.
    """

    page: ListPage
    tabs: Sequence[Tab]
    query: str
    current: SavedView | None
    is_changed: bool
    may_change: bool
    is_gone: bool


def views_of(
    request: PageRequest,
    workspace: Workspace,
    page: ListPage,
    ready: Iterable[Ready],
    *,
    beside: str = "",
    address: QueryDict | None = None,
) -> Views:
    """Return the views of PAGE for `web/saved/tabs.html` and `web/saved/save.html`; one query.

    Args:
        ready: the views that everybody has; the first whose query is that of the address is marked.
        beside: what is looked at and the address does not say, as a view would keep it.
        address: the query of the page; None where it is that of REQUEST.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: who asks may not see WORKSPACE.
    """
    kept = saved_views(request.user, workspace, page)
    address = request.GET if address is None else address
    named = address.get("view", "")
    current = next((view for view in kept if view.pk == parse_id(named)), None)
    asked = _query(address)
    return Views(
        page=page,
        tabs=_tabs(ready, kept, current, asked),
        query="&".join(filter(None, (asked, beside))),
        current=current,
        is_changed=current is not None and not _same(current.query, asked),
        may_change=current is not None and may_change(request.user, current),
        is_gone=bool(named) and current is None,
    )


def _tabs(
    ready: Iterable[Ready], kept: Iterable[SavedView], current: SavedView | None, asked: str
) -> list[Tab]:
    """Return the tabs, one of which is marked at most.

    Args:
        current: the view that the address names.
        asked: the query of the address.
    """
    tabs, is_marked = [], current is not None
    for one in ready:
        is_current = not is_marked and _same(one.query, asked)
        is_marked = is_marked or is_current
        tabs.append(Tab(one.name, one.query, is_current, one.count, is_beside=one.is_beside))
    for view in kept:
        is_current = view == current or (not is_marked and _same(view.query, asked))
        is_marked = is_marked or is_current
        query = f"{view.query}&view={view.pk}".lstrip("&")
        tabs.append(Tab(view.name, query, is_current, view=view))
    return tabs


def _query(address: QueryDict) -> str:
    try:
        return kept_query(address.urlencode())
    except SavedViewError:  # too long: there is nothing to be kept
        return ""


def _same(one: str, other: str) -> bool:
    """Say whether two queries ask for the same, in whatever order."""
    return _parts(one) == _parts(other)


def _parts(query: str) -> list[tuple[str, str]]:
    parts = QueryDict(query)
    return sorted((name, value) for name in parts for value in parts.getlist(name) if value)
