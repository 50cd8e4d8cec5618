"""What a sync holds in memory is a page, however much there is to read."""

import sys

import pytest

from benchmarks.worlds import NAME, long_thread_world
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN
from tests.factories import make_workspace
from tests.sync_processes import SyncRunner


def peak_memory(*, comments: int, threads: int = 1) -> float:
    """Sync threads of so many comments of 60 kB, and return the most memory it took, in MB."""
    workspace = make_workspace()
    world = long_thread_world(comments=comments, length=60_000, threads=threads)
    with SimulatorServer(world) as server:
        github = GitHubServer(server.url, server.graphql_url, server.url)
        connected = repository_connect_by_token(
            workspace=workspace, full_name=NAME, token=DEMO_TOKEN, server=github
        )
        with SyncRunner(connected) as runner:
            runner.start(sweep=False)
            status, memory = runner.end()
    stored = workspace.messages.filter(kind="comment").count()
    assert (status, stored) == (0, comments * threads)
    return memory


pytestmark = pytest.mark.slow  # nothing small fills a memory

on_linux = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere memory is counted otherwise"
)


@on_linux
@pytest.mark.django_db(transaction=True)
def test_memory_does_not_grow_with_the_length_of_a_thread() -> None:
    short = peak_memory(comments=200)

    long = peak_memory(comments=600)

    assert long < 200
    assert long - short < 20


@on_linux
@pytest.mark.django_db(transaction=True)
def test_memory_does_not_grow_with_the_long_threads_of_a_page() -> None:
    assert peak_memory(comments=100, threads=6) < 200
