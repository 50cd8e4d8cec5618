"""What a repository shows to others, flat and counted: for checks, not for answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from dexxy_simulator.model.base import Node, Post
from dexxy_simulator.model.discussions import Discussion
from dexxy_simulator.model.repositories import Repository
from dexxy_simulator.model.threads import Issue, PullRequest, Thread


def posts_in(thread: Thread) -> Iterator[Post]:
    """Return what is written in a thread after its opening, without drafts of reviews.

    A deleted comment of a discussion is among them as long as it has replies.
    """
    if isinstance(thread, Discussion):
        for comment in thread.comments:
            yield comment
            yield from comment.replies
        return
    yield from getattr(thread, "comments", ())
    if isinstance(thread, PullRequest):
        for review in thread.reviews:
            if review.state != "PENDING":
                yield review
                yield from review.comments


def with_parts(post: Post) -> list[Node]:
    """Return a post with everything in it, drafts and events too."""
    if isinstance(post, Discussion):
        return [post, *posts_in(post)]
    if isinstance(post, Issue):
        return [post, *post.comments, *post.timeline]
    if isinstance(post, PullRequest):
        on_diff = [comment for review in post.reviews for comment in review.comments]
        return [
            *(post, *post.comments, *post.timeline, *post.reviews, *post.review_threads),
            *(*on_diff, *post.commits, *(one.commit for one in post.commits)),
        ]
    return [post, *getattr(post, "replies", ())]


def posts_of(repository: Repository) -> Iterator[Post]:
    """Return all threads of a repository and everything that is written in them."""
    for thread in repository.threads:
        yield thread
        yield from posts_in(thread)


def census(repository: Repository) -> Counter[str]:
    """Count the posts of a repository by kind: issue, pull request, discussion, comment, review,
    review comment, discussion comment, reply, and tombstone for what is only left over."""
    return Counter(
        "tombstone" if getattr(post, "deleted_at", None) else post.kind
        for post in posts_of(repository)
    )
