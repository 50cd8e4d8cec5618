"""Histories: lists of steps that are drawn from a seed, printed, repeated and made shorter."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final, Self

from dexxy_simulator.dialects import Dialect
from tests.torture.events import WEIGHTS

LEAST_EVENTS: Final = 60
LEAST_FAULTS: Final = 5
# What becomes of deliveries, and what else goes wrong or is taken away.
FAULTS: Final = {
    "drop": 4,
    "drop_without_trace": 3,
    "double": 4,
    "shuffle": 4,
    "refuse": 2,
    "answer": 14,
    "event_meanwhile": 4,
    "kill": 5,
    "suspend": 2,
    "select_repositories": 2,
    "permissions": 3,
    "features": 3,
    "revoke_tokens": 1,
    "lag_of_tokens": 1,
    "uninstall": 1,
    "person": 3,
}
# What Dexxy does all the while, and how time goes by.
UPKEEP: Final = {"deliver": 4, "work": 3, "moment": 2, "minutes": 2, "hours": 1, "day": 1}


@dataclass(frozen=True)
class Step:
    """One thing that happens: what, and the seed of all that is open about it."""

    name: str
    seed: int

    def __repr__(self) -> str:
        return f"{self.name}:{self.seed}"


@dataclass(frozen=True)
class History:
    """What happens, in order, in a world whose dialect is drawn from a seed."""

    seed: int
    steps: tuple[Step, ...]

    @classmethod
    def draw(cls, seed: int) -> Self:
        """Draw a history."""
        random = Random(seed)

        def steps(weights: dict[str, int], count: int) -> list[Step]:
            names = random.choices(list(weights), list(weights.values()), k=count)
            return [Step(name, random.getrandbits(32)) for name in names]

        drawn = [
            *steps(WEIGHTS, random.randint(LEAST_EVENTS, LEAST_EVENTS + 30)),
            *steps(FAULTS, random.randint(LEAST_FAULTS, LEAST_FAULTS + 7)),
            *steps(UPKEEP, random.randint(6, 12)),
        ]
        random.shuffle(drawn)
        return cls(seed, tuple(drawn))

    @property
    def dialect(self) -> Dialect:
        """How GitHub behaves."""
        return Dialect.draw(Random(f"dialect of {self.seed}"))

    def only(self, steps: Sequence[Step]) -> "History":
        """Return the same history with these steps only."""
        return History(self.seed, tuple(steps))

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what a history writes: its seed, and its steps with theirs."""
        seed, *steps = text.split()
        pairs = (step.rpartition(":") for step in steps)
        return cls(int(seed), tuple(Step(name, int(number)) for name, _, number in pairs))

    def __str__(self) -> str:
        return " ".join([str(self.seed), *map(repr, self.steps)])


def shortest(history: History, fails: Callable[[History], bool], tries: int = 200) -> History:
    """Drop steps of a history for as long as it still fails: halves first, then ever fewer.

    Args:
        tries: after so many the shortest so far is good enough.
    """
    size = len(history.steps) // 2
    while size and tries:
        start = 0
        while start < len(history.steps) and tries:
            tries -= 1
            shorter = history.only(history.steps[:start] + history.steps[start + size :])
            if fails(shorter):
                history = shorter
            else:
                start += size
        size //= 2
    return history
