"""Organisations that want tokens authorised by single sign-on, or requests from known addresses."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from dexxy_simulator.model import Actor, Installation, Repository
from dexxy_simulator.protection import ADDRESS, SAML
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tests.apps import NO_CERTIFICATES
from dexxy_simulator.tests.conftest import GitHub
from dexxy_simulator.tokens import Token
from dexxy_simulator.world import World

NEST = '{ repository(owner: "colony", name: "nest") { name } }'
SSO = "required; url=https://github.com/orgs/colony/sso?authorization_request=A7Q2"


@pytest.fixture
def member(world: World, colony: Actor, nest: Repository) -> Token:
    """A personal token of a member of the organisation."""
    worker = world.actor("worker")
    assert worker is not None
    return world.add_token("ghp_worker", worker)


@pytest.fixture
def as_member(server: SimulatorServer, member: Token) -> Iterator[GitHub]:
    headers = {"Authorization": f"Bearer {member.value}"}
    with httpx.Client(headers=headers, verify=NO_CERTIFICATES) as http:
        yield GitHub(http, server)


def refusal(message: str, path: list[Any], *, is_saml: bool) -> dict[str, Any]:
    extensions = {"saml_failure": is_saml}
    return {"type": "FORBIDDEN", "path": path, "extensions": extensions, "message": message}


def errors_of(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [{n: one[n] for n in one if n != "locations"} for one in answer["errors"]]


@pytest.mark.parametrize("is_private", [True, False])
def test_a_token_that_is_not_authorised_by_single_sign_on_is_refused(
    as_member: GitHub, member: Token, colony: Actor, nest: Repository, is_private: bool
) -> None:
    nest.is_private, colony.requires_sso = is_private, True
    issue, document = nest.issues[1].node_id, "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"

    by_name = as_member.query(NEST)
    by_id = as_member.query(document, ids=[issue, colony.node_id])
    by_rest = as_member.get("/repos/colony/nest/issues")

    assert by_name["data"] == {"repository": None}
    assert errors_of(by_name) == [refusal(SAML, ["repository"], is_saml=True)]
    assert by_id["data"] == {"nodes": [None, {"id": colony.node_id}]}
    assert errors_of(by_id) == [refusal(SAML, ["nodes", 0], is_saml=True)]
    assert (by_rest.status_code, by_rest.json()["message"]) == (403, SAML)
    assert by_rest.headers["x-github-sso"] == SSO
    response = as_member.http.post(as_member.server.graphql_url, json={"query": NEST})
    assert response.headers["x-github-sso"] == SSO

    member.sso_ids.add(colony.database_id)

    assert as_member.data(NEST) == {"repository": {"name": "nest"}}
    assert as_member.get("/repos/colony/nest/issues").status_code == 200


def test_a_list_of_repositories_leaves_out_what_needs_single_sign_on(
    as_member: GitHub, world: World, member: Token, colony: Actor
) -> None:
    own = world.add_repository(member.owner, "own")
    colony.requires_sso = True

    response = as_member.get("/user/repos")

    assert [row["id"] for row in response.json()] == [own.database_id]
    partial = f"partial-results; organizations={colony.database_id}"
    assert response.headers["x-github-sso"] == partial
    member.sso_ids.add(colony.database_id)
    assert len(as_member.get("/user/repos").json()) == 2


def test_strangers_and_apps_need_no_single_sign_on(
    github: GitHub, world: World, colony: Actor, nest: Repository, installation: Installation
) -> None:
    nest.is_private, colony.requires_sso = False, True

    assert github.data(NEST) == {"repository": {"name": "nest"}}
    github.http.headers["Authorization"] = f"Bearer {world.mint(installation).value}"
    assert github.data(NEST) == {"repository": {"name": "nest"}}


@pytest.mark.parametrize("asks", ["member", "app"])
def test_an_address_that_is_not_allowed_sees_what_is_public_only(
    as_member: GitHub,
    world: World,
    colony: Actor,
    nest: Repository,
    installation: Installation,
    asks: str,
) -> None:
    colony.allows_address = False
    if asks == "app":
        token = world.mint(installation).value
        as_member.http.headers["Authorization"] = f"Bearer {token}"

    hidden, by_rest = as_member.query(NEST), as_member.get("/repos/colony/nest")

    message = ADDRESS.format("colony")
    assert errors_of(hidden) == [refusal(message, ["repository"], is_saml=False)]
    assert (by_rest.status_code, by_rest.json()["message"]) == (403, message)
    assert "x-github-sso" not in by_rest.headers
    nest.is_private = False
    assert as_member.data(NEST) == {"repository": {"name": "nest"}}
