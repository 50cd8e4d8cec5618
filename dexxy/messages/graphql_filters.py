"""The filters of the feed and of the list of threads, as the API takes them."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from dataclasses import fields
from datetime import datetime
from typing import Any

import strawberry
from strawberry.utils.str_converters import to_camel_case

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
        """Return what was sent as the filters of the feed."""
        return FeedFilters(**_given(self))


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
        """Return what was sent as the filters of the list of threads."""
        return ThreadFilters(**_given(self))


def _given(sent: Any) -> dict[str, Any]:
    """Return the values SENT, by the names of the filters: those of the fields of the input."""
    values = {field.name: getattr(sent, field.name) for field in fields(sent)}
    return {name: _value(name, value) for name, value in values.items() if value}


def _value(name: str, value: Any) -> Any:
    if name.endswith("_ids"):
        return keys(value, to_camel_case(name))
    return aware(value) if isinstance(value, datetime) else value
