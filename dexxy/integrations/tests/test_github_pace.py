"""How long the rest takes is said, and true: measured on a server that answers slowly."""

from time import monotonic

from dexxy.accounts.models import Workspace
from dexxy.integrations.models import GitHubRepository, RunTrigger, SyncRun
from dexxy.integrations.selectors import people_unread, progress_of
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
from dexxy.integrations.services.github_sync import repository_sync
from dexxy_simulator.generated import generated_world
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN

LATENCY = 0.1  # seconds; far above what this machine needs for a page
MARKS = (25, 50, 75)


class Clock:
    """Notes at each page how much is read, and how long the rest is said to take."""

    def __init__(self, repository: GitHubRepository) -> None:
        self._repository = repository
        self.said: list[tuple[int, float, float]] = []

    def look(self, run: SyncRun) -> None:
        lists = ["issues", "pull_requests", "discussions"]
        streams = self._repository.streams.filter(name__in=lists)
        people = people_unread(self._repository.source.workspace)
        progress = progress_of(streams, run, people)
        if progress.remaining is not None and progress.percent is not None:
            self.said.append((progress.percent, monotonic(), progress.remaining.total_seconds()))


def test_the_rest_takes_at_most_twice_and_at_least_half_as_long_as_was_said(
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
        server.latency = LATENCY
        clock = Clock(connected)

        repository_sync(repository_id=connected.pk, trigger=RunTrigger.COMMAND, on_page=clock.look)
        end = monotonic()

    for mark in MARKS:
        _, at, said = next(one for one in clock.said if one[0] >= mark)
        assert 0.5 <= said / (end - at) <= 2, mark
