"""Issues and pull requests, their comments, and the events of their timelines."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from dexxy_simulator.model.actors import Actor, Team
from dexxy_simulator.model.base import Node, Post
from dexxy_simulator.model.commits import PullRequestCommit, Ref
from dexxy_simulator.model.repositories import IssueType, Label, Milestone, Repository

if TYPE_CHECKING:
    from dexxy_simulator.model.reviews import Review, ReviewThread


@dataclass(eq=False, kw_only=True)
class Thread(Post):
    """What issues, pull requests and discussions have in common."""

    home: Repository
    number: int
    title: str
    state: str = "OPEN"
    closed_at: datetime | None = None
    locked: bool = False
    active_lock_reason: str | None = None
    labels: list[Label] = field(default_factory=list)
    folder: ClassVar[str]

    @property
    def in_thread(self) -> Thread:
        """Itself."""
        return self

    @property
    def repository(self) -> Repository:
        """Where the thread is now; a transfer changes it."""
        return self.home

    @property
    def path(self) -> str:
        """Its page, below the server's root."""
        return f"{self.home.path}/{self.folder}/{self.number}"

    @property
    def closed(self) -> bool:
        """Whether it is closed; a merged pull request is."""
        return self.state != "OPEN"


@dataclass(frozen=True)
class SubIssuesSummary:
    """How many issues an issue is divided into, and how many of them are closed."""

    total: int
    completed: int

    @property
    def percent_completed(self) -> int:
        """The closed ones in a hundred."""
        return 100 * self.completed // self.total if self.total else 0


@dataclass(eq=False, kw_only=True)
class Issue(Thread):
    """An issue."""

    typename: ClassVar[str] = "Issue"
    kind: ClassVar[str] = "issue"
    folder: ClassVar[str] = "issues"
    state_reason: str | None = None
    milestone: Milestone | None = None
    assignees: list[Actor] = field(default_factory=list)
    comments: list[IssueComment] = field(default_factory=list)
    timeline: list[TimelineEvent] = field(default_factory=list)
    issue_type: IssueType | None = None
    parent: Issue | None = None
    sub_issues: list[Issue] = field(default_factory=list)

    @property
    def issue_id(self) -> int:
        """Its id in the REST API's lists of issues."""
        return self.database_id

    @property
    def sub_issues_summary(self) -> SubIssuesSummary:
        """How many issues it is divided into."""
        closed = sum(issue.closed for issue in self.sub_issues)
        return SubIssuesSummary(len(self.sub_issues), closed)


@dataclass(eq=False, kw_only=True)
class Branch:
    """One end of a pull request."""

    label: str
    ref: str
    sha: str
    user: Actor | None


@dataclass(eq=False, kw_only=True)
class PullRequest(Thread):
    """A pull request. `issue_side_id` is what the lists of issues show as its id."""

    typename: ClassVar[str] = "PullRequest"
    kind: ClassVar[str] = "pull request"
    folder: ClassVar[str] = "pull"
    issue_side_id: int
    head: Branch
    base: Branch
    head_ref: Ref | None = None
    requested_reviewers: list[Actor | Team] = field(default_factory=list)
    is_draft: bool = False
    merged_at: datetime | None = None
    merged_by: Actor | None = None
    merge_commit_sha: str | None = None
    state_reason: ClassVar[str | None] = None
    issue_type: ClassVar[None] = None
    parent: ClassVar[None] = None
    sub_issues: ClassVar[list[Issue]] = []
    milestone: Milestone | None = None
    assignees: list[Actor] = field(default_factory=list)
    comments: list[IssueComment] = field(default_factory=list)
    timeline: list[TimelineEvent] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    review_threads: list[ReviewThread] = field(default_factory=list)
    commits: list[PullRequestCommit] = field(default_factory=list)
    additions: int = 0
    deletions: int = 0
    changed_files: int = 0

    @property
    def issue_id(self) -> int:
        """Its id in the REST API's lists of issues."""
        return self.issue_side_id

    def as_issue(self) -> Issue:
        """Show the issue's side of the pull request, which has the issue's id."""
        shared = {one.name: getattr(self, one.name) for one in fields(Issue)}
        state = "CLOSED" if self.closed else "OPEN"
        return Issue(**{**shared, "database_id": self.issue_side_id, "state": state})

    @property
    def merged(self) -> bool:
        """Whether it was merged."""
        return self.merged_at is not None

    @property
    def base_ref_name(self) -> str:
        """The branch it goes into."""
        return self.base.ref

    @property
    def head_ref_oid(self) -> str:
        """Its last commit, also where the branch is gone."""
        return self.head.sha

    @property
    def head_ref_name(self) -> str:
        """The branch it comes from."""
        return self.head.ref


@dataclass(eq=False, kw_only=True)
class IssueComment(Post):
    """A comment in the conversation of an issue or a pull request."""

    typename: ClassVar[str] = "IssueComment"
    kind: ClassVar[str] = "comment"
    thread: Issue | PullRequest

    @property
    def in_thread(self) -> Issue | PullRequest:
        """Its issue or pull request."""
        return self.thread

    @property
    def repository(self) -> Repository:
        """Where its thread is."""
        return self.thread.home

    @property
    def path(self) -> str:
        """Its place on the thread's page."""
        return f"{self.thread.path}#issuecomment-{self.database_id}"

    @property
    def issue(self) -> Issue:
        """Its issue, or the issue's side of its pull request."""
        return self.thread if isinstance(self.thread, Issue) else self.thread.as_issue()

    @property
    def pull_request(self) -> PullRequest | None:
        """Its pull request, if it is on one."""
        return self.thread if isinstance(self.thread, PullRequest) else None


@dataclass(eq=False, kw_only=True)
class TimelineEvent(Node):
    """A change of a thread, of the GraphQL type `kind`; `details` are the type's other fields."""

    kind: str
    thread: Issue | PullRequest
    actor: Actor | None
    created_at: datetime
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def typename(self) -> str:  # type: ignore[override]
        """The GraphQL type, which for events depends on what happened."""
        return self.kind

    @property
    def repository(self) -> Repository:
        """Where its thread is."""
        return self.thread.home

    @property
    def path(self) -> str:
        """Its place on the thread's page."""
        return f"{self.thread.path}#event-{self.database_id}"

    @property
    def issue(self) -> Issue | PullRequest:
        """Its thread."""
        return self.thread

    @property
    def pull_request(self) -> Issue | PullRequest:
        """Its thread."""
        return self.thread

    def __getattr__(self, name: str) -> Any:
        """Read one of the fields that only this kind of event has."""
        details: dict[str, Any] = self.__dict__.get("details", {})
        if name.startswith("__") or name not in details:
            raise AttributeError(name)
        return details[name]
