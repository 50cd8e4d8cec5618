"""Whatever a repository holds and however GitHub behaves, the database ends up equal to it."""

import os
from contextlib import suppress
from random import Random
from signal import SIGKILL
from time import monotonic, sleep

import pytest

from dexxy.accounts.models import Workspace
from dexxy.common.errors import DexxyError
from dexxy.integrations.models import (
    Credential,
    GitHubRepository,
    RunTrigger,
    SyncPart,
    SyncProblem,
    SyncRun,
)
from dexxy.integrations.services.github.api.errors import RateLimitedError
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
from dexxy.integrations.services.github.reading.receipt import COUNTED
from dexxy.integrations.services.github_sync import repository_sync
from dexxy.messages.models import ThreadKind
from dexxy_simulator.dialects import Dialect
from dexxy_simulator.faults import passing_troubles
from dexxy_simulator.generated import generated_world
from dexxy_simulator.model import Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.silent import make_silent_change
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World
from tests.sync_processes import SyncRunner
from tests.truth import assert_source_equals

NAME = "colony/generated"


def seeds(numbers: range, *, quick: int) -> list[object]:
    """Return seeds as parameters, of which only the first QUICK ones are tried every day."""
    slow = [pytest.param(number, marks=pytest.mark.slow) for number in numbers[quick:]]
    return [*numbers[:quick], *slow]


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


def sync(repository: GitHubRepository, *, sweep: bool = False) -> SyncRun:
    return repository_sync(repository_id=repository.pk, trigger=RunTrigger.COMMAND, sweep=sweep)


@pytest.mark.parametrize("seed", seeds(range(8), quick=1))
def test_a_generated_repository_is_stored_exactly_in_any_dialect(
    seed: int, workspace: Workspace
) -> None:
    world, repository = generated(seed, threads=150)

    with SimulatorServer(world) as server:
        connected = connect(workspace, server)
        sync(connected)
        assert_source_equals(connected.source, repository)

        swept = sync(connected, sweep=True)
        assert_source_equals(connected.source, repository)
    assert [one for one in swept.receipt.values() if one["here"] != one["github"]] == []
    assert set(swept.receipt) == {*ThreadKind, *COUNTED}
    assert not SyncPart.objects.exists()


@pytest.mark.parametrize("seed", seeds(range(20, 24), quick=1))
def test_passing_troubles_on_the_way_leave_no_trace(seed: int, workspace: Workspace) -> None:
    world, repository = generated(seed, threads=120)

    with SimulatorServer(world) as server:
        connected = connect(workspace, server)
        server.faults.add(passing_troubles(seed, chance=0.2))
        for _ in range(30):
            try:
                sync(connected)
                break
            except RateLimitedError:
                Credential.objects.update(paused_until=None)
            except DexxyError as error:
                assert error.retryable, error  # noqa: PT017

    assert_source_equals(connected.source, repository)
    assert not SyncProblem.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", seeds(range(100, 105), quick=0))
def test_kill_9_at_any_moment_loses_and_doubles_nothing(seed: int, workspace: Workspace) -> None:
    random = Random(seed)
    world, repository = generated(seed, threads=120)
    kills, changes = 0, 0

    with SimulatorServer(world) as server:
        connected = connect(workspace, server)
        server.latency = 0.03
        with SyncRunner(connected) as runner:
            for _ in range(10):
                process = runner.start(sweep=True)
                end = monotonic() + random.uniform(0.05, 0.9)
                for _ in range(5):
                    changes += bool(make_silent_change(world, repository, random))
                    sleep(max(0.0, end - monotonic()) / 5)
                with suppress(ProcessLookupError):
                    os.kill(process, SIGKILL)
                status, _ = runner.end()
                assert status in (0, -SIGKILL)
                kills += status == -SIGKILL
        server.latency = 0
        sync(connected)
        sync(connected, sweep=True)

    assert (kills >= 8, changes) == (True, 50)
    assert_source_equals(connected.source, repository)
    assert not SyncPart.objects.exists()
