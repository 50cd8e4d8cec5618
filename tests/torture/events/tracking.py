"""What people do to keep track of threads: milestones, parts, duplicates, assignments."""

from random import Random
from typing import Any

from dexxy_simulator.model import Issue, Milestone, PullRequest, Repository, Team
from dexxy_simulator.world import World
from tests.torture.events.registry import event, in_timelines, issues, pulls, someone, to_one


@to_one(4, in_timelines)
def set_milestone(world: World, thread: Any, random: Random) -> str:
    """Put a thread into a milestone, an old or a new one, or into none."""
    there = thread.home.milestones
    chosen: Milestone | None = random.choice([None, *there]) if there else None
    if chosen is None and random.random() < 0.5:
        chosen = world.add_milestone(thread.home, f"{random.randrange(9)}.0")
    world.set_milestone(thread, thread.home.owner, chosen)
    return chosen.title if chosen else ""


@to_one(3, lambda repository: list(repository.milestones))
def change_milestone(world: World, milestone: Milestone, random: Random) -> None:
    """Rename a milestone, close it, or delete it."""
    choice = random.randrange(3)
    if choice == 0:
        world.rename_milestone(milestone, f"{milestone.title}.{random.randrange(9)}")
    elif choice == 1:
        world.close_milestone(milestone)
    else:
        world.delete_milestone(milestone)


@to_one(3, issues)
def divide(world: World, issue: Issue, random: Random) -> None:
    """Make an issue a part of another one, maybe of another repository, or no part any more."""
    if issue.parent is not None:
        return world.remove_sub_issue(issue, issue.home.owner)
    places = [one for one in world.repositories.values() if one.owner is issue.home.owner]
    parents = [one for place in places for one in place.issues.values()]
    above = random.choice(parents)
    if issue not in _above(above):
        world.add_sub_issue(above, issue, issue.home.owner)
    return None


def _above(issue: Issue) -> list[Issue]:
    """Return an issue and all of which it is a part."""
    found = [issue]
    while (parent := found[-1].parent) is not None:
        found.append(parent)
    return found


@to_one(2, in_timelines)
def mark_duplicate(world: World, thread: Any, random: Random) -> None:
    """Mark a thread as a duplicate of another one, or no more."""
    other = random.choice(in_timelines(thread.home))
    if other is not thread:
        world.mark_duplicate(thread, someone(world, random), other, on=random.random() < 0.7)


@to_one(2, in_timelines)
def assign(world: World, thread: Any, random: Random) -> None:
    """Assign a thread to anybody, a bot too, or take somebody from it."""
    kinds = ("User", "Bot")
    found = [one for one in world.actors.values() if one.kind in kinds]
    who = random.choice([*thread.assignees, random.choice(found)])
    world.assign(thread, someone(world, random), who, on=who not in thread.assignees)


@to_one(2, lambda repository: [one for one in pulls(repository) if not one.closed])
def ask_team(world: World, pull: PullRequest, random: Random) -> None:
    """Ask a team for a review, or do not any more."""
    teams = [one for one in world.nodes.values() if isinstance(one, Team)]
    team = teams[0] if teams else world.add_team(pull.home.owner, "The core")
    asked = team in pull.requested_reviewers
    world.request_review(pull, someone(world, random), team, on=not asked)


@event(1)
def react(world: World, repository: Repository, random: Random) -> None:
    """React to many threads at once: nobody is told."""
    for thread in random.sample(repository.threads, min(5, len(repository.threads))):
        world.react(thread, random.choice(list(thread.reactions)), random.randint(1, 3))
