"""The server: addresses, headers, refusals, its log, and the process of its own."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from dexxy_simulator.graph.schema import snake_case
from dexxy_simulator.model import Repository
from dexxy_simulator.requests_log import LoggedRequest
from dexxy_simulator.server import PortInUseError, SimulatorServer
from dexxy_simulator.tests.conftest import Clock, GitHub
from dexxy_simulator.tests.documents import DOCUMENTS
from dexxy_simulator.world import World

VIEWER = {"query": "{ viewer { login } }"}


@pytest.mark.parametrize("path", ["/graphql", "/api/graphql"])
def test_graphql_is_at_both_addresses(github: GitHub, path: str) -> None:
    response = github.http.post(f"{github.server.url}{path}", json=VIEWER)

    assert response.json() == {"data": {"viewer": {"login": "dexxy-demo"}}}


def test_the_date_is_that_of_the_world(github: GitHub, clock: Clock) -> None:
    clock.pass_by(minutes=1)

    assert github.get("/meta").headers.get_list("date") == ["Mon, 23 Nov 2026 12:01:00 GMT"]


def test_a_connection_serves_many_requests(github: GitHub) -> None:
    streams = [github.get("/meta").extensions["network_stream"] for _ in range(3)]

    assert len({stream.get_extra_info("client_addr") for stream in streams}) == 1


def test_the_log_counts_requests_and_points_by_endpoint(github: GitHub) -> None:
    github.get("/user")
    github.get("/repos/panjf2000/ants/issues", state="all")
    github.data(VIEWER["query"])

    log = github.server.requests
    assert (log.count(), log.count("graphql"), log.count("issues"), log.points) == (3, 1, 1, 1)
    assert log.entries[1:] == [
        LoggedRequest("GET", "/repos/panjf2000/ants/issues?state=all", "issues", 200),
        LoggedRequest("POST", "/graphql", "graphql", 200, 1, VIEWER["query"]),
    ]
    log.clear()
    assert log.count() == 0


def test_the_world_can_change_while_the_server_runs(
    github: GitHub, world: World, ants: Repository
) -> None:
    issue = world.open_issue(ants, ants.owner, "Live")

    assert github.get(f"/repos/panjf2000/ants/issues/{issue.number}").json()["title"] == "Live"


def test_two_simulators_run_side_by_side(github: GitHub, clock: Clock) -> None:
    with SimulatorServer(World(clock)) as other:
        assert other.url != github.server.url
        assert httpx.get(f"{other.url}/repos/panjf2000/ants").status_code == 404
        assert github.get("/repos/panjf2000/ants").status_code == 200


def test_a_stopped_server_hangs_up(world: World) -> None:
    with httpx.Client() as http:
        with SimulatorServer(world) as server:
            assert http.get(f"{server.url}/meta").status_code == 200

        with pytest.raises(httpx.TransportError):
            http.get(f"{server.url}/meta")


def test_a_taken_port_is_an_error(server: SimulatorServer, world: World) -> None:
    with pytest.raises(PortInUseError, match=f"port {server.port} is in use"):
        SimulatorServer(world, server.port).__enter__()


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (b"{", 400, "Problems parsing JSON"),
        (b'{"a": 1}', 400, "Problems parsing JSON"),
        (b"[]", 400, "Problems parsing JSON"),
    ],
)
def test_a_body_that_is_no_query_is_refused(
    github: GitHub, body: bytes, status: int, message: str
) -> None:
    response = github.http.post(github.server.graphql_url, content=body)

    assert (response.status_code, response.json()["message"]) == (status, message)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{ viewer {", "Syntax Error: Expected Name, found <EOF>."),
        ("{ viewer { nothing } }", "Field 'nothing' doesn't exist on type 'User'"),
        ("fragment F on User { login }", 'Fragment "F" is never used.'),
    ],
)
def test_a_query_that_is_wrong_gets_errors_and_no_data(
    github: GitHub, document: str, message: str
) -> None:
    answer = github.query(document)

    assert answer.keys() == {"errors"}
    assert answer["errors"][0]["message"].replace("'", '"') == message.replace("'", '"')


@pytest.mark.parametrize(
    ("field", "path", "message"),
    [
        (
            'repository(owner: "x", name: "y") { id }',
            ["repository"],
            "Could not resolve to a Repository with the name 'x/y'.",
        ),
        ('node(id: "x") { id }', ["node"], "Could not resolve to a node with the global id of 'x'"),
        ('user(login: "x") { id }', ["user"], "Could not resolve to a User with the login of 'x'."),
    ],
)
def test_what_does_not_exist_is_null_and_an_error(
    github: GitHub, field: str, path: list[str], message: str
) -> None:
    answer = github.query(f"{{ {field} }}")

    assert answer == {
        "data": {path[0]: None},
        "errors": [
            {
                "type": "NOT_FOUND",
                "path": path,
                "locations": [{"line": 1, "column": 3}],
                "message": message,
            }
        ],
    }


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("issue(number: 41)", "Could not resolve to an Issue with the number of 41."),
        ("pullRequest(number: 5)", "Could not resolve to a PullRequest with the number of 5."),
        ("discussion(number: 5)", "Could not resolve to a Discussion with the number of 5."),
        (
            "issueOrPullRequest(number: 212)",
            "Could not resolve to an issue or pull request with the number of 212.",
        ),
    ],
)
def test_a_number_of_another_kind_is_null_and_the_rest_is_there(
    github: GitHub, field: str, message: str
) -> None:
    ants = 'repository(owner: "panjf2000", name: "ants")'

    answer = github.query(f"{{ {ants} {{ name it: {field} {{ __typename }} }} }}")

    assert answer["data"] == {"repository": {"name": "ants", "it": None}}
    assert [(one["type"], one["path"], one["message"]) for one in answer["errors"]] == [
        ("NOT_FOUND", ["repository", "it"], message)
    ]


def test_one_missing_node_leaves_the_others(github: GitHub, ants: Repository) -> None:
    ids = [ants.node_id, "gone", ants.owner.node_id]

    answer = github.query("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)

    assert answer["data"] == {"nodes": [{"id": ids[0]}, None, {"id": ids[2]}]}
    assert [(one["type"], one["path"]) for one in answer["errors"]] == [("NOT_FOUND", ["nodes", 1])]


FEATURES = {"issues": "issue", "pullRequests": "pullRequest", "discussions": "discussion"}


@pytest.mark.parametrize("feature", FEATURES)
def test_what_is_switched_off_is_empty(github: GitHub, ants: Repository, feature: str) -> None:
    switch = snake_case(feature)
    number = next(iter(getattr(ants, switch)))
    setattr(ants, f"has_{switch}_enabled", False)

    answer = github.query(
        f"""{{ repository(owner: "panjf2000", name: "ants") {{
          hasIssuesEnabled hasPullRequestsEnabled hasDiscussionsEnabled
          list: {feature}(first: 1) {{ totalCount }}
          one: {FEATURES[feature]}(number: {number}) {{ number }} }} }}"""
    )

    assert answer["data"]["repository"] == {
        "hasIssuesEnabled": feature != "issues",
        "hasPullRequestsEnabled": feature != "pullRequests",
        "hasDiscussionsEnabled": feature != "discussions",
        "list": {"totalCount": 0},
        "one": None,
    }
    assert [(one["type"], one["path"]) for one in answer["errors"]] == [
        ("NOT_FOUND", ["repository", "one"])
    ]


def test_a_pending_review_is_hidden_from_others_with_all_its_comments(
    github: GitHub, world: World, ants: Repository
) -> None:
    pull = world.open_pull_request(ants, ants.owner, "New")
    review = world.review(pull, ants.owner, "PENDING", "Hm", [("a.go", 1, "Hm")])
    document = """query($number: Int!, $id: ID!) {
      node(id: $id) { id }
      repository(owner: "panjf2000", name: "ants") { pullRequest(number: $number) {
        reviews { totalCount } reviewThreads { totalCount } timelineItems { totalCount } } } }"""

    hidden = github.query(document, number=pull.number, id=review.comments[0].node_id)["data"]
    world.submit_review(review)
    shown = github.data(document, number=pull.number, id=review.comments[0].node_id)

    assert hidden["node"] is None
    counts = [
        [one["totalCount"] for one in answer["repository"]["pullRequest"].values()]
        for answer in (hidden, shown)
    ]
    # The timeline begins with the commit.
    assert counts == [[0, 0, 1], [1, 1, 3]]


def test_many_clients_read_while_the_world_changes(
    github: GitHub, world: World, ants: Repository
) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(github.query, DOCUMENTS["issues"]) for _ in range(12)]
        for number in range(50):
            world.comment(ants.issues[5], ants.owner, f"Comment {number}")

    assert all("errors" not in answer.result() for answer in answers)
    assert len(ants.issues[5].comments) == 52


def test_more_than_a_hundred_nodes_are_refused(github: GitHub) -> None:
    answer = github.query("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["x"] * 101)

    assert answer["data"] is None
    assert [(one["type"], one["message"]) for one in answer["errors"]] == [
        ("ARGUMENT_LIMIT", "You may not provide more than 100 node ids; you provided 101.")
    ]


def test_a_former_name_is_followed_unless_forbidden(
    github: GitHub, world: World, ants: Repository
) -> None:
    world.rename_repository(ants, "bees")
    document = """query($follow: Boolean) {
      repository(owner: "panjf2000", name: "ants", followRenames: $follow) { nameWithOwner } }"""

    followed = github.query(document, follow=True)

    assert followed == {"data": {"repository": {"nameWithOwner": "panjf2000/bees"}}}
    assert github.query(document, follow=False)["data"] == {"repository": None}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/panjf2000",
        "/panjf2000/ants",
        "/panjf2000/ants/pull/41",
        "/panjf2000/ants/issues/5",
        "/panjf2000/ants/discussions/212",
    ],
)
def test_links_to_pages_lead_somewhere(github: GitHub, path: str) -> None:
    response = github.get(path)

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"


def test_what_people_wrote_is_text_on_a_page(
    github: GitHub, world: World, ants: Repository
) -> None:
    issue = world.open_issue(ants, None, "<script>", "<img src=x>")

    text = github.get(f"/panjf2000/ants/issues/{issue.number}").text

    assert "&lt;script&gt;" in text
    assert "<script>" not in text
    assert "<img" not in text


def test_the_process_says_where_it_is_and_stops_when_told() -> None:
    command = [sys.executable, "-m", "dexxy_simulator", "--live", "--live-every", "0.05"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("simulator ready ").strip()
        token = process.stdout.readline().rpartition(" ")[2].strip()
        headers = {"Authorization": f"Bearer {token}"}
        viewer = httpx.post(f"{url}/graphql", json=VIEWER, headers=headers).json()
        port = url.rpartition(":")[2]
        second = subprocess.run([*command, "--port", port], capture_output=True, text=True)
        process.send_signal(signal.SIGTERM)

    assert viewer == {"data": {"viewer": {"login": "dexxy-demo"}}}
    assert (second.returncode, second.stderr) == (1, f"port {port} is in use\n")
    assert process.returncode == 0


def test_the_simulator_knows_neither_django_nor_dexxy() -> None:
    code = "import sys, dexxy_simulator.__main__; print(*sys.modules, sep='\\n')"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}

    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    ).stdout.split()

    assert "django" not in loaded
    ours = {name for name in loaded if name.startswith("dexxy.")}
    assert {name for name in ours if not name.startswith("dexxy_simulator")} == set()
