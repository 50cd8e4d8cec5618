"""Search threads, messages and people at once, and find the one thing that somebody names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.common.databases.replica import from_replica
from dexxy.common.sql import TooSlowError, time_limit
from dexxy.members.directory import MemberFilters, member_count, member_list
from dexxy.members.models import Member
from dexxy.members.named import members_exactly_called
from dexxy.members.who_may_see import require_people
from dexxy.messages.feed.asked import threads_numbered
from dexxy.messages.feed.filters import FeedFilters, ThreadFilters
from dexxy.messages.feed.query import feed_query
from dexxy.messages.feed.reader import feed_count
from dexxy.messages.feed.threads import threads_kept
from dexxy.messages.models import Message, Thread
from dexxy.messages.selectors import feed_page, thread_list
from dexxy.sources.selectors import sources_called

# Beyond this, results are not counted to their end.
MOST_COUNTED = 10_000
SHOWN = 8

_GITHUB_URL = re.compile(r"https?://[^/\s]+/(?P<path>[\w.-]+(?:/[\w.-]+)*)/?(?:[?#]\S*)?")
_THREAD_PATH = re.compile(
    r"(?P<source>[\w.-]+/[\w.-]+)/(?:issues|pull|discussions)/(?P<number>\d{1,18})(?:/.*)?"
)
_NUMBER = re.compile(r"(?:(?P<source>[\w.-]+(?:/[\w.-]+)?)?#)?(?P<number>\d{1,18})")


@dataclass(frozen=True)
class Sought:
    """What to search for in each list; None leaves the list out.

    Args:
        is_newest_first: otherwise threads with all words in their title come first.
    """

    threads: ThreadFilters | None = None
    messages: FeedFilters | None = None
    members: MemberFilters | None = None
    is_newest_first: bool = False


@dataclass(frozen=True)
class Results:
    """The first results of a list, and how many there are.

    Args:
        count: up to MOST_COUNTED + 1, which stands for more; None where counting takes too long.
    """

    items: Sequence[Thread | Message | Member] = field(default_factory=list)
    count: int | None = 0

    @property
    def has_more(self) -> bool:
        """Whether the list has results behind these."""
        return self.count is None or self.count > len(self.items)


@dataclass(frozen=True)
class Found:
    """What a search finds; None for a list that was left out."""

    threads: Results | None
    messages: Results | None
    members: Results | None


@from_replica
def search(viewer: Viewer, workspace: Workspace, sought: Sought, shown: int = SHOWN) -> Found:
    """Return the first results of each list, and how many each has.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        TooSlowError: no index leads to what is sought.
    """
    require_people(viewer, workspace)
    threads, messages, members = sought.threads, sought.messages, sought.members
    return Found(
        _threads(viewer, workspace, threads, sought.is_newest_first, shown) if threads else None,
        _messages(viewer, workspace, messages, shown) if messages else None,
        _members(viewer, workspace, members, shown) if members else None,
    )


@from_replica
def first_threads(
    viewer: Viewer, workspace: Workspace, filters: ThreadFilters, shown: int
) -> list[Thread]:
    """Return the first SHOWN threads, those with all words in their title before others.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        TooSlowError: no index leads to what is sought.
    """
    found: list[Thread] = []
    if filters.search and not filters.title:
        titled = replace(filters, title=filters.search, search="")
        found = thread_list(viewer, workspace, titled, first=shown).items
    if len(found) < shown:
        more = thread_list(viewer, workspace, filters, first=shown).items
        known = {thread.pk for thread in found}
        found = [*found, *(thread for thread in more if thread.pk not in known)]
    return found[:shown]


def named_thing(viewer: Viewer, workspace: Workspace, text: str) -> Thread | Member | None:
    """Return the thread or the person that TEXT names alone; None where it is none, or several.

    Args:
        text: `#123`, `repo#123`, an address on GitHub, a login or a name.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_people(viewer, workspace)
    text = text.replace("\0", "").strip()
    address = _GITHUB_URL.fullmatch(text)
    path = address["path"] if address else ""
    number = _THREAD_PATH.fullmatch(path) if path else _NUMBER.fullmatch(text)
    if number:
        return _numbered(workspace, number["source"] or "", int(number["number"]))
    members = members_exactly_called(workspace, path or text) if "/" not in path else []
    return members[0] if len(members) == 1 else None


def _numbered(workspace: Workspace, source: str, number: int) -> Thread | None:
    found = Thread.objects.shown().filter(pk__in=threads_numbered(workspace, [number]))
    if source:
        found = found.filter(source__in=sources_called(workspace, [source]))
    threads = list(found.select_related("source", "author__member")[:2])
    return threads[0] if len(threads) == 1 else None


def _threads(
    viewer: Viewer, workspace: Workspace, filters: ThreadFilters, newest: bool, shown: int
) -> Results:
    if newest:
        items = thread_list(viewer, workspace, filters, first=shown).items
    else:
        items = first_threads(viewer, workspace, filters, shown)
    if len(items) < shown:
        return Results(items, len(items))
    try:
        with time_limit():
            counted = threads_kept(viewer, workspace, filters).all[: MOST_COUNTED + 1].count()
    except TooSlowError:
        return Results(items, None)
    return Results(items, counted)


def _messages(viewer: Viewer, workspace: Workspace, filters: FeedFilters, shown: int) -> Results:
    page = feed_page(viewer, workspace, filters, first=shown)
    if not page.has_more:
        return Results(page.items, len(page.items))
    try:
        with time_limit():
            query = feed_query(workspace, filters, viewer=viewer)
            return Results(page.items, feed_count(query, MOST_COUNTED + 1))
    except TooSlowError:
        return Results(page.items, None)


def _members(viewer: Viewer, workspace: Workspace, filters: MemberFilters, shown: int) -> Results:
    page = member_list(viewer, workspace, filters, first=shown)
    if not page.has_more:
        return Results(page.items, len(page.items))
    try:
        return Results(page.items, member_count(viewer, workspace, filters, most=MOST_COUNTED + 1))
    except TooSlowError:
        return Results(page.items, None)
