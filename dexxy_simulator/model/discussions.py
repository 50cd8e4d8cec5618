"""Discussions, their comments and the replies to these."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from dexxy_simulator.model.actors import Actor
from dexxy_simulator.model.base import Post
from dexxy_simulator.model.repositories import DiscussionCategory, Repository
from dexxy_simulator.model.threads import Thread


@dataclass(eq=False, kw_only=True)
class Discussion(Thread):
    """A discussion. `comments` are the top-level ones."""

    typename: ClassVar[str] = "Discussion"
    kind: ClassVar[str] = "discussion"
    folder: ClassVar[str] = "discussions"
    category: DiscussionCategory
    state_reason: str | None = None
    comments: list[DiscussionComment] = field(default_factory=list)
    answer: DiscussionComment | None = None
    answer_chosen_at: datetime | None = None
    answer_chosen_by: Actor | None = None
    upvote_count: int = 1

    @property
    def is_answered(self) -> bool | None:
        """Whether it has an answer; null where its category knows none."""
        return self.answer is not None if self.category.is_answerable else None


@dataclass(eq=False, kw_only=True)
class DiscussionComment(Post):
    """A comment of a discussion, or a reply to one: replies have no replies.

    A deleted comment that has replies stays, emptied, with `deleted_at`.
    """

    typename: ClassVar[str] = "DiscussionComment"
    discussion: Discussion
    reply_to: DiscussionComment | None = None
    replies: list[DiscussionComment] = field(default_factory=list)
    deleted_at: datetime | None = None
    upvote_count: int = 1

    @property
    def kind(self) -> str:  # type: ignore[override]
        """A comment or a reply."""
        return "reply" if self.reply_to else "discussion comment"

    @property
    def in_thread(self) -> Discussion:
        """Its discussion."""
        return self.discussion

    @property
    def repository(self) -> Repository:
        """Where its discussion is."""
        return self.discussion.home

    @property
    def path(self) -> str:
        """Its place on the discussion's page."""
        return f"{self.discussion.path}#discussioncomment-{self.database_id}"

    @property
    def is_answer(self) -> bool:
        """Whether it was chosen as the answer."""
        return self.discussion.answer is self
