"""Commits, as far as timelines and pull requests name them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from dexxy_simulator.model.actors import Actor
from dexxy_simulator.model.base import Node
from dexxy_simulator.model.repositories import Repository

if TYPE_CHECKING:
    from dexxy_simulator.model.threads import PullRequest


@dataclass(kw_only=True)
class GitActor:
    """Who a commit names, and the account with that address, if there is one.

    An App's bot is no user, so its commits have none.
    """

    name: str
    email: str
    account: Actor | None = None

    @property
    def user(self) -> Actor | None:
        """The account, as GraphQL shows it."""
        return self.account if self.account and self.account.kind == "User" else None


@dataclass(eq=False, kw_only=True)
class Commit(Node):
    """A commit, with its author and those whom its message names as co-authors.

    Its repository shows it, although it may come from a fork.
    """

    typename: ClassVar[str] = "Commit"
    repository: Repository
    oid: str
    message: str
    authored_date: datetime
    committed_date: datetime
    authors: list[GitActor] = field(default_factory=list)

    @property
    def author(self) -> GitActor | None:
        """Who wrote it: the first one that it names."""
        return self.authors[0] if self.authors else None

    @property
    def path(self) -> str:
        """Its page, below the server's root."""
        return f"{self.repository.path}/commit/{self.oid}"


@dataclass(eq=False, kw_only=True)
class PullRequestCommit(Node):
    """A commit's place in a pull request."""

    typename: ClassVar[str] = "PullRequestCommit"
    pull_request: PullRequest
    commit: Commit

    @property
    def created_at(self) -> datetime:
        """When it was written: its place in the list."""
        return self.commit.authored_date

    @property
    def repository(self) -> Repository:
        """Where its pull request is."""
        return self.pull_request.home

    @property
    def path(self) -> str:
        """Its page, below the server's root."""
        return f"{self.pull_request.path}/commits/{self.commit.oid}"


@dataclass(eq=False, kw_only=True)
class Ref(Node):
    """A branch, which its last commit is the target of. It is null once it was deleted."""

    typename: ClassVar[str] = "Ref"
    repository: Repository
    name: str
    target: Commit
    prefix: ClassVar[str] = "refs/heads/"
