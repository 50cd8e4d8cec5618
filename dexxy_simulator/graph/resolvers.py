"""The root fields, and the few others that an attribute alone cannot answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, get_args

from dexxy_simulator.graph.arguments import Arguments, Resolver
from dexxy_simulator.graph.context import Feature, Info, request_of
from dexxy_simulator.graph.cost import PAGE_LIMIT
from dexxy_simulator.graph.errors import GitHubError, forbidden, not_found
from dexxy_simulator.model import (
    Actor,
    ActorKind,
    Discussion,
    Issue,
    Node,
    PullRequest,
    Repository,
    ReviewComment,
    ReviewThread,
)

RESOLVERS: Final[dict[tuple[str, str], Resolver]] = {}


def field(*places: str) -> Callable[[Resolver], Resolver]:
    """Bind a function to the fields `Type.field`."""

    def bind(function: Resolver) -> Resolver:
        for place in places:
            type_name, _, field_name = place.partition(".")
            RESOLVERS[type_name, field_name] = function
        return function

    return bind


@dataclass
class RateLimit:
    """The viewer's points, as GraphQL shows them."""

    cost: int
    node_count: int
    limit: int
    remaining: int
    used: int
    reset_at: datetime


@field("Query.rateLimit")
def rate_limit(_: None, info: Info, arguments: Arguments) -> RateLimit:
    """What this query costs and what is left after it."""
    arguments["dryRun"]  # whether anything else runs was decided before
    request = request_of(info)
    bucket = request.world.bucket(request.token, "graphql")
    return RateLimit(
        cost=request.cost.points,
        node_count=request.cost.nodes,
        limit=bucket.limit,
        remaining=bucket.remaining,
        used=bucket.used,
        reset_at=bucket.reset_at,
    )


@field("Query.viewer")
def viewer(_: None, info: Info, arguments: Arguments) -> Actor:
    """The owner of the token."""
    return request_of(info).token.owner


@field("Query.repository")
def repository(_: None, info: Info, arguments: Arguments) -> Repository:
    """A repository that the viewer can read."""
    request = request_of(info)
    full_name = f"{arguments['owner']}/{arguments['name']}"
    follows = arguments["followRenames"]
    found = request.world.repository(full_name, follow_renames=follows)
    if found is None or not request.reads(found):
        raise not_found(f"Could not resolve to a Repository with the name '{full_name}'.")
    request.admit(found)
    return found


@field("Query.node")
def node(_: None, info: Info, arguments: Arguments) -> Node:
    """The object with a node id, if the viewer can read it."""
    return _node(info, arguments["id"])


def _node(info: Info, any_id: str) -> Node:
    request = request_of(info)
    found = request.world.find(any_id)
    if found is None or not request.reads(found):
        raise not_found(f"Could not resolve to a node with the global id of '{any_id}'")
    request.admit(found)
    request.check_node(found)
    return found


@field("Query.nodes")
def nodes(_: None, info: Info, arguments: Arguments) -> list[Any]:
    """The objects with these node ids; what is not there is null and an error of its own."""
    ids = arguments["ids"]
    if len(ids) > PAGE_LIMIT:
        message = f"You may not provide more than {PAGE_LIMIT} node ids; you provided {len(ids)}."
        raise GitHubError("ARGUMENT_LIMIT", message)
    found: list[Any] = []
    for one in ids:
        try:
            found.append(_node(info, one))
        except GitHubError as error:
            found.append(error)
    return found


@field("Query.user", "Query.organization", "Query.repositoryOwner")
def account(_: None, info: Info, arguments: Arguments) -> Actor | None:
    """An account of the wanted kind."""
    login = arguments["login"]
    kinds = {"user": ("User",), "organization": ("Organization",)}
    found = request_of(info).world.actor(login)
    wanted = kinds.get(info.field_name)
    if wanted is None:
        return found if found and found.kind in ("User", "Organization") else None
    if found is None or found.kind not in wanted:
        article = "an" if wanted[0] == "Organization" else "a"
        raise not_found(f"Could not resolve to {article} {wanted[0]} with the login of '{login}'.")
    return found


@field("Repository.issue")
def issue(source: Repository, info: Info, arguments: Arguments) -> Issue | None:
    """An issue by its number; a pull request is none."""
    number = arguments["number"]
    request_of(info).check("issues", source)
    found = source.issues.get(number) or _transferred(source, info, number)
    if _is_null(info, "issues", source):
        return None
    if found is None or not source.has_issues_enabled:
        raise not_found(f"Could not resolve to an Issue with the number of {number}.")
    return found


def _is_null(info: Info, feature: Feature, source: Repository) -> bool:
    """Tell whether a single thread is null without a reason, because its feature is off."""
    request = request_of(info)
    return request.is_off(feature, source) and request.dialect.switched_off_lists == "null"


def _transferred(source: Repository, info: Info, number: int) -> Issue | None:
    request, found = request_of(info), source.transferred.get(number)
    if found is None or request.dialect.transfers_are_followed != "both":
        return None
    is_there = request.world.nodes.get(found.node_id) is found and request.reads(found)
    return found if is_there else None


@field("Issue.stateReason")
def state_reason(source: Issue, info: Info, arguments: Arguments) -> str | None:
    """Why an issue is closed; a duplicate is not planned, unless one asks for the difference."""
    hides = not arguments["enableDuplicate"] and source.state_reason == "DUPLICATE"
    return "NOT_PLANNED" if hides else source.state_reason


@field(*(f"{kind}.avatarUrl" for kind in get_args(ActorKind)))
def avatar_url(source: Actor, info: Info, arguments: Arguments) -> str:
    """The picture, in the size that is asked for."""
    size = arguments.get("size")
    return source.avatar_url if size is None else f"{source.avatar_url}&s={size}"


@field(
    "Issue.parent",
    "ClosedEvent.closer",
    "ConvertedToDiscussionEvent.discussion",
    "MarkedAsDuplicateEvent.canonical",
    "MarkedAsDuplicateEvent.duplicate",
    "ReviewDismissedEvent.review",
    "UnmarkedAsDuplicateEvent.canonical",
    "UnmarkedAsDuplicateEvent.duplicate",
)
def named_elsewhere(source: Any, info: Info, arguments: Arguments) -> Node | None:
    """What something names, as long as it is there and the viewer can read it."""
    request, found = request_of(info), getattr(source, info.field_name)
    is_there = found is not None and request.world.nodes.get(found.node_id) is found
    return found if is_there and request.reads(found) else None


@field("Bot.login")
def bot_login(source: Actor, info: Info, arguments: Arguments) -> str:
    """The login of a bot: that of its App."""
    return source.rest_login if request_of(info).dialect.bot_login_has_suffix else source.login


@field("User.email")
def email(source: Actor, info: Info, arguments: Arguments) -> str:
    """The public address of a user; Apps may not be let to read it."""
    request = request_of(info)
    if request.token.is_user or request.dialect.apps_read_emails == "shown":
        return source.email
    if request.dialect.apps_read_emails == "FORBIDDEN":
        raise forbidden()
    return ""


@field("Repository.pullRequest")
def pull_request(source: Repository, info: Info, arguments: Arguments) -> PullRequest | None:
    """A pull request by its number."""
    number = arguments["number"]
    request_of(info).check("pull_requests", source)
    if _is_null(info, "pull_requests", source):
        return None
    if number not in source.pull_requests or not source.has_pull_requests_enabled:
        raise not_found(f"Could not resolve to a PullRequest with the number of {number}.")
    return source.pull_requests[number]


@field("Repository.issueOrPullRequest")
def issue_or_pull_request(
    source: Repository, info: Info, arguments: Arguments
) -> Issue | PullRequest:
    """Either by its number."""
    number = arguments["number"]
    found: Issue | PullRequest | None = None
    if source.has_pull_requests_enabled:
        found = source.pull_requests.get(number)
    if source.has_issues_enabled and found is None:
        found = source.issues.get(number) or _transferred(source, info, number)
    if found is None:
        message = f"Could not resolve to an issue or pull request with the number of {number}."
        raise not_found(message)
    request_of(info).check_node(found)
    return found


@field("Repository.discussion")
def discussion(source: Repository, info: Info, arguments: Arguments) -> Discussion | None:
    """A discussion by its number."""
    number = arguments["number"]
    request_of(info).check("discussions", source)
    if _is_null(info, "discussions", source):
        return None
    if number not in source.discussions or not source.has_discussions_enabled:
        raise not_found(f"Could not resolve to a Discussion with the number of {number}.")
    return source.discussions[number]


@field("PullRequestReviewComment.path", "PullRequestReviewThread.path")
def path_in_diff(source: ReviewComment | ReviewThread, info: Info, arguments: Arguments) -> str:
    """The file: elsewhere `path` is that of a page."""
    return source.path_in_diff


@field("PullRequestReviewComment.replyTo")
def reply_to(source: ReviewComment, info: Info, arguments: Arguments) -> ReviewComment | None:
    """What it answers, as long as that is there; the REST API goes on naming it."""
    nodes = request_of(info).world.nodes
    return source.reply_to if source.reply_to and source.reply_to.node_id in nodes else None
