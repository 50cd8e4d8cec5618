"""What happens in a repository, told by webhooks of which only some arrive, in any order."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from random import Random

from dexxy_simulator.live import LiveActivity
from dexxy_simulator.model import Repository
from dexxy_simulator.silent import make_told_change
from dexxy_simulator.webhooks.deliveries import UNREACHED, Attempt, Delivery
from dexxy_simulator.world import World


def make_deliveries(world: World, repository: Repository, random: Random, count: int) -> None:
    """Let so much happen that at least COUNT deliveries wait: most of it talk, some of it not."""
    live = LiveActivity(world, random.getrandbits(32), repository)
    while len(world.webhooks.pending) < count:
        if random.random() < 0.75 or not list(repository.threads):  # what else could change?
            live.step()
        else:
            with suppress(LookupError):  # nothing is there yet that could be changed
                make_told_change(world, repository, random)


def deliver_badly(
    world: World, random: Random, *, every: int, meanwhile: Callable[[], object]
) -> Counter[str]:
    """Deliver what waits: a third of it dropped, a third twice, all of it shuffled.

    Of what is dropped, half is in the App's log as failed and half is nowhere.

    Args:
        every: after so many deliveries MEANWHILE is called.

    Returns: how many had each fate.
    """
    taken: list[Delivery] = []
    while (delivery := world.webhooks.take()) is not None:
        taken.append(delivery)
    fates = Counter[str]()
    sent: list[Delivery] = []
    for place, delivery in enumerate(random.sample(taken, len(taken))):
        fate = ("logged", "twice", "once", "nowhere", "twice", "once")[place % 6]
        fates[fate] += 1
        if fate == "logged":
            world.webhooks.record(delivery, Attempt(UNREACHED, None))
        elif fate != "nowhere":
            sent += [delivery] * (2 if fate == "twice" else 1)
    for place, delivery in enumerate(random.sample(sent, len(sent))):
        world.webhooks.send(delivery)
        if place % every == every - 1:
            meanwhile()
    meanwhile()
    return fates
