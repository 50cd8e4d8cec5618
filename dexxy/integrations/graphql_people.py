"""What only administrators do about people, in the API: erasing, and rules that let them in."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from datetime import datetime
from typing import cast

import strawberry
import strawberry_django

from dexxy.accounts import models
from dexxy.accounts.graphql import User, in_workspace
from dexxy.accounts.models import Role
from dexxy.accounts.sign_in_rules import sign_in_rule_create, sign_in_rule_delete, sign_in_rules
from dexxy.common.graphql import Info, key
from dexxy.common.graphql_cost import cost
from dexxy.integrations.services.contributors.erasure import person_erase
from dexxy.integrations.services.github.connecting.organization_rules import (
    organization_rule_create,
)

# A workspace has no more.
_RULES = 50


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


@strawberry_django.type(
    models.SignInRule, description="What lets people in who sign in elsewhere, each once."
)
class SignInRule:
    id: strawberry.ID
    domain: str = strawberry_django.field(
        description="Of their proven addresses; empty of a rule about an organization."
    )
    organization: str = strawberry_django.field(
        field_name="account_login",
        description="On GitHub, whose members come in, as it was called when the rule was made;"
        " empty of a rule about a domain.",
    )
    role: Role
    made_by: User | None
    created_at: datetime


@strawberry.type(description="The rule that was made.")
class SignInRulePayload:
    rule: SignInRule


@strawberry.type(description="The rule that is gone.")
class SignInRuleDeletePayload:
    rule_id: strawberry.ID


@strawberry.type
class SignInRulesQuery:
    @strawberry.field(
        description="The rules by which people come in without an invitation. For administrators.",
        metadata=cost(items=_RULES),
    )
    def sign_in_rules(self, info: Info, workspace_id: strawberry.ID) -> list[SignInRule]:
        viewer, workspace = in_workspace(info, workspace_id)
        return cast(list[SignInRule], sign_in_rules(viewer, workspace))


@strawberry.type
class SignInRulesMutation:
    @strawberry.mutation(
        description="Let in whoever proves an address of a domain. For administrators, with a"
        " session."
    )
    def sign_in_rule_create(
        self, info: Info, workspace_id: strawberry.ID, domain: str, role: Role = Role.MEMBER
    ) -> SignInRulePayload:
        viewer, workspace = in_workspace(info, workspace_id)
        made = sign_in_rule_create(viewer=viewer, workspace=workspace, domain=domain, role=role)
        return SignInRulePayload(rule=cast(SignInRule, made))

    @strawberry.mutation(
        description="Let in whom GitHub calls a member of the organization that the workspace"
        " reads by the App. For administrators, with a session."
    )
    def organization_rule_create(
        self, info: Info, workspace_id: strawberry.ID, role: Role = Role.MEMBER
    ) -> SignInRulePayload:
        viewer, workspace = in_workspace(info, workspace_id)
        made = organization_rule_create(viewer=viewer, workspace=workspace, role=role)
        return SignInRulePayload(rule=cast(SignInRule, made))

    @strawberry.mutation(
        description="Let nobody in by a rule any more; who came in by it stays."
        " For administrators, with a session."
    )
    def sign_in_rule_delete(
        self, info: Info, workspace_id: strawberry.ID, rule_id: strawberry.ID
    ) -> SignInRuleDeletePayload:
        viewer, workspace = in_workspace(info, workspace_id)
        sign_in_rule_delete(viewer=viewer, workspace=workspace, rule_id=key(rule_id))
        return SignInRuleDeletePayload(rule_id=rule_id)
