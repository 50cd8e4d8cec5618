"""Look up what the filters of a feed name, so that the feed itself reads one index."""

from collections.abc import Collection, Sequence
from typing import TypeVar

from dexxy.accounts.models import Workspace
from dexxy.common.pages import Cursor
from dexxy.members.models import Identity
from dexxy.messages.feed.filters import Bots, FeedFilters
from dexxy.messages.feed.reader import FeedQuery
from dexxy.messages.feed.search import search_words

Value = TypeVar("Value")


def feed_query(
    workspace: Workspace,
    filters: FeedFilters,
    *,
    below: Cursor | None = None,
    above: Cursor | None = None,
) -> FeedQuery:
    """Turn FILTERS into what is read, BELOW one place and ABOVE another."""
    bots = None if filters.bots == Bots.INCLUDED else _bots(workspace)
    return FeedQuery(
        workspace_id=workspace.pk,
        source_ids=_sources(workspace, filters.source_ids),
        thread_kinds=_once(filters.thread_kinds),
        kinds=_once(filters.message_kinds),
        author_ids=_authors(workspace, filters, bots),
        bot_ids=bots if filters.bots == Bots.EXCLUDED else None,
        states=_once(filters.thread_states),
        labels=_once(filters.labels),
        only_unanswered=filters.only_unanswered,
        words=search_words(workspace, filters.search) if filters.search.strip() else None,
        since=filters.since,
        until=filters.until,
        below=below,
        above=above,
    )


def _sources(workspace: Workspace, wanted: Sequence[int]) -> list[int] | None:
    """Return the sources to read; None where no source is hidden and none was asked for."""
    sources = dict(workspace.sources.values_list("pk", "is_archived"))
    if wanted:
        return [pk for pk in dict.fromkeys(wanted) if sources.get(pk) is False]
    if not any(sources.values()):
        return None
    return [pk for pk, is_archived in sources.items() if not is_archived]


def _authors(
    workspace: Workspace, filters: FeedFilters, bots: Collection[int] | None
) -> list[int] | None:
    """Return the accounts whose messages are kept; None where that is everybody's."""
    chosen: list[set[int]] = []
    if filters.author_ids:
        chosen.append(set(filters.author_ids))
    if filters.member_ids:
        accounts = Identity.objects.filter(workspace=workspace, member__in=filters.member_ids)
        chosen.append(set(accounts.values_list("pk", flat=True)))
    if filters.bots == Bots.ONLY:
        chosen.append(set(bots or ()))
    return sorted(set.intersection(*chosen)) if chosen else None


def _bots(workspace: Workspace) -> list[int]:
    bots = Identity.objects.filter(member__workspace=workspace, member__is_bot=True)
    return list(bots.values_list("pk", flat=True))


def _once(values: Sequence[Value]) -> list[Value] | None:
    """Return VALUES without repetitions: each of them may become a lane of its own."""
    return list(dict.fromkeys(values)) or None
