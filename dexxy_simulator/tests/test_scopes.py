"""Classic tokens: what GitHub tells of their scopes, and what it refuses without them."""

from dataclasses import replace

import pytest

from dexxy_simulator.dialects import Dialect
from dexxy_simulator.tests.conftest import GitHub
from dexxy_simulator.tokens import DEMO_TOKEN, covered
from dexxy_simulator.world import World

TEAM = """{
  viewer { login }
  node(id: "T_1") { __typename ... on Team { name } }
}"""
EMAIL = '{ user(login: "visitor") { email } }'


def test_a_field_whose_scope_is_not_there_refuses_the_whole_query_before_it_runs(
    world: World, github: GitHub
) -> None:
    world.tokens[DEMO_TOKEN].scopes = frozenset({"repo"})

    answer = github.query(TEAM)

    assert "data" not in answer
    assert answer["errors"] == [
        {
            "type": "INSUFFICIENT_SCOPES",
            "locations": [{"line": 3, "column": 46}],
            "message": "Your token has not been granted the required scopes to execute this query."
            " The 'name' field requires one of the following scopes: ['read:org',"
            " 'read:discussion'], but your token has only been granted the: ['repo'] scopes."
            " Please modify your token's scopes at: https://github.com/settings/tokens.",
        }
    ]


@pytest.mark.parametrize(
    ("document", "scope", "passes"),
    [
        (TEAM, "repo", False),
        (TEAM, "read:org", True),
        (TEAM, "write:org", True),
        (EMAIL, "repo", False),
        (EMAIL, "user", True),
    ],
)
def test_scopes_hold_others(
    world: World, github: GitHub, document: str, scope: str, passes: bool
) -> None:
    world.tokens[DEMO_TOKEN].scopes = frozenset({scope})

    answer = github.query(document)

    kinds = {error.get("type") for error in answer.get("errors", ())}
    assert ("INSUFFICIENT_SCOPES" not in kinds) is passes


def test_the_scopes_stand_in_a_header_and_a_dialect_gives_some(
    world: World, github: GitHub
) -> None:
    assert "x-oauth-scopes" not in github.get("/user").headers

    world.dialect = replace(Dialect(), granted_scopes=frozenset({"repo", "read:user"}))

    assert github.get("/user").headers["x-oauth-scopes"] == "read:user, repo"
    world.add_token("github_pat_1", world.tokens[DEMO_TOKEN].owner)
    assert world.scopes_of(world.tokens["github_pat_1"]) is None


def test_a_token_without_repo_sees_no_private_repository(world: World, github: GitHub) -> None:
    repository = next(iter(world.repositories.values()))
    repository.is_private = True
    path = f"/repos/{repository.name_with_owner}"
    world.tokens[DEMO_TOKEN].owner = repository.owner
    assert github.get(path).status_code == 200

    world.tokens[DEMO_TOKEN].scopes = frozenset({"public_repo"})

    assert github.get(path).status_code == 404
    assert covered(["public_repo"], ["repo"])
