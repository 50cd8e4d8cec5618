"""The registry of what may happen in a history, and how things are chosen to which it happens."""

from collections.abc import Callable
from random import Random
from typing import Any, Final

from dexxy_simulator.model import Actor, Discussion, Issue, PullRequest, Repository
from dexxy_simulator.world import World

# One that takes a `what` may be told which of its kinds it is to be, and returns it.
Event = Callable[..., object]
EVENTS: Final[dict[str, Event]] = {}
WEIGHTS: Final[dict[str, int]] = {}
# Those that take a `what`.
TELLING: Final = {"talk", "told_change", "silent_change"}


def event(weight: int) -> Callable[[Event], Event]:
    """Name an event after its function, and say how often it comes."""

    def bind(function: Event) -> Event:
        EVENTS[function.__name__] = function
        WEIGHTS[function.__name__] = weight
        return function

    return bind


def to_one(
    weight: int, of: Callable[[Repository], list[Any]]
) -> Callable[[Callable[[World, Any, Random], object]], Event]:
    """Bind what is done to one thing that is chosen at random, if there is any."""

    def bind(act: Callable[[World, Any, Random], object]) -> Event:
        def to_chosen(world: World, repository: Repository, random: Random) -> object:
            found = of(repository)
            return act(world, random.choice(found), random) if found else None

        to_chosen.__name__ = act.__name__
        return event(weight)(to_chosen)

    return bind


def someone(world: World, random: Random) -> Actor:
    """Return a person."""
    return random.choice([one for one in world.actors.values() if one.kind == "User"])


def issues(repository: Repository) -> list[Issue]:
    """Return the issues."""
    return list(repository.issues.values())


def pulls(repository: Repository) -> list[PullRequest]:
    """Return the pull requests."""
    return list(repository.pull_requests.values())


def discussions(repository: Repository) -> list[Discussion]:
    """Return the discussions."""
    return list(repository.discussions.values())


def in_timelines(repository: Repository) -> list[Issue | PullRequest]:
    """Return what has a timeline."""
    return [*issues(repository), *pulls(repository)]
