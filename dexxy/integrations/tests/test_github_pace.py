"""How long the rest takes is said, and true: counted in requests, so that no machine matters."""

import pytest

from dexxy.accounts.models import Workspace
from dexxy.integrations.models import (
    GitHubRepository,
    RunState,
    RunTrigger,
    SyncRun,
    SyncStream,
)
from dexxy.integrations.progress import progress_of
from dexxy.integrations.selectors import people_unread
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
from dexxy.integrations.services.github.reading.pace import Pace
from dexxy.integrations.services.github_sync import repository_sync
from dexxy_simulator.generated import generated_world
from dexxy_simulator.requests_log import RequestLog
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN

MARKS = (25, 50, 75)


class Clock:
    """Notes at each page how much is read, and how many requests the rest is said to take."""

    def __init__(self, repository: GitHubRepository, requests: RequestLog) -> None:
        self._repository = repository
        self._requests = requests
        self.said: list[tuple[int, int, float]] = []

    def look(self, run: SyncRun) -> None:
        lists = ["issues", "pull_requests", "discussions"]
        streams = self._repository.streams.filter(name__in=lists)
        people = people_unread(self._repository.source.workspace)
        progress = progress_of(streams, run, people)
        if progress.remaining is not None and progress.percent is not None:
            pace = Pace.of(run.pace)
            requests = progress.remaining.total_seconds() / (pace.seconds / pace.requests)
            self.said.append((progress.percent, self._requests.count(), requests))


@pytest.mark.slow
def test_the_rest_takes_at_most_twice_and_at_least_half_as_many_requests_as_was_said(
    workspace: Workspace,
) -> None:
    # Nobody foresees a thread of thousands of comments, so there is none.
    world = generated_world(7, threads=800, giants=0)
    with SimulatorServer(world) as server:
        github = GitHubServer(server.url, server.graphql_url, server.url)
        connected = repository_connect_by_token(
            workspace=workspace, full_name="colony/generated", token=DEMO_TOKEN, server=github
        )
        connected.streams.bulk_create(
            connected.streams.model(repository=connected, name=name, page_size=30)
            for name in ("issues", "pull_requests", "discussions")
        )
        clock = Clock(connected, server.requests)

        repository_sync(repository_id=connected.pk, trigger=RunTrigger.COMMAND, on_page=clock.look)
        end = server.requests.count()

    for mark in MARKS:
        _, at, said = next(one for one in clock.said if one[0] >= mark)
        assert 0.5 <= said / (end - at) <= 2, mark


def test_profiles_take_as_many_requests_as_are_asked_for_at_once() -> None:
    pace = Pace()
    for _ in range(4):
        pace.add(seconds=1, threads=10)
    run = SyncRun(state=RunState.RUNNING, pace=pace.stored())
    lists = [SyncStream(read=50, expected=100)]

    def seconds(people_at_once: int) -> float:
        progress = progress_of(lists, run, people=50, people_at_once=people_at_once)
        assert progress.remaining is not None
        return round(progress.remaining.total_seconds(), 3)

    # Five requests for fifty threads; fifty people are known, and fifty are expected among them.
    assert [seconds(100), seconds(50), seconds(25), seconds(30)] == [6, 7, 9, 9]
