"""What only administrators do about people, in the API: importing and erasing them, and rules that
let them in."""
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
from dexxy.integrations.services.contributors.uploads import (
    MOST_IGNORED,
    MOST_PROBLEMS,
    people_import_sent,
)
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


@strawberry.input(description="People whom the team knew before they wrote.")
class MemberImportInput:
    workspace_id: strawberry.ID
    csv: str = strawberry.field(
        description="A header and a row for each person, up to 5,000 lines and 1,000,000 bytes."
    )
    is_rehearsal: bool = strawberry.field(
        default=False, description="Say what would happen, and store nothing."
    )
    skips_bad_rows: bool = strawberry.field(
        default=False, description="Import the others all the same."
    )


@strawberry.type(description="A row that cannot be imported.")
class MemberImportProblem:
    line: int
    problem: str


@strawberry.type(description="What became of the rows of a file, or would.")
class MemberImportPayload:
    added: int
    known: int = strawberry.field(description="Known already; what is new of them is added.")
    erased: int = strawberry.field(description="Left out, because they were erased.")
    bad: int
    joined: int = strawberry.field(description="How many accounts are joined with others.")
    ignored_columns: list[str] = strawberry.field(
        description="The first 20.", metadata=cost(items=MOST_IGNORED)
    )
    problems: list[MemberImportProblem] = strawberry.field(
        description="The first 100.", metadata=cost(items=MOST_PROBLEMS)
    )
    is_stored: bool


@strawberry.type
class ImportMutation:
    @strawberry.mutation(
        description="Import people from a file, all or nothing if a row is bad: then `isStored` is"
        " false, and `problems` says why. To send the same again changes nothing. For"
        " administrators.",
        metadata=cost(objects=2000),
    )
    def member_import(self, info: Info, input: MemberImportInput) -> MemberImportPayload:
        actor, workspace = in_workspace(info, input.workspace_id)
        done = people_import_sent(
            actor=actor,
            workspace=workspace,
            content=input.csv,
            is_rehearsal=input.is_rehearsal,
            skips_bad_rows=input.skips_bad_rows,
        )
        return MemberImportPayload(
            **{name: done.counts.get(name, 0) for name in ("added", "known", "erased", "bad")},
            joined=done.joined,
            ignored_columns=list(done.ignored),
            problems=[MemberImportProblem(line=line, problem=text) for line, text in done.problems],
            is_stored=done.is_stored,
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
