"""The feed, and whole threads."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from django.db.models import Window
from django.db.models.functions import RowNumber
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.databases.replica import from_replica
from dexxy.common.errors import NotFoundError
from dexxy.common.pages import PAGE, Cursor, Page, check_size
from dexxy.common.sql import TooSlowError, time_limit
from dexxy.messages.feed.filters import ALL_THREADS, EVERYTHING, FeedFilters, ThreadFilters
from dexxy.messages.feed.query import feed_query
from dexxy.messages.feed.reader import feed_count, feed_find
from dexxy.messages.feed.threads import threads_kept
from dexxy.messages.models import Message, Thread
from dexxy.messages.thread_table import (
    ThreadSort,
    ThreadTab,
    tab_keeps,
    table_count,
    table_page,
)

# Beyond this nobody counts what is new any more.
MOST_NEWER = 100
# A menu offers the labels that are used these days; more are typed.
LABELLED, MOST_LABELS = 500, 30
# A count beside a tab is worth no more of a page's time.
COUNTING_SECONDS = 0.3


class MessageNotFoundError(NotFoundError):
    """There is no such message in the workspace, or it is not shown any more."""


class ThreadNotFoundError(NotFoundError):
    """There is no such thread in the workspace, or it is not shown any more."""


@from_replica
def feed_page(
    viewer: Viewer,
    workspace: Workspace,
    filters: FeedFilters = EVERYTHING,
    first: int = PAGE,
    after: str | None = None,
) -> Page[Message]:
    """Return FIRST messages of the feed, the newest first, behind the cursor AFTER.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
        TooSlowError: no index leads to what FILTERS keep.
    """
    check_size(first)
    require_membership(viewer, workspace)
    below = None if after is None else Cursor.parse(after)
    with time_limit():
        query = feed_query(workspace, filters, viewer=viewer, below=below)
        return _page(workspace, feed_find(query, first + 1), first)


@from_replica
def feed_newer(
    viewer: Viewer, workspace: Workspace, filters: FeedFilters, after: str | None
) -> int:
    """Count what came into the feed above the cursor AFTER, to at most MOST_NEWER.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        InvalidCursorError: AFTER is not one of ours.
        TooSlowError: nothing says so soon enough.
    """
    require_membership(viewer, workspace)
    above = None if after is None else Cursor.parse(after)
    with time_limit():
        query = feed_query(workspace, filters, viewer=viewer, above=above)
        return len(feed_find(query, MOST_NEWER))


@from_replica
def feed_total(
    viewer: Viewer, workspace: Workspace, filters: FeedFilters, most: int | None = None
) -> int:
    """Count the whole feed, or up to MOST. Unlike a page this takes the longer, the more there is.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        TooSlowError: there is too much to count.
    """
    require_membership(viewer, workspace)
    with time_limit():
        return feed_count(feed_query(workspace, filters, viewer=viewer), most)


def feed_item(viewer: Viewer, workspace: Workspace, pk: int) -> Message:
    """Return one message of the feed.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        MessageNotFoundError: WORKSPACE shows no such message.
    """
    require_membership(viewer, workspace)
    messages = Message.objects.with_quiet().filter(workspace=workspace, source__is_archived=False)
    found = messages.filter(pk=pk).for_display()
    if not found:
        raise MessageNotFoundError(_("There is no such activity item."))
    return found[0]


def thread_for(viewer: Viewer, workspace: Workspace, pk: int) -> Thread:
    """Return one thread.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        ThreadNotFoundError: WORKSPACE shows no such thread.
    """
    require_membership(viewer, workspace)
    thread = (
        Thread.objects.shown()
        .filter(workspace=workspace, pk=pk)
        .select_related("source", "author__member")
        .first()
    )
    if thread is None:
        raise ThreadNotFoundError(_("There is no such thread."))
    return thread


def thread_gone(viewer: Viewer, workspace: Workspace, pk: int) -> Thread | None:
    """Return a thread that is not shown any more because its server does not show it.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    gone = Thread.objects.filter(is_archived=True, source__is_archived=False)
    return gone.filter(workspace=workspace, pk=pk).select_related("source").first()


def threads_by_id(viewer: Viewer, workspace: Workspace, ids: Sequence[int]) -> list[Thread]:
    """Return those of the threads with IDS that WORKSPACE shows.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    shown = Thread.objects.shown().filter(workspace=workspace, pk__in=ids)
    return list(shown.select_related("source", "author__member").order_by("pk"))


@from_replica
def thread_list(
    viewer: Viewer,
    workspace: Workspace,
    filters: ThreadFilters = ALL_THREADS,
    first: int = PAGE,
    after: str | None = None,
    *,
    tab: ThreadTab = ThreadTab.ALL,
    sort: ThreadSort = ThreadSort.ACTIVITY,
) -> Page[Thread]:
    """Return FIRST threads of TAB behind the cursor AFTER, in the order of SORT.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
        TooSlowError: no index leads to what FILTERS keep.
    """
    require_membership(viewer, workspace)
    with time_limit():
        kept = threads_kept(viewer, workspace, filters)
        return table_page(kept.narrowed(lambda of: tab_keeps(of, tab)), sort, first, after)


@from_replica
def labels_used(viewer: Viewer, workspace: Workspace) -> list[str]:
    """Return the labels of the threads with the newest activity, those of most threads first.

    As many threads are looked at as LABELLED, and up to MOST_LABELS labels returned.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    threads = threads_kept(viewer, workspace, ALL_THREADS).all
    newest = threads.order_by("-last_activity_at", "-pk").values_list("labels", flat=True)
    counts = Counter(label for labels in newest[:LABELLED] for label in labels)
    by_count = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return [label for label, _ in by_count[:MOST_LABELS]]


@from_replica
def thread_total(
    viewer: Viewer,
    workspace: Workspace,
    filters: ThreadFilters,
    tab: ThreadTab = ThreadTab.ALL,
) -> int:
    """Count all threads of TAB that FILTERS keep.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        TooSlowError: there are too many to count.
    """
    require_membership(viewer, workspace)
    with time_limit():
        return tab_keeps(threads_kept(viewer, workspace, filters).all, tab).count()


@from_replica
def thread_counts(
    viewer: Viewer,
    workspace: Workspace,
    filters: ThreadFilters = ALL_THREADS,
    tabs: Iterable[ThreadTab] = ThreadTab,
) -> dict[ThreadTab, int]:
    """Count the threads of each of TABS that FILTERS keep, up to one more than MOST_COUNTED.

    What cannot be counted in COUNTING_SECONDS is left out.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    counts = {}
    try:
        with time_limit(COUNTING_SECONDS):
            threads = threads_kept(viewer, workspace, filters).all
            for tab in tabs:
                counts[tab] = table_count(tab_keeps(threads, tab))
    except TooSlowError:
        return counts
    return counts


def thread_pages(
    threads: Sequence[Thread],
    first: int = PAGE,
    after: str | None = None,
    *,
    before: str | None = None,
    with_quiet: bool = False,
) -> dict[int, Page[Message]]:
    """Return FIRST messages of each of THREADS, the oldest first, by the id of the thread.

    The threads come from a selector that asked for the viewer. Any number of them is one query.

    Args:
        before: return the last messages before this cursor instead, also the oldest first.
        with_quiet: whether to return what is in no feed unless it is asked for, too.

    Raises:
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
    """
    check_size(first)
    order = ["occurred_at", "pk"] if before is None else ["-occurred_at", "-pk"]
    row = Window(RowNumber(), partition_by="thread_id", order_by=order)
    # By their key, which begins with the workspace.
    workspaces = {thread.workspace_id for thread in threads}
    of_threads = Message.objects.filter(workspace__in=workspaces, thread__in=threads)
    found = of_threads.with_quiet() if with_quiet else of_threads.in_feed()
    if after is not None:
        time, pk = _time_and_id(after)
        found = found.filter(occurred_at__gte=time).exclude(occurred_at=time, pk__lte=pk)
    if before is not None:
        time, pk = _time_and_id(before)
        found = found.filter(occurred_at__lte=time).exclude(occurred_at=time, pk__gte=pk)
    numbered = found.annotate(row=row).filter(row__lte=first + 1)
    by_thread: dict[int, list[Message]] = {thread.pk: [] for thread in threads}
    for message in numbered.order_by("thread_id", "row").for_display():
        by_thread[message.thread_id].append(message)
    if before is not None:
        return {pk: _page_before(items, first) for pk, items in by_thread.items()}
    return {pk: _page_of(items, first) for pk, items in by_thread.items()}


def _time_and_id(cursor: str) -> tuple[datetime, int]:
    parsed = Cursor.parse(cursor)
    return parsed.time or datetime.max.replace(tzinfo=UTC), parsed.pk


def thread_page_around(
    thread: Thread, around: int, first: int = PAGE, *, with_quiet: bool = False
) -> Page[Message]:
    """Return FIRST messages of a thread of which one is AROUND, about in the middle.

    The thread comes from a selector that asked for the viewer.

    Raises:
        PageSizeError: FIRST is not served.
        MessageNotFoundError: the thread shows no such message.
    """
    check_size(first)
    of_thread = Message.objects.filter(workspace=thread.workspace_id, thread=thread)
    shown = of_thread.with_quiet() if with_quiet else of_thread.in_feed()
    found = shown.filter(pk=around).values_list("occurred_at", flat=True).first()
    if found is None:
        raise MessageNotFoundError(_("The thread has no such message."))
    ahead = str(Cursor(found, around))
    # The place right before the message.
    behind = str(Cursor(found, around - 1))
    # One more than is shown tells whether there are others.
    half = first // 2
    above = thread_pages([thread], half + 1, before=ahead, with_quiet=with_quiet)[thread.pk]
    skipped = max(0, len(above.items) - half)
    kept = above.items[skipped:]
    below = thread_pages([thread], first - len(kept), behind, with_quiet=with_quiet)[thread.pk]
    return Page(
        [*kept, *below.items],
        [*above.cursors[skipped:], *below.cursors],
        has_more=below.has_more,
        has_before=skipped > 0,
    )


def thread_whole_total(thread: Thread) -> int:
    """Count the messages of a thread, those of quiet kinds as well."""
    key = {"workspace": thread.workspace_id, "thread": thread}
    return Message.objects.filter(**key).with_quiet().count()


def _page(workspace: Workspace, cursors: Sequence[Cursor], first: int) -> Page[Message]:
    # All in one query by their keys; the cursors know the order.
    kept = cursors[:first]
    of_feed = Message.objects.filter(workspace=workspace, pk__in=[cursor.pk for cursor in kept])
    rows = of_feed.for_display()
    found = {message.pk: message for message in rows}
    items = [found[cursor.pk] for cursor in kept if cursor.pk in found]
    return Page(items, kept, len(cursors) > first)


def _page_before(items: list[Message], first: int) -> Page[Message]:
    """Return the page of messages that were found from its end."""
    kept = items[:first][::-1]
    cursors = [Cursor(item.occurred_at, item.pk) for item in kept]
    return Page(kept, cursors, has_more=True, has_before=len(items) > first)


def _page_of(items: list[Message], first: int) -> Page[Message]:
    cursors = [Cursor(item.occurred_at, item.pk) for item in items[:first]]
    return Page(items[:first], cursors, len(items) > first)
