"""What the repositories are like whose reading is measured."""

from dexxy_simulator.generated import generated_world
from dexxy_simulator.world import World

NAME = "colony/generated"


def long_thread_world(*, comments: int, length: int, threads: int = 1) -> World:
    """Make a repository with issues that are nothing but long.

    Args:
        comments: how many each has.
        length: of each, in characters.
    """
    world = generated_world(1, threads=1, giants=0, messages=0)
    repository, author = world.repository(NAME), world.actor("colony")
    assert repository is not None
    for _ in range(threads):
        issue = world.open_issue(repository, author, "Does anybody else have this?")
        for place in range(comments):
            world.comment(issue, author, f"{place} ".ljust(length, "x"))
    return world
