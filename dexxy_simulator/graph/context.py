"""What the resolvers of one request share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias

from graphql import GraphQLResolveInfo

from dexxy_simulator.dialects import Dialect
from dexxy_simulator.graph.cost import Cost
from dexxy_simulator.graph.errors import forbidden
from dexxy_simulator.model import (
    Discussion,
    DiscussionComment,
    Issue,
    IssueComment,
    Node,
    PullRequest,
    Repository,
    Review,
    ReviewComment,
    ReviewThread,
    TimelineEvent,
)
from dexxy_simulator.tokens import Token
from dexxy_simulator.world import World

PERMISSIONS: Final = {
    Issue: "issues",
    PullRequest: "pull_requests",
    Review: "pull_requests",
    ReviewComment: "pull_requests",
    ReviewThread: "pull_requests",
    Discussion: "discussions",
    DiscussionComment: "discussions",
}


@dataclass
class Request:
    """One GraphQL request: who asks, where the server is, and what the answer costs.

    `wants_new_ids` says that it asked for node ids in the new format.
    """

    world: World
    token: Token
    base_url: str
    cost: Cost
    wants_new_ids: bool = False

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
        review = node.pull_request_review if isinstance(node, ReviewComment) else node
        pending = isinstance(review, Review) and review.state == "PENDING"
        return not pending or getattr(review, "author", None) is self.token.owner

    def check(self, permission: str, repository: Repository) -> None:
        """Refuse an App that may not read this part of a repository.

        Raises:
            GitHubError: as GitHub words it.
        """
        matters = repository.is_private or self.dialect.graphql_needs_permissions_for_public
        if matters and not self.token.permits(permission, repository):
            raise forbidden()

    def check_node(self, node: Node) -> None:
        """Refuse an App that may not read an object, by its kind.

        Raises:
            GitHubError: as GitHub words it.
        """
        if isinstance(node, IssueComment | TimelineEvent):
            node = node.thread
        permission, repository = PERMISSIONS.get(type(node)), getattr(node, "repository", None)
        if permission and isinstance(repository, Repository):
            self.check(permission, repository)


Info: TypeAlias = "GraphQLResolveInfo[Request]"


def request_of(info: Info) -> Request:
    """Return the request that a resolver works for."""
    return info.context
