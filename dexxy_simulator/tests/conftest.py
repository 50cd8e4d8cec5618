"""A world with a clock that stands still, a server for it, and a client of that server."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from dexxy_simulator.model import Actor, App, Installation, Repository
from dexxy_simulator.recorded import recorded_world
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tests.apps import MANIFEST, NO_CERTIFICATES, Client, key, proof
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World


class Clock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def pass_by(self, **amount: float) -> datetime:
        self.time += timedelta(**amount)
        return self.time


@dataclass
class GitHub:
    """A client of the simulator."""

    http: httpx.Client
    server: SimulatorServer

    def query(self, document: str, **variables: Any) -> dict[str, Any]:
        body = {"query": document, "variables": variables}
        response = self.http.post(self.server.graphql_url, json=body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def data(self, document: str, **variables: Any) -> dict[str, Any]:
        answer = self.query(document, **variables)
        assert "errors" not in answer
        data: dict[str, Any] = answer["data"]
        return data

    def get(self, path: str, **parameters: Any) -> httpx.Response:
        return self.http.get(f"{self.server.url}{path}", params=parameters or None)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(clock: Clock) -> World:
    return recorded_world(clock)


@pytest.fixture
def ants(world: World) -> Repository:
    repository = world.repository("panjf2000/ants")
    assert repository is not None
    return repository


@pytest.fixture
def barry(world: World) -> Actor:
    actor = world.actor("barryz")
    assert actor is not None
    return actor


@pytest.fixture
def server(world: World) -> Iterator[SimulatorServer]:
    with SimulatorServer(world) as running:
        yield running


@pytest.fixture
def github(server: SimulatorServer) -> Iterator[GitHub]:
    headers = {"Authorization": f"Bearer {DEMO_TOKEN}"}
    with httpx.Client(headers=headers, verify=NO_CERTIFICATES) as http:
        yield GitHub(http, server)


@pytest.fixture
def colony(world: World) -> Actor:
    colony = world.add_actor("colony", "Organization")
    colony.members = {world.add_actor("queen"): "admin", world.add_actor("worker"): "member"}
    return colony


@pytest.fixture
def nest(world: World, colony: Actor) -> Repository:
    nest = world.add_repository(colony, "nest", is_private=True)
    world.open_issue(nest, world.actor("worker"), "Leaks")
    return nest


@pytest.fixture
def app(world: World, colony: Actor) -> App:
    return world.register_app(colony, MANIFEST, key())


@pytest.fixture
def installation(world: World, app: App, colony: Actor, nest: Repository) -> Installation:
    return world.install(app, colony, [nest])


@pytest.fixture
def as_app(server: SimulatorServer, world: World, app: App) -> Client:
    return Client(server, proof(world, app))
