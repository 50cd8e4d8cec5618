"""The feed, and whole threads."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet, Window
from django.db.models.functions import RowNumber

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.errors import BadInputError, NotFoundError
from dexxy.common.sql import time_limit
from dexxy.messages.cursors import Cursor
from dexxy.messages.feed_filters import EVERYTHING, FeedFilters
from dexxy.messages.feed_query import feed_query
from dexxy.messages.feed_reader import feed_count, feed_find
from dexxy.messages.models import Message, Thread

PAGE = 50
LARGEST_PAGE = 100
# Beyond this nobody counts what is new any more.
MOST_NEWER = 100


class PageSizeError(BadInputError):
    """A page of a size that is not served."""


class MessageNotFoundError(NotFoundError):
    """There is no such message in the workspace, or it is not shown any more."""


class ThreadNotFoundError(NotFoundError):
    """There is no such thread in the workspace, or it is not shown any more."""


@dataclass(frozen=True)
class Page:
    """Some messages in their order, and whether more come behind them."""

    items: list[Message] = field(default_factory=list)
    has_more: bool = False

    @property
    def end(self) -> str | None:
        """The cursor behind which the next page starts."""
        return str(Cursor.of(self.items[-1])) if self.items else None

    @property
    def start(self) -> str | None:
        """The cursor before which newer messages will stand."""
        return str(Cursor.of(self.items[0])) if self.items else None


def feed_page(
    viewer: Viewer,
    workspace: Workspace,
    filters: FeedFilters = EVERYTHING,
    first: int = PAGE,
    after: str | None = None,
) -> Page:
    """Return FIRST messages of the feed, the newest first, behind the cursor AFTER.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
        TooSlowError: no index leads to what FILTERS keep.
    """
    _check_size(first)
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
    messages = Message.objects.filter(workspace=workspace, is_archived=False, in_feed=True)
    message = _shown(messages.filter(pk=pk, source__is_archived=False)).first()
    if message is None:
        raise MessageNotFoundError("There is no such activity item.")
    return message


def thread_for(viewer: Viewer, workspace: Workspace, pk: int) -> Thread:
    """Return one thread.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        ThreadNotFoundError: WORKSPACE shows no such thread.
    """
    require_membership(viewer, workspace)
    thread = (
        Thread.objects.filter(
            workspace=workspace, pk=pk, is_archived=False, source__is_archived=False
        )
        .select_related("source", "author__member")
        .first()
    )
    if thread is None:
        raise ThreadNotFoundError("There is no such thread.")
    return thread


def thread_pages(
    threads: Sequence[Thread], first: int = PAGE, after: str | None = None
) -> dict[int, Page]:
    """Return FIRST messages of each of THREADS, the oldest first, by the id of the thread.

    The threads come from a selector that asked for the viewer. Any number of them is one query.

    Raises:
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
    """
    _check_size(first)
    row = Window(RowNumber(), partition_by="thread_id", order_by=["occurred_at", "pk"])
    found = Message.objects.filter(thread__in=threads, is_archived=False, in_feed=True)
    if after is not None:
        place = Cursor.parse(after)
        found = found.filter(occurred_at__gte=place.occurred_at).exclude(
            occurred_at=place.occurred_at, pk__lte=place.pk
        )
    numbered = _shown(found).annotate(row=row).filter(row__lte=first + 1)
    by_thread: dict[int, list[Message]] = {thread.pk: [] for thread in threads}
    for message in numbered.order_by("thread_id", "row"):
        by_thread[message.thread_id].append(message)
    return {pk: Page(items[:first], len(items) > first) for pk, items in by_thread.items()}


def _check_size(first: int) -> None:
    if not 1 <= first <= LARGEST_PAGE:
        raise PageSizeError(f"A page has 1 to {LARGEST_PAGE} items; {first} were asked for.")


def _shown(messages: QuerySet[Message]) -> QuerySet[Message]:
    # Everything that a page or an API field shows of a message, so that a page is one query.
    return messages.select_related(
        "source", "author__member", "thread__source", "thread__author__member"
    )


def _page(places: Sequence[Cursor], first: int) -> Page:
    # All in one query by their keys; the places know the order.
    kept = [place.pk for place in places[:first]]
    found = {message.pk: message for message in _shown(Message.objects.filter(pk__in=kept))}
    return Page([found[pk] for pk in kept if pk in found], len(places) > first)
