"""Ten repositories on one credential: none waits for a huge one."""

import pytest

from dexxy.accounts.models import Workspace
from dexxy.integrations.models import GitHubRepository, RunState, SyncStatus
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
from dexxy.integrations.services.github_sync import credential_work
from dexxy.messages.models import Thread
from dexxy_simulator.generated import Size, add_generated_repository
from dexxy_simulator.recorded import recorded_world
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World

SMALL = Size(threads=10, giants=0)
LARGE = Size(threads=500, giants=0)


@pytest.fixture
def world() -> World:
    world = recorded_world()
    add_generated_repository(world, "large", 1, LARGE)
    for number in range(9):
        add_generated_repository(world, f"small-{number}", number, SMALL)
    return world


@pytest.mark.slow  # a large repository is read beside many small ones
def test_each_small_repository_is_done_before_a_tenth_of_the_large_one(
    world: World, simulator: SimulatorServer, github: GitHubServer, workspace: Workspace
) -> None:
    repositories = [
        repository_connect_by_token(
            workspace=workspace, full_name=f"colony/{name}", token=DEMO_TOKEN, server=github
        )
        for name in ("large", *(f"small-{number}" for number in range(9)))
    ]
    large = repositories[0]
    # So that a page is a small part of the large one, as it is of one with fifty thousand threads.
    for stream in ("issues", "pull_requests", "discussions"):
        large.streams.create(name=stream, page_size=4)
    credential_id = large.installation.credential_id
    assert credential_id is not None

    done: dict[str, int] = {}
    # A slice of no time reads one page, so each look here is between two pages.
    while credential_work(credential_id=credential_id, seconds=0):
        read = Thread.objects.filter(source=large.source).count()
        for repository in GitHubRepository.objects.filter(sync_status=SyncStatus.ACTIVE):
            done.setdefault(repository.name, read)
        if len(done) == 9:
            break

    assert sorted(done) == [f"small-{number}" for number in range(9)]
    assert max(done.values()) <= LARGE.threads / 10
    assert large.runs.get().state == RunState.RUNNING
