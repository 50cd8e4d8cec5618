"""The feed in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Self, cast

import strawberry
import strawberry_django
from strawberry.relay import PageInfo

from dexxy.accounts.graphql import viewer_of
from dexxy.accounts.selectors import workspace_by_id
from dexxy.common.graphql import Info, ids
from dexxy.common.ids import parse_id
from dexxy.members.graphql import Identity
from dexxy.messages import models, selectors
from dexxy.messages.cursors import Cursor
from dexxy.messages.feed_filters import EVERYTHING, Bots, FeedFilters
from dexxy.messages.models import MessageKind, ThreadState
from dexxy.messages.models import ThreadKind as ThreadKind  # for whoever needs it registered
from dexxy.messages.selectors import PAGE, Page
from dexxy.sources.graphql import Source

strawberry.enum(ThreadKind, description="What kind of thread it is.")
strawberry.enum(ThreadState, description="Whether a thread is done.")
strawberry.enum(MessageKind, description="What was said or done.")
strawberry.enum(Bots, description="What to do with what bots wrote.")


@strawberry_django.type(
    models.Thread, description="An issue, a pull request or a discussion, as it stands now."
)
class Thread:
    id: strawberry.ID
    source: Source
    kind: ThreadKind
    number: int
    title: str
    state: ThreadState
    state_reason: str
    labels: list[str]
    url: str
    author: Identity | None = strawberry_django.field(
        description="Who opened it; null where the account is gone."
    )
    opened_at: datetime
    closed_at: datetime | None
    merged_at: datetime | None
    answered_at: datetime | None
    first_response_at: datetime | None
    last_activity_at: datetime
    message_count: int

    @strawberry.field(description="Its messages, the oldest first; at most 100 a page.")
    def messages(
        self,
        root: strawberry.Parent[models.Thread],
        info: Info,
        first: int = PAGE,
        after: str | None = None,
    ) -> "ActivityConnection":
        page = _messages_of(info, root, first, after)
        return ActivityConnection.of(info, page, after)


@strawberry_django.type(
    models.Message, description="One thing somebody said or did in a thread, at one moment."
)
class ActivityItem:
    id: strawberry.ID
    source: Source
    thread: Thread
    thread_kind: ThreadKind
    kind: MessageKind
    author: Identity | None = strawberry_django.field(
        description="Who did it; null where the account is gone."
    )
    parent_id: strawberry.ID | None = strawberry.field(
        description="The message that a reply answers."
    )
    body: str = strawberry.field(description="Markdown, as it was written.")
    url: str
    occurred_at: datetime
    edited_at: datetime | None

    @strawberry.field(description="Of a review: APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED.")
    def review_state(self, root: strawberry.Parent[models.Message]) -> str | None:
        return root.details.get("state") if root.kind == MessageKind.REVIEW else None

    @strawberry.field(description="Of a review comment: the file that it is about.")
    def path(self, root: strawberry.Parent[models.Message]) -> str | None:
        return cast("str | None", root.details.get("path"))

    @strawberry.field(description="Of a review comment: the line that it is about.")
    def line(self, root: strawberry.Parent[models.Message]) -> int | None:
        return cast("int | None", root.details.get("line"))


@strawberry.type(description="An item and its place in the list.")
class ActivityEdge:
    cursor: str
    node: ActivityItem


@strawberry.type(description="A page of activity.")
class ActivityConnection:
    edges: list[ActivityEdge]
    page_info: PageInfo

    @classmethod
    def of(cls, info: Info, page: Page, after: str | None) -> Self:
        """Show PAGE, and let its threads know each other."""
        _remember(info, (item.thread for item in page.items))
        return cls(
            edges=[
                ActivityEdge(cursor=str(Cursor.of(item)), node=cast(ActivityItem, item))
                for item in page.items
            ],
            page_info=PageInfo(
                has_next_page=page.has_more,
                has_previous_page=after is not None,
                start_cursor=page.start,
                end_cursor=page.end,
            ),
        )


@strawberry.input(description="What to keep of the feed; an empty list keeps everything.")
class ActivityFeedFilters:
    source_ids: list[strawberry.ID] | None = None
    thread_kinds: list[ThreadKind] | None = None
    message_kinds: list[MessageKind] | None = None
    member_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="By these people, whatever accounts they use."
    )
    author_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="By these accounts."
    )
    thread_states: list[ThreadState] | None = strawberry.field(
        default=None, description="In threads that are like this now."
    )
    labels: list[str] | None = strawberry.field(
        default=None, description="In threads that have any of these labels now."
    )
    bots: Bots = Bots.INCLUDED
    since: datetime | None = strawberry.field(default=None, description="From then on.")
    until: datetime | None = strawberry.field(default=None, description="Before then.")
    search: str | None = strawberry.field(
        default=None,
        description="With all of these words; of a title, its opening is found. What was written"
        " a moment ago may take some seconds to be found.",
    )
    only_unanswered: bool = strawberry.field(
        default=False,
        description="In threads in which nobody but who opened them has said anything yet;"
        " bots do not count.",
    )

    def read(self) -> FeedFilters:
        """Turn what was sent into what the feed takes."""
        return FeedFilters(
            source_ids=ids(self.source_ids, "sourceIds"),
            thread_kinds=self.thread_kinds or (),
            message_kinds=self.message_kinds or (),
            member_ids=ids(self.member_ids, "memberIds"),
            author_ids=ids(self.author_ids, "authorIds"),
            thread_states=self.thread_states or (),
            labels=self.labels or (),
            bots=self.bots,
            since=_aware(self.since),
            until=_aware(self.until),
            search=self.search or "",
            only_unanswered=self.only_unanswered,
        )


@strawberry.type
class MessagesQuery:
    @strawberry.field(description="What happened, the newest first; at most 100 a page.")
    def activity_feed(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        filters: ActivityFeedFilters | None = None,
        first: int = PAGE,
        after: str | None = None,
    ) -> ActivityConnection:
        viewer = viewer_of(info)
        workspace = workspace_by_id(viewer, workspace_id)
        kept = filters.read() if filters else EVERYTHING
        page = selectors.feed_page(viewer, workspace, kept, first, after)
        return ActivityConnection.of(info, page, after)

    @strawberry.field(description="One item of the feed, with its thread.")
    def activity_item(
        self, info: Info, workspace_id: strawberry.ID, item_id: strawberry.ID
    ) -> ActivityItem:
        viewer = viewer_of(info)
        workspace = workspace_by_id(viewer, workspace_id)
        item = selectors.feed_item(viewer, workspace, parse_id(item_id) or 0)
        _remember(info, [item.thread])
        return cast(ActivityItem, item)


def _aware(time: datetime | None) -> datetime | None:
    """Read a time without an offset as UTC."""
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time


def _remember(info: Info, threads: Iterable[models.Thread]) -> None:
    known: dict[int, models.Thread] = info.context.shared.setdefault("threads", {})
    known.update({thread.pk: thread for thread in threads})


def _messages_of(info: Info, thread: models.Thread, first: int, after: str | None) -> Page:
    """Read the messages of every thread of this request at once, when the first one is asked."""
    key = ("thread pages", first, after)
    pages: dict[int, Page] = info.context.shared.setdefault(key, {})
    if thread.pk not in pages:
        _remember(info, [thread])
        unread = [one for one in info.context.shared["threads"].values() if one.pk not in pages]
        pages.update(selectors.thread_pages(unread, first, after))
    return pages[thread.pk]
