"""The threads that filters keep."""

from collections.abc import Iterator

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


def threads_kept(viewer: Viewer, workspace: Workspace, filters: ThreadFilters) -> QuerySet[Thread]:
    """Return the threads of WORKSPACE that FILTERS keep, in no order."""
    times = {
        "last_activity_at__gte": filters.active_since,
        "last_activity_at__lt": filters.active_until,
    }
    conditions = list(thread_conditions(viewer, workspace, filters))
    found = Thread.objects.filter(
        workspace=workspace,
        is_archived=False,
        **{name: time for name, time in times.items() if time is not None},
    )
    hidden = list(workspace.sources.filter(is_archived=True).values_list("pk", flat=True))
    return meeting(found.exclude(source__in=hidden) if hidden else found, conditions)


def thread_conditions(
    viewer: Viewer, workspace: Workspace, filters: ThreadFilters
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
    for number, condition in enumerate(_named(viewer, workspace, filters.without)):
        yield condition.negated(f"not_{number}_")
    for number, text in enumerate(one_by_one(filters.without.search)):
        yield said_in_threads(workspace, text, is_said=False).renamed(f"not_said_{number}_")


def _named(viewer: Viewer, workspace: Workspace, filters: ThreadFilters) -> Iterator[Condition]:
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
    accounts = accounts_asked(workspace, filters)
    if filters.member_ids:
        accounts.append(accounts_of(workspace, filters.member_ids))
    if filters.bots == Bots.ONLY:
        accounts.append(set(bots_of(workspace)))
    for number, found in enumerate(accounts):
        name = f"authors_{number}"
        yield Condition(f"{{row}}.author_id = ANY(%({name})s::bigint[])", {name: sorted(found)})
    yield from asked_of_threads(viewer, workspace, filters)
