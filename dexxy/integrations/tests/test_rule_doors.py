"""Who comes in without an invitation is decided alike by a page and by the API."""

import pytest
from django.test import Client

from dexxy.accounts.models import SignInRule, User, Workspace
from dexxy.integrations.models import AccountType, GitHubInstallation
from tests.doors import Action, Names, assert_one_outcome, name_of
from tests.factories import make_app, make_installation, make_workspace

RULES = "settings/people/rules/"
NO_ORGANIZATION = (
    "Connect this workspace to an organization by the GitHub App first: a rule is about the members"
    " of that organization."
)
NO_PERMISSION = (
    "GitHub does not tell Dexxy who is a member of acme: an owner grants the App the permission"
    " “Members: read” on GitHub first."
)
# A program cannot let anybody in. Alice administers a workspace that reads an organization; Charlie
# one that does not; Erin one whose App may not ask, and Frank one that has such a rule.
ACTIONS = [
    Action(
        "let people of a domain in",
        page=f"{RULES}?domain=@Example.org&role=admin",
        api='signInRuleCreate(workspaceId: $workspace, domain: "@Example.org", role: ADMIN)',
        by="alice",
        audit=["sign_in_rule.created new"],
        has_token=False,
    ),
    Action(
        "let people of no domain in",
        page=f"{RULES}?domain=example&role=member",
        api='signInRuleCreate(workspaceId: $workspace, domain: "example")',
        by="alice",
        refusal="Name a domain such as example.org.",
        has_token=False,
    ),
    Action(
        "let people of a domain in twice",
        page=f"{RULES}?domain=example.net&role=member",
        api='signInRuleCreate(workspaceId: $workspace, domain: "example.net")',
        by="alice",
        refusal="There is a rule for example.net already.",
        has_token=False,
    ),
    Action(
        "let people in as a member",
        page=f"{RULES}?domain=example.org&role=admin",
        api='signInRuleCreate(workspaceId: $workspace, domain: "example.org", role: ADMIN)',
        refusal="FORBIDDEN",
        has_token=False,
    ),
    Action(
        "let members of the organization in",
        page=f"{RULES}organization/?role=member",
        api="organizationRuleCreate(workspaceId: $workspace)",
        by="alice",
        audit=["sign_in_rule.created new"],
        has_token=False,
    ),
    Action(
        "let members of the organization in as a member",
        page=f"{RULES}organization/?role=admin",
        api="organizationRuleCreate(workspaceId: $workspace, role: ADMIN)",
        refusal="FORBIDDEN",
        has_token=False,
    ),
    Action(
        "let members of an organization in that is not read",
        page="/w/$of_charlie_slug/settings/people/rules/organization/?role=member",
        api="organizationRuleCreate(workspaceId: $of_charlie)",
        by="charlie",
        refusal=NO_ORGANIZATION,
        has_token=False,
    ),
    Action(
        "let members of an organization in whom the App may not know",
        page="/w/$of_erin_slug/settings/people/rules/organization/?role=member",
        api="organizationRuleCreate(workspaceId: $of_erin)",
        by="erin",
        refusal=NO_PERMISSION,
        has_token=False,
    ),
    Action(
        "let members of an organization in twice",
        page="/w/$of_frank_slug/settings/people/rules/organization/?role=admin",
        api="organizationRuleCreate(workspaceId: $of_frank, role: ADMIN)",
        by="frank",
        refusal="There is a rule for acme already.",
        has_token=False,
    ),
    Action(
        "end a rule",
        page=f"{RULES}$rule/delete/",
        api="signInRuleDelete(workspaceId: $workspace, ruleId: $rule)",
        by="alice",
        audit=["sign_in_rule.deleted $rule"],
        has_token=False,
    ),
    Action(
        "end a rule as a member",
        page=f"{RULES}$rule/delete/",
        api="signInRuleDelete(workspaceId: $workspace, ruleId: $rule)",
        refusal="FORBIDDEN",
        has_token=False,
    ),
    Action(
        "end a rule of another workspace",
        page=f"{RULES}$of_frank_rule/delete/",
        api="signInRuleDelete(workspaceId: $workspace, ruleId: $of_frank_rule)",
        by="alice",
        refusal="NOT_FOUND",
        has_token=False,
    ),
]


def reads_organization(workspace: Workspace, **permissions: str) -> GitHubInstallation:
    found = make_installation(workspace=workspace, app=make_app())
    GitHubInstallation.objects.filter(pk=found.pk).update(
        account_type=AccountType.ORGANIZATION, account_login="acme", permissions=permissions
    )
    found.refresh_from_db()
    return found


@pytest.fixture
def cast(alice: User, bob: User, charlie: User) -> dict[str, User]:
    erin, frank = (User.objects.create_user(f"{one}@example.com") for one in ("erin", "frank"))
    return {"alice": alice, "bob": bob, "charlie": charlie, "erin": erin, "frank": frank}


@pytest.fixture
def names(workspace: Workspace, cast: dict[str, User]) -> Names:
    others = {one: make_workspace(admin=cast[one]) for one in ("charlie", "erin", "frank")}
    reads_organization(workspace, members="read")
    reads_organization(others["erin"], metadata="read")
    theirs = reads_organization(others["frank"], members="read")
    about = {"server": theirs.server, "account_id": theirs.account_id, "account_login": "acme"}
    return {
        "workspace": workspace.pk,
        "slug": workspace.slug,
        "rule": workspace.sign_in_rules.create(domain="example.net").pk,
        "of_frank_rule": SignInRule.objects.create(workspace=others["frank"], **about).pk,
        **{f"of_{one}": other.pk for one, other in others.items()},
        **{f"of_{one}_slug": other.slug for one, other in others.items()},
    }


@pytest.mark.parametrize("action", ACTIONS, ids=name_of)
def test_a_rule_has_one_outcome_whichever_door_it_comes_through(
    client: Client, cast: dict[str, User], names: Names, action: Action
) -> None:
    assert_one_outcome(client, action, names, cast[action.by])
