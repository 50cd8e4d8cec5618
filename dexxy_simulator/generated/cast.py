"""The accounts of a generated repository: a few write most, and every kind is there."""

from __future__ import annotations

from itertools import accumulate
from random import Random
from typing import Final

from dexxy_simulator.model import Actor, ActorKind
from dexxy_simulator.world import World

NAMES: Final = (
    *("Ada Example", "山田 太郎", "Оля Пример", "محمد مثال", "김민수", "José Ñandú", "李雷"),
    *("Zoë 🚀", None, None),
)
# How often each kind of account that is no person writes; None stands for a deleted account.
OTHERS: Final[dict[ActorKind | None, float]] = {
    "Bot": 0.07,
    "Mannequin": 0.01,
    "Organization": 0.005,
    "EnterpriseUserAccount": 0.003,
    None: 0.02,
}
# Marks the logins of people who may appear in several generated repositories.
INVENTED: Final = "-person-"
# The share of people who also write in other generated repositories of the same world.
KNOWN: Final = 0.3


class Cast:
    """Chooses who does something."""

    def __init__(self, world: World, random: Random, name: str, people: int) -> None:
        self._random = random
        known = [one for one in world.actors.values() if INVENTED in one.login]
        shared = random.sample(known, min(len(known), int(people * KNOWN)))
        new = [self._person(world, name, place) for place in range(people - len(shared))]
        self.people = [*shared, *new]
        random.shuffle(self.people)
        self._weights = list(accumulate(1 / rank for rank in range(1, people + 1)))
        self._others = {
            kind: world.add_actor(f"{name}-{kind.lower()}", kind) if kind else None
            for kind in OTHERS
        }

    def _person(self, world: World, name: str, place: int) -> Actor:
        return world.add_actor(
            f"{name}{INVENTED}{place}",
            name=self._random.choice(NAMES),
            company=self._random.choice((None, "@example", "Example GmbH")),
            location=self._random.choice((None, "Köln", "北京")),
            bio=self._random.choice((None, "Writes code.")),
            blog=self._random.choice(("", "https://example.com/me")),
        )

    def someone(self) -> Actor | None:
        """Choose an account of any kind, or nobody, mostly a person."""
        chance = self._random.random()
        for kind, share in OTHERS.items():
            chance -= share
            if chance < 0:
                return self._others[kind]
        return self.person()

    def person(self) -> Actor:
        """Choose a person; the first ones of the cast do most."""
        return self._random.choices(self.people, cum_weights=self._weights)[0]
