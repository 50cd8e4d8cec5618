"""What people and GitHub do with threads and with the repository as a whole."""

from random import Random
from typing import Any, Final, get_args

from dexxy_simulator.live import LiveActivity
from dexxy_simulator.model import Discussion, Issue, PullRequest, Repository, posts_of
from dexxy_simulator.model.actors import ActorKind
from dexxy_simulator.novelties import make_new_change
from dexxy_simulator.silent import make_silent_change, make_told_change
from dexxy_simulator.world import World
from tests.torture.events.registry import (
    discussions,
    event,
    in_timelines,
    issues,
    pulls,
    someone,
    to_one,
)

# More than comes with a thread.
LONG: Final = 60


@event(30)
def talk(world: World, repository: Repository, random: Random, what: str | None = None) -> str:
    """Do what people do most."""
    return LiveActivity(world, random.getrandbits(32), repository).step(what)


@event(20)
def told_change(
    world: World, repository: Repository, random: Random, what: str | None = None
) -> str:
    """Edit, delete, hide, move, rename, and tell of it."""
    return make_told_change(world, repository, random, what and [what])


@event(6)
def silent_change(
    world: World, repository: Repository, random: Random, what: str | None = None
) -> str:
    """Do the same, so that nobody is told."""
    return make_silent_change(world, repository, random, what and [what])


@event(4)
def new_action(world: World, repository: Repository, random: Random) -> str:
    """Change something of which only a webhook of a new action tells."""
    return make_new_change(world, repository, random)


@event(2)
def strangers_speak(world: World, repository: Repository, random: Random) -> str | None:
    """Let an account of a new kind speak."""
    kind = random.choice(get_args(ActorKind))
    login = f"{kind.lower()}-{random.getrandbits(24)}"
    actor = world.add_actor(login, kind, name=random.choice((None, "Jo Doe")), bio="I try.")
    threads = in_timelines(repository)
    if threads:
        world.comment(random.choice(threads), actor, "Hello")
    return login


@event(1)
def long_conversation(world: World, repository: Repository, random: Random) -> None:
    """Say more than fits into the page that comes with a thread."""
    threads = repository.threads
    if not threads:
        return
    thread = random.choice(threads)
    for number in range(LONG):
        if isinstance(thread, Discussion):
            world.discuss(thread, someone(world, random), f"Comment {number}")
        else:
            world.comment(thread, someone(world, random), f"Comment {number}")


@event(2)
def open_discussion(world: World, repository: Repository, random: Random) -> None:
    """Start a discussion."""
    category = random.choice(list(repository.categories.values()))
    world.open_discussion(category, someone(world, random), "How?", "Tell me")


@to_one(2, issues)
def convert(world: World, issue: Issue, random: Random) -> None:
    """Turn an issue into a discussion."""
    category = random.choice(list(issue.home.categories.values()))
    world.convert_to_discussion(issue, category, issue.home.owner)


@to_one(1, lambda repository: list(repository.transferred.values()))
def come_back(world: World, issue: Issue, _: Random) -> None:
    """Transfer an issue once more, to where it was or to where others went."""
    others = [one for one in world.repositories.values() if one is not issue.home]
    if issue.home.issues.get(issue.number) is issue and others:
        world.transfer(issue, others[0], issue.home.owner)


@to_one(2, lambda repository: repository.threads)
def retitle(world: World, thread: Any, random: Random) -> None:
    """Give a thread another title."""
    world.rename_title(thread, thread.repository.owner, f"Title {random.getrandbits(16)}")


@to_one(3, lambda repository: repository.threads)
def relabel(world: World, thread: Any, random: Random) -> None:
    """Change the labels of a thread."""
    names = random.sample(("bug", "good first issue", "wontfix", "à faire"), random.randint(0, 3))
    world.set_labels(thread, thread.repository.owner, names)


@to_one(3, issues)
def give_type(world: World, issue: Issue, random: Random) -> None:
    """Say of which type an issue is, or that it is of none."""
    world.set_type(issue, issue.home.owner, random.choice(("Bug", "Task", "Größe", None)))


@to_one(1, lambda repository: repository.threads)
def lock(world: World, thread: Any, _: Random) -> None:
    """Lock a thread, or unlock it."""
    if thread.locked:
        world.unlock_thread(thread, thread.repository.owner)
    else:
        world.lock_thread(thread, thread.repository.owner, "TOO_HEATED")


@to_one(2, issues)
def reopen(world: World, issue: Issue, random: Random) -> None:
    """Open an issue again, or close it."""
    if issue.closed:
        world.reopen(issue, someone(world, random))
    else:
        world.close(issue, someone(world, random), random.choice(("COMPLETED", "DUPLICATE")))


@to_one(2, lambda repository: [one for one in pulls(repository) if not one.merged])
def redraft(world: World, pull: PullRequest, _: Random) -> None:
    """Make a pull request a draft, or ready."""
    world.set_draft(pull, pull.author, draft=not pull.is_draft)


@to_one(1, lambda repository: [one for one in pulls(repository) if not one.merged])
def close_pull_request(world: World, pull: PullRequest, _: Random) -> None:
    """Close a pull request without merging it, or open it again."""
    (world.reopen if pull.closed else world.close)(pull, pull.home.owner)


@to_one(2, pulls)
def review_in_secret(world: World, pull: PullRequest, random: Random) -> None:
    """Submit a review that waits, or begin one."""
    for review in pull.reviews:
        if review.state == "PENDING":
            return world.submit_review(review, random.choice(("COMMENTED", "APPROVED")))
    lines = [("a.go", 3, "Hm"), ("b.go", 4, "Ah")]
    body = random.choice(("", "By and by"))
    world.review(pull, someone(world, random), "PENDING", body, lines)
    return None


@to_one(2, lambda repository: [o for p in pulls(repository) for o in p.review_threads])
def answer_on_diff(world: World, thread: Any, random: Random) -> None:
    """Reply to a comment on code, or resolve its thread."""
    first = thread.comments[0]
    if first.state == "PENDING" or random.random() < 0.3:
        world.resolve(thread, someone(world, random), resolved=not thread.is_resolved)
    else:
        world.reply_on_diff(random.choice(thread.comments), someone(world, random), "Done")


@to_one(4, lambda repository: [o for p in pulls(repository) for o in p.review_threads])
def resolve_on_diff(world: World, thread: Any, random: Random) -> None:
    """Resolve a thread on the diff, or take that back."""
    world.resolve(thread, someone(world, random), resolved=not thread.is_resolved)


@to_one(1, pulls)
def review_at_length(world: World, pull: PullRequest, random: Random) -> None:
    """Comment on more lines than come with a pull request, and resolve some of them."""
    lines = [("long.go", number + 1, "Hm") for number in range(LONG)]
    review = world.review(pull, someone(world, random), "COMMENTED", "", lines)
    begun = [one for one in pull.review_threads if one.comments[0] in review.comments]
    for thread in random.sample(begun, 3):
        world.resolve(thread, someone(world, random))


@to_one(3, discussions)
def change_discussion(world: World, discussion: Discussion, random: Random) -> None:
    """Close a discussion, open it again, choose or unchoose its answer, move it."""
    owner = discussion.home.owner
    choice = random.randrange(3)
    if choice == 0 and discussion.closed:
        world.reopen_discussion(discussion, owner)
    elif choice == 0:
        reason = random.choice(("RESOLVED", "OUTDATED", "DUPLICATE"))
        world.close_discussion(discussion, reason, owner)
    elif choice == 1 and discussion.answer:
        world.unchoose_answer(discussion, owner)
    elif choice == 1 and (alive := [one for one in discussion.comments if not one.deleted_at]):
        world.choose_answer(random.choice(alive), owner)
    else:
        category = random.choice(list(discussion.home.categories.values()))
        world.change_category(discussion, category, owner)


@to_one(2, lambda repository: list(posts_of(repository)))
def edit_anything(world: World, post: Any, random: Random) -> None:
    """Edit a text, into one that is hard to keep."""
    text = random.choice(("", "Zażółć gęślą jaźń 🐜", "x" * 3000, "a\r\nb", "<b>&amp;</b>"))
    world.edit(post, text)


@event(1)
def rename_repository(world: World, repository: Repository, random: Random) -> None:
    """Rename the repository."""
    world.rename_repository(repository, f"hill-{random.getrandbits(16)}", repository.owner)


@event(1)
def rename_owner(world: World, repository: Repository, random: Random) -> None:
    """Rename the organisation."""
    world.rename_actor(repository.owner, f"colony-{random.getrandbits(16)}")


@event(1)
def change_repository(world: World, repository: Repository, random: Random) -> None:
    """Make the repository private or public, archive it, describe it."""
    owner = repository.owner
    choice = random.randrange(3)
    if choice == 0:
        world.set_private(repository, owner, private=not repository.is_private)
    elif choice == 1:
        world.archive_repository(repository, owner, archived=not repository.is_archived)
    else:
        world.describe_repository(repository, f"{random.getrandbits(16)} ants", owner)
