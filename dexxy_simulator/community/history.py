"""The past of the community: the recording, moved so that it ends where what is invented begins.

The recording is of 2018 to 2022, and a desk for who waits today would show nothing of it. What is
invented is said by invented people; those of the recording only have their own words.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

from dexxy_simulator.community.life import CommunityLife
from dexxy_simulator.model import Repository
from dexxy_simulator.recorded import load_recorded
from dexxy_simulator.world import World

RECORDED_UNTIL: Final = datetime(2022, 7, 8, tzinfo=UTC)
INVENTED_FOR: Final = timedelta(days=200)
STEPS: Final = 1100
# Something happened today, at whatever hour one looks.
STEPS_TODAY: Final = 16
SECOND: Final = "ants-recipes"


def add_community(world: World, seed: int) -> tuple[CommunityLife, list[Repository]]:
    """Add two repositories with a life until now, the same for a seed but for its times.

    Returns: what goes on with it, and the repositories.
    """
    now = world.now()
    since = now - INVENTED_FOR
    recorded = load_recorded(world, later=since - RECORDED_UNTIL)
    with world.at(since):
        second = world.add_repository(
            recorded.owner,
            SECOND,
            description="Recipes for ants. Invented: there is no such repository.",
        )
        life = CommunityLife(world, seed, recorded, second)
    for moment in _moments(Random(seed), since, now):  # noqa: S311  # no secrets
        with world.at(moment):
            life.step()
    return life, [recorded, second]


def _moments(random: Random, since: datetime, until: datetime) -> list[datetime]:
    """Draw when something happens: on working days more often, and around noon."""
    found: list[datetime] = []
    days = (until - since).days
    while len(found) < STEPS:
        day = since + timedelta(days=random.randrange(days))
        if day.weekday() >= 5 and random.random() < 0.6:
            continue
        at = day.replace(hour=0) + timedelta(hours=min(23.5, max(0.0, random.gauss(13, 4))))
        latest = until - timedelta(minutes=random.randint(1, 90))
        found.append(max(since, min(at, latest)))
    minutes = random.sample(range(5, 24 * 60), STEPS_TODAY)
    return sorted([*found, *(until - timedelta(minutes=one) for one in minutes)])
