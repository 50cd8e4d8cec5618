"""What queries cost, and what happens when nothing is left."""

from collections.abc import Callable
from typing import Any, Literal

import httpx
import pytest
from graphql import get_operation_ast, parse

from dexxy_simulator import app
from dexxy_simulator.dialects import Dialect
from dexxy_simulator.graph.compute import weight_of
from dexxy_simulator.graph.cost import Cost, CostCounter
from dexxy_simulator.graph.schema import schema
from dexxy_simulator.model import Repository
from dexxy_simulator.tests.conftest import Clock, GitHub
from dexxy_simulator.tokens import DEMO_TOKEN, ComputeBudget
from dexxy_simulator.world import World

ANTS = 'repository(owner: "panjf2000", name: "ants")'
EXPENSIVE = f"""{{ rateLimit {{ cost remaining used limit nodeCount resetAt }}
  {ANTS} {{ pullRequests(first: 20) {{ nodes {{ reviewThreads(first: 50) {{ nodes {{
    comments(first: 50) {{ nodes {{ id }} }} }} }} }} }} }} }}"""


def cost(document: str, **variables: Any) -> Cost:
    parsed = parse(document)
    operation = get_operation_ast(parsed)
    assert operation is not None
    return CostCounter(schema(), parsed, variables).count(operation)


@pytest.mark.parametrize(
    ("document", "requests", "points", "nodes"),
    [
        # The example of GitHub's documentation, with other connections: 1 + 100 + 5,000.
        (
            f"{{ {ANTS} {{ pullRequests(first: 100) {{ nodes {{ reviews(first: 50) {{ nodes {{ "
            "comments(first: 60) { nodes { id } } } } } } } }",
            5101,
            51,
            305_100,
        ),
        (EXPENSIVE, 1021, 10, 51_020),
        (f"{{ {ANTS} {{ issues(first: 100) {{ nodes {{ id }} }} }} }}", 1, 1, 100),
        (f"{{ {ANTS} {{ issues {{ totalCount }} }} }}", 0, 1, 0),
        ("{ viewer { login } }", 0, 1, 0),
    ],
)
def test_a_query_costs_what_the_documentation_computes(
    document: str, requests: int, points: int, nodes: int
) -> None:
    found = cost(document)

    assert (found.requests, found.points, found.nodes) == (requests, points, nodes)


def test_variables_fragments_and_ids_count_like_what_they_stand_for() -> None:
    document = """query($size: Int = 40, $ids: [ID!]!) { nodes(ids: $ids) { ...Both } }
      fragment Both on PullRequest { reviews(first: $size) { nodes {
        comments(last: 9) { nodes { id } } } } }"""

    assert cost(document, ids=["a", "b"]) == Cost(requests=82, nodes=2 + 80 + 720)
    assert cost(document, ids=["a", "b"], size=10).requests == 22


def test_the_answer_and_its_headers_show_what_is_left(github: GitHub) -> None:
    response = github.http.post(github.server.graphql_url, json={"query": EXPENSIVE})

    shown = response.json()["data"]["rateLimit"]
    assert shown == {
        "cost": 10,
        "remaining": 4990,
        "used": 10,
        "limit": 5000,
        "nodeCount": 51_020,
        "resetAt": "2026-11-23T13:00:00Z",
    }
    assert {name: response.headers[f"x-ratelimit-{name}"] for name in
            ("limit", "remaining", "used", "reset", "resource")} == {
        "limit": "5000",
        "remaining": "4990",
        "used": "10",
        "reset": "1795438800",
        "resource": "graphql",
    }  # fmt: skip


def test_a_dry_run_tells_the_cost_and_takes_nothing(github: GitHub, world: World) -> None:
    document = EXPENSIVE.replace("rateLimit {", "rateLimit(dryRun: true) {")

    data = github.data(document)

    assert data.keys() == {"rateLimit"}
    assert data["rateLimit"]["cost"] == 10
    assert data["rateLimit"]["used"] == 0
    assert github.server.requests.points == 0


def test_a_query_for_too_many_nodes_is_refused(github: GitHub) -> None:
    document = f"""{{ {ANTS} {{ pullRequests(first: 100) {{ nodes {{ reviews(first: 100) {{ nodes {{
      comments(first: 50) {{ nodes {{ id }} }} }} }} }} }} }} }}"""

    assert github.query(document) == {
        "errors": [
            {
                "type": "MAX_NODE_LIMIT_EXCEEDED",
                "message": "This query requests up to 510,100 possible nodes which exceeds "
                "the maximum limit of 500,000.",
            }
        ]
    }


def heavy(github: GitHub, first: int, comments: int = 9) -> httpx.Response:
    document = f"""query($first: Int!) {{ rateLimit {{ used }} {ANTS} {{ issues(first: $first) {{
      pageInfo {{ hasNextPage }}
      nodes {{ number comments(first: {comments}) {{ nodes {{ id }} }} }} }} }} }}"""
    body = {"query": document, "variables": {"first": first}}
    return github.http.post(github.server.graphql_url, json=body)


def test_an_answer_weighs_what_it_has(ants: Repository, github: GitHub) -> None:
    answer = heavy(github, 2).json()["data"]
    numbers = [issue["number"] for issue in answer["repository"]["issues"]["nodes"]]
    comments = sum(len(ants.issues[number].comments) for number in numbers)

    assert comments > 2
    # The answer, its limit, repository, list and page, and two issues with a list each.
    assert weight_of(answer) == 1 + 4 + 2 * 2 + comments
    assert weight_of(heavy(github, 2, comments=1).json()["data"]) == 1 + 4 + 2 * 2 + 2


@pytest.mark.parametrize("how", ["timed out", "cut off"])
def test_an_answer_that_is_too_heavy_is_refused_and_costs_points(
    github: GitHub, world: World, how: Literal["timed out", "cut off"]
) -> None:
    light = heavy(github, 2)
    world.dialect = Dialect(heavy_queries=how)
    world.compute_budget = ComputeBudget(weight_of(light.json()["data"]), points=7)

    refused, good = heavy(github, 3), heavy(github, 2)

    assert refused.status_code == (502 if how == "timed out" else 200)
    assert refused.headers["x-ratelimit-used"] == "9"
    if how == "timed out":
        assert refused.json()["data"] is None
        assert "may be the result of a timeout" in refused.json()["errors"][0]["message"]
    else:
        shown = refused.json()["data"]["repository"]["issues"]
        assert shown == {"pageInfo": {"hasNextPage": True}, "nodes": [None] * 3}
        assert refused.json()["errors"] == [
            {
                "type": "RESOURCE_LIMITS_EXCEEDED",
                "path": ["repository", "issues", "nodes", place],
                "message": "Resource limits for this query exceeded.",
            }
            for place in range(3)
        ]
    assert good.json()["data"]["repository"] == light.json()["data"]["repository"]
    assert [entry.points for entry in github.server.requests.entries] == [1, 8, 1]


def test_a_query_takes_its_share_of_the_time_after_which_github_gives_up(
    github: GitHub, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(app, "sleep", waited.append)
    weight = weight_of(heavy(github, 2).json()["data"])
    world.compute_budget = ComputeBudget(2 * weight, seconds=10.0)

    heavy(github, 2)
    heavy(github, 30)

    assert waited == [5.0, 10.0]


def test_without_points_a_query_gets_an_error_with_the_status_200(
    github: GitHub, world: World, clock: Clock
) -> None:
    world.limits["graphql"] = 1
    github.data("{ viewer { login } }")

    response = github.http.post(github.server.graphql_url, json={"query": "{ viewer { login } }"})

    assert response.status_code == 200
    assert response.headers["x-ratelimit-remaining"] == "0"
    assert response.json() == {
        "errors": [
            {
                "type": "RATE_LIMITED",
                "message": "API rate limit exceeded for user ID 230000001.",
            }
        ]
    }
    clock.pass_by(hours=1)
    assert github.data("{ viewer { login } }") == {"viewer": {"login": "dexxy-demo"}}


def test_without_requests_rest_answers_403_until_the_hour_is_over(
    github: GitHub, world: World, clock: Clock
) -> None:
    world.limits["core"] = 1
    github.get("/user")

    refused = github.get("/user")

    assert refused.status_code == 403
    assert refused.json()["message"] == "API rate limit exceeded for user ID 230000001."
    assert refused.headers["x-ratelimit-remaining"] == "0"
    assert refused.headers["x-ratelimit-resource"] == "core"
    free = github.get("/rate_limit")
    assert free.json()["resources"]["core"]["remaining"] == 0
    assert free.headers["x-ratelimit-remaining"] == "0"
    clock.pass_by(hours=1)
    assert github.get("/user").status_code == 200


def test_all_tokens_of_a_user_share_one_limit(github: GitHub, world: World) -> None:
    world.add_token("ghp_another", world.tokens[DEMO_TOKEN].owner)
    github.data("{ viewer { login } }")
    github.http.headers["Authorization"] = "Bearer ghp_another"

    assert github.data("{ rateLimit { used } }") == {"rateLimit": {"used": 2}}


def test_rest_and_graphql_have_limits_of_their_own(github: GitHub) -> None:
    github.get("/user")
    github.data("{ viewer { login } }")

    resources = github.get("/rate_limit").json()["resources"]

    assert (resources["core"]["used"], resources["graphql"]["used"]) == (1, 1)


def test_strangers_have_sixty_requests(github: GitHub) -> None:
    del github.http.headers["Authorization"]

    response = github.get("/repos/panjf2000/ants")

    assert response.status_code == 200
    assert response.headers["x-ratelimit-limit"] == "60"


@pytest.mark.parametrize(
    "break_token",
    [
        lambda github, world, clock: github.http.headers.pop("Authorization"),
        lambda github, world, clock: github.http.headers.update({"Authorization": "token x"}),
        lambda github, world, clock: setattr(world.tokens[DEMO_TOKEN], "expires_at", clock()),
    ],
    ids=["missing", "wrong", "expired"],
)
def test_a_query_without_a_valid_token_is_refused(
    github: GitHub, world: World, clock: Clock, break_token: Callable[..., Any]
) -> None:
    break_token(github, world, clock)

    response = github.http.post(github.server.graphql_url, json={"query": "{ viewer { login } }"})

    assert response.status_code == 401
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.json().keys() == {"message", "documentation_url", "status"}


def test_a_private_repository_does_not_exist_for_others(
    github: GitHub, world: World, ants: Repository
) -> None:
    ants.is_private = True
    issue = ants.issues[5]
    ants.collaborators.clear()

    by_name = github.query(f"{{ {ANTS} {{ id }} }}")
    by_id = github.query("query($id: ID!) { node(id: $id) { id } }", id=issue.node_id)

    assert by_name["data"] == {"repository": None}
    assert by_name["errors"][0]["type"] == "NOT_FOUND"
    assert by_id["data"] == {"node": None}
    assert github.get("/repos/panjf2000/ants").status_code == 404
    assert github.get("/repos/panjf2000/ants/issues").status_code == 404
    assert github.get("/user/repos").json() == []
    assert github.get("/panjf2000/ants/issues/5").status_code == 404


def test_a_token_for_chosen_repositories_reads_no_other_private_one(
    github: GitHub, world: World, ants: Repository
) -> None:
    owner = world.tokens[DEMO_TOKEN].owner
    hidden = world.add_repository(owner, "hidden", is_private=True)
    world.tokens[DEMO_TOKEN].repository_ids = frozenset({ants.database_id})

    assert github.get("/repos/dexxy-demo/hidden").status_code == 404
    world.tokens[DEMO_TOKEN].repository_ids = frozenset({hidden.database_id})
    assert github.get("/repos/dexxy-demo/hidden").status_code == 200
