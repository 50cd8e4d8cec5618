"""Fixtures: a simulated GitHub, and a repository of it that is connected to a workspace."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.test import Client

from dexxy.accounts.models import Workspace
from dexxy.integrations.models import GitHubRepository
from dexxy.integrations.services.github_connect import repository_connect_by_token
from dexxy.integrations.services.github_server import GitHubServer
from dexxy.simulator.model import Repository
from dexxy.simulator.recorded.loader import recorded_world
from dexxy.simulator.server import SimulatorServer
from dexxy.simulator.tokens import DEMO_TOKEN
from dexxy.simulator.webhooks.deliveries import Attempt, Delivery
from dexxy.simulator.world import World

RECORDED = "panjf2000/ants"


@pytest.fixture
def world() -> World:
    """The recorded repository, completed."""
    return recorded_world()


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
    """Hand a webhook to Dexxy's own view: `world.webhooks.transport = to_dexxy`."""
    response = Client().post(
        urlsplit(delivery.url).path,
        delivery.body,
        content_type=delivery.headers["Content-Type"],
        headers=delivery.headers,
    )
    return Attempt("OK" if response.status_code < 300 else "failed", response.status_code)
