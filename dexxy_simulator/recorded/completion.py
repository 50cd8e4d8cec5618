"""Completes what the recording lacks and what can be concluded from it.

Everything made here is new: no recorded field is altered.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from dexxy_simulator.ids import node_id
from dexxy_simulator.model import Actor, Issue, PullRequest, Repository, Review
from dexxy_simulator.recorded.rows import Row, actor_from, last_number, sure_moment
from dexxy_simulator.world import World

# "Comment and close" writes both within a second or two.
SAME_ACTION = timedelta(seconds=2)


def complete_reviews(
    world: World, repository: Repository, reviews: dict[int, Review], comment_rows: Sequence[Row]
) -> None:
    """Add the reviews that recorded review comments belong to: empty ones, by their author.

    GitHub wraps every review comment in a review; a stray one in an empty COMMENTED review.
    """
    for row in comment_rows:
        number = row["pull_request_review_id"]
        if number in reviews:
            continue
        pull = repository.pull_requests[last_number(row["pull_request_url"])]
        written_at = sure_moment(row["created_at"])
        reviews[number] = world.register(
            Review(
                pull_request=pull,
                node_id=node_id("PullRequestReview", number, repository.database_id),
                database_id=number,
                author=actor_from(world, row["user"], repository.created_at),
                author_association=row["author_association"],
                body="",
                state="COMMENTED",
                commit_id=row["original_commit_id"],
                created_at=written_at,
                updated_at=written_at,
                submitted_at=written_at,
            )
        )
        pull.reviews.append(reviews[number])


def complete_timelines(world: World, repository: Repository) -> None:
    """Add the closing and merging of every thread at the recorded times, and a commit.

    Only the owner can have merged. Who closed is recorded nowhere: it is the author of a
    comment of the same moment, otherwise unknown.
    """
    threads: list[Issue | PullRequest] = [*repository.issues.values()]
    threads += repository.pull_requests.values()
    for thread in sorted(threads, key=lambda thread: thread.number):
        if isinstance(thread, PullRequest):
            _complete_pull_request(world, thread)
        elif thread.closed_at is not None:
            actor = _author_of_closing_comment(thread)
            details = {"state_reason": thread.state_reason or "COMPLETED", "closer": None}
            world.add_event(thread, "ClosedEvent", actor, thread.closed_at, details)


def _complete_pull_request(world: World, pull: PullRequest) -> None:
    world.add_commit(pull, *([pull.author] if pull.author else []), moment=pull.created_at)
    if pull.merged_at is not None:
        details = {"merge_ref_name": pull.base.ref}
        world.add_event(pull, "MergedEvent", pull.merged_by, pull.merged_at, details)
    if pull.closed_at is not None:
        closer = pull.merged_by or _author_of_closing_comment(pull)
        details_of_closing = {"state_reason": None, "closer": None}
        world.add_event(pull, "ClosedEvent", closer, pull.closed_at, details_of_closing)
    else:
        # An open one has a branch. When it was pushed to last, is not recorded.
        world.add_branch(pull)


def _author_of_closing_comment(thread: Issue | PullRequest) -> Actor | None:
    assert thread.closed_at is not None
    for comment in thread.comments:
        if abs(comment.created_at - thread.closed_at) <= SAME_ACTION:
            return comment.author
    return None
