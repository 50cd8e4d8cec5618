"""The filters of the feed and of the list of threads, as the API takes them."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from dataclasses import fields
from datetime import datetime
from typing import Any, Optional

import strawberry
from strawberry.utils.str_converters import to_camel_case

from dexxy.common.graphql import keys
from dexxy.common.times import aware
from dexxy.messages.feed.filters import Bots, FeedFilters, ThreadFilters
from dexxy.messages.graphql_kinds import MessageKind, ThreadKind, ThreadState

strawberry.enum(Bots, description="What to do with what bots wrote.")


@strawberry.input
class CommonFilterInput:
    source_names: list[str] | None = strawberry.field(
        default=None, description="Of any of these sources; the owner may be left out."
    )
    numbers: list[int] | None = strawberry.field(
        default=None, description="In the threads with these numbers."
    )
    title: str | None = strawberry.field(
        default=None, description="All of these words are in the title of the thread."
    )
    search: str | None = strawberry.field(
        default=None,
        description="With all of these words in one message; of a title, its opening is found. What"
        " is in quotes is found as it stands there. What was written a moment ago may take some"
        " seconds to be found.",
    )
    authors: list[str] | None = strawberry.field(
        default=None,
        description="By whoever has one of these logins or names; of a thread, who opened it.",
    )
    organizations: list[str] | None = strawberry.field(
        default=None, description="By people whose profile or address names one of these."
    )
    only_team: bool = strawberry.field(
        default=False, description="By those who are on the team now."
    )
    assignees: list[str] | None = strawberry.field(
        default=None,
        description="In threads that are assigned to any of these: `me`, `none`, the name or the"
        " address of a user of the workspace, or a login on the server.",
    )
    issue_types: list[str] | None = strawberry.field(
        default=None, description="In issues of any of these types, such as `Bug`, in any case."
    )
    only_answered: bool = strawberry.field(
        default=False, description="In threads in which another person has answered."
    )
    only_unanswered: bool = strawberry.field(
        default=False,
        description="In threads that are open, no drafts, opened by a person who can come back,"
        " and in which no other person has answered.",
    )
    only_drafts: bool = strawberry.field(
        default=False, description="In pull requests that are drafts now."
    )
    only_waiting: bool = strawberry.field(
        default=False, description="In threads in which somebody waits for the team now."
    )
    waiting_days: int = strawberry.field(
        default=0, description="The same, and they have waited for so many days at least."
    )
    only_unread: bool = strawberry.field(
        default=False,
        description="What the viewer has not read, as the pages mark it: messages, or threads that"
        " have such a message.",
    )


@strawberry.input(description="What to keep of the feed; an empty list keeps everything.")
class ActivityFeedFilters(CommonFilterInput):
    source_ids: list[strawberry.ID] | None = None
    thread_kinds: list[ThreadKind] | None = None
    message_kinds: list[MessageKind] | None = None
    member_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="By these people, whatever accounts they use."
    )
    author_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="By these accounts."
    )
    only_new_people: bool = strawberry.field(
        default=False, description="By people who were first seen in the last 30 days; no bots."
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
    without: Optional["ActivityFeedFilters"] = strawberry.field(
        default=None, description="Leave out what any one value of these names."
    )

    def read(self) -> FeedFilters:
        """Return what was sent as the filters of the feed."""
        return FeedFilters(**_given(self))


@strawberry.input(description="Which threads to list; an empty list keeps everything.")
class ThreadFilterInput(CommonFilterInput):
    source_ids: list[strawberry.ID] | None = None
    kinds: list[ThreadKind] | None = None
    states: list[ThreadState] | None = None
    labels: list[str] | None = strawberry.field(
        default=None, description="Those that have any of these labels."
    )
    member_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Opened by these people."
    )
    bots: Bots = strawberry.field(
        default=Bots.INCLUDED, description="Opened by bots, by others, or by anybody."
    )
    active_since: datetime | None = strawberry.field(
        default=None, description="With activity from then on."
    )
    active_until: datetime | None = strawberry.field(
        default=None, description="Without activity from then on."
    )
    without: Optional["ThreadFilterInput"] = strawberry.field(
        default=None, description="Leave out what any one value of these names."
    )

    def read(self) -> ThreadFilters:
        """Return what was sent as the filters of the list of threads."""
        return ThreadFilters(**_given(self))


def _given(sent: Any) -> dict[str, Any]:
    """Return the values SENT, by the names of the filters: those of the fields of the input."""
    values = {field.name: getattr(sent, field.name) for field in fields(sent)}
    return {name: _value(name, value) for name, value in values.items() if value}


def _value(name: str, value: Any) -> Any:
    if name == "without":
        return value.read()
    if name.endswith("_ids"):
        return keys(value, to_camel_case(name))
    return aware(value) if isinstance(value, datetime) else value
