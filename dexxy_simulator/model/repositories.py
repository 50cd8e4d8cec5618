"""Repositories and the small things that belong to one: labels, milestones, categories."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from dexxy_simulator.model.actors import Actor
from dexxy_simulator.model.base import Node

if TYPE_CHECKING:
    from dexxy_simulator.model.discussions import Discussion
    from dexxy_simulator.model.growth import Release
    from dexxy_simulator.model.threads import Issue, PullRequest


@dataclass(eq=False, kw_only=True)
class Label(Node):
    """A label of one repository."""

    typename: ClassVar[str] = "Label"
    repository: Repository
    name: str
    color: str = "ededed"
    description: str | None = None
    is_default: bool = False
    created_at: ClassVar[datetime | None] = None
    updated_at: ClassVar[datetime | None] = None

    @property
    def path(self) -> str:
        """The page that lists what carries the label."""
        return f"{self.repository.path}/labels/{self.name}"


@dataclass(eq=False, kw_only=True)
class IssueType(Node):
    """A type of issues, which an organization has for all of its repositories."""

    typename: ClassVar[str] = "IssueType"
    name: str
    created_at: datetime
    description: str | None = None
    is_enabled: bool = True


@dataclass(eq=False, kw_only=True)
class Milestone(Node):
    """A milestone. Its own repository can be another one: the recording has such a row."""

    typename: ClassVar[str] = "Milestone"
    repository: Repository
    number: int
    title: str
    created_at: datetime
    updated_at: datetime
    home: str
    description: str | None = None
    creator: Actor | None = None
    due_on: datetime | None = None
    closed_at: datetime | None = None
    open_issues: int = 0
    closed_issues: int = 0

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return self.closed_at is not None

    @property
    def state(self) -> str:
        """OPEN or CLOSED."""
        return "CLOSED" if self.closed else "OPEN"

    @property
    def path(self) -> str:
        """Its page, below the server's root."""
        return f"/{self.home}/milestone/{self.number}"


@dataclass(eq=False, kw_only=True)
class DiscussionCategory(Node):
    """A category of discussions; only in answerable ones can an answer be chosen."""

    typename: ClassVar[str] = "DiscussionCategory"
    repository: Repository
    name: str
    slug: str
    emoji: str
    is_answerable: bool
    created_at: datetime
    updated_at: datetime
    description: str | None = None


@dataclass(eq=False, kw_only=True)
class Repository(Node):
    """A repository with its threads by number, which all three kinds share.

    `facts` holds what the REST API says and nothing here depends on (size, licence).
    `collaborators` read it while it is private and list it among their repositories.
    `contributors` have had a pull request merged. `transferred` and `deleted_numbers` remember
    the issues that are no longer here. `stargazers` and `forks` are those that came since: how many
    there were before, a recording tells among its facts.
    """

    typename: ClassVar[str] = "Repository"
    owner: Actor
    name: str
    created_at: datetime
    updated_at: datetime
    pushed_at: datetime | None = None
    description: str | None = None
    is_private: bool = False
    is_archived: bool = False
    is_fork: bool = False
    is_disabled: ClassVar[bool] = False
    has_issues_enabled: bool = True
    has_discussions_enabled: bool = True
    has_pull_requests_enabled: bool = True
    collaborators: set[Actor] = field(default_factory=set)
    contributors: set[Actor] = field(default_factory=set)
    facts: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, Label] = field(default_factory=dict)
    milestones: list[Milestone] = field(default_factory=list)
    categories: dict[str, DiscussionCategory] = field(default_factory=dict)
    issues: dict[int, Issue] = field(default_factory=dict)
    pull_requests: dict[int, PullRequest] = field(default_factory=dict)
    discussions: dict[int, Discussion] = field(default_factory=dict)
    last_number: int = 0
    last_discussion_number: int = 0
    transferred: dict[int, Issue] = field(default_factory=dict)
    deleted_numbers: set[int] = field(default_factory=set)
    stargazers: set[Actor] = field(default_factory=set)
    forks: list[Repository] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)

    @property
    def name_with_owner(self) -> str:
        """`owner/name`."""
        return f"{self.owner.login}/{self.name}"

    @property
    def path(self) -> str:
        """Its page, below the server's root."""
        return f"/{self.name_with_owner}"

    @property
    def visibility(self) -> str:
        """PUBLIC or PRIVATE."""
        return "PRIVATE" if self.is_private else "PUBLIC"

    @property
    def stargazer_count(self) -> int:
        """How many have given it a star."""
        return int(self.facts.get("stargazers_count", 0)) + len(self.stargazers)

    @property
    def fork_count(self) -> int:
        """How many copies of it there are."""
        return int(self.facts.get("forks_count", 0)) + len(self.forks)

    def is_worked_on_by(self, account: Actor) -> bool:
        """Tell whether an account owns it, collaborates on it, or belongs to its organisation."""
        in_organization = account in self.owner.members
        return account is self.owner or account in self.collaborators or in_organization

    @property
    def is_in_organization(self) -> bool:
        """Whether an organisation owns it."""
        return self.owner.kind == "Organization"

    @property
    def threads(self) -> list[Issue | PullRequest | Discussion]:
        """All threads that are there, whether or not their feature is switched on."""
        return [
            *self.issues.values(),
            *self.pull_requests.values(),
            *self.discussions.values(),
        ]

    @property
    def repository(self) -> Repository:
        """Itself, so that whatever hangs on a repository answers the same question."""
        return self
