"""The feed, and whole threads."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.db.models import QuerySet, Window
from django.db.models.functions import RowNumber

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.errors import BadInputError, NotFoundError
from dexxy.members.models import Identity
from dexxy.messages.cursors import Cursor
from dexxy.messages.models import Message, MessageKind, Thread, ThreadKind

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


@dataclass(frozen=True, kw_only=True)
class FeedFilters:
    """What to keep of the feed: all conditions together; an empty one keeps everything."""

    source_ids: Sequence[int] = ()
    thread_kinds: Sequence[ThreadKind] = ()
    message_kinds: Sequence[MessageKind] = ()
    member_ids: Sequence[int] = ()
    author_ids: Sequence[int] = ()


EVERYTHING = FeedFilters()


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
    """
    _check_size(first)
    require_membership(viewer, workspace)
    found = _filtered(workspace, filters)
    if after is not None:
        place = Cursor.parse(after)
        # The plain bound is what the index is read by; the second part settles equal times.
        found = found.filter(occurred_at__lte=place.occurred_at).exclude(
            occurred_at=place.occurred_at, pk__gte=place.pk
        )
    return _page(_shown(found).order_by("-occurred_at", "-pk"), first)


def feed_newer(
    viewer: Viewer, workspace: Workspace, filters: FeedFilters, after: str | None
) -> int:
    """Count what came into the feed above the cursor AFTER, to at most MOST_NEWER.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        InvalidCursorError: AFTER is not one of ours.
    """
    require_membership(viewer, workspace)
    found = _filtered(workspace, filters)
    if after is not None:
        place = Cursor.parse(after)
        found = found.filter(occurred_at__gte=place.occurred_at).exclude(
            occurred_at=place.occurred_at, pk__lte=place.pk
        )
    return found[:MOST_NEWER].count()


def feed_item(viewer: Viewer, workspace: Workspace, pk: int) -> Message:
    """Return one message of the feed.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        MessageNotFoundError: WORKSPACE shows no such message.
    """
    require_membership(viewer, workspace)
    message = _shown(_filtered(workspace, EVERYTHING).filter(pk=pk)).first()
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


def _filtered(workspace: Workspace, filters: FeedFilters) -> QuerySet[Message]:
    found = Message.objects.filter(workspace=workspace, is_archived=False, in_feed=True)
    # Ids instead of a join, so that the planner reads the feed's index in its order and stops.
    hidden = list(workspace.sources.filter(is_archived=True).values_list("pk", flat=True))
    if hidden:
        found = found.exclude(source_id__in=hidden)
    if filters.source_ids:
        found = found.filter(source_id__in=filters.source_ids)
    if filters.thread_kinds:
        found = found.filter(thread_kind__in=filters.thread_kinds)
    if filters.message_kinds:
        found = found.filter(kind__in=filters.message_kinds)
    if filters.member_ids:
        found = found.filter(author_id__in=_accounts(workspace, filters.member_ids))
    if filters.author_ids:
        found = found.filter(author_id__in=filters.author_ids)
    return found


def _accounts(workspace: Workspace, member_ids: Sequence[int]) -> list[int]:
    accounts = Identity.objects.filter(workspace=workspace, member_id__in=member_ids)
    return list(accounts.values_list("pk", flat=True))


def _shown(messages: QuerySet[Message]) -> QuerySet[Message]:
    # Everything that a page or an API field shows of a message, so that a page is one query.
    return messages.select_related(
        "source", "author__member", "thread__source", "thread__author__member"
    )


def _page(messages: QuerySet[Message], first: int) -> Page:
    items = list(messages[: first + 1])
    return Page(items[:first], len(items) > first)
