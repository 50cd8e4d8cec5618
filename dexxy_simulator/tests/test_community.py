"""The community of the demo: a past that ends now, and people for every page."""

from collections import Counter
from datetime import timedelta

import pytest

from dexxy_simulator.community import add_community
from dexxy_simulator.community.life import CommunityLife
from dexxy_simulator.model import Repository
from dexxy_simulator.tests.conftest import Clock
from dexxy_simulator.world import World

Community = tuple[World, CommunityLife, list[Repository]]


@pytest.fixture(scope="module")
def community() -> Community:
    world = World(Clock())
    return world, *add_community(world, seed=1)


def test_what_is_recorded_ends_where_what_is_invented_begins(community: Community) -> None:
    world, _, [ants, recipes] = community
    since = world.now() - timedelta(days=200)

    recorded = [one for one in ants.issues.values() if one.created_at < since]
    assert len(recorded) == 26
    # The recording is of July 2018 to July 2022.
    first = min(one.created_at for one in recorded)
    assert timedelta(days=1400) < since - first < timedelta(days=1500)
    assert min(one.created_at for one in recipes.issues.values()) >= since


def test_it_has_lived_until_now_and_not_beyond(community: Community) -> None:
    world, _, repositories = community
    threads = [
        one
        for place in repositories
        for kind in (place.issues, place.pull_requests, place.discussions)
        for one in kind.values()
    ]

    newest = max(one.updated_at for one in threads)
    assert timedelta(0) <= world.now() - newest < timedelta(hours=8)
    times = [getattr(node, "created_at", None) for node in world.nodes.values()]
    assert max(time for time in times if time) <= world.now()


def test_some_people_have_two_accounts_and_only_invented_ones_say_what_is_invented(
    community: Community,
) -> None:
    world, _life, [_, recipes] = community

    names = Counter(one.name for one in world.actors.values() if one.name)
    assert sum(number == 2 for number in names.values()) >= 5
    recorded = {one.database_id for one in world.actors.values() if one.created_at.year < 2023}
    said = {one.author.database_id for one in recipes.issues.values() if one.author}
    assert not said & recorded


def test_each_of_the_last_two_months_has_enough_issues_to_be_compared(
    community: Community,
) -> None:
    world, life, repositories = community
    ages = [
        world.now() - issue.created_at
        for place in repositories
        for issue in place.issues.values()
        if issue.author not in life._people.team
    ]

    # From ten on figures are compared; some more, for what trickles in while the demo runs.
    for month in (0, 1):
        since, until = timedelta(days=30 * month), timedelta(days=30 * (month + 1))
        assert sum(since <= age < until for age in ages) >= 12


def test_a_seed_tells_the_same_story_and_goes_on_with_it(community: Community) -> None:
    world, life, _ = community
    other = World(Clock())
    again, _ = add_community(other, seed=1)

    for one in (life, again):
        one.step()

    assert list(other.nodes) == list(world.nodes)
