"""What happens in one generated thread, from its opening to its end.

A story is a generator: it yields the moment of the next act and then does it, so that the
stories of all threads can be told together in the order of time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any, TypeAlias

from dexxy_simulator.generated.cast import Cast
from dexxy_simulator.generated.texts import Texts
from dexxy_simulator.model import Discussion, DiscussionComment, Issue, PullRequest, Repository
from dexxy_simulator.world import World

Story: TypeAlias = Iterator[datetime]
Act: TypeAlias = Callable[[Any], None]


@dataclass
class Stage:
    """Where stories are told: what exists, who acts, what they write, until when."""

    world: World
    repository: Repository
    random: Random
    cast: Cast
    texts: Texts
    until: datetime

    def happens(self, chance: float) -> bool:
        """Decide by chance."""
        return self.random.random() < chance

    def tell(self, opened_at: datetime, thread: Any, acts: list[Act], *, at_once: bool) -> Story:
        """Do all acts to a thread, at times that become rarer, or all in one second."""
        left = (self.until - opened_at).total_seconds()
        life = 0.0 if at_once else min(left, self.random.expovariate(1 / 2_000_000))
        gaps = sorted(self.random.random() ** 3 * life for _ in acts)
        for gap, act in zip(gaps, acts, strict=True):
            yield opened_at + timedelta(seconds=int(gap))
            act(thread)

    # Acts on any thread

    def label(self, thread: Any) -> None:
        """Give a thread labels."""
        self.world.set_labels(thread, self.repository.owner, self.texts.labels())

    def lock(self, thread: Any) -> None:
        """Lock a thread."""
        self.world.lock_thread(thread, self.repository.owner, "RESOLVED")

    def retitle(self, thread: Any) -> None:
        """Change a thread's title."""
        self.world.rename_title(thread, thread.author, self.texts.title())

    def edit_opening(self, thread: Any) -> None:
        """Change a thread's first post."""
        self.world.edit(thread, self.texts.opening())

    def edit_comment(self, thread: Any) -> None:
        """Change the text of a comment."""
        if thread.comments:
            self.world.edit(self.random.choice(thread.comments), self.texts.body())

    def minimize(self, thread: Any) -> None:
        """Hide a comment."""
        if thread.comments:
            reason = self.random.choice(("spam", "off-topic", "outdated", "resolved", "duplicate"))
            self.world.minimize(self.random.choice(thread.comments), reason)

    # Acts on issues and pull requests

    def comment(self, thread: Issue | PullRequest) -> None:
        """Comment."""
        self.world.comment(thread, self.cast.someone(), self.texts.body())

    def comment_in_vain(self, thread: Issue | PullRequest) -> None:
        """Write a comment that is deleted."""
        comment = self.world.comment(thread, self.cast.someone(), self.texts.body())
        self.world.delete(comment, self.repository.owner)

    def assign(self, thread: Issue | PullRequest) -> None:
        """Give somebody the work."""
        self.world.assign(thread, self.repository.owner, self.cast.person())

    def close(self, thread: Issue | PullRequest) -> None:
        """Close a thread that is open."""
        if not thread.closed:
            reason = self.random.choice(("COMPLETED", "COMPLETED", "NOT_PLANNED", "DUPLICATE"))
            self.world.close(thread, self.cast.someone(), reason)

    def reopen(self, thread: Issue | PullRequest) -> None:
        """Open a thread again that is closed."""
        if thread.state == "CLOSED":
            self.world.reopen(thread, self.cast.someone())

    # Acts on pull requests

    def merge(self, pull: PullRequest) -> None:
        """Merge a pull request that is open."""
        if not pull.closed:
            self.world.merge(pull, self.repository.owner)

    def review(self, pull: PullRequest, comments: int) -> None:
        """Review with so many comments on the diff."""
        states = ("COMMENTED", "COMMENTED", "APPROVED", "CHANGES_REQUESTED")
        body = self.texts.body() if self.happens(0.5) else ""
        written = [(*self.texts.place(), self.texts.body()) for _ in range(comments)]
        state = self.random.choice(states)
        self.world.review(pull, self.cast.someone(), state, body, written)

    def reply_on_diff(self, pull: PullRequest) -> None:
        """Reply to a comment on the diff, or begin with one."""
        if not pull.review_threads:
            return self.review(pull, 1)
        thread = self.random.choice(pull.review_threads)
        self.world.reply_on_diff(thread.comments[0], self.cast.someone(), self.texts.body())
        if self.happens(0.3):
            self.world.resolve(thread, pull.author)
        return None

    def draft_review(self, pull: PullRequest) -> None:
        """Begin a review that stays a draft."""
        draft = [(*self.texts.place(), self.texts.body())]
        self.world.review(pull, self.cast.person(), "PENDING", "", draft)

    def dismiss(self, pull: PullRequest) -> None:
        """Dismiss a review that said yes or no."""
        firm = [one for one in pull.reviews if one.state in ("APPROVED", "CHANGES_REQUESTED")]
        if firm:
            self.world.dismiss_review(self.random.choice(firm))

    def request_review(self, pull: PullRequest) -> None:
        """Ask somebody for a review."""
        self.world.request_review(pull, pull.author, self.cast.person())

    def push(self, pull: PullRequest) -> None:
        """Push to the branch."""
        self.world.push(pull, pull.author)

    def rewrite(self, pull: PullRequest) -> None:
        """Push another history to the branch."""
        self.world.push(pull, pull.author, force=True)

    def make_ready(self, pull: PullRequest) -> None:
        """End a draft."""
        if pull.is_draft:
            self.world.set_draft(pull, pull.author, draft=False)

    # Acts on discussions

    def discuss(self, discussion: Discussion) -> None:
        """Comment on a discussion."""
        self.world.discuss(discussion, self.cast.someone(), self.texts.body())

    def reply(self, discussion: Discussion) -> None:
        """Reply to a comment of a discussion, or begin with one."""
        alive = [one for one in discussion.comments if one.deleted_at is None]
        parent = self.random.choice(alive) if alive else None
        self.world.discuss(discussion, self.cast.someone(), self.texts.body(), parent)

    def leave_tombstone(self, discussion: Discussion) -> None:
        """Delete a comment that has replies."""
        replied = [one for one in discussion.comments if one.replies and one.deleted_at is None]
        if replied:
            self.world.delete(self.random.choice(replied))

    def answer(self, discussion: Discussion) -> None:
        """Choose an answer, where the category knows any."""
        alive: list[DiscussionComment] = [
            one for one in discussion.comments if one.deleted_at is None
        ]
        if discussion.category.is_answerable and alive:
            self.world.choose_answer(self.random.choice(alive), discussion.author)
