"""Fixtures: a simulated GitHub, and a repository of it that is connected to a workspace.

Nobody knows in each point how GitHub behaves, so each run of the tests draws a dialect. Its seed
stands at the head of the report; DEXXY_TEST_DIALECT_SEED repeats it, and `usual` as its value takes
the likeliest one. A test that is about a certain dialect makes a fixture `dialect` of its own.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from random import Random, SystemRandom

import pytest

from dexxy.accounts.models import Workspace
from dexxy.integrations.models import GitHubRepository
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
from dexxy.integrations.services.github.webhooks.receiving import take
from dexxy_simulator.dialects import USUAL, Dialect
from dexxy_simulator.model import Repository
from dexxy_simulator.recorded.loader import recorded_world
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.webhooks.deliveries import Attempt, Delivery
from dexxy_simulator.world import World
from tests.webhooks import wsgi_headers

RECORDED = "panjf2000/ants"
SEED = os.environ.get("DEXXY_TEST_DIALECT_SEED") or str(SystemRandom().randrange(10_000))


def pytest_report_header() -> str:
    """Name the dialect of this run, so that a failure can be repeated."""
    return f"GitHub's dialect: DEXXY_TEST_DIALECT_SEED={SEED} {_drawn().differences()}"


def _drawn() -> Dialect:
    if SEED == "usual":
        return USUAL
    # Which scopes a token has is what tests of tokens are about; the convergence tests draw them.
    return replace(Dialect.draw(Random(SEED)), granted_scopes=None)


def refused_at_first(dialect: Dialect) -> int:
    """Return how often a whole thread is asked for in vain: once for each kind of refused field."""
    scopes = dialect.granted_scopes
    return (not dialect.newer_fields) + (scopes is not None and "read:org" not in scopes)


@pytest.fixture
def dialect() -> Dialect:
    """How GitHub behaves where nobody knows: drawn once for all tests of a run."""
    return _drawn()


@pytest.fixture
def world(dialect: Dialect) -> World:
    """The recorded repository, completed."""
    world = recorded_world()
    world.dialect = dialect
    return world


@pytest.fixture
def ants(world: World) -> Repository:
    """The recorded repository as the simulator shows it."""
    repository = world.repository(RECORDED)
    assert repository is not None
    return repository


@pytest.fixture
def simulator(world: World) -> Iterator[SimulatorServer]:
    """A GitHub that shows `world`."""
    with SimulatorServer(world) as server:
        yield server


@pytest.fixture
def github(simulator: SimulatorServer) -> GitHubServer:
    """Where `simulator` is reached."""
    return GitHubServer(
        api_url=simulator.url, graphql_url=simulator.graphql_url, web_url=simulator.url
    )


@pytest.fixture
def connected(workspace: Workspace, github: GitHubServer) -> GitHubRepository:
    """The recorded repository, connected to the workspace and not yet synced."""
    return repository_connect_by_token(
        workspace=workspace, full_name=RECORDED, token=DEMO_TOKEN, server=github
    )


def to_dexxy(delivery: Delivery) -> Attempt:
    """Hand a webhook to Dexxy's own door: `world.webhooks.transport = to_dexxy`."""
    meta = wsgi_headers({**delivery.headers, "Content-Length": str(len(delivery.body))})
    status, _ = take(meta, BytesIO(delivery.body))
    return Attempt("OK" if status < 300 else "failed", status)
