"""What the palette offers: pages, threads and people, the nearest first."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.http import QueryDict
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import is_admin
from dexxy.members.models import Member
from dexxy.messages.models import Thread
from dexxy.messages.searching import Sought, first_threads, named_thing, search
from dexxy.web.frame.navigation import DESTINATIONS
from dexxy.web.frame.setting_pages import setting_links
from dexxy.web.frame.shortcuts import SHORTCUTS
from dexxy.web.search.grammar import Query
from dexxy.web.search.meaning import member_filters, thread_filters
from dexxy.web.search.qualifiers import Where

_SHOWN = 5


@dataclass(frozen=True)
class Option:
    """A line of the palette.

    Args:
        icon: of static/dexxy/icons.svg; '' for a thread, which draws its own.
        aside: what stands at its end.
        is_found: whether it is there because it has the words.
        keys: the shortcut that does the same.
    """

    name: str | Promise
    address: str
    icon: str = ""
    thread: Thread | None = None
    aside: str = ""
    is_found: bool = False
    keys: str = ""


@dataclass(frozen=True)
class Group:
    """Lines of the palette under a heading."""

    name: str
    options: Sequence[Option]


def palette_groups(viewer: User, workspace: Workspace, query: Query) -> list[Group]:
    """Return the groups that have a line for QUERY; without words, the pages alone.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    if not query.text:
        return [Group(_("Go to"), list(_pages(workspace, query)))]
    settings = _settings(viewer, workspace, query)
    pages = Group(_("Go to"), [*_pages(workspace, query), *settings])
    threads = Group(
        _("Threads"), [_of_thread(workspace, one) for one in _threads(viewer, workspace, query)]
    )
    people = Group(
        _("People"), [_of_member(workspace, one) for one in _people(viewer, workspace, query)]
    )
    lists = Group(_("Search"), list(_lists(workspace, query)))
    return [group for group in (pages, threads, people, lists) if group.options]


def _pages(workspace: Workspace, query: Query) -> Iterator[Option]:
    keys = {one.url_name: " ".join(one.keys) for group in SHORTCUTS for one in group.shortcuts}
    for to in DESTINATIONS:
        if query.text.lower() in str(to.name).lower():
            address = reverse(to.url_name, args=[workspace.slug])
            yield Option(to.name, address, to.icon, keys=keys.get(to.url_name, ""))


def _settings(viewer: User, workspace: Workspace, query: Query) -> Iterator[Option]:
    """Yield the pages of the settings that VIEWER may open."""
    may = {"is_admin": is_admin(viewer, workspace), "is_operator": viewer.is_staff}
    for _heading, links in setting_links(workspace, "", **may):
        for one in links:
            if query.text.lower() in str(one.name).lower():
                yield Option(one.name, one.address, "settings", aside=_("Settings"))


def _threads(viewer: User, workspace: Workspace, query: Query) -> Sequence[Thread]:
    named = named_thing(viewer, workspace, query.text)
    if isinstance(named, Thread):
        return [named]
    filters = thread_filters(Query.parse(query.text, Where.THREADS))
    return first_threads(viewer, workspace, filters, _SHOWN)


def _people(viewer: User, workspace: Workspace, query: Query) -> Sequence[Member]:
    asked = Query.parse(query.text, Where.PEOPLE)
    if asked.numbers() or not asked.words:
        return []
    found = search(viewer, workspace, Sought(members=member_filters(asked)), _SHOWN).members
    return [one for one in found.items if isinstance(one, Member)] if found else []


def _of_thread(workspace: Workspace, thread: Thread) -> Option:
    address = reverse("thread", args=[workspace.slug, thread.pk])
    return Option(thread.title, address, thread=thread, aside=thread.place, is_found=True)


def _of_member(workspace: Workspace, member: Member) -> Option:
    address = reverse("member", args=[workspace.slug, member.pk])
    return Option(str(member), address, "people", is_found=True)


def _lists(workspace: Workspace, query: Query) -> Iterator[Option]:
    asked = QueryDict(mutable=True)
    asked["q"] = query.text
    names = {
        "search": (_("Everything with “{text}”"), "search"),
        "feed": (_("Messages with “{text}”"), "feed"),
        "people": (_("People with “{text}”"), "people"),
    }
    for url_name, (words, icon) in names.items():
        address = f"{reverse(url_name, args=[workspace.slug])}?{asked.urlencode()}"
        yield Option(words.format(text=query.text), address, icon)
