"""What only administrators do about people, in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

import strawberry

from dexxy.accounts.graphql import in_workspace
from dexxy.common.graphql import Info, key
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
        actor, workspace = in_workspace(info, workspace_id)
        done = person_erase(
            actor=actor,
            workspace=workspace,
            member_id=key(member_id),
            with_bodies=with_bodies,
        )
        return MemberErasePayload(
            accounts=done.accounts, bodies=done.bodies, deliveries=done.deliveries
        )
