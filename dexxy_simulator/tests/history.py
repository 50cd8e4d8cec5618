"""A history in which everything happens that the world knows."""

from dexxy_simulator.model import GitActor, Repository
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
    _growth(world, clock, repository)
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
    world.assign(issue, owner, people[2])
    world.assign(issue, owner, people[0])
    world.assign(issue, owner, people[0], on=False)
    world.set_milestone(issue, owner, world.add_milestone(repository, "1.0"))
    part = world.open_issue(repository, people[0], "A part")
    world.add_sub_issue(issue, part, owner)
    world.add_sub_issue(issue, world.open_issue(repository, people[0], "Another part"), owner)
    world.remove_sub_issue(issue.sub_issues[1], owner)
    world.mark_duplicate(part, owner, issue)
    world.mark_duplicate(part, owner, issue, on=False)
    world.mark_duplicate(part, owner, issue)
    world.close(part, owner, "DUPLICATE")
    world.react(part, "+1", 3)
    world.react(issue, "eyes")
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
    world.dismiss_review(review, owner, "Out of date")
    for reviewer in (owner, world.actor("helper"), world.add_team(owner, "The core")):
        assert reviewer is not None
        world.request_review(pull, visitor, reviewer)
    world.request_review(pull, owner, owner, on=False)
    clock.pass_by(minutes=1)
    world.push(pull, visitor)
    world.push(pull, visitor, force=True)
    world.lock_thread(pull, owner, "RESOLVED")
    world.react(pull, "heart", 2)
    world.set_draft(pull, visitor, draft=True)
    pending = world.review(pull, owner, "PENDING", "", [("b.go", 4, "Hm"), ("b.go", 5, "Ah")])
    world.submit_review(pending)
    world.delete(pending.comments[0])
    world.comment(pull, visitor, "Ping")
    clock.pass_by(minutes=1)
    world.merge(pull, owner)
    fixed = world.open_issue(repository, visitor, "A bug")
    world.close(fixed, owner, closer=pull)
    world.reopen(fixed, visitor)
    world.close(fixed, owner, closer=world.push(pull, visitor))
    world.set_labels(pull, owner, ["released"])
    world.delete_branch(pull)
    world.close(world.open_pull_request(repository, visitor, "Another"), owner)


def _growth(world: World, clock: Clock, repository: Repository) -> None:
    owner, visitor = repository.owner, world.actor("visitor")
    leaver = world.actor("leaver")
    assert visitor is not None
    assert leaver is not None
    world.star(repository, visitor)
    world.star(repository, leaver)
    world.unstar(repository, visitor)
    world.fork(repository, visitor)
    pull = world.open_pull_request(repository, visitor, "Together")
    stranger = GitActor(name="Stranger", email="stranger@example.com")
    world.push(pull, visitor, leaver, stranger)
    clock.pass_by(minutes=1)
    release = world.release(repository, owner, "v9.0", "Everything new", prerelease=True)
    world.release(repository, visitor, "v9.1", draft=True)
    world.edit_release(release, {"description": "Nearly everything new"})
    world.delete_release(world.release(repository, owner, "v9.2"))


def _discussions(world: World, clock: Clock, repository: Repository) -> None:
    owner, visitor = repository.owner, world.actor("visitor")
    category = world.add_category(repository, "Q&A")
    discussion = world.open_discussion(category, visitor, "How?", "Tell me")
    clock.pass_by(minutes=1)
    comment = world.discuss(discussion, owner, "So")
    reply = world.discuss(discussion, visitor, "Thanks", comment)
    world.discuss(discussion, owner, "Welcome", reply)
    world.choose_answer(comment, visitor)
    world.upvote(discussion, 4)
    world.upvote(reply)
    world.react(discussion, "rocket")
    world.lock_thread(discussion, owner)
    clock.pass_by(minutes=1)
    world.delete(comment)
    world.close_discussion(discussion, "OUTDATED")
    world.reopen_discussion(discussion)
    world.close_discussion(discussion)
