"""Whatever a repository holds and however GitHub behaves, the database ends up equal to it."""

from random import Random

import pytest

from dexxy.accounts.models import Workspace
from dexxy.integrations.models import GitHubRepository, RunTrigger, SyncPart
from dexxy.integrations.services.github_connect import repository_connect_by_token
from dexxy.integrations.services.github_server import GitHubServer
from dexxy.integrations.services.github_sync import repository_sync
from dexxy.simulator.dialects import Dialect
from dexxy.simulator.generated import generated_world
from dexxy.simulator.model import Repository
from dexxy.simulator.server import SimulatorServer
from dexxy.simulator.tokens import DEMO_TOKEN
from dexxy.simulator.world import World
from tests.truth import assert_source_equals

NAME = "colony/generated"


def generated(seed: int, *, threads: int) -> tuple[World, Repository]:
    dialect = Dialect.draw(Random(seed))
    world = generated_world(seed, dialect=dialect, threads=threads)
    repository = world.repository(NAME)
    assert repository is not None
    return world, repository


def connect(workspace: Workspace, server: SimulatorServer) -> GitHubRepository:
    github = GitHubServer(server.url, server.graphql_url, server.url)
    return repository_connect_by_token(
        workspace=workspace, full_name=NAME, token=DEMO_TOKEN, server=github
    )


def sync(repository: GitHubRepository, *, sweep: bool = False) -> None:
    repository_sync(repository_id=repository.pk, trigger=RunTrigger.COMMAND, sweep=sweep)


@pytest.mark.parametrize("seed", range(8))
def test_a_generated_repository_is_stored_exactly_in_any_dialect(
    seed: int, workspace: Workspace
) -> None:
    world, repository = generated(seed, threads=250)

    with SimulatorServer(world) as server:
        connected = connect(workspace, server)
        sync(connected)
        assert_source_equals(connected.source, repository)

        sync(connected, sweep=True)
        assert_source_equals(connected.source, repository)
    assert not SyncPart.objects.exists()
