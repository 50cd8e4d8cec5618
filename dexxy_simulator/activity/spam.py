"""Accounts that GitHub takes for spammers: what they wrote vanishes, and may come back."""

from __future__ import annotations

from dexxy_simulator.activity.base import activity
from dexxy_simulator.activity.moderation import ModerationActivity
from dexxy_simulator.model import (
    Actor,
    Discussion,
    DiscussionComment,
    Issue,
    IssueComment,
    Post,
    PullRequest,
    Review,
    posts_of,
    with_parts,
)


class SpamActivity(ModerationActivity):
    """Hides everything of one author, and shows it again; no time of any object moves."""

    @activity
    def hide_author(self, actor: Actor) -> None:
        """Hide everything that an account wrote: whole threads, and comments with their replies.

        Reviews with comments on the diff stay, and so does the answer of a discussion.
        """
        posts = [
            post
            for repository in self.repositories.values()
            for post in posts_of(repository)
            if post.author is actor and _can_vanish(post)
        ]
        hidden = self.hidden.setdefault(actor.database_id, [])
        for post in posts:
            if post.node_id in self.nodes:  # otherwise it went with what it belongs to
                _take_out(post)
                self._set_aside(post)
                hidden.append(post)

    @activity
    def show_author(self, actor: Actor) -> None:
        """Show an account's writing again, as far as it still exists."""
        for post in self.hidden.pop(actor.database_id, ()):
            if post.repository.database_id not in self.repositories:
                continue
            _put_back(post)
            above = _above(post)
            if above is None or self.nodes.get(above.node_id) is above:
                self._return(post)

    def _set_aside(self, post: Post) -> None:
        for node in with_parts(post):
            if self.nodes.pop(node.node_id, None) is not None:
                self.out_of_sight[node.node_id] = node

    def _return(self, post: Post) -> None:
        for node in with_parts(post):
            self.out_of_sight.pop(node.node_id, None)
            self.register(node)


def _can_vanish(post: Post) -> bool:
    if isinstance(post, DiscussionComment):
        replies_are_answers = any(reply.is_answer for reply in post.replies)
        return not post.is_answer and not replies_are_answers and post.deleted_at is None
    if isinstance(post, Review):
        return not post.comments
    return isinstance(post, Issue | PullRequest | Discussion | IssueComment)


def _shelf(post: Post) -> dict[int, object] | list[object]:
    """Return what holds a post."""
    shelf: object
    if isinstance(post, Issue):
        shelf = post.home.issues
    elif isinstance(post, PullRequest):
        shelf = post.home.pull_requests
    elif isinstance(post, Discussion):
        shelf = post.home.discussions
    elif isinstance(post, DiscussionComment):
        shelf = post.reply_to.replies if post.reply_to else post.discussion.comments
    elif isinstance(post, Review):
        shelf = post.pull_request.reviews
    else:
        assert isinstance(post, IssueComment)
        shelf = post.thread.comments
    return shelf  # type: ignore[return-value]


def _take_out(post: Post) -> None:
    shelf = _shelf(post)
    if isinstance(shelf, dict):
        del shelf[post.number]  # type: ignore[attr-defined]
    else:
        shelf.remove(post)


def _put_back(post: Post) -> None:
    shelf = _shelf(post)
    if isinstance(shelf, dict):
        shelf[post.number] = post  # type: ignore[attr-defined]
    else:
        shelf.append(post)
        shelf.sort(key=lambda one: (one.created_at, one.database_id))  # type: ignore[attr-defined]


def _above(post: Post) -> Post | None:
    """Return what a post is a part of."""
    if isinstance(post, DiscussionComment) and post.reply_to:
        return post.reply_to
    return None if post.in_thread is post else post.in_thread
