"""Reviews of pull requests, their comments, and the threads that these form on the diff."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar

from dexxy_simulator.model.actors import Actor
from dexxy_simulator.model.base import Node, Post
from dexxy_simulator.model.commits import Commit
from dexxy_simulator.model.repositories import Repository
from dexxy_simulator.model.threads import PullRequest


@dataclass(eq=False, kw_only=True)
class Review(Post):
    """A review. Until it is submitted it is PENDING and only its author sees it."""

    typename: ClassVar[str] = "PullRequestReview"
    kind: ClassVar[str] = "review"
    pull_request: PullRequest
    state: str
    submitted_at: datetime | None
    commit_id: str | None = None
    comments: list[ReviewComment] = field(default_factory=list)

    @property
    def in_thread(self) -> PullRequest:
        """Its pull request."""
        return self.pull_request

    @property
    def repository(self) -> Repository:
        """Where its pull request is."""
        return self.pull_request.home

    @property
    def path(self) -> str:
        """Its place on the pull request's page."""
        return f"{self.pull_request.path}#pullrequestreview-{self.database_id}"

    @property
    def commit(self) -> Commit | None:
        """The commit that was reviewed, if it is one of the pull request's."""
        of_pull = (place.commit for place in self.pull_request.commits)
        return next((one for one in of_pull if one.oid == self.commit_id), None)

    @property
    def published_at(self) -> datetime | None:
        """When it was submitted."""
        return self.submitted_at


@dataclass(eq=False, kw_only=True)
class ReviewComment(Post):
    """A comment on a line of the diff, always inside a review."""

    typename: ClassVar[str] = "PullRequestReviewComment"
    kind: ClassVar[str] = "review comment"
    pull_request_review: Review
    path_in_diff: str
    diff_hunk: str
    commit_id: str
    original_commit_id: str
    reply_to: ReviewComment | None = None
    position: int | None = None
    original_position: int | None = None
    line: int | None = None
    original_line: int | None = None
    start_line: int | None = None
    original_start_line: int | None = None
    side: str = "RIGHT"
    start_side: str | None = None

    @property
    def in_thread(self) -> PullRequest:
        """Its pull request."""
        return self.pull_request

    @property
    def pull_request(self) -> PullRequest:
        """The pull request it is on."""
        return self.pull_request_review.pull_request

    @property
    def repository(self) -> Repository:
        """Where its pull request is."""
        return self.pull_request.home

    @property
    def path(self) -> str:
        """Its place on the pull request's page."""
        return f"{self.pull_request.path}#discussion_r{self.database_id}"

    @property
    def drafted_at(self) -> datetime:
        """When it was written."""
        return self.created_at

    @property
    def outdated(self) -> bool:
        """Whether the diff has moved on from under it."""
        return self.line is None and self.original_line is not None

    @property
    def state(self) -> str:
        """PENDING as long as its review is."""
        return "PENDING" if self.pull_request_review.state == "PENDING" else "SUBMITTED"

    @property
    def subject_type(self) -> str:
        """Whether it is on a line or on a whole file."""
        return "FILE" if self.original_line is None and self.original_position is None else "LINE"


@dataclass(eq=False, kw_only=True)
class ReviewThread(Node):
    """A comment on the diff and the replies to it, resolved together."""

    typename: ClassVar[str] = "PullRequestReviewThread"
    pull_request: PullRequest
    comments: list[ReviewComment]
    resolved_by: Actor | None = None
    is_resolved: bool = False

    @property
    def repository(self) -> Repository:
        """Where its pull request is."""
        return self.pull_request.home

    @property
    def created_at(self) -> datetime:
        """When its first comment was written."""
        return self.comments[0].created_at

    @property
    def path_in_diff(self) -> str:
        """The file it is on."""
        return self.comments[0].path_in_diff

    @property
    def line(self) -> int | None:
        """The line it is on now."""
        return self.comments[0].line

    @property
    def original_line(self) -> int | None:
        """The line it was on when it was written."""
        return self.comments[0].original_line

    @property
    def start_line(self) -> int | None:
        """The first line of several."""
        return self.comments[0].start_line

    @property
    def diff_side(self) -> str:
        """The side of the diff: LEFT is the old file."""
        return self.comments[0].side

    @property
    def is_outdated(self) -> bool:
        """Whether the diff has moved on from under it."""
        return self.comments[0].outdated

    @property
    def is_collapsed(self) -> bool:
        """Whether GitHub's page shows it folded."""
        return self.is_resolved or self.is_outdated
