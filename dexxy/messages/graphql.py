"""The feed in the API: what can be asked. The types are in the files beside this."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from functools import partial
from typing import cast

import strawberry

from dexxy.accounts.graphql import in_workspace
from dexxy.common.graphql import Connection, Info, connection, key
from dexxy.common.pages import PAGE
from dexxy.members.graphql import remember_members
from dexxy.messages import selectors
from dexxy.messages.feed.filters import ALL_THREADS, EVERYTHING
from dexxy.messages.feed.following import feed_changes
from dexxy.messages.graphql_feed import (
    ActivityChanges,
    ActivityItem,
    Thread,
    feed_connection,
    remember,
    remember_items,
)
from dexxy.messages.graphql_filters import ActivityFeedFilters, ThreadFilterInput
from dexxy.messages.graphql_releases import Release
from dexxy.messages.releases import release_list, release_total
from dexxy.messages.thread_table import ThreadSort, ThreadTab

strawberry.enum(
    ThreadTab,
    name="ThreadList",
    description="A part of the list of threads. WAITING is the queue; ANSWERED is what is open,"
    " where somebody else than the author has spoken and nobody waits for the team.",
)
strawberry.enum(
    ThreadSort,
    description="What comes first: the newest activity, the newest opening, the most messages, or"
    " who waits longest and then the newest activity.",
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
        _, workspace = in_workspace(info, workspace_id)
        kept = filters.read() if filters else EVERYTHING
        return feed_connection(info, workspace, kept, first, after)

    @strawberry.field(description="One item of the feed, with its thread.")
    def activity_item(
        self, info: Info, workspace_id: strawberry.ID, item_id: strawberry.ID
    ) -> ActivityItem:
        viewer, workspace = in_workspace(info, workspace_id)
        item = selectors.feed_item(viewer, workspace, key(item_id))
        remember_items(info, [item])
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
        viewer, workspace = in_workspace(info, workspace_id)
        found = feed_changes(viewer, workspace, first, after)
        remember_items(info, [change.message for change in found.items])
        return ActivityChanges.of(found)

    @strawberry.field(
        description="The threads; those with the newest activity first, unless `sort` says other."
    )
    def threads(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        filters: ThreadFilterInput | None = None,
        tab: ThreadTab = ThreadTab.ALL,
        sort: ThreadSort = ThreadSort.ACTIVITY,
        first: int = PAGE,
        after: str | None = None,
    ) -> Connection[Thread]:
        viewer, workspace = in_workspace(info, workspace_id)
        kept = filters.read() if filters else ALL_THREADS
        page = selectors.thread_list(viewer, workspace, kept, first, after, tab=tab, sort=sort)
        remember(info, page.items)
        total = partial(selectors.thread_total, viewer, workspace, kept, tab)
        return connection(page, after, total)

    @strawberry.field(description="One thread.")
    def thread(self, info: Info, workspace_id: strawberry.ID, thread_id: strawberry.ID) -> Thread:
        viewer, workspace = in_workspace(info, workspace_id)
        return cast(Thread, selectors.thread_for(viewer, workspace, key(thread_id)))

    @strawberry.field(description="The releases, those published last first.")
    def releases(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        source_id: strawberry.ID | None = None,
        first: int = PAGE,
        after: str | None = None,
    ) -> Connection[Release]:
        viewer, workspace = in_workspace(info, workspace_id)
        pk = None if source_id is None else key(source_id)
        page = release_list(viewer, workspace, pk, first, after)
        remember_members(info, (one.author.member for one in page.items if one.author))
        return connection(page, after, partial(release_total, viewer, workspace, pk))
