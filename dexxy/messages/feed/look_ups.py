"""Look up the values that the filters of a feed keep in columns of its indexes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.members.named import accounts_new, accounts_of
from dexxy.messages.feed.asked import accounts_asked, bots_of, threads_numbered
from dexxy.messages.feed.conditions import AUTHOR, KIND, SOURCE, THREAD, THREAD_KIND, Column
from dexxy.messages.feed.filters import NEW_FOR, Bots, FeedFilters
from dexxy.sources.selectors import sources_called


def _sources(workspace: Workspace, filters: FeedFilters) -> list[int] | None:
    """Return the sources to read; None where none is archived and none was asked for."""
    sources = dict(workspace.sources.values_list("pk", "is_archived"))
    asked = _sources_named(workspace, filters)
    if asked is not None:
        return [pk for pk in asked if sources.get(pk) is False]
    if not any(sources.values()):
        return None
    return [pk for pk, is_archived in sources.items() if not is_archived]


def _sources_named(workspace: Workspace, filters: FeedFilters) -> list[int] | None:
    """Return the sources that FILTERS name; None where they name none."""
    called = sources_called(workspace, filters.source_names) if filters.source_names else None
    if not filters.source_ids or called is None:
        return list(dict.fromkeys(filters.source_ids)) or called
    return [pk for pk in called if pk in filters.source_ids]


def _accounts(workspace: Workspace, filters: FeedFilters) -> list[set[int]]:
    """Return the accounts that each filter about who wrote names."""
    named = accounts_asked(workspace, filters)
    if filters.author_ids:
        named.append(set(filters.author_ids))
    if filters.member_ids:
        named.append(accounts_of(workspace, filters.member_ids))
    if filters.only_new_people:
        named.append(accounts_new(workspace, timezone.now() - NEW_FOR))
    if filters.bots == Bots.ONLY:
        named.append(set(bots_of(workspace)))
    return named


def _authors(workspace: Workspace, filters: FeedFilters) -> list[int] | None:
    """Return the accounts whose messages are kept; None where that is everybody's."""
    named = _accounts(workspace, filters)
    return sorted(set.intersection(*named)) if named else None


def _threads(workspace: Workspace, filters: FeedFilters) -> list[int] | None:
    """Return the threads that are read; None where that is any."""
    return threads_numbered(workspace, filters.numbers) if filters.numbers else None


def once(values: Sequence[str]) -> list[str] | None:
    """Return VALUES without repetitions, each of which would be read again; None where empty."""
    return list(dict.fromkeys(values)) or None


# The values to keep in a column, looked up; None keeps all.
LOOK_UPS: Mapping[Column, Callable[[Workspace, FeedFilters], Sequence[Any] | None]] = {
    SOURCE: _sources,
    THREAD_KIND: lambda _, filters: once(filters.thread_kinds),
    KIND: lambda _, filters: once(filters.message_kinds),
    AUTHOR: _authors,
    THREAD: _threads,
}
# The values that are named in a column, for what leaves them out.
NAMED: Mapping[Column, Callable[[Workspace, FeedFilters], Sequence[Any] | None]] = {
    **LOOK_UPS,
    SOURCE: _sources_named,
    AUTHOR: lambda workspace, filters: sorted(set().union(*_accounts(workspace, filters))),
}
