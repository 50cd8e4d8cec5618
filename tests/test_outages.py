"""Whatever dies while webhooks stream in, the database ends up equal to GitHub."""

import sys
from collections.abc import Iterator
from random import Random

import pytest
from pytest_django import DjangoDbBlocker

from tests.own_scene import Scene, own_scene

pytestmark = [
    pytest.mark.slow,  # servers that were killed take half a minute to be back and caught up with
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
    pytest.mark.timeout(600),
]

COUNT = 600


@pytest.fixture(scope="module")
def scene(django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    """A repository with a past, which a whole Dexxy has read through its App."""
    with django_db_blocker.unblock(), own_scene() as scene:
        yield scene


@pytest.fixture(scope="module")
def random() -> Random:
    """What is drawn."""
    return Random(2)


def refused(scene: Scene) -> int:
    """Return how many of the last deliveries GitHub counts as failed."""
    last = list(scene.world.webhooks.log)[-COUNT:]
    return sum(not delivery.attempt.is_success for delivery in last if delivery.attempt)


@pytest.mark.parametrize("server", ["valkey", "postgres"])
def test_a_server_that_is_away_for_a_while_loses_no_webhook(
    scene: Scene, random: Random, server: str
) -> None:
    def send_without() -> None:
        with scene.up.without(server):
            scene.wait_for_the_rest(300)

    scene.stream(random, COUNT, send_without)

    # Without a queue webhooks are kept all the same; without a database GitHub keeps them.
    assert (refused(scene) > COUNT / 10) is (server == "postgres")
    scene.assert_converges()


def test_workers_that_are_killed_at_work_lose_no_webhook(scene: Scene, random: Random) -> None:
    def kill_workers() -> None:
        for rest, whole in ((400, True), (300, False), (200, True)):
            scene.wait_for_the_rest(rest)
            scene.up.kill_at_work(" worker deliveries", whole=whole)
            scene.up.kill_at_work(" worker sync", whole=whole)

    scene.stream(random, COUNT, kill_workers)

    assert refused(scene) == 0
    scene.assert_converges()
