"""What activities tell of: something happened to something, by somebody's hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from dexxy_simulator.model import (
    Actor,
    App,
    Discussion,
    DiscussionComment,
    Installation,
    Issue,
    IssueComment,
    Label,
    Milestone,
    PullRequest,
    Release,
    Repository,
    Review,
    ReviewComment,
    ReviewThread,
)

EVENTS: Final[Mapping[type, str]] = {
    App: "github_app_authorization",
    Discussion: "discussion",
    DiscussionComment: "discussion_comment",
    Installation: "installation",
    Issue: "issues",
    IssueComment: "issue_comment",
    Label: "label",
    Milestone: "milestone",
    PullRequest: "pull_request",
    Release: "release",
    Repository: "repository",
    Review: "pull_request_review",
    ReviewComment: "pull_request_review_comment",
    ReviewThread: "pull_request_review_thread",
}


@dataclass(frozen=True)
class Happening:
    """One thing that happened, named as GitHub's webhooks name it.

    `details` are what else an action tells: the former text, the label, the other repository.
    """

    event: str
    action: str | None
    subject: Any
    sender: Actor
    details: Mapping[str, Any]

    @property
    def repository(self) -> Repository | None:
        """Where it happened, if it was in a repository."""
        found = getattr(self.subject, "repository", None)
        return found if isinstance(found, Repository) else None

    @property
    def installation(self) -> Installation | None:
        """The installation to which it happened, if it was one."""
        return self.subject if isinstance(self.subject, Installation) else None
