"""The people of the community: a team, who comes back, who is new, and who has two accounts."""

from __future__ import annotations

import json
import unicodedata
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, Final

from dexxy_simulator.model import Actor, Repository
from dexxy_simulator.world import World

NAMES: Final = Path(__file__).with_name("names.json")
# Whoever comes as the sixth is somebody who was there before, with another account.
NEW_ACCOUNTS: Final = 6
# How likely it is that whoever opens something was never there.
NEW: Final = 0.35


class People:
    """Chooses who does something, and lets new people come.

    Args:
        repositories: what the team maintains.
    """

    def __init__(self, world: World, random: Random, *repositories: Repository) -> None:
        self._world, self._random = world, random
        self._names: dict[str, Any] = json.loads(NAMES.read_text(encoding="utf-8"))
        names = list(product(self._names["given"], self._names["family"]))
        self._unused = random.sample(names, len(names))
        self._came = 0
        self.team = [world.add_actor(**one) for one in self._names["team"]]
        self.known: list[Actor] = [self._newcomer() for _ in range(4)]
        for repository in repositories:
            repository.collaborators.update(self.team)

    def maintainer(self) -> Actor:
        """Choose somebody of the team; the first one does most."""
        return self._random.choices(self.team, weights=(5, 3, 2))[0]

    def someone(self) -> Actor:
        """Choose somebody who was there before; those who came first come most."""
        weights = [1 / place for place in range(1, len(self.known) + 1)]
        return self._random.choices(self.known, weights)[0]

    def opener(self) -> Actor:
        """Choose somebody, perhaps a person who was never there."""
        if not self._unused or self._random.random() >= NEW:
            return self.someone()
        self._came += 1
        is_second = self._came % NEW_ACCOUNTS == 0
        person = self._second_account() if is_second else self._newcomer()
        self.known.append(person)
        return person

    def _newcomer(self) -> Actor:
        given, family = self._unused.pop()
        login = _ascii(f"{given}-{family}")
        has_site = self._random.random() < 0.5
        return self._world.add_actor(
            login,
            name=f"{given} {family}",
            company=self._random.choice(self._names["companies"]),
            location=self._random.choice(self._names["places"]),
            blog=f"https://{login}.example.com" if has_site else "",
        )

    def _second_account(self) -> Actor:
        """Add another account of somebody, which shows the same name, and their site if any."""
        logins = {one.login for one in self.known}
        single = [one for one in self.known if not {f"{one.login}-work", _joined(one)} & logins]
        person = self._random.choice([one for one in single if not one.login.endswith("-work")])
        login = f"{person.login}-work" if person.blog else _joined(person)
        return self._world.add_actor(login, name=person.name, blog=person.blog)


def _joined(person: Actor) -> str:
    return person.login.replace("-", "")


def _ascii(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.lower().replace("ı", "i"))
    return letters.encode("ascii", "ignore").decode()
