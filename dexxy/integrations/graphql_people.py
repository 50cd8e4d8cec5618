"""What only administrators do about people, in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

import strawberry

from dexxy.accounts.graphql import viewer_of
from dexxy.accounts.selectors import signed_in, workspace_by_id
from dexxy.common.graphql import Info
from dexxy.common.ids import parse_id
from dexxy.integrations.services.contributors.erasure import person_erase


@strawberry.type(description="What was emptied.")
class MemberErasePayload:
    accounts: int
    bodies: int = strawberry.field(description="Messages that lost their words.")
    deliveries: int = strawberry.field(description="Webhooks that lost what they said.")


@strawberry.type
class ErasureMutation:
    @strawberry.mutation(
        description="Erase all that is stored of a person, for good; that somebody wrote what they"
        " wrote stays, and neither a sync nor an import brings them back. For administrators."
    )
    def member_erase(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        member_id: strawberry.ID,
        with_bodies: bool = False,
    ) -> MemberErasePayload:
        viewer = viewer_of(info)
        workspace = workspace_by_id(viewer, workspace_id)
        done = person_erase(
            actor=signed_in(viewer),
            workspace=workspace,
            member_id=parse_id(member_id) or 0,
            with_bodies=with_bodies,
        )
        return MemberErasePayload(
            accounts=done.accounts, bodies=done.bodies, deliveries=done.deliveries
        )
