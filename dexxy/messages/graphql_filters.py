"""What can be kept of the feed, and of the list of threads."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from datetime import datetime

import strawberry

from dexxy.common.graphql import aware, keys
from dexxy.messages.feed.filters import Bots, FeedFilters, ThreadFilters
from dexxy.messages.graphql_kinds import MessageKind, ThreadKind, ThreadState

strawberry.enum(Bots, description="What to do with what bots wrote.")


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
            source_ids=keys(self.source_ids, "sourceIds"),
            thread_kinds=self.thread_kinds or (),
            message_kinds=self.message_kinds or (),
            member_ids=keys(self.member_ids, "memberIds"),
            author_ids=keys(self.author_ids, "authorIds"),
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
            source_ids=keys(self.source_ids, "sourceIds"),
            kinds=self.kinds or (),
            states=self.states or (),
            labels=self.labels or (),
            member_ids=keys(self.member_ids, "memberIds"),
            only_unanswered=self.only_unanswered,
        )
