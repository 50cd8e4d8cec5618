"""The things of a simulated GitHub, as plain dataclasses.

Attributes carry the names of GitHub's GraphQL schema in snake case, except `database_id`
(`databaseId`, `fullDatabaseId`), `node_id` (`id`) and `path` (`resourcePath`), so that most
fields resolve themselves. Enumerations are the schema's upper-case strings.
"""

from dexxy_simulator.model.actors import Actor, ActorKind, OrganizationRole
from dexxy_simulator.model.apps import App, Hook, Installation, InstallationRequest
from dexxy_simulator.model.base import REACTIONS, Node, Post
from dexxy_simulator.model.census import census, posts_in, posts_of, with_parts
from dexxy_simulator.model.discussions import Discussion, DiscussionComment
from dexxy_simulator.model.repositories import DiscussionCategory, Label, Milestone, Repository
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
    "Discussion",
    "DiscussionCategory",
    "DiscussionComment",
    "Hook",
    "Installation",
    "InstallationRequest",
    "Issue",
    "IssueComment",
    "Label",
    "Milestone",
    "Node",
    "OrganizationRole",
    "Post",
    "PullRequest",
    "Repository",
    "Review",
    "ReviewComment",
    "ReviewThread",
    "Thread",
    "TimelineEvent",
    "census",
    "posts_in",
    "posts_of",
    "with_parts",
]
