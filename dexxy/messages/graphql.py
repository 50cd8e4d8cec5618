"""The feed in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial
from typing import Self, cast

import strawberry
import strawberry_django

from dexxy.accounts.graphql import viewer_of
from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import workspace_by_id
from dexxy.common.graphql import Connection, Info, aware, connection, ids
from dexxy.common.ids import parse_id
from dexxy.common.pages import PAGE, Page
from dexxy.members.graphql import Identity, Member, remember_members
from dexxy.messages import models, selectors
from dexxy.messages.feed_filters import ALL_THREADS, EVERYTHING, Bots, FeedFilters, ThreadFilters
from dexxy.messages.following import Changes, feed_changes
from dexxy.messages.insights import Insights as Figures
from dexxy.messages.insights import insights
from dexxy.messages.models import MessageKind, ThreadState
from dexxy.messages.models import ThreadKind as ThreadKind  # for whoever needs it registered
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
    ) -> "Connection[ActivityItem]":
        page = _messages_of(info, root, first, after)
        return _activity(info, page, after, lambda: root.message_count)


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
            since=self.since and aware(self.since),
            until=self.until and aware(self.until),
            search=self.search or "",
            only_unanswered=self.only_unanswered,
        )


@strawberry.input(description="Which threads to list; an empty list keeps everything.")
class ThreadFilterInput:
    source_ids: list[strawberry.ID] | None = None
    kinds: list[ThreadKind] | None = None
    states: list[ThreadState] | None = None
    labels: list[str] | None = strawberry.field(
        default=None, description="Those that have any of these labels."
    )
    member_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Opened by these people."
    )
    only_unanswered: bool = False

    def read(self) -> ThreadFilters:
        """Turn what was sent into what the list takes."""
        return ThreadFilters(
            source_ids=ids(self.source_ids, "sourceIds"),
            kinds=self.kinds or (),
            states=self.states or (),
            labels=self.labels or (),
            member_ids=ids(self.member_ids, "memberIds"),
            only_unanswered=self.only_unanswered,
        )


@strawberry.type(description="A message as it is now.")
class ActivityChange:
    id: strawberry.ID
    is_removed: bool
    item: ActivityItem | None = strawberry.field(description="Null where it was removed.")


@strawberry.type(description="What happened to the feed behind a cursor.")
class ActivityChanges:
    changes: list[ActivityChange]
    end_cursor: str = strawberry.field(description="Where to go on.")
    has_more: bool = strawberry.field(description="Whether to go on at once.")

    @classmethod
    def of(cls, found: Changes) -> Self:
        return cls(
            changes=[
                ActivityChange(
                    id=strawberry.ID(str(change.message.pk)),
                    is_removed=change.is_removed,
                    item=None if change.is_removed else cast(ActivityItem, change.message),
                )
                for change in found.items
            ],
            end_cursor=found.end,
            has_more=found.has_more,
        )


@strawberry.type(description="One day of UTC on which something happened.")
class InsightsDay:
    date: date
    messages: int
    people: int


@strawberry.type(description="A person and how much they said and did.")
class InsightsPerson:
    member: Member
    messages: int


@strawberry.type(description="Figures of the time from `since` until before `until`.")
class Insights:
    since: datetime
    until: datetime
    days: list[InsightsDay]
    new_people: int = strawberry.field(description="Who had said nothing before.")
    returning_people: int
    threads: int = strawberry.field(description="Opened in that time.")
    unanswered_threads: int = strawberry.field(
        description="Those of them that are open and that nobody else has answered yet."
    )
    median_first_answer_seconds: float | None = strawberry.field(
        description="Of threads opened in that time: how long the first answer by somebody else"
        " took."
    )
    top_people: list[InsightsPerson]

    @classmethod
    def of(cls, found: Figures) -> Self:
        median = found.median_first_answer
        return cls(
            since=found.since,
            until=found.until,
            days=[
                InsightsDay(date=day.date, messages=day.messages, people=day.people)
                for day in found.days
            ],
            new_people=found.new_people,
            returning_people=found.returning_people,
            threads=found.threads,
            unanswered_threads=found.unanswered_threads,
            median_first_answer_seconds=None if median is None else median.total_seconds(),
            top_people=[
                InsightsPerson(member=cast(Member, member), messages=number)
                for member, number in found.top_people
            ],
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
    ) -> Connection[ActivityItem]:
        viewer = viewer_of(info)
        workspace = workspace_by_id(viewer, workspace_id)
        return feed_connection(
            info, workspace, filters.read() if filters else EVERYTHING, first, after
        )

    @strawberry.field(description="One item of the feed, with its thread.")
    def activity_item(
        self, info: Info, workspace_id: strawberry.ID, item_id: strawberry.ID
    ) -> ActivityItem:
        viewer = viewer_of(info)
        workspace = workspace_by_id(viewer, workspace_id)
        item = selectors.feed_item(viewer, workspace, parse_id(item_id) or 0)
        _remember_items(info, [item])
        return cast(ActivityItem, item)

    @strawberry.field(
        description="What was written, changed or removed behind a cursor, in the order of writing."
        " Ask once without `after` to learn where to begin, read the feed, then go on from there."
    )
    def activity_changes(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        first: int = PAGE,
        after: str | None = None,
    ) -> ActivityChanges:
        viewer = viewer_of(info)
        workspace = workspace_by_id(viewer, workspace_id)
        found = feed_changes(viewer, workspace, first, after)
        _remember_items(info, [change.message for change in found.items])
        return ActivityChanges.of(found)

    @strawberry.field(description="The threads, those with the newest activity first.")
    def threads(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        filters: ThreadFilterInput | None = None,
        first: int = PAGE,
        after: str | None = None,
    ) -> Connection[Thread]:
        viewer = viewer_of(info)
        workspace = workspace_by_id(viewer, workspace_id)
        kept = filters.read() if filters else ALL_THREADS
        page = selectors.thread_list(viewer, workspace, kept, first, after)
        _remember(info, page.items)
        return connection(page, after, partial(selectors.thread_total, viewer, workspace, kept))

    @strawberry.field(description="One thread.")
    def thread(self, info: Info, workspace_id: strawberry.ID, thread_id: strawberry.ID) -> Thread:
        viewer = viewer_of(info)
        workspace = workspace_by_id(viewer, workspace_id)
        return cast(Thread, selectors.thread_for(viewer, workspace, parse_id(thread_id) or 0))

    @strawberry.field(description="Figures of up to a year; bots count nowhere.")
    def insights(
        self, info: Info, workspace_id: strawberry.ID, since: datetime, until: datetime
    ) -> Insights:
        viewer = viewer_of(info)
        workspace = workspace_by_id(viewer, workspace_id)
        start, end = aware(since), aware(until)
        return Insights.of(insights(viewer, workspace, since=start, until=end))


def feed_connection(
    info: Info, workspace: Workspace, kept: FeedFilters, first: int, after: str | None
) -> Connection[ActivityItem]:
    """Show a page of the feed to who asks."""
    viewer = viewer_of(info)
    page = selectors.feed_page(viewer, workspace, kept, first, after)
    total = partial(selectors.feed_total, viewer, workspace, kept)
    return _activity(info, page, after, total)


def _activity(
    info: Info, page: Page[models.Message], after: str | None, total: Callable[[], int]
) -> Connection[ActivityItem]:
    """Show PAGE, and let its threads know each other."""
    _remember_items(info, page.items)
    return connection(page, after, total)


def _remember_items(info: Info, items: Sequence[models.Message]) -> None:
    _remember(info, [item.thread for item in items])
    remember_members(info, (item.author.member for item in items if item.author))


def _remember(info: Info, threads: Sequence[models.Thread]) -> None:
    known: dict[int, models.Thread] = info.context.shared.setdefault("threads", {})
    known.update({thread.pk: thread for thread in threads})
    authors = (thread.author for thread in threads)
    remember_members(info, (author.member for author in authors if author))


def _messages_of(
    info: Info, thread: models.Thread, first: int, after: str | None
) -> Page[models.Message]:
    """Read the messages of every thread of this request at once, when the first one is asked."""
    key = ("thread pages", first, after)
    pages: dict[int, Page[models.Message]] = info.context.shared.setdefault(key, {})
    if thread.pk not in pages:
        _remember(info, [thread])
        unread = [one for one in info.context.shared["threads"].values() if one.pk not in pages]
        found = selectors.thread_pages(unread, first, after)
        pages.update(found)
        items = (item for page in found.values() for item in page.items)
        remember_members(info, (item.author.member for item in items if item.author))
    return pages[thread.pk]
