"""Fills a world with invented repositories."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heapify, heappop, heapreplace
from random import Random
from typing import Any

from dexxy_simulator.dialects import USUAL, Dialect
from dexxy_simulator.generated.cast import Cast
from dexxy_simulator.generated.plots import giants, plot
from dexxy_simulator.generated.size import Size
from dexxy_simulator.generated.stories import Stage, Story
from dexxy_simulator.generated.texts import Texts
from dexxy_simulator.model import Repository
from dexxy_simulator.state import system_clock
from dexxy_simulator.visitor import add_visitor
from dexxy_simulator.world import World

# The last activity of a generated repository is so long ago: what a second sync costs must not
# depend on how soon it comes.
QUIET_FOR = timedelta(minutes=10)


def generated_world(
    seed: int,
    *,
    clock: Callable[[], datetime] = system_clock,
    dialect: Dialect = USUAL,
    name: str = "generated",
    **size: Any,
) -> World:
    """Make a world with one generated repository, `colony/NAME`, and the demo's token.

    Args:
        size: the fields of `Size`.
    """
    world = World(clock, dialect)
    repository = add_generated_repository(world, name, seed, Size(**size))
    add_visitor(world, repository)
    return world


def add_generated_repository(
    world: World, name: str, seed: int, size: Size | None = None, **fields: Any
) -> Repository:
    """Add a generated repository of the organisation `colony` to a world.

    What happens in it depends on the seed alone, its times also on the world's clock.

    Args:
        fields: the others of `Repository`, such as `has_discussions_enabled`.
    """
    size = size or Size()
    with world.lock:
        random = Random(f"{seed}/{name}")  # noqa: S311  # no secrets
        until = world.now() - QUIET_FOR
        since = until - timedelta(days=size.days)
        with world.at(since):
            owner = world.actor("colony") or world.add_actor("colony", "Organization")
            repository = world.add_repository(owner, name, pushed_at=until, **fields)
            cast = Cast(world, random, name, max(8, size.threads // 12))
        stage = Stage(world, repository, random, cast, Texts(random), until)
        perform(world, _stories(stage, size, since))
        with world.at(until):
            _move_threads(stage, _few(size))
            _change_accounts(stage)
        return repository


def perform(world: World, stories: list[Story]) -> None:
    """Tell stories together, in the order of time."""
    queue = [(next(story), place, story) for place, story in enumerate(stories)]
    heapify(queue)
    while queue:
        moment, place, story = queue[0]
        with world.at(moment):
            following = next(story, None)
        if following is None:
            heappop(queue)
        else:
            heapreplace(queue, (following, place, story))


def _stories(stage: Stage, size: Size, since: datetime) -> list[Story]:
    random, span = stage.random, (stage.until - since).total_seconds()
    big = [
        one
        for _ in range(size.giants)
        for one in giants(stage, since + timedelta(seconds=span / 3))
    ]
    burst_at = since + timedelta(seconds=int(span / 2))
    moments = [
        burst_at
        if stage.happens(size.burst)
        else since + timedelta(seconds=int(random.random() * span))
        for _ in range(size.threads)
    ]
    counts = size.message_counts(random, given=sum(count for count, _ in big))
    plans = zip(size.kinds(random), moments, counts, strict=True)
    return [*(story for _, story in big), *(plot(stage, *plan) for plan in plans)]


def _few(size: Size) -> int:
    """How many threads move or vanish besides; none of a repository of a few threads."""
    return 0 if size.threads < 10 else max(1, size.threads // 200)


def _move_threads(stage: Stage, count: int) -> None:
    """Transfer, convert and delete some threads that were opened for it."""
    if not count:
        return
    world, repository, owner = stage.world, stage.repository, stage.repository.owner
    other = world.add_repository(owner, f"{repository.name}-archive")
    category = world.add_category(repository, "General")

    def opened(where: Repository) -> Any:
        issue = world.open_issue(where, stage.cast.someone(), stage.texts.title(), "On the move")
        stage.comment(issue)
        return issue

    for _ in range(count):
        world.transfer(opened(repository), other, owner)
        world.transfer(opened(other), repository, owner)
        world.convert_to_discussion(opened(repository), category, owner)
        world.delete(opened(repository))
        author = stage.cast.someone()
        world.delete(world.open_discussion(category, author, stage.texts.title(), "Spam"))


def _change_accounts(stage: Stage) -> None:
    """Delete one account and rename another; both have written something."""
    leaver, renamed = stage.random.sample(stage.cast.people, 2)
    stage.world.rename_actor(renamed, f"{renamed.login}-renamed")
    stage.world.delete_actor(leaver)
