"""The threads that filters keep."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from django.db.models import QuerySet

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.members.named import accounts_of
from dexxy.messages.feed.asked import (
    accounts_asked,
    asked_of_threads,
    bots_of,
    meeting,
    said_in_threads,
    threads_numbered,
    unread_by,
)
from dexxy.messages.feed.conditions import Condition
from dexxy.messages.feed.filters import Bots, ThreadFilters
from dexxy.messages.feed.search import one_by_one
from dexxy.messages.models import Thread
from dexxy.sources.selectors import sources_called

_OF_LISTS = {
    "source_ids": "{row}.source_id = ANY(%(source_ids)s::bigint[])",
    "kinds": "{row}.kind = ANY(%(kinds)s::text[])",
    "states": "{row}.state = ANY(%(states)s::text[])",
    "labels": "{row}.labels && %(labels)s::text[]",
}


@dataclass(frozen=True)
class Kept:
    """What filters keep of the threads.

    Args:
        among: threads in the times that are asked for, which indexes have in the order of lists.
        conditions: what else is asked of them, for the indexes that lead there.
        of_one: the same, for a few threads that are looked at one by one.
        has_words: whether it is dear to ask that of a thread.
    """

    among: QuerySet[Thread]
    conditions: Sequence[Condition] = ()
    of_one: Sequence[Condition] = ()
    has_words: bool = False

    @property
    def all(self) -> QuerySet[Thread]:
        """All of them, in no order."""
        return meeting(self.among, self.conditions)

    def those_of(self, ids: Sequence[int]) -> QuerySet[Thread]:
        """Return those of the threads with IDS."""
        return meeting(Thread.objects.filter(pk__in=ids), self.of_one)

    def narrowed(self, narrow: Callable[[QuerySet[Thread]], QuerySet[Thread]]) -> "Kept":
        """Return those that NARROW keeps of any threads."""
        return replace(self, among=narrow(self.among))


def threads_kept(viewer: Viewer | None, workspace: Workspace, filters: ThreadFilters) -> Kept:
    """Return what FILTERS keep of the threads of WORKSPACE.

    Args:
        viewer: who is meant by a filter that says `me`.
    """
    times = {
        "last_activity_at__gte": filters.active_since,
        "last_activity_at__lt": filters.active_until,
    }
    found = Thread.objects.live().filter(
        workspace=workspace,
        **{name: time for name, time in times.items() if time is not None},
    )
    hidden = list(workspace.sources.filter(is_archived=True).values_list("pk", flat=True))
    conditions = list(thread_conditions(viewer, workspace, filters))
    search = filters.search.strip()
    of_one = list(conditions)
    if search:
        others = replace(filters, search="")
        of_one = list(thread_conditions(viewer, workspace, others))
        of_one.append(said_in_threads(workspace, search, one_by_one=True))
    return Kept(
        found.exclude(source__in=hidden) if hidden else found,
        conditions,
        of_one,
        has_words=bool(search or filters.title.strip()),
    )


def thread_conditions(
    viewer: Viewer | None, workspace: Workspace, filters: ThreadFilters
) -> Iterator[Condition]:
    """Yield what FILTERS ask of a thread, but for the times of its activity."""
    yield from _named(viewer, workspace, filters)
    if filters.search.strip():
        yield said_in_threads(workspace, filters.search)
    if filters.bots == Bots.EXCLUDED:
        sql = "({row}.author_id IS NULL OR {row}.author_id <> ALL(%(bots)s::bigint[]))"
        yield Condition(sql, {"bots": bots_of(workspace)})
    if filters.without is None:
        return
    yield from _of_other_sources(workspace, filters.without)
    others = replace(filters.without, source_ids=(), source_names=())
    for number, condition in enumerate(_named(viewer, workspace, others)):
        yield condition.negated(f"not_{number}_")
    for number, text in enumerate(one_by_one(filters.without.search)):
        yield said_in_threads(workspace, text, is_said=False).renamed(f"not_said_{number}_")


def _of_other_sources(workspace: Workspace, filters: ThreadFilters) -> Iterator[Condition]:
    """Yield that a thread is of a source that FILTERS do not name: an index has those of one."""
    named = {*filters.source_ids, *sources_called(workspace, filters.source_names)}
    if filters.source_ids or filters.source_names:
        sources = set(workspace.sources.values_list("pk", flat=True))
        params = {"other_sources": sorted(sources - named)}
        yield Condition("{row}.source_id = ANY(%(other_sources)s::bigint[])", params)


def _named(
    viewer: Viewer | None, workspace: Workspace, filters: ThreadFilters
) -> Iterator[Condition]:
    """Yield a condition for each filter that names values."""
    for name, sql in _OF_LISTS.items():
        values = list(getattr(filters, name))
        if values:
            yield Condition(sql, {name: values})
    if filters.source_names:
        ids = sources_called(workspace, filters.source_names)
        yield Condition("{row}.source_id = ANY(%(called)s::bigint[])", {"called": ids})
    if filters.numbers:
        ids = threads_numbered(workspace, filters.numbers)
        yield Condition("{row}.id = ANY(%(numbered)s::bigint[])", {"numbered": ids})
    if filters.only_unread:
        yield unread_by(viewer, workspace, of_messages=False)
    accounts = accounts_asked(workspace, filters)
    if filters.member_ids:
        accounts.append(accounts_of(workspace, filters.member_ids))
    if filters.bots == Bots.ONLY:
        accounts.append(set(bots_of(workspace)))
    for number, found in enumerate(accounts):
        name = f"authors_{number}"
        yield Condition(f"{{row}}.author_id = ANY(%({name})s::bigint[])", {name: sorted(found)})
    yield from asked_of_threads(viewer, workspace, filters)
