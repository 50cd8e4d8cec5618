"""Whatever is killed while GitHub is out of sorts, the database ends up equal to the truth.

make torture N=0 KILLS=30   # so many histories with real processes, half a minute each
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from random import Random
from time import sleep
from typing import Final

import pytest
from pytest_django import DjangoDbBlocker

from dexxy.cli.tests.running import children_of
from dexxy.embedded.tests.observing import kill, server_of
from dexxy_simulator.dialects import Dialect
from dexxy_simulator.faults import passing_troubles
from dexxy_simulator.model import Repository
from dexxy_simulator.webhooks.deliveries import UNREACHED, Attempt, Delivery, post
from dexxy_simulator.world import World
from tests.own_installation import OwnInstallation
from tests.own_scene import Scene, own_scene
from tests.torture.events import EVENTS, WEIGHTS
from tests.torture.seeds import seed_of

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
    pytest.mark.timeout(600),
]

COUNT: Final = 100
KILLS: Final = 4
# The processes of `dexxy up`, by words of their command lines, and the servers.
PROCESSES: Final = (" web ", " worker deliveries", " worker sync", " scheduler")
SERVERS: Final = ("postgres", "valkey")
KINDS: Final = ("issues", "pull_requests", "discussions")


@pytest.mark.parametrize("number", range(int(os.environ.get("DEXXY_TEST_KILLS") or 1)))
def test_a_random_history_with_kills_ends_at_the_truth(
    number: int, django_db_blocker: DjangoDbBlocker
) -> None:
    seed = seed_of(number, among="DEXXY_TEST_KILLS")
    random, killed = Random(seed), list[str]()
    dialect = Dialect.draw(random)

    try:
        with django_db_blocker.unblock(), own_scene(dialect, past=20) as scene:
            scene.world.webhooks.transport = badly(Random(seed))
            scene.github.faults.add(passing_troubles(seed, chance=0.05))
            scene.stream(random, COUNT, lambda: kill_at_random(scene, random, killed), events)
            scene.github.faults.clear()
            scene.world.webhooks.transport = post
            scene.assert_converges()
    except AssertionError as error:
        error.add_note(f"Killed were {killed}, in the dialect {dialect.differences()}.")
        error.add_note(f"To try it again: make torture N=0 KILLS=1 SEED={seed}")
        raise

    assert len(killed) == KILLS


def events(world: World, repository: Repository, random: Random, count: int) -> None:
    """Let anything happen that can in a history."""
    while len(world.webhooks.pending) < count:
        [name] = random.choices(list(WEIGHTS), list(WEIGHTS.values()))
        with suppress(LookupError):  # nothing is left to which it could happen
            EVENTS[name](world, repository, random)


def badly(random: Random) -> Callable[[Delivery], Attempt]:
    """Send deliveries so that some do not arrive, and some arrive twice."""

    def send(delivery: Delivery) -> Attempt:
        fate = random.random()
        if fate < 0.1:
            return Attempt(UNREACHED, None)
        if fate < 0.2:
            post(delivery)
        return post(delivery)

    return send


def kill_at_random(scene: Scene, random: Random, killed: list[str]) -> None:
    """Kill what runs, one after the other, at moments that nobody chooses.

    Between two kills the App may not read all kinds of threads.
    """
    taken, given = sorted(random.sample(range(KILLS + 1), 2))
    for place, victim in enumerate(random.choices((*PROCESSES, *SERVERS), k=KILLS)):
        if place == taken:
            scene.permit(without=random.sample(KINDS, random.randint(1, len(KINDS))))
        if place == given:
            scene.permit()
        sleep(random.uniform(0, 0.5))
        pid = _server(scene.up, victim) if victim in SERVERS else _process(scene.up, random, victim)
        if pid:
            kill(pid)
        killed.append(victim)
    if given == KILLS:
        scene.permit()


def _server(up: OwnInstallation, name: str) -> int | None:
    with suppress(ValueError):  # it is being started just now
        return server_of(up.data_dir, name)
    return None


def _process(up: OwnInstallation, random: Random, words: str) -> int | None:
    """Choose a process of the installation, or one that it has started for its work."""
    found = [pid for pid, line in children_of(up.process.pid).items() if words in f"{line} "]
    if not found:  # it has just ended, and is started again
        return None
    return random.choice([*found, *children_of(found[0])])
