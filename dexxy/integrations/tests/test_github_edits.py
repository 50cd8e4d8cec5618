"""The lists of edited comments: what cannot be read now is read later, and nothing is passed by."""

from datetime import datetime, timedelta

import pytest

from dexxy.integrations.models import (
    Credential,
    GitHubRepository,
    RunTrigger,
    SyncRun,
    SyncStream,
)
from dexxy.integrations.services.github_sync import repository_sync
from dexxy_simulator.faults import Fault, status
from dexxy_simulator.faults.call import Asked
from dexxy_simulator.model import Actor, Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.world import World
from tests.truth import assert_source_equals


def sync(repository: GitHubRepository) -> SyncRun:
    return repository_sync(repository_id=repository.pk, trigger=RunTrigger.COMMAND)


def edits(repository: GitHubRepository) -> SyncStream:
    return repository.streams.get(name="comment_edits")


def watermark(repository: GitHubRepository) -> datetime:
    at = edits(repository).watermark
    assert at is not None
    return at


@pytest.fixture
def jo(world: World) -> Actor:
    return world.add_actor("jo")


@pytest.fixture
def crowded(
    connected: GitHubRepository, world: World, ants: Repository, jo: Actor
) -> GitHubRepository:
    """A synced repository with so many edits in one second that their list needs `next`."""
    with world.at(world.now() - timedelta(hours=1)):
        issue = world.open_issue(ants, jo, "Much to say")
        comments = [world.comment(issue, jo, f"Comment {number}") for number in range(250)]
    sync(connected)
    with world.at(world.now()):
        for comment in comments:
            world.edit(comment, f"{comment.body}, edited", jo)
    return connected


@pytest.mark.parametrize("refusal", [404, 410])
def test_a_list_that_is_switched_off_leaves_the_watermark_where_it_is(
    connected: GitHubRepository, simulator: SimulatorServer, refusal: int
) -> None:
    sync(connected)
    before = watermark(connected)
    simulator.faults.add(Fault(status(refusal), on="issue_comments", times=None))

    run = sync(connected)

    assert run.state == "done"
    assert watermark(connected) == before


@pytest.mark.parametrize("refusal", [400, 403, 404, 410, 422])
def test_a_page_that_is_refused_in_the_middle_restarts_the_scan_from_the_watermark(
    crowded: GitHubRepository, simulator: SimulatorServer, ants: Repository, refusal: int
) -> None:
    def goes_on(asked: Asked) -> bool:
        return "page=2" in asked.path or "after=" in asked.path

    fault = Fault(status(refusal), on=goes_on, times=1)
    simulator.faults.add(fault)

    run = sync(crowded)

    assert (fault.happened, run.counts["restarts"], edits(crowded).cursor) == (1, 1, "")
    assert_source_equals(crowded.source, ants)


def test_the_requests_that_are_left_are_noted(connected: GitHubRepository) -> None:
    sync(connected)
    sync(connected)

    credential = Credential.objects.get()
    assert credential.requests_remaining is not None
    assert 4000 < credential.requests_remaining < 5000
