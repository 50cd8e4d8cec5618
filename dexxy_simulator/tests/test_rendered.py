"""Rendered answers: the bytes of before, for next to nothing."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection
from time import perf_counter
from typing import Any

import httpx
import pytest

from dexxy_simulator.model import Repository
from dexxy_simulator.own_process import SimulatorProcess
from dexxy_simulator.rendered import RenderedServer
from dexxy_simulator.requests_log import LoggedRequest
from dexxy_simulator.server import PortInUseError
from dexxy_simulator.tests.apps import NO_CERTIFICATES
from dexxy_simulator.tests.conftest import Clock, GitHub
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World

HEADERS = {"Authorization": f"Bearer {DEMO_TOKEN}"}
QUERY = """query($first: Int!) { repository(owner: "panjf2000", name: "ants") {
  issues(first: $first) { nodes { title body comments(first: 50) { nodes { body } } } } } }"""
VIEWER = {"query": "{ viewer { login } }"}


@pytest.fixture
def rendered(world: World) -> Iterator[RenderedServer]:
    with RenderedServer(world) as server:
        yield server


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client(headers=HEADERS, verify=NO_CERTIFICATES) as client:
        yield client


def ask(http: httpx.Client, server: RenderedServer, first: int = 20) -> httpx.Response:
    return http.post(server.graphql_url, json={"query": QUERY, "variables": {"first": first}})


def test_the_answer_is_that_of_the_simulator(
    rendered: RenderedServer, http: httpx.Client, github: GitHub
) -> None:
    usual = github.http.post(
        github.server.graphql_url, json={"query": QUERY, "variables": {"first": 20}}
    )

    first, second = ask(http, rendered), ask(http, rendered)

    assert first.content == second.content == usual.content
    assert dict(first.headers) == dict(second.headers)
    assert list(first.headers) == list(usual.headers)


def test_only_the_first_of_equal_requests_is_rendered(
    rendered: RenderedServer, http: httpx.Client
) -> None:
    for first in (20, 20, 10, 20):
        ask(http, rendered, first)
    http.get(f"{rendered.url}/repos/panjf2000/ants/issues")

    assert rendered.renderings.misses == 3


def test_the_same_json_written_otherwise_is_the_same_request(
    rendered: RenderedServer, http: httpx.Client
) -> None:
    body: dict[str, Any] = {"query": QUERY, "variables": {"first": 5}}
    for text in (json.dumps(body), json.dumps(dict(reversed(body.items())), indent=1)):
        http.post(rendered.graphql_url, content=text)

    assert rendered.renderings.misses == 1


def test_the_date_is_fresh_and_the_rest_is_not(
    rendered: RenderedServer, http: httpx.Client, clock: Clock, world: World, ants: Repository
) -> None:
    url = f"{rendered.url}/repos/panjf2000/ants/issues"
    before = http.get(url)
    clock.pass_by(minutes=1)
    world.open_issue(ants, ants.owner, "New")

    after = http.get(url)

    assert after.headers["date"] == "Mon, 23 Nov 2026 12:01:00 GMT"
    assert after.json() == before.json()
    rendered.renderings.forget()
    assert http.get(url).json()[0]["title"] == "New"


def test_a_refusal_is_not_kept(rendered: RenderedServer, http: httpx.Client, world: World) -> None:
    world.limits["graphql"] = 0
    refused = http.post(rendered.graphql_url, json=VIEWER)
    world.limits["graphql"] = 5000
    world.clock = lambda: Clock().pass_by(hours=2)

    assert "errors" in refused.json()
    assert http.post(rendered.graphql_url, json=VIEWER).json()["data"]


def test_the_log_counts_what_was_replayed(rendered: RenderedServer, http: httpx.Client) -> None:
    for _ in range(3):
        http.post(rendered.graphql_url, json=VIEWER)

    one = LoggedRequest("POST", "/graphql", "graphql", 200, 1, VIEWER["query"])
    assert rendered.requests.entries == [one] * 3


def test_an_answer_costs_well_under_a_millisecond(
    rendered: RenderedServer, http: httpx.Client
) -> None:
    ask(http, rendered)
    body = json.dumps({"query": QUERY, "variables": {"first": 20}}).encode()
    headers = {"content-type": "application/json"}

    started = perf_counter()
    for _ in range(200):
        rendered.renderings.answer("POST", "/graphql", headers, body)
    each = (perf_counter() - started) / 200

    assert each < 0.0005


def test_requests_may_come_in_pieces_and_together(rendered: RenderedServer) -> None:
    connection = HTTPConnection("127.0.0.1", rendered.port)
    connection.connect()
    assert connection.sock is not None
    connection.sock.sendall(b"GET /meta HTTP/1.1\r\nHost: x\r\n")
    connection.sock.sendall(b"\r\nGET /meta HTTP/1.1\r\nHost: x\r\n\r\n")

    received = b""
    while received.count(b"hooks") < 2:
        received += connection.sock.recv(10_000)
    connection.close()

    assert received.count(b"HTTP/1.1 200 OK\r\n") == 2


def test_a_taken_port_is_an_error(rendered: RenderedServer, world: World) -> None:
    with pytest.raises(PortInUseError):
        RenderedServer(world, rendered.port).__enter__()


def test_it_runs_in_a_process_of_its_own() -> None:
    arguments = ("--generated", "20", "--generated", "10", "--messages", "30", "--rendered")
    with SimulatorProcess(*arguments, "--dialect", "5") as server:
        rows = httpx.get(f"{server.url}/user/repos", headers=HEADERS).json()
        ants = httpx.get(f"{server.url}/repos/panjf2000/ants", headers=HEADERS)

    assert [row["full_name"] for row in rows] == ["colony/generated", "colony/generated-1"]
    assert ants.status_code == 404


def test_the_recorded_repository_can_stand_beside_a_generated_one() -> None:
    with SimulatorProcess("--recorded", "--generated", "10", "--latency", "0.01") as server:
        rows = httpx.get(f"{server.url}/user/repos", headers=HEADERS).json()

    assert [row["full_name"] for row in rows] == ["colony/generated", "panjf2000/ants"]


def test_a_process_that_does_not_start_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="did not start"):
        SimulatorProcess("--rendered", "--live").__enter__()
