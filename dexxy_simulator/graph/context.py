"""What the resolvers of one request share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from graphql import GraphQLResolveInfo

from dexxy_simulator.dialects import Dialect
from dexxy_simulator.graph.cost import Cost
from dexxy_simulator.graph.errors import GitHubError, forbidden, not_found
from dexxy_simulator.model import (
    Discussion,
    DiscussionComment,
    Issue,
    IssueComment,
    Node,
    PullRequest,
    PullRequestCommit,
    Release,
    Repository,
    Review,
    ReviewComment,
    ReviewThread,
    TimelineEvent,
)
from dexxy_simulator.protection import Barrier, barrier
from dexxy_simulator.tokens import Token
from dexxy_simulator.world import World

Feature: TypeAlias = Literal["issues", "pull_requests", "discussions"]
PERMISSIONS: Final = {
    Issue: "issues",
    PullRequest: "pull_requests",
    Review: "pull_requests",
    ReviewComment: "pull_requests",
    ReviewThread: "pull_requests",
    Discussion: "discussions",
    DiscussionComment: "discussions",
    Release: "contents",
}


@dataclass
class Request:
    """One GraphQL request: who asks, where the server is, and what the answer costs.

    `wants_new_ids` says that it asked for node ids in the new format. `nulls` are the paths of what
    is to be null although the schema does not allow it. `barriers` are what it met.
    """

    world: World
    token: Token
    base_url: str
    cost: Cost
    wants_new_ids: bool = False
    nulls: list[list[str | int]] = field(default_factory=list)
    barriers: list[Barrier] = field(default_factory=list)

    @property
    def dialect(self) -> Dialect:
        """How this GitHub behaves where nobody knows."""
        return self.world.dialect

    def node_id(self, node: Node) -> str:
        """Write a node id in the format that this request gets."""
        if self.dialect.legacy_node_ids and not self.wants_new_ids:
            return self.world.legacy_id(node)
        return node.node_id

    def reads(self, node: Node) -> bool:
        """Tell whether the viewer may see an object: that goes by its repository.

        What belongs to a pending review only the reviewer sees.
        """
        repository = getattr(node, "repository", None)
        if isinstance(repository, Repository) and not self.token.reads(repository):
            return False
        if isinstance(node, ReviewThread):
            node = node.comments[0]
        if isinstance(node, Release) and node.is_draft:
            return node.repository.is_worked_on_by(self.token.owner)
        review = node.pull_request_review if isinstance(node, ReviewComment) else node
        pending = isinstance(review, Review) and review.state == "PENDING"
        return not pending or getattr(review, "author", None) is self.token.owner

    def admit(self, node: Node) -> None:
        """Refuse what an organisation shows to others, but not to this token.

        Raises:
            GitHubError: as GitHub words it.
        """
        repository = getattr(node, "repository", None)
        found = barrier(self.token, repository) if isinstance(repository, Repository) else None
        if found is not None:
            self.barriers.append(found)
            raise GitHubError("FORBIDDEN", found.message, saml_failure=found.is_saml)

    def check(self, permission: str, repository: Repository) -> None:
        """Refuse an App that may not read this part of a repository.

        Raises:
            GitHubError: as GitHub words it.
        """
        self.check_any((permission,), repository)

    def check_any(self, permissions: Iterable[str], repository: Repository) -> None:
        """Refuse an App that has none of some permissions to read a part of a repository.

        Raises:
            GitHubError: as GitHub words it.
        """
        matters = repository.is_private or self.dialect.graphql_needs_permissions_for_public
        if matters and not any(self.token.permits(one, repository) for one in permissions):
            raise forbidden(by_app=not self.token.is_user)

    def is_off(self, feature: Feature, repository: Repository) -> bool:
        """Tell whether a feature is switched off; in some dialects that is a refusal.

        Raises:
            GitHubError: as the dialect says.
        """
        if getattr(repository, f"has_{feature}_enabled"):
            return False
        if self.dialect.switched_off_lists == "FORBIDDEN":
            raise forbidden(by_app=not self.token.is_user)
        if self.dialect.switched_off_lists == "NOT_FOUND":
            raise not_found(f"Could not resolve to {feature} of {repository.name_with_owner}.")
        return True

    def check_commits(self, pull: PullRequest) -> None:
        """Refuse an App that may not read the commits of a pull request.

        Raises:
            GitHubError: as GitHub words it.
        """
        needs_contents = self.dialect.commits_need_contents
        self.check("contents" if needs_contents else "pull_requests", pull.home)

    def check_node(self, node: Node) -> None:
        """Refuse an App that may not read an object, by its kind.

        Raises:
            GitHubError: as GitHub words it.
        """
        if isinstance(node, IssueComment | TimelineEvent):
            node = node.thread
        if isinstance(node, PullRequestCommit):
            self.check_commits(node.pull_request)
            return
        permission, repository = PERMISSIONS.get(type(node)), getattr(node, "repository", None)
        if permission and isinstance(repository, Repository):
            self.check(permission, repository)


Info: TypeAlias = "GraphQLResolveInfo[Request]"


def request_of(info: Info) -> Request:
    """Return the request that a resolver works for."""
    return info.context
