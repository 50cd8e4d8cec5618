"""The feed, and whole threads."""

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db.models import QuerySet, Window
from django.db.models.functions import RowNumber

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.errors import NotFoundError
from dexxy.common.pages import PAGE, Cursor, Page, check_size, page_newest_first
from dexxy.common.sql import time_limit
from dexxy.messages.feed.filters import ALL_THREADS, EVERYTHING, FeedFilters, ThreadFilters
from dexxy.messages.feed.query import feed_query
from dexxy.messages.feed.reader import feed_count, feed_find
from dexxy.messages.models import Message, Thread

# Beyond this nobody counts what is new any more.
MOST_NEWER = 100


class MessageNotFoundError(NotFoundError):
    """There is no such message in the workspace, or it is not shown any more."""


class ThreadNotFoundError(NotFoundError):
    """There is no such thread in the workspace, or it is not shown any more."""


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
        query = feed_query(workspace, filters, below=below)
        return _page(feed_find(query, first + 1), first)


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
        return len(feed_find(feed_query(workspace, filters, above=above), MOST_NEWER))


def feed_total(viewer: Viewer, workspace: Workspace, filters: FeedFilters) -> int:
    """Count the whole feed. Unlike a page this takes the longer, the more there is.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        TooSlowError: there is too much to count.
    """
    require_membership(viewer, workspace)
    with time_limit():
        return feed_count(feed_query(workspace, filters))


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
        raise MessageNotFoundError("There is no such activity item.")
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
        raise ThreadNotFoundError("There is no such thread.")
    return thread


def thread_list(
    viewer: Viewer,
    workspace: Workspace,
    filters: ThreadFilters = ALL_THREADS,
    first: int = PAGE,
    after: str | None = None,
) -> Page[Thread]:
    """Return FIRST threads behind the cursor AFTER, those with the newest activity first.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
        TooSlowError: no index leads to what FILTERS keep.
    """
    require_membership(viewer, workspace)
    with time_limit():
        found = _threads(workspace, filters).select_related("source", "author__member")
        return page_newest_first(found, "last_activity_at", first, after)


def thread_total(viewer: Viewer, workspace: Workspace, filters: ThreadFilters) -> int:
    """Count all threads that FILTERS keep.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        TooSlowError: there are too many to count.
    """
    require_membership(viewer, workspace)
    with time_limit():
        return _threads(workspace, filters).count()


def thread_pages(
    threads: Sequence[Thread],
    first: int = PAGE,
    after: str | None = None,
    *,
    with_quiet: bool = False,
) -> dict[int, Page[Message]]:
    """Return FIRST messages of each of THREADS, the oldest first, by the id of the thread.

    The threads come from a selector that asked for the viewer. Any number of them is one query.

    Args:
        with_quiet: whether to return what is in no feed unless it is asked for, too.

    Raises:
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
    """
    check_size(first)
    row = Window(RowNumber(), partition_by="thread_id", order_by=["occurred_at", "pk"])
    # By their key, which begins with the workspace.
    workspaces = {thread.workspace_id for thread in threads}
    of_threads = Message.objects.filter(workspace__in=workspaces, thread__in=threads)
    found = of_threads.with_quiet() if with_quiet else of_threads.in_feed()
    if after is not None:
        cursor = Cursor.parse(after)
        time = cursor.time or datetime.max.replace(tzinfo=UTC)
        found = found.filter(occurred_at__gte=time).exclude(occurred_at=time, pk__lte=cursor.pk)
    numbered = found.annotate(row=row).filter(row__lte=first + 1)
    by_thread: dict[int, list[Message]] = {thread.pk: [] for thread in threads}
    for message in numbered.order_by("thread_id", "row").for_display():
        by_thread[message.thread_id].append(message)
    return {pk: _page_of(items, first) for pk, items in by_thread.items()}


def thread_whole_total(thread: Thread) -> int:
    """Count the messages of a thread, those of quiet kinds as well."""
    key = {"workspace": thread.workspace_id, "thread": thread}
    return Message.objects.filter(**key).with_quiet().count()


def _threads(workspace: Workspace, filters: ThreadFilters) -> QuerySet[Thread]:
    found = filters.apply(Thread.objects.filter(workspace=workspace, is_archived=False))
    hidden = list(workspace.sources.filter(is_archived=True).values_list("pk", flat=True))
    return found.exclude(source__in=hidden) if hidden else found


def _page(cursors: Sequence[Cursor], first: int) -> Page[Message]:
    # All in one query by their keys; the cursors know the order.
    kept = cursors[:first]
    rows = Message.objects.filter(pk__in=[cursor.pk for cursor in kept]).for_display()
    found = {message.pk: message for message in rows}
    items = [found[cursor.pk] for cursor in kept if cursor.pk in found]
    return Page(items, kept, len(cursors) > first)


def _page_of(items: list[Message], first: int) -> Page[Message]:
    cursors = [Cursor(item.occurred_at, item.pk) for item in items[:first]]
    return Page(items[:first], cursors, len(items) > first)
