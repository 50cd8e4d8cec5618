"""Who is a member of an organisation, and who may know it."""

import pytest
from githubkit_schemas.v2026_03_10 import models

from dexxy_simulator.model import Actor, Installation
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tests.apps import Client, assert_shape, minted
from dexxy_simulator.tests.conftest import GitHub
from dexxy_simulator.world import World


@pytest.fixture
def by_installation(server: SimulatorServer, world: World, installation: Installation) -> Client:
    return minted(server, world, installation)


@pytest.mark.parametrize(("login", "state"), [("worker", "active"), ("guest", "pending")])
def test_an_installation_sees_members_and_who_is_invited(
    by_installation: Client, world: World, colony: Actor, login: str, state: str
) -> None:
    colony.invited[world.add_actor("guest")] = "member"

    response = by_installation("GET", f"/orgs/colony/memberships/{login}")

    found = assert_shape(response, models.OrgMembership)
    assert (found["state"], found["user"]["login"]) == (state, login)
    assert found["organization"]["id"] == colony.database_id


def test_a_concealed_member_is_seen_by_the_organisation_alone(
    by_installation: Client, github: GitHub, world: World, colony: Actor
) -> None:
    colony.public_members = {member for member in colony.members if member.login == "queen"}

    inside = [
        by_installation("GET", f"/orgs/colony/members/{login}").status_code
        for login in ("queen", "worker", "panjf2000")
    ]
    outside = [
        github.get(f"/orgs/colony/members/{login}").status_code for login in ("queen", "worker")
    ]
    shown = [
        github.get(f"/orgs/colony/public_members/{login}").status_code
        for login in ("queen", "worker")
    ]

    assert (inside, outside, shown) == ([204, 204, 404], [302, 302], [204, 404])
    of_queen = assert_shape(github.get("/users/queen/orgs"), list[models.OrganizationSimple])
    assert [one["login"] for one in of_queen] == ["colony"]
    assert github.get("/users/worker/orgs").json() == []


def test_without_the_permission_an_installation_is_told_what_it_lacks(
    by_installation: Client, installation: Installation
) -> None:
    installation.permissions = {"metadata": "read"}

    response = by_installation("GET", "/orgs/colony/memberships/worker")

    assert response.status_code == 403
    assert response.headers["X-Accepted-GitHub-Permissions"] == "members=read"


def test_an_installation_sees_the_members_of_its_own_organisation_alone(
    by_installation: Client, world: World
) -> None:
    other = world.add_actor("hive", "Organization")
    other.members = {world.add_actor("drone"): "admin"}

    assert by_installation.status("GET", "/orgs/hive/memberships/drone")[0] == 403
    assert by_installation.status("GET", "/orgs/panjf2000/memberships/drone")[0] == 404
