"""The people of a workspace in the API: the list, segments, and what is done with many."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from functools import partial

import strawberry

from dexxy.accounts.graphql import in_workspace
from dexxy.common.graphql import Connection, Info, connection, keys
from dexxy.common.graphql_cost import cost
from dexxy.common.pages import PAGE, Page
from dexxy.members.directory import EVERYBODY
from dexxy.members.graphql import Member, MemberFilterInput, remember_members
from dexxy.members.segments import Segment
from dexxy.members.sorting import MemberSort
from dexxy.people import directory
from dexxy.people.directory import Listed
from dexxy.people.selecting import Selection, people_tag, selected_ids


@strawberry.type(description="How many people are in a segment.")
class MemberSegmentCount:
    segment: Segment
    people: int


@strawberry.type
class DirectoryQuery:
    @strawberry.field(
        description="The people, those that `sort` puts first; of whom it is not known come last."
    )
    def members(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        filters: MemberFilterInput | None = None,
        sort: MemberSort = MemberSort.LAST_SEEN,
        segment: Segment | None = None,
        first: int = PAGE,
        after: str | None = None,
    ) -> Connection[Member]:
        viewer, workspace = in_workspace(info, workspace_id)
        listed = Listed(segment=segment, filters=filters.read() if filters else EVERYBODY)
        page = directory.people_page(viewer, workspace, listed, sort, first, after)
        members = [person.member for person in page.items]
        remember_members(info, members)
        shown = Page(members, page.cursors, page.has_more)
        return connection(shown, after, partial(directory.people_count, viewer, workspace, listed))

    @strawberry.field(
        description="How many people are in each segment.",
        metadata=cost(items=len(Segment)),
    )
    def member_segments(self, info: Info, workspace_id: strawberry.ID) -> list[MemberSegmentCount]:
        viewer, workspace = in_workspace(info, workspace_id)
        counts = directory.people_segments(viewer, workspace)
        return [
            MemberSegmentCount(segment=segment, people=number) for segment, number in counts.items()
        ]


@strawberry.type(description="How many members have other tags now.")
class MemberTagManyPayload:
    members: int


@strawberry.type
class DirectoryMutation:
    @strawberry.mutation(
        description="Give tags to up to 5,000 members, or take tags from them. For members."
    )
    def member_tag_many(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        member_ids: list[strawberry.ID],
        add: list[str],
        remove: list[str] | None = None,
    ) -> MemberTagManyPayload:
        actor, workspace = in_workspace(info, workspace_id)
        selected = Selection(member_ids=keys(member_ids, "memberIds"))
        changed = people_tag(
            actor=actor,
            workspace=workspace,
            member_ids=selected_ids(actor, workspace, selected),
            add=add,
            remove=remove or (),
        )
        return MemberTagManyPayload(members=len(changed))
