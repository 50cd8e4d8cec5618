"""A rule lets members of an organization in: GitHub says to the App who is one."""

import pytest
from django.core.cache import cache
from django.test import Client

from dexxy.accounts.addresses import address_prove
from dexxy.accounts.memberships import membership_remove
from dexxy.accounts.models import AuditEntry, Membership, Role, SignInRule, User, Workspace
from dexxy.integrations.models import GitHubInstallation
from dexxy.integrations.services.github.access import tokens
from dexxy.integrations.services.github.connecting.installation_link import installation_disconnect
from dexxy.integrations.services.github.connecting.organization_rules import (
    Proven,
    memberships_prove,
    organization_rule_create,
)
from dexxy_simulator.exchange import json_response
from dexxy_simulator.faults import Effect, Fault, secondary_limit, status
from dexxy_simulator.model import Actor, Installation, Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.world import World
from tests.factories import make_user
from tests.oidc import Provider
from tests.signing_in import by_github, said, signed_in_as, there_and_back

pytestmark = pytest.mark.usefixtures("github_sign_in")
NOBODY = "There is no account for dora@example.org here, and nobody has invited you."
LATER = (
    "GitHub could not be asked just now whether you may come in: try again in a few minutes, or"
    " ask an admin of your team to invite dora@example.org."
)
MEMBERSHIP = "/orgs/colony/memberships/dora"


@pytest.fixture(autouse=True)
def no_replicas(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal is no replica's that does not know a young token yet."""
    monkeypatch.setattr(tokens, "RETRY_AFTER", (0, 0, 0))


@pytest.fixture
def rule(linked: GitHubInstallation, alice: User, workspace: Workspace) -> SignInRule:
    cache.clear()  # counts how often somebody made us ask
    return organization_rule_create(viewer=alice, workspace=workspace, role=Role.MEMBER)


@pytest.fixture
def member(rule: SignInRule, colony: Actor, at_github_dora: Actor) -> Actor:
    """Dora belongs to the organization, and conceals it."""
    colony.members[at_github_dora] = "member"
    return at_github_dora


def people(workspace: Workspace) -> str:
    return f"/w/{workspace.slug}/settings/people/"


def asked(simulator: SimulatorServer) -> list[str]:
    return [one.path for one in simulator.requests.entries if "/memberships/" in one.path]


@pytest.mark.parametrize("is_public", [True, False])
def test_a_member_comes_in_whether_or_not_they_conceal_it(
    client: Client, member: Actor, colony: Actor, workspace: Workspace, is_public: bool
) -> None:
    colony.public_members = {member} if is_public else set()

    assert by_github(client)["location"] == "/"

    user = signed_in_as(client)
    assert user is not None
    assert user.email == "dora@example.org"
    assert user.memberships.get(workspace=workspace).role == Role.MEMBER
    entry = AuditEntry.objects.get(action="membership.added")
    assert entry.details == {"user": user.email, "role": "member", "rule": "colony"}


def test_who_has_an_account_here_comes_in_with_their_next_sign_in(
    client: Client, rule: SignInRule, colony: Actor, at_github_dora: Actor, workspace: Workspace
) -> None:
    dora = make_user(email="dora@example.org")
    address_prove(dora)
    by_github(client)
    assert signed_in_as(client) == dora
    assert not dora.memberships.exists()
    colony.members[at_github_dora] = "admin"

    by_github(Client())

    assert dora.memberships.get(workspace=workspace).role == Role.MEMBER


@pytest.mark.parametrize("what", ["profile", "collaborator", "invited"])
def test_who_only_looks_like_a_member_stays_outside(
    client: Client, nest: Repository, rule: SignInRule, at_github_dora: Actor, what: str
) -> None:
    if what == "profile":
        at_github_dora.company, at_github_dora.bio = "@colony", "Owner of @colony"
    elif what == "collaborator":
        nest.collaborators.add(at_github_dora)
    else:
        nest.owner.invited[at_github_dora] = "admin"

    assert said(by_github(client)).startswith(NOBODY)
    assert signed_in_as(client) is None
    assert not User.objects.filter(email="dora@example.org").exists()


def test_who_was_renamed_comes_in_and_who_took_their_name_does_not(
    client: Client, world: World, member: Actor, workspace: Workspace
) -> None:
    world.rename_actor(member, "dora-of-the-hill")
    thief = world.add_actor("dora")
    thief.emails = {"thief@example.org": True}

    assert "nobody has invited you" in said(by_github(Client()))
    by_github(client, login="dora-of-the-hill")

    user = signed_in_as(client)
    assert user is not None
    assert user.memberships.filter(workspace=workspace).exists()


@pytest.mark.parametrize("number", [0, 1])
def test_a_membership_counts_for_the_number_that_signs_in_and_no_other(
    rule: SignInRule, member: Actor, number: int
) -> None:
    # The name may have passed on between the two requests of a sign-in.
    proven = memberships_prove(
        server=rule.server, github_id=member.database_id + number, login="dora", uid="new"
    )

    assert proven == Proven((rule.pk,) if number == 0 else ())


def test_an_organization_that_took_the_name_of_another_lets_nobody_in(
    client: Client, world: World, member: Actor, colony: Actor
) -> None:
    world.rename_actor(colony, "old-colony")
    del colony.members[member]
    world.add_actor("colony", "Organization").members = {member: "admin"}

    assert said(by_github(client)) == LATER
    assert signed_in_as(client) is None


def test_who_came_in_once_is_not_asked_about_any_more(
    client: Client, simulator: SimulatorServer, member: Actor, alice: User, workspace: Workspace
) -> None:
    by_github(client)
    user = signed_in_as(client)
    place = Membership.objects.get(workspace=workspace, user=user)
    membership_remove(viewer=alice, membership_id=place.pk)
    assert asked(simulator) == [MEMBERSHIP]

    by_github(Client())

    assert asked(simulator) == [MEMBERSHIP]
    assert not Membership.objects.filter(workspace=workspace, user=user).exists()


def test_who_belongs_to_it_no_more_stays_until_somebody_removes_them(
    client: Client, member: Actor, colony: Actor, workspace: Workspace
) -> None:
    by_github(client)
    del colony.members[member]

    by_github(Client())

    assert Membership.objects.filter(workspace=workspace, user=signed_in_as(client)).exists()


@pytest.mark.parametrize(
    "fault",
    [status(502), status(403), secondary_limit(), status(500, html=True)],
    ids=["bad gateway", "forbidden", "limit", "page"],
)
def test_nobody_new_comes_in_while_github_cannot_be_asked(
    client: Client, simulator: SimulatorServer, member: Actor, fault: Effect
) -> None:
    simulator.faults.add(Fault(fault, on="membership", times=None))

    assert said(by_github(client)) == LATER
    assert signed_in_as(client) is None
    assert not User.objects.filter(email="dora@example.org").exists()
    simulator.faults.clear()


def test_who_is_known_signs_in_although_github_cannot_be_asked(
    client: Client, simulator: SimulatorServer, member: Actor
) -> None:
    dora = make_user(email="dora@example.org")
    address_prove(dora)
    simulator.faults.add(Fault(status(502), on="membership", times=None))

    by_github(client)

    assert signed_in_as(client) == dora
    assert not dora.memberships.exists()


def test_an_answer_that_is_none_lets_nobody_in(
    client: Client, simulator: SimulatorServer, member: Actor
) -> None:
    simulator.faults.add(Fault(lambda call: json_response({"state": "active"}), on="membership"))

    assert said(by_github(client)) == LATER


def test_without_the_permission_nobody_comes_in(
    client: Client, installed: Installation, member: Actor
) -> None:
    installed.permissions = {"metadata": "read"}

    assert said(by_github(client)) == LATER


def test_whoever_lets_us_ask_too_often_is_not_asked_about(
    client: Client, simulator: SimulatorServer, rule: SignInRule, at_github_dora: Actor
) -> None:
    for _ in range(10):
        assert said(by_github(Client())).startswith(NOBODY)

    assert said(by_github(client)) == LATER
    assert len(asked(simulator)) == 10


def test_a_rule_rests_where_the_workspace_does_not_read_that_organization_any_more(
    client: Client, simulator: SimulatorServer, member: Actor, alice: User, workspace: Workspace
) -> None:
    installation_disconnect(viewer=alice, workspace=workspace)

    assert said(by_github(client)).startswith(NOBODY)
    assert asked(simulator) == []
    admin = Client()
    admin.force_login(alice)
    assert "It lets nobody in now" in admin.get(people(workspace)).content.decode()


def test_a_sign_in_elsewhere_asks_nothing_of_github(
    client: Client, simulator: SimulatorServer, oidc: Provider, member: Actor
) -> None:
    oidc.claims = {"sub": "d-1", "email": "dora@example.org", "email_verified": True}

    assert said(there_and_back(client, "/accounts/oidc/login/")).startswith(NOBODY)
    assert asked(simulator) == []


def test_the_page_offers_the_organization_and_lists_the_rule(
    client: Client, alice: User, linked: GitHubInstallation, workspace: Workspace
) -> None:
    client.force_login(alice)
    assert (
        "Members of <bdi>colony</bdi> on GitHub</h3>"
        in client.get(people(workspace)).content.decode()
    )

    page = client.post(f"{people(workspace)}rules/organization/", {"role": "admin"}, follow=True)

    shown = page.content.decode()
    assert "comes in when they sign in by GitHub" in shown
    assert shown.count("Members of <bdi>colony</bdi> on GitHub") == 1
    assert "It lets nobody in now" not in shown
    rule = workspace.sign_in_rules.get()
    assert (rule.domain, rule.account_login, rule.role) == ("", "colony", Role.ADMIN)
    assert AuditEntry.objects.latest("pk").details == {"organization": "colony", "role": "admin"}


def test_the_page_says_how_to_grant_the_permission(
    client: Client, alice: User, linked: GitHubInstallation, workspace: Workspace
) -> None:
    GitHubInstallation.objects.update(permissions={"metadata": "read"})
    client.force_login(alice)

    page = client.get(people(workspace)).content.decode()

    assert "accepts the organization permission “Members: read”" in page
    assert f"/organizations/colony/settings/installations/{linked.installation_id}" in page
    assert "Let members in" not in page


@pytest.mark.usefixtures("github_sign_in")
def test_a_workspace_that_reads_no_organization_is_offered_no_such_rule(
    client: Client, alice: User, workspace: Workspace
) -> None:
    client.force_login(alice)

    assert "on GitHub</h3>" not in client.get(people(workspace)).content.decode()
