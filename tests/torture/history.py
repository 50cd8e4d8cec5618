"""Histories: lists of steps that are drawn from a seed, written down, repeated and made shorter."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from random import Random
from typing import Any, Final, Literal, Self

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
    "odd_webhooks": 4,
    "answer": 14,
    "troubles": 3,
    "compute_budget": 4,
    "points": 2,
    "event_meanwhile": 4,
    "kill": 5,
    "suspend": 2,
    "select_repositories": 2,
    "move_repository": 2,
    "permissions": 3,
    "features": 3,
    "single_sign_on": 2,
    "address": 2,
    "revoke_tokens": 1,
    "lag_of_tokens": 1,
    "uninstall": 1,
    "person": 3,
}
# What Dexxy does all the while, and how time goes by.
UPKEEP: Final = {"deliver": 4, "work": 3, "moment": 2, "minutes": 2, "hours": 1, "day": 1}
Follows = Literal["one", "both", "one by a token"]


@dataclass(frozen=True)
class Step:
    """One thing that happens: what, and the seed of all that is open about it.

    Args:
        kind: of several that it may be, as it once happened; '' draws it. So a history that is kept
            means the same when there are more kinds.
    """

    name: str
    seed: int
    kind: str = ""

    def __str__(self) -> str:
        return ":".join(filter(None, (self.name, str(self.seed), self.kind)))

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what a step writes."""
        name, seed, *kind = text.split(":", 2)
        return cls(name, int(seed), *kind)


@dataclass(frozen=True)
class Setting:
    """How a history begins.

    Args:
        milliseconds: how far into a second: GitHub shows whole ones.
        follows: which repositories, and by the App unless said. What leaves the first goes where
            nobody follows it, or where somebody does.
        reads_contents: the App may, so that releases and co-authors are known in any dialect.
    """

    milliseconds: int
    follows: Follows
    reads_contents: bool

    @classmethod
    def draw(cls, random: Random) -> Self:
        """Draw a setting."""
        choices: tuple[Follows, ...] = ("one", "both", "one by a token")
        [follows] = random.choices(choices, (6, 3, 2))
        return cls(random.randrange(1000), follows, random.random() < 0.7)


@dataclass(frozen=True)
class History:
    """What happens, in order, and in which world."""

    seed: int
    dialect: Dialect
    setting: Setting
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
        dialect = Dialect.draw(Random(f"dialect of {seed}"))
        return cls(seed, dialect, Setting.draw(Random(f"setting of {seed}")), tuple(drawn))

    def only(self, steps: Sequence[Step]) -> Self:
        """Return the same history with these steps only."""
        return replace(self, steps=tuple(steps))

    def pinned(self, kinds: Mapping[int, str]) -> Self:
        """Return the same history with the kinds that its steps turned out to be, by place."""
        steps = enumerate(self.steps)
        return self.only([replace(step, kind=kinds.get(place, "")) for place, step in steps])

    @classmethod
    def read(cls, text: str) -> Self:
        """Read what a history writes."""
        found: dict[str, Any] = json.loads(text)
        dialect: dict[str, Any] = {
            name: frozenset(value) if isinstance(value, list) else value
            for name, value in found["dialect"].items()
        }
        return cls(
            found["seed"],
            Dialect(**dialect),
            Setting(**found["setting"]),
            tuple(map(Step.read, found["steps"])),
        )

    def __str__(self) -> str:
        found = {
            "seed": self.seed,
            "dialect": asdict(self.dialect),
            "setting": asdict(self.setting),
            "steps": [str(step) for step in self.steps],
        }
        return json.dumps(found, indent=1, ensure_ascii=False, default=sorted)  # sets


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
