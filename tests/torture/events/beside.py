"""What happens beside threads: stars, forks, releases, commits of several, profiles."""

from random import Random

from dexxy_simulator.model import Actor, GitActor, PullRequest, Release, Repository
from dexxy_simulator.world import World
from tests.torture.events.registry import event, pulls, someone, to_one


@event(3)
def star(world: World, repository: Repository, random: Random) -> None:
    """Give a star, or take one back."""
    fan = someone(world, random)
    (world.unstar if fan in repository.stargazers else world.star)(repository, fan)


@event(1)
def fork(world: World, repository: Repository, random: Random) -> None:
    """Copy the repository to somebody's account."""
    world.fork(repository, someone(world, random))


@event(3)
def release(world: World, repository: Repository, random: Random) -> None:
    """Make a release, or a draft of one."""
    tag, is_draft = f"v{random.getrandbits(16)}", random.random() < 0.2
    early = random.random() < 0.3
    world.release(
        repository, someone(world, random), tag, "All of it", draft=is_draft, prerelease=early
    )


@to_one(3, lambda repository: list(repository.releases))
def change_release(world: World, found: Release, random: Random) -> None:
    """Edit a release, publish it, or delete it."""
    choice = random.randrange(3)
    if choice == 0:
        changed = random.choice(({"name": None}, {"description": "Less"}, {"tag_name": "moved"}))
        world.edit_release(found, changed)
    elif choice == 1 and found.is_draft:
        world.publish_release(found)
    else:
        world.delete_release(found)


@to_one(3, lambda repository: [one for one in pulls(repository) if not one.closed])
def merge_together(world: World, pull: PullRequest, random: Random) -> None:
    """Merge what several people wrote, one of whom has no account, and one maybe no profile."""
    stranger = GitActor(name="Stranger", email=f"Stranger-{random.randrange(3)}@Example.com")
    others: list[Actor | GitActor] = [someone(world, random), stranger]
    if pull.head_ref is not None:
        world.push(pull, pull.author, *random.sample(others, random.randint(1, 2)))
    world.merge(pull, pull.home.owner)


@event(3)
def change_profile(world: World, _: Repository, random: Random) -> None:
    """Let somebody call themselves otherwise, and name other addresses."""
    person, number = someone(world, random), random.getrandbits(8)
    with world.lock:
        person.name = random.choice((None, f"Jo {number}", "Zoë 🐜"))
        person.blog = random.choice(("", f"https://example.com/{number}", "example.com"))
        person.twitter_username = random.choice((None, f"jo_{number}"))
        person.public_email = random.choice((None, f"Jo-{number}@example.com"))
        person.updated_at = world.now()
