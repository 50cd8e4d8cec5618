"""The things of a simulated GitHub, as plain dataclasses.

Attributes carry the names of GitHub's GraphQL schema in snake case, except `database_id`
(`databaseId`, `fullDatabaseId`), `node_id` (`id`) and `path` (`resourcePath`), so that most
fields resolve themselves. Enumerations are the schema's upper-case strings.
"""

from dexxy_simulator.model.actors import Actor, ActorKind, OrganizationRole, Team
from dexxy_simulator.model.apps import App, Hook, Installation, InstallationRequest
from dexxy_simulator.model.base import REACTIONS, Node, Post, ReactionGroup
from dexxy_simulator.model.census import census, posts_in, posts_of, with_parts
from dexxy_simulator.model.commits import Commit, GitActor, PullRequestCommit, Ref
from dexxy_simulator.model.discussions import Discussion, DiscussionComment
from dexxy_simulator.model.growth import Release
from dexxy_simulator.model.repositories import (
    DiscussionCategory,
    IssueType,
    Label,
    Milestone,
    Repository,
)
from dexxy_simulator.model.reviews import Review, ReviewComment, ReviewThread
from dexxy_simulator.model.threads import (
    Branch,
    Issue,
    IssueComment,
    PullRequest,
    Thread,
    TimelineEvent,
)

__all__ = [
    "REACTIONS",
    "Actor",
    "ActorKind",
    "App",
    "Branch",
    "Commit",
    "Discussion",
    "DiscussionCategory",
    "DiscussionComment",
    "GitActor",
    "Hook",
    "Installation",
    "InstallationRequest",
    "Issue",
    "IssueComment",
    "IssueType",
    "Label",
    "Milestone",
    "Node",
    "OrganizationRole",
    "Post",
    "PullRequest",
    "PullRequestCommit",
    "ReactionGroup",
    "Ref",
    "Release",
    "Repository",
    "Review",
    "ReviewComment",
    "ReviewThread",
    "Team",
    "Thread",
    "TimelineEvent",
    "census",
    "posts_in",
    "posts_of",
    "with_parts",
]
