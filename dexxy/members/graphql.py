"""People and their accounts in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from datetime import datetime

import strawberry
import strawberry_django

from dexxy.accounts.graphql import viewer_of
from dexxy.accounts.selectors import workspace_by_id
from dexxy.common.graphql import Connection, Info, connection
from dexxy.common.pages import PAGE
from dexxy.members import models, selectors
from dexxy.members.models import IdentityKind

strawberry.enum(IdentityKind, description="Who is behind an account.")


@strawberry_django.type(models.Member, description="A person, whatever accounts they use.")
class Member:
    id: strawberry.ID
    display_name: str
    avatar_url: str
    bio: str
    company: str
    location: str
    is_bot: bool
    first_seen_at: datetime | None
    last_seen_at: datetime | None


@strawberry_django.type(models.Identity, description="One account of a person on one server.")
class Identity:
    id: strawberry.ID
    provider: str
    external_id: str
    kind: IdentityKind
    username: str
    name: str
    avatar_url: str
    url: str
    member: Member


@strawberry.type
class MembersQuery:
    @strawberry.field(
        description="The people, who was seen last first; before them who was never seen."
    )
    def members(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        first: int = PAGE,
        after: str | None = None,
    ) -> Connection[Member]:
        viewer = viewer_of(info)
        workspace = workspace_by_id(viewer, workspace_id)
        page = selectors.member_list(viewer, workspace, first, after)
        return connection(page, after, lambda: selectors.member_count(viewer, workspace))
