"""A history in which everything happens that the world knows."""

from dexxy_simulator.model import Repository
from dexxy_simulator.tests.conftest import Clock
from dexxy_simulator.world import World


def make_history(world: World, clock: Clock, repository: Repository) -> None:
    """Let everything happen once, a minute apart."""
    owner, visitor = repository.owner, world.add_actor("visitor", name="Vera")
    bot, leaver = world.add_actor("helper", "Bot"), world.add_actor("leaver")
    mannequin, firm = world.add_actor("m", "Mannequin"), world.add_actor("firm", "Organization")
    staff = world.add_actor("staff", "EnterpriseUserAccount")
    _issues(world, clock, repository, [visitor, bot, leaver, mannequin, firm, staff])
    _pull_requests(world, clock, repository)
    _discussions(world, clock, repository)
    world.delete_actor(leaver)
    world.rename_actor(visitor, "vera")
    clock.pass_by(minutes=1)
    world.open_issue(repository, owner, "The last one")


def _issues(world: World, clock: Clock, repository: Repository, people: list) -> None:  # type: ignore[type-arg]
    owner = repository.owner
    issue = world.open_issue(repository, people[0], "Original title", "A body")
    clock.pass_by(minutes=1)
    comments = [world.comment(issue, person, f"I am {person.login}") for person in people]
    clock.pass_by(minutes=1)
    world.edit(comments[0], "Edited")
    world.minimize(comments[1], "spam")
    world.delete(comments[4], owner)
    world.rename_title(issue, owner, "New title")
    world.set_labels(issue, owner, ["bug", "brand new"])
    world.set_labels(issue, owner, ["brand new"])
    world.close(issue, owner, "NOT_PLANNED")
    clock.pass_by(minutes=1)
    world.reopen(issue, people[2])
    world.lock_thread(issue, owner, "TOO_HEATED")
    world.unlock_thread(issue, owner)
    issue.assignees.append(people[2])
    other = world.add_repository(owner, "ants-archive")
    world.transfer(world.open_issue(other, people[0], "Elsewhere"), repository, owner)
    world.transfer(world.open_issue(repository, people[0], "Away"), other, owner)
    category = world.add_category(repository, "Q&A")
    world.convert_to_discussion(
        world.open_issue(repository, people[0], "A question"), category, owner
    )
    world.delete(world.open_issue(repository, people[0], "Spam"))


def _pull_requests(world: World, clock: Clock, repository: Repository) -> None:
    owner, visitor = repository.owner, world.actor("visitor")
    pull = world.open_pull_request(repository, visitor, "A change", "Why", draft=True)
    clock.pass_by(minutes=1)
    world.set_draft(pull, visitor, draft=False)
    review = world.review(pull, owner, "CHANGES_REQUESTED", "Please", [("a.go", 3, "Here")])
    clock.pass_by(minutes=1)
    world.reply_on_diff(review.comments[0], visitor, "Done")
    world.resolve(pull.review_threads[0], visitor)
    world.dismiss_review(review)
    world.set_draft(pull, visitor, draft=True)
    pending = world.review(pull, owner, "PENDING", "", [("b.go", 4, "Hm"), ("b.go", 5, "Ah")])
    world.submit_review(pending)
    world.delete(pending.comments[0])
    world.comment(pull, visitor, "Ping")
    clock.pass_by(minutes=1)
    world.merge(pull, owner)
    world.close(world.open_pull_request(repository, visitor, "Another"), owner)


def _discussions(world: World, clock: Clock, repository: Repository) -> None:
    owner, visitor = repository.owner, world.actor("visitor")
    category = world.add_category(repository, "Q&A")
    discussion = world.open_discussion(category, visitor, "How?", "Tell me")
    clock.pass_by(minutes=1)
    comment = world.discuss(discussion, owner, "So")
    reply = world.discuss(discussion, visitor, "Thanks", comment)
    world.discuss(discussion, owner, "Welcome", reply)
    world.choose_answer(comment, visitor)
    clock.pass_by(minutes=1)
    world.delete(comment)
    world.close_discussion(discussion, "OUTDATED")
    world.reopen_discussion(discussion)
    world.close_discussion(discussion)
