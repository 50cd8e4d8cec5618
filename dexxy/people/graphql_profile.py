"""One person in the API, with what they said and did."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from collections.abc import Sequence
from functools import partial
from typing import Self, cast

import strawberry
from django.utils import timezone

from dexxy.accounts.graphql import viewer_of
from dexxy.accounts.models import Workspace
from dexxy.common.graphql import Connection, Info, connection
from dexxy.common.graphql_cost import cost
from dexxy.common.pages import PAGE
from dexxy.common.sql import time_limit
from dexxy.members.graphql import (
    ACCOUNTS,
    Identity,
    Member,
    MemberMerge,
    ShownProfile,
    remember_members,
)
from dexxy.members.merges import selectors
from dexxy.members.models import Member as MemberRow
from dexxy.members.models import MemberMerge as MergeRow
from dexxy.members.overviews import MemberOverview
from dexxy.members.who_may_see import member_for
from dexxy.messages.feed.filters import FeedFilters
from dexxy.messages.graphql_feed import (
    ActivityItem,
    Thread,
    feed_connection,
    remember,
    remember_items,
)
from dexxy.messages.member_activity.asked import Asked, asked_of
from dexxy.messages.member_activity.counts import (
    counts_of,
    first_contribution,
    opened_threads,
)
from dexxy.messages.member_activity.days import WEEKS, year_of
from dexxy.messages.member_activity.kept import counts_kept
from dexxy.messages.member_activity.lists import (
    MOST_COMPANIONS,
    OfOthers,
    companions_of,
    others_count,
    others_page,
)
from dexxy.messages.team.stints import is_on_team
from dexxy.people.graphql_activity import (
    MemberCompanion,
    MemberCounts,
    MemberDay,
    MemberOrganization,
)


@strawberry.type(description="A person with all their accounts and activity.")
class MemberProfile:
    member: Member
    row: strawberry.Private[MemberRow]
    workspace: strawberry.Private[Workspace]
    overview: strawberry.Private[MemberOverview]

    @strawberry.field(metadata=cost(items=ACCOUNTS))
    def identities(self) -> list[Identity]:
        return cast("list[Identity]", list(self.overview.accounts))

    @strawberry.field(description="Which value wins in each field, tags, and notes of the team.")
    def shown(self) -> ShownProfile:
        return ShownProfile.of(self.overview)

    @strawberry.field(
        description="Why the accounts are one person's, the oldest merge first.",
        metadata=cost(items=ACCOUNTS),
    )
    def merges(self, info: Info) -> list[MemberMerge]:
        viewer = viewer_of(info)
        found = selectors.member_merges(viewer, self.workspace, self.row.pk)
        return _merges(info, found)

    @strawberry.field(
        description="What was taken back, the last first; at most 20.",
        metadata=cost(items=selectors.MOST_UNDONE),
    )
    def undone_merges(self, info: Info) -> list[MemberMerge]:
        viewer = viewer_of(info)
        found = selectors.member_merges_undone(viewer, self.workspace, self.row.pk)
        return _merges(info, found)

    @strawberry.field(
        description="The days of the last 53 weeks on which they said or did something.",
        metadata=cost(items=WEEKS * 7, objects=100),
    )
    def days(self, info: Info, zone: str = "UTC") -> list[MemberDay]:
        with time_limit():
            return MemberDay.all_of(year_of(self._asked(info), zone, timezone.now()))

    @strawberry.field(description="How much they said and did.", metadata=cost(objects=200))
    def counts(self, info: Info) -> MemberCounts:
        asked = self._asked(info)
        now = timezone.now()
        kept = counts_kept(asked, self.overview.summary, now)
        if kept:
            return MemberCounts.of(kept.counts, kept.counted_at)
        with time_limit():
            found = counts_of(asked, opened_threads(asked), now)
        return MemberCounts.of(found, now)

    @strawberry.field(
        description="With whom they talk, in most threads first.",
        metadata=cost(items=MOST_COMPANIONS, objects=100),
    )
    def works_with(self, info: Info) -> list[MemberCompanion]:
        with time_limit():
            found = companions_of(self._asked(info), timezone.now())
        remember_members(info, (one.member for one in found))
        return [MemberCompanion.of(one) for one in found]

    @strawberry.field(description="The first thing that they said or did.")
    def first_contribution(self, info: Info) -> ActivityItem | None:
        with time_limit():
            found = first_contribution(self._asked(info))
        remember_items(info, [found] if found else [])
        return cast("ActivityItem | None", found)

    @strawberry.field(
        description="The threads that `counts.helpedThreads` counts, those with news first.",
    )
    def helped_threads(
        self, info: Info, first: int = PAGE, after: str | None = None
    ) -> Connection[Thread]:
        asked = self._asked(info)
        page = others_page(asked, OfOthers.HELPED, first, after)
        remember(info, page.items)
        return connection(page, after, partial(others_count, asked, OfOthers.HELPED))

    @strawberry.field(
        description="Where their accounts work, the latest first.", metadata=cost(items=ACCOUNTS)
    )
    def organizations(self) -> list[MemberOrganization]:
        return [MemberOrganization.of(one) for one in self.overview.organizations]

    @strawberry.field(description="Whether they are of the team now.")
    def is_team(self, info: Info) -> bool:
        return is_on_team(self._asked(info).stints, timezone.now())

    @strawberry.field(description="What they said and did, the newest first.")
    def activity(
        self, info: Info, first: int = PAGE, after: str | None = None
    ) -> Connection[ActivityItem]:
        kept = FeedFilters(member_ids=[self.row.pk])
        return feed_connection(info, self.workspace, kept, first, after)

    def _asked(self, info: Info) -> Asked:
        """Return what the activity is read from, which all fields of a request share."""
        known: dict[int, Asked] = info.context.shared.setdefault("asked", {})
        if self.row.pk not in known:
            known[self.row.pk] = asked_of(viewer_of(info), self.workspace, self.row)
        return known[self.row.pk]

    @classmethod
    def of(cls, info: Info, workspace: Workspace, member_id: int) -> Self:
        """Read the member with MEMBER_ID as the viewer may see it."""
        viewer = viewer_of(info)
        member = member_for(viewer, workspace, member_id)
        overview = selectors.member_overview(viewer, workspace, member_id)
        remember_members(info, [member])
        return cls(member=cast(Member, member), row=member, workspace=workspace, overview=overview)


def _merges(info: Info, found: Sequence[MergeRow]) -> list[MemberMerge]:
    homes = (home for merge in found for home in (merge.kept, merge.merged))
    remember_members(info, (home.home_identity.member for home in homes))
    return cast("list[MemberMerge]", list(found))
