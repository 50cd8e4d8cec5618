"""What happens moves the times that GitHub moves, and leaves the traces that GitHub leaves."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from dexxy_simulator.model import Actor, DiscussionComment, Repository
from dexxy_simulator.tests.conftest import Clock
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World

Step = Callable[[World, Repository], object]
MOVES: dict[str, Step] = {
    "comment": lambda w, r: w.comment(r.issues[5], r.owner, "x"),
    "close": lambda w, r: w.close(r.issues[5], r.owner),
    "reopen": lambda w, r: w.reopen(r.issues[5], r.owner),
    "title": lambda w, r: w.rename_title(r.issues[5], r.owner, "x"),
    "labels": lambda w, r: w.set_labels(r.issues[5], r.owner, ["x"]),
    "lock": lambda w, r: w.lock_thread(r.issues[5], r.owner),
    "edit": lambda w, r: w.edit(r.issues[5], "x"),
}
MOVES_NOT: dict[str, Step] = {
    "edit of a comment": lambda w, r: w.edit(r.issues[5].comments[0], "x"),
    "deletion of a comment": lambda w, r: w.delete(r.issues[5].comments[0], r.owner),
    "hiding of a comment": lambda w, r: w.minimize(r.issues[5].comments[0]),
}


@pytest.mark.parametrize("name", MOVES)
def test_the_time_of_an_issue_moves(
    world: World, clock: Clock, ants: Repository, name: str
) -> None:
    now = clock.pass_by(minutes=1)

    MOVES[name](world, ants)

    assert ants.issues[5].updated_at == now


@pytest.mark.parametrize("name", MOVES_NOT)
def test_the_time_of_an_issue_does_not_move(world: World, ants: Repository, name: str) -> None:
    before = ants.issues[5].updated_at

    MOVES_NOT[name](world, ants)

    assert ants.issues[5].updated_at == before


def test_an_edited_comment_has_a_time_and_an_editor(
    world: World, clock: Clock, ants: Repository, barry: Actor
) -> None:
    comment, now = ants.issues[5].comments[0], clock.pass_by(minutes=1)

    world.edit(comment, "Better", barry)

    assert (comment.body, comment.editor) == ("Better", barry)
    assert comment.updated_at == comment.last_edited_at == now


def test_a_review_moves_its_pull_request_only_when_it_is_submitted(
    world: World, clock: Clock, ants: Repository
) -> None:
    pull = ants.pull_requests[4]
    before = pull.updated_at
    review = world.review(pull, ants.owner, "PENDING", "Hm")
    assert pull.updated_at == before

    now = clock.pass_by(minutes=1)
    world.submit_review(review, "APPROVED")

    assert (review.state, review.submitted_at, pull.updated_at) == ("APPROVED", now, now)


def test_a_merge_closes_too(world: World, clock: Clock, ants: Repository, barry: Actor) -> None:
    pull, now = ants.pull_requests[211], clock.pass_by(minutes=1)

    world.merge(pull, barry)

    assert (pull.state, pull.merged_at, pull.closed_at, pull.merged_by) == (
        "MERGED",
        now,
        now,
        barry,
    )
    assert [event.kind for event in pull.timeline] == ["MergedEvent", "ClosedEvent"]


def test_a_reply_on_the_diff_comes_in_an_empty_review_of_its_own(
    world: World, ants: Repository, barry: Actor
) -> None:
    pull = ants.pull_requests[40]
    first = pull.review_threads[0].comments[0]

    reply = world.reply_on_diff(pull.review_threads[0].comments[-1], barry, "Fixed")

    assert (reply.reply_to, pull.review_threads[0].comments[-1]) == (first, reply)
    assert (reply.pull_request_review.state, reply.pull_request_review.body) == ("COMMENTED", "")


def test_an_empty_review_goes_with_its_last_comment(world: World, ants: Repository) -> None:
    pull = ants.pull_requests[36]
    (review,) = pull.reviews

    world.delete(review.comments[1])
    assert pull.reviews == [review]
    world.delete(review.comments[0])

    assert (pull.reviews, pull.review_threads) == ([], [])
    assert review.node_id not in world.nodes


def test_a_transferred_issue_takes_its_comments_along(
    world: World, ants: Repository, barry: Actor
) -> None:
    other, issue = world.add_repository(barry, "other"), ants.issues[5]

    world.transfer(issue, other, ants.owner)

    assert (other.issues, issue.number, 5 in ants.issues) == ({1: issue}, 1, False)
    assert {comment.repository for comment in issue.comments} == {other}
    assert issue.timeline[-1].from_repository is ants


def test_an_issue_becomes_a_discussion_with_its_comments(world: World, ants: Repository) -> None:
    issue = ants.issues[6]

    discussion = world.convert_to_discussion(issue, ants.categories["Q&A"], ants.owner)

    assert discussion.number == 216
    assert [one.body for one in discussion.comments] == [one.body for one in issue.comments]
    kinds = [event.kind for event in issue.timeline[-2:]]
    assert (issue.state, kinds) == ("CLOSED", ["ConvertedToDiscussionEvent", "ClosedEvent"])


def test_a_deleted_comment_with_replies_stays_as_a_tombstone(
    world: World, clock: Clock, ants: Repository
) -> None:
    discussion = ants.discussions[212]
    answer, other = discussion.comments
    replies = list(answer.replies)

    world.delete(answer)
    world.delete(other)

    assert discussion.comments == [answer]
    assert (answer.author, answer.body, answer.deleted_at) == (None, "", clock())
    assert (answer.replies, discussion.is_answered) == (replies, False)


def test_a_reply_to_a_reply_joins_the_same_row(world: World, ants: Repository) -> None:
    comment = ants.discussions[212].comments[0]

    reply = world.discuss(ants.discussions[212], ants.owner, "x", comment.replies[0])

    assert isinstance(reply, DiscussionComment)
    assert (reply.reply_to, comment.replies[-1]) == (comment, reply)


def test_what_a_deleted_account_wrote_stays_without_an_author(
    world: World, ants: Repository, barry: Actor
) -> None:
    world.delete_actor(barry)

    assert ants.pull_requests[4].author is None
    assert world.actor("barryz") is None


def test_a_deleted_account_takes_its_tokens_along(world: World) -> None:
    world.delete_actor(world.tokens[DEMO_TOKEN].owner)

    assert world.token(DEMO_TOKEN) is None


def test_pull_requests_cannot_be_deleted(world: World, ants: Repository) -> None:
    with pytest.raises(TypeError, match="GitHub deletes no PullRequest"):
        world.delete(ants.pull_requests[4])


def test_a_deleted_repository_takes_everything_with_it(world: World, ants: Repository) -> None:
    world.delete_repository(ants)

    kinds = {node.typename for node in world.nodes.values()}
    assert kinds == {"User", "Bot", "Organization"}
    assert world.repository("panjf2000/ants") is None


def test_something_can_happen_at_another_time(world: World, clock: Clock, ants: Repository) -> None:
    with world.at(datetime(2023, 1, 1, tzinfo=UTC)):
        issue = world.open_issue(ants, None, "Then")

    assert issue.created_at == datetime(2023, 1, 1, tzinfo=UTC)
    assert world.now() == clock()


def test_new_ids_have_outgrown_32_bits_where_real_ones_have(world: World, ants: Repository) -> None:
    issue = world.open_issue(ants, None, "New")
    discussion = world.open_discussion(ants.categories["Ideas"], None, "New")

    assert issue.database_id > 2**32 / 2
    assert discussion.database_id < 2**31
