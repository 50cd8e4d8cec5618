"""Messages and their threads in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Self, cast

import strawberry
import strawberry_django

from dexxy.accounts.graphql import viewer_of
from dexxy.accounts.models import Workspace
from dexxy.common.errors import BadInputError
from dexxy.common.graphql import Connection, Info, connection, key
from dexxy.common.graphql_cost import PAGED, cost
from dexxy.common.pages import PAGE, Page
from dexxy.members.graphql import Identity, remember_members
from dexxy.messages import models, selectors
from dexxy.messages.feed.filters import FeedFilters
from dexxy.messages.feed.following import Changes
from dexxy.messages.graphql_co_authors import USUAL, CoAuthor, co_authors_shown
from dexxy.messages.graphql_conversation import (
    WHOLE_THREAD,
    CodeConversations,
    ThreadFacts,
    code_conversations_shown,
    facts_shown,
    is_by_team,
    resolved_shown,
)
from dexxy.messages.graphql_details import (
    MOST_ASSIGNEES,
    NamedAccount,
    Subject,
    ThreadDetails,
)
from dexxy.messages.graphql_kinds import MessageKind, ThreadKind, ThreadState
from dexxy.messages.thread_table import waits_of
from dexxy.sources.graphql import Source


@strawberry_django.type(
    models.Thread, description="An issue, a pull request or a discussion, as it stands now."
)
class Thread:
    id: strawberry.ID
    source: Source
    kind: ThreadKind
    number: int = strawberry_django.field(
        description="Where `externalId` is not empty it is ours, and the platform has none."
    )
    external_id: str = strawberry_django.field(
        description="The name of a thread that a script told of, on its platform; empty elsewhere."
    )
    title: str
    state: ThreadState
    state_reason: str
    labels: list[str]
    category: str = strawberry.field(description="Of a discussion.")
    milestone: str
    issue_type: str = strawberry.field(
        description="Of an issue of an organization, such as `Bug`; empty where it has none."
    )
    is_locked: bool
    head_oid: str = strawberry.field(description="Of a pull request: its last commit.")
    url: str
    author: Identity | None = strawberry_django.field(
        description="Who opened it; null where the account is gone."
    )
    opened_at: datetime
    closed_at: datetime | None
    merged_at: datetime | None
    answered_at: datetime | None
    first_response_at: datetime | None = strawberry.field(
        description="When another person first answered: said something that was not hidden as spam"
        " and so on, or merged it."
    )
    last_activity_at: datetime
    message_count: int

    @strawberry.field(
        description="Since when somebody waits in it for the team, as the queue lists it; null"
        " where nobody does, and while it is snoozed."
    )
    def waiting_since(self, root: strawberry.Parent[models.Thread], info: Info) -> datetime | None:
        return _waits_since(info, root)

    @strawberry.field(
        description="Of a merged pull request: who wrote its commits beside its author.",
        metadata=cost(items=USUAL),
    )
    def co_authors(self, root: strawberry.Parent[models.Thread], info: Info) -> list[CoAuthor]:
        return co_authors_shown(info, root)

    @strawberry.field(description="Of a pull request: its conversations on code, counted.")
    def code_conversations(
        self, root: strawberry.Parent[models.Thread], info: Info
    ) -> CodeConversations:
        return code_conversations_shown(info, root)

    @strawberry.field(
        description="What is told of it as a whole: who wrote in it, and when the team answered."
        " All of its messages are read for that.",
        metadata=cost(objects=WHOLE_THREAD),
    )
    def facts(self, root: strawberry.Parent[models.Thread], info: Info) -> ThreadFacts:
        return facts_shown(info, root)

    @strawberry.field(description="Who is to work on it now.", metadata=cost(items=MOST_ASSIGNEES))
    def assignees(self, root: strawberry.Parent[models.Thread]) -> list[NamedAccount]:
        return [NamedAccount.of(account) for account in root.assignees]

    @strawberry.field(description="What else is known of it.")
    def details(self, root: strawberry.Parent[models.Thread]) -> ThreadDetails:
        return ThreadDetails.of(root.details)

    @strawberry.field(
        description="Its messages, the oldest first; at most 100 a page: behind the cursor `after`,"
        " the last ones before the cursor `before`, or those around the message with an id. Those"
        " of the quiet kinds, which are in no feed that does not ask for them, only with"
        " `withQuiet`."
    )
    def messages(
        self,
        root: strawberry.Parent[models.Thread],
        info: Info,
        first: int = PAGE,
        after: str | None = None,
        with_quiet: bool = False,
        before: str | None = None,
        around: strawberry.ID | None = None,
    ) -> "Connection[ActivityItem]":
        if sum(one is not None for one in (after, before, around)) > 1:
            raise BadInputError("Ask for one of after, before and around.")
        if around is not None:
            page = selectors.thread_page_around(root, key(around), first, with_quiet=with_quiet)
        else:
            page = _messages_of(info, root, first, (after, before), with_quiet)
        whole = partial(selectors.thread_whole_total, root)
        return _activity(info, page, after, whole if with_quiet else lambda: root.message_count)


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
        description="The message that a reply answers; null where that is gone."
    )
    body: str = strawberry.field(description="Markdown, as it was written.")
    url: str
    occurred_at: datetime
    edited_at: datetime | None

    @strawberry.field(
        description="Whoever did it was on the team at that time, whatever they are now."
    )
    def is_by_team(self, root: strawberry.Parent[models.Message], info: Info) -> bool:
        return is_by_team(info, root)

    @strawberry.field(description="What its author is to the repository, such as `member`.")
    def association(self, root: strawberry.Parent[models.Message]) -> str | None:
        return cast("str | None", root.details.get("association"))

    @strawberry.field(
        description="Why a maintainer has hidden it, such as `spam`; null where nobody has."
    )
    def minimized_reason(self, root: strawberry.Parent[models.Message]) -> str | None:
        return cast("str | None", root.details.get("minimized"))

    @strawberry.field(
        description="What it is about beside its thread: who was asked or assigned, the label, what"
        " closed the thread. Null where there is no such thing, or where it is not shown."
    )
    def subject(self, root: strawberry.Parent[models.Message]) -> Subject | None:
        return Subject.of(root.details.get("subject"))

    @strawberry.field(description="Of a review: APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED.")
    def review_state(self, root: strawberry.Parent[models.Message]) -> str | None:
        return root.details.get("state") if root.kind == MessageKind.REVIEW else None

    @strawberry.field(description="Of a review comment: the file that it is about.")
    def path(self, root: strawberry.Parent[models.Message]) -> str | None:
        return cast("str | None", root.details.get("path"))

    @strawberry.field(description="Of a review comment: the line that it is about.")
    def line(self, root: strawberry.Parent[models.Message]) -> int | None:
        return cast("int | None", root.details.get("line"))

    @strawberry.field(
        description="Of a review comment: the last lines of the diff up to that line, as it was."
    )
    def diff_hunk(self, root: strawberry.Parent[models.Message]) -> str | None:
        return cast("str | None", root.details.get("diff_hunk"))

    @strawberry.field(description="Of a review comment: the code has changed since.")
    def is_outdated(self, root: strawberry.Parent[models.Message]) -> bool:
        return bool(root.details.get("outdated"))

    @strawberry.field(
        description="Of a review comment: its conversation is marked as resolved on the server."
    )
    def is_resolved(self, root: strawberry.Parent[models.Message], info: Info) -> bool | None:
        return resolved_shown(info, root)


@strawberry.type(description="A message as it is now.")
class ActivityChange:
    id: strawberry.ID
    is_removed: bool
    item: ActivityItem | None = strawberry.field(description="Null where it was removed.")


@strawberry.type(description="What happened to the feed behind a cursor.")
class ActivityChanges:
    changes: list[ActivityChange] = strawberry.field(metadata=PAGED)
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


def feed_connection(
    info: Info, workspace: Workspace, kept: FeedFilters, first: int, after: str | None
) -> Connection[ActivityItem]:
    """Show a page of what KEPT keeps of the feed."""
    viewer = viewer_of(info)
    page = selectors.feed_page(viewer, workspace, kept, first, after)
    total = partial(selectors.feed_total, viewer, workspace, kept)
    return _activity(info, page, after, total)


def _activity(
    info: Info, page: Page[models.Message], after: str | None, total: Callable[[], int]
) -> Connection[ActivityItem]:
    """Show PAGE, and let its threads know each other."""
    remember_items(info, page.items)
    return connection(page, after, total)


def remember_items(info: Info, items: Sequence[models.Message]) -> None:
    """Let the threads and the authors of ITEMS be read at once, as `remember` does."""
    remember(info, [item.thread for item in items])
    remember_members(info, (item.author.member for item in items if item.author))


def _waits_since(info: Info, thread: models.Thread) -> datetime | None:
    """Read the waits of every thread of this request at once, when the first is asked."""
    found: dict[int, datetime | None] = info.context.shared.setdefault("waits", {})
    if thread.pk not in found:
        remember(info, [thread])
        unread = info.context.shared["threads"].keys() - found.keys()
        found.update({**dict.fromkeys(unread), **waits_of(unread)})
    return found[thread.pk]


def remember(info: Info, threads: Sequence[models.Thread]) -> None:
    """Let the messages of all THREADS be read at once, when those of one are asked for."""
    known: dict[int, models.Thread] = info.context.shared.setdefault("threads", {})
    known.update({thread.pk: thread for thread in threads})
    authors = (thread.author for thread in threads)
    remember_members(info, (author.member for author in authors if author))


def _messages_of(
    info: Info,
    thread: models.Thread,
    first: int,
    cursors: tuple[str | None, str | None],
    with_quiet: bool,
) -> Page[models.Message]:
    """Read the messages of every thread of this request at once, when the first one is asked."""
    asked = ("thread pages", first, cursors, with_quiet)
    pages: dict[int, Page[models.Message]] = info.context.shared.setdefault(asked, {})
    if thread.pk not in pages:
        remember(info, [thread])
        unread = [one for one in info.context.shared["threads"].values() if one.pk not in pages]
        after, before = cursors
        found = selectors.thread_pages(unread, first, after, before=before, with_quiet=with_quiet)
        pages.update(found)
        items = (item for page in found.values() for item in page.items)
        remember_members(info, (item.author.member for item in items if item.author))
    return pages[thread.pk]
