"""The organizations of a workspace in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from datetime import datetime
from typing import Self

import strawberry

from dexxy.accounts.graphql import in_workspace
from dexxy.common.graphql import Connection, Info, connection
from dexxy.common.pages import PAGE, Page
from dexxy.members import organization_list
from dexxy.members.organization_list import OrganizationSort

strawberry.enum(
    OrganizationSort, description="Which organizations come first: the most, the last, or by name."
)


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

    @property
    def pk(self) -> str:
        """What tells it from others."""
        return self.key

    @classmethod
    def of(cls, found: organization_list.Organization) -> Self:
        """Show an organization."""
        return cls(
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
        shown = Page([Organization.of(one) for one in page.items], page.cursors, page.has_more)

        def total() -> int:
            return organization_list.organization_totals(viewer, workspace, search)[0]

        return connection(shown, after, total)

    @strawberry.field(
        description="One organization; `members` lists its people by `filters.organizationKey`."
    )
    def organization(self, info: Info, workspace_id: strawberry.ID, key: str) -> Organization:
        viewer, workspace = in_workspace(info, workspace_id)
        return Organization.of(organization_list.organization_for(viewer, workspace, key))
