"""The organizations of a workspace in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Self

import strawberry

from dexxy.accounts.graphql import in_workspace
from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.common.graphql import Connection, Info, connection
from dexxy.common.graphql import key as parse_key
from dexxy.common.graphql_cost import cost
from dexxy.common.pages import PAGE, Page
from dexxy.members import organization_list, organization_merges
from dexxy.members.models import OrganizationMerge as MergeRow
from dexxy.members.organization_list import OrganizationSort

strawberry.enum(
    OrganizationSort, description="Which organizations come first: the most, the last, or by name."
)


# Of one organization, for the price of what is asked.
_MERGES = 20


@strawberry.type(description="Two names of one organization that somebody made one by hand.")
class OrganizationMerge:
    id: strawberry.ID
    kept_name: str
    merged_name: str
    actor: str | None = strawberry.field(description="The name of who did it; null if they left.")
    created_at: datetime

    @classmethod
    def of(cls, merge: MergeRow) -> Self:
        """Show a merge."""
        return cls(
            id=strawberry.ID(str(merge.pk)),
            kept_name=merge.kept_name,
            merged_name=merge.merged_name,
            actor=str(merge.actor) if merge.actor else None,
            created_at=merge.created_at,
        )


@strawberry.type(description="A tag of the people of an organization.")
class OrganizationTag:
    tag: str
    member_count: int = strawberry.field(description="How many of them have it.")


@strawberry.type(description="Everybody who works at one place, however they spell it.")
class Organization:
    key: strawberry.ID = strawberry.field(description="What all spellings have in common.")
    name: str = strawberry.field(description="As most of them write it.")
    people: int
    active: int = strawberry.field(description="How many said or did something in 90 days.")
    message_count: int
    recent_count: int = strawberry.field(description="Of these, how many in the last 90 days.")
    waiting_count: int = strawberry.field(description="In how many threads they wait.")
    last_seen_at: datetime | None
    weeks: list[int] = strawberry.field(
        description="How much they said and did in each of the last twelve times seven days, the"
        " oldest first."
    )

    viewer: strawberry.Private[Viewer]
    workspace: strawberry.Private[Workspace]

    @property
    def pk(self) -> str:
        """What tells it from others."""
        return self.key

    @strawberry.field(
        description="The merges that it consists of, the oldest first.",
        metadata=cost(items=_MERGES, objects=1),
    )
    def merges(self, info: Info) -> list[OrganizationMerge]:
        # One query for all organizations of a workspace.
        shared: dict[int, Mapping[str, list[MergeRow]]] = info.context.shared.setdefault(
            "organization merges", {}
        )
        if self.workspace.pk not in shared:
            shared[self.workspace.pk] = organization_merges.organization_merges(
                self.viewer, self.workspace
            )
        return [OrganizationMerge.of(one) for one in shared[self.workspace.pk].get(self.key, [])]

    @strawberry.field(
        description="How its people write its name, the usual one first; at most 20.",
        metadata=cost(items=organization_list.MOST_SPELLINGS),
    )
    def spellings(self, info: Info) -> list[str]:
        read: dict[str, list[str]] = self._shared(info, "spellings")
        if self.key not in read:
            keys = self._unread(info, read)
            read |= organization_list.organization_spellings(self.viewer, self.workspace, keys)
        return read[self.key]

    @strawberry.field(
        description="The tags of its people, those that most have first; at most 20.",
        metadata=cost(items=organization_list.MOST_TAGS),
    )
    def tags(self, info: Info) -> list[OrganizationTag]:
        read: dict[str, list[tuple[str, int]]] = self._shared(info, "tags")
        if self.key not in read:
            keys = self._unread(info, read)
            read |= organization_list.organization_tags(self.viewer, self.workspace, keys)
        return [OrganizationTag(tag=tag, member_count=number) for tag, number in read[self.key]]

    def _shared(self, info: Info, what: str) -> dict[str, Any]:
        """Return what this request has read of the organizations of a workspace, by their keys."""
        found: dict[str, Any] = info.context.shared.setdefault(
            f"organization {what} of {self.workspace.pk}", {}
        )
        return found

    def _unread(self, info: Info, read: Mapping[str, Any]) -> set[str]:
        """Return the keys of those of this request that are read at once, when one is asked."""
        return {str(self.key), *self._shared(info, "keys")} - read.keys()

    def remember(self, info: Info) -> None:
        """Let what is asked of all organizations of a list be read at once."""
        self._shared(info, "keys")[str(self.key)] = None

    @classmethod
    def of(
        cls, viewer: Viewer, workspace: Workspace, found: organization_list.Organization
    ) -> Self:
        """Show an organization."""
        return cls(
            viewer=viewer,
            workspace=workspace,
            key=strawberry.ID(found.key),
            name=found.name,
            people=found.people,
            active=found.active,
            message_count=found.messages,
            recent_count=found.recent,
            waiting_count=found.waiting,
            last_seen_at=found.last_seen_at,
            weeks=list(found.weeks),
        )


@strawberry.type
class OrganizationsQuery:
    @strawberry.field(description="Where people work.")
    def organizations(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        search: str = "",
        sort: OrganizationSort = OrganizationSort.RECENT,
        first: int = PAGE,
        after: str | None = None,
    ) -> Connection[Organization]:
        viewer, workspace = in_workspace(info, workspace_id)
        page = organization_list.organization_page(viewer, workspace, search, sort, first, after)
        shown = Page(
            [Organization.of(viewer, workspace, one) for one in page.items],
            page.cursors,
            page.has_more,
        )

        for one in shown.items:
            one.remember(info)

        def total() -> int:
            return organization_list.organization_totals(viewer, workspace, search)[0]

        return connection(shown, after, total)

    @strawberry.field(
        description="One organization; `members` lists its people by `filters.organizationKey`."
    )
    def organization(self, info: Info, workspace_id: strawberry.ID, key: str) -> Organization:
        viewer, workspace = in_workspace(info, workspace_id)
        return _organization(viewer, workspace, key)


@strawberry.type(description="The organization as it is now.")
class OrganizationMergePayload:
    merge: OrganizationMerge
    organization: Organization


@strawberry.type(description="The merge that was taken back.")
class OrganizationUnmergePayload:
    merge: OrganizationMerge


@strawberry.type
class OrganizationsMutation:
    @strawberry.mutation(
        description="Let everybody of one organization be of another, whose name is shown; no sync"
        " takes that back. For members."
    )
    def organization_merge(
        self, info: Info, workspace_id: strawberry.ID, kept_key: str, merged_key: str
    ) -> OrganizationMergePayload:
        actor, workspace = in_workspace(info, workspace_id)
        merge = organization_merges.organization_merge(
            actor=actor, workspace=workspace, kept=kept_key, merged=merged_key
        )
        return OrganizationMergePayload(
            merge=OrganizationMerge.of(merge),
            organization=_organization(actor, workspace, merge.kept),
        )

    @strawberry.mutation(description="Take a merge of organizations back. For members.")
    def organization_unmerge(
        self, info: Info, workspace_id: strawberry.ID, organization_merge_id: strawberry.ID
    ) -> OrganizationUnmergePayload:
        actor, workspace = in_workspace(info, workspace_id)
        merge = organization_merges.organization_unmerge(
            actor=actor, workspace=workspace, merge_id=parse_key(organization_merge_id)
        )
        return OrganizationUnmergePayload(merge=OrganizationMerge.of(merge))


def _organization(viewer: Viewer, workspace: Workspace, key: str) -> Organization:
    today = organization_merges.organization_key_now(workspace.pk, key)
    found = organization_list.organization_for(viewer, workspace, today)
    return Organization.of(viewer, workspace, found)
