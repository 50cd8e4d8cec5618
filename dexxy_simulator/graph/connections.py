"""The connections: which list each field shows, in which order, through which filter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from dexxy_simulator.graph.arguments import Arguments
from dexxy_simulator.graph.context import Feature, Info, request_of
from dexxy_simulator.graph.cost import PAGE_LIMIT
from dexxy_simulator.graph.errors import GitHubError
from dexxy_simulator.graph.pages import (
    Connection,
    Key,
    Listing,
    created_key,
    id_key,
    paginate,
    updated_key,
)
from dexxy_simulator.model import (
    Commit,
    Discussion,
    DiscussionComment,
    Issue,
    Post,
    PullRequest,
    ReactionGroup,
    Repository,
    Review,
    ReviewThread,
)

ListingField = Callable[[Any, Info, Arguments], Listing]
CONNECTIONS: Final[dict[tuple[str, str], Callable[[Any, Info, Arguments], Connection]]] = {}
# https://docs.github.com/rest/pulls/pulls#list-commits-on-a-pull-request
MOST_COMMITS: Final = 250
ONLY_COUNTED: Final = {"totalCount", "__typename"}


def connection(*places: str) -> Callable[[ListingField], ListingField]:
    """Bind a list to the connections `Type.field`, behind GitHub's check of page sizes."""

    def bind(function: ListingField) -> ListingField:
        def page(source: Any, info: Info, arguments: Arguments) -> Connection:
            check_page_size(info, arguments)
            listing = function(source, info, arguments)
            by_offset = request_of(info).dialect.cursors == "offset"
            return paginate(listing, arguments, by_offset=by_offset)

        for place in places:
            type_name, _, field_name = place.partition(".")
            CONNECTIONS[type_name, field_name] = page
        return function

    return bind


def check_page_size(info: Info, arguments: Arguments) -> None:
    """Refuse a connection without a page size, or with one outside 1 to 100.

    Raises:
        GitHubError: as GitHub words it.
    """
    name = info.field_name
    sizes = [
        (side, arguments[side]) for side in ("first", "last") if arguments.get(side) is not None
    ]
    if not sizes and (request_of(info).dialect.counts_need_a_page or not _only_counted(info)):
        message = (
            "You must provide a `first` or `last` value "
            f"to properly paginate the `{name}` connection."
        )
        raise GitHubError("MISSING_PAGINATION_BOUNDARIES", message)
    for side, size in sizes:
        if size > PAGE_LIMIT:
            message = (
                f"Requesting {size} records on the `{name}` connection exceeds "
                f"the `{side}` limit of {PAGE_LIMIT} records."
            )
            raise GitHubError("EXCESSIVE_PAGINATION", message)
        if size < 1:
            message = f"`{side}` on the `{name}` connection cannot be less than one."
            raise GitHubError("ARGUMENT_LIMIT", message)


def _only_counted(info: Info) -> bool:
    """`totalCount` alone needs no page: many public queries read it so."""
    names = set()
    for node in info.field_nodes:
        for selection in node.selection_set.selections if node.selection_set else ():
            name = getattr(selection, "name", None)
            names.add(name.value if name is not None else "")
    return names <= ONLY_COUNTED


def _ordered(
    items: Iterable[Any],
    arguments: Arguments,
    default: tuple[str, str],
    created: Callable[[Any], Key] = created_key,
) -> Listing:
    order = arguments.get("orderBy") or {"field": default[0], "direction": default[1]}
    keys: dict[str, Callable[[Any], Key]] = {
        "CREATED_AT": created,
        "UPDATED_AT": updated_key,
        "COMMENTS": lambda item: (len(item.comments), item.database_id),
        "NUMBER": lambda item: (item.number, item.database_id),
        "DUE_DATE": lambda item: (item.due_on.timestamp() if item.due_on else 0, item.database_id),
        "NAME": lambda item: (item.name.lower(), item.database_id),
    }
    return Listing(items, keys[order["field"]], order["direction"] == "DESC")


@connection("Repository.issues")
def issues(source: Repository, info: Info, arguments: Arguments) -> Listing:
    """The issues, by number unless told otherwise; `since` is inclusive."""
    request_of(info).check("issues", source)
    found = _filtered(_shown(info, "issues", source), arguments)
    if (only := arguments.get("filterBy")) is not None:
        found = _filtered(found, only)
        if (since := only.get("since")) is not None:
            found = [issue for issue in found if issue.updated_at >= since]
        if (login := only.get("createdBy")) is not None:
            found = [issue for issue in found if issue.author and issue.author.login == login]
    return _ordered(found, arguments, ("CREATED_AT", "ASC"))


@connection("Repository.pullRequests")
def pull_requests(source: Repository, info: Info, arguments: Arguments) -> Listing:
    """The pull requests, by number unless told otherwise; there is no `since`."""
    request_of(info).check("pull_requests", source)
    found = _filtered(_shown(info, "pull_requests", source), arguments)
    for argument, attribute in (("baseRefName", "base_ref_name"), ("headRefName", "head_ref_name")):
        if (name := arguments.get(argument)) is not None:
            found = [pull for pull in found if getattr(pull, attribute) == name]
    return _ordered(found, arguments, ("CREATED_AT", "ASC"))


@connection("Repository.discussions")
def discussions(source: Repository, info: Info, arguments: Arguments) -> Listing:
    """The discussions, the last updated first unless told otherwise."""
    request_of(info).check("discussions", source)
    found = _filtered(_shown(info, "discussions", source), arguments)
    if (answered := arguments.get("answered")) is not None:
        found = [one for one in found if (one.answer is not None) is answered]
    return _ordered(found, arguments, ("UPDATED_AT", "DESC"))


def _shown(info: Info, feature: Feature, source: Repository) -> Iterable[Any]:
    """Return the threads of a kind: none if they are switched off, or null in place of the list."""
    request = request_of(info)
    if not request.is_off(feature, source):
        threads: dict[int, Any] = getattr(source, feature)
        return threads.values()
    if request.dialect.switched_off_lists == "null":
        request.nulls.append(info.path.as_list())
    return ()


def _filtered(threads: Iterable[Any], arguments: Arguments) -> list[Any]:
    states, names = arguments.get("states"), arguments.get("labels")
    if not states and not names:
        return list(threads)
    return [
        thread
        for thread in threads
        if (not states or thread.state in states)
        and (not names or any(label.name in names for label in thread.labels))
    ]


@connection("Issue.comments", "PullRequest.comments", "Discussion.comments")
def comments(source: Issue | PullRequest | Discussion, info: Info, arguments: Arguments) -> Listing:
    """The comments of a thread, oldest first; those of a discussion without the replies."""
    return _ordered(source.comments, arguments, ("CREATED_AT", "ASC"))


@connection("DiscussionComment.replies")
def replies(source: DiscussionComment, info: Info, arguments: Arguments) -> Listing:
    """The replies to a comment, oldest first."""
    return Listing(source.replies)


@connection("PullRequest.reviews")
def reviews(source: PullRequest, info: Info, arguments: Arguments) -> Listing:
    """The reviews; a pending one is there for its author only."""
    states = arguments.get("states")
    found = [
        review for review in _visible(info, source.reviews) if not states or review.state in states
    ]
    if (login := arguments.get("author")) is not None:
        found = [review for review in found if review.author and review.author.login == login]
    return Listing(found)


@connection("PullRequest.commits")
def commits(source: PullRequest, info: Info, arguments: Arguments) -> Listing:
    """The commits, oldest first: 250 of them at most."""
    request_of(info).check_commits(source)
    return Listing(source.commits[:MOST_COMMITS])


@connection("Commit.authors")
def authors(source: Commit, info: Info, arguments: Arguments) -> Listing:
    """The author and the co-authors, in the order of the commit."""
    places = {id(one): place for place, one in enumerate(source.authors)}
    return Listing(source.authors, lambda one: (places[id(one)],))


@connection("Repository.releases")
def releases(source: Repository, info: Info, arguments: Arguments) -> Listing:
    """The releases; a draft is there for who works on the repository."""
    request_of(info).check("contents", source)
    return _ordered(_visible(info, source.releases), arguments, ("CREATED_AT", "ASC"))


@connection("PullRequest.reviewThreads")
def review_threads(source: PullRequest, info: Info, arguments: Arguments) -> Listing:
    """The threads on the diff."""
    return Listing(_visible(info, source.review_threads))


@connection("PullRequestReview.comments", "PullRequestReviewThread.comments")
def review_comments(source: Review | ReviewThread, info: Info, arguments: Arguments) -> Listing:
    """The comments of a review, or of a thread on the diff."""
    return Listing(_visible(info, source.comments))


@connection("Issue.labels", "PullRequest.labels", "Discussion.labels")
def labels(source: Issue | PullRequest | Discussion, info: Info, arguments: Arguments) -> Listing:
    """The labels; the creation of a label is not modelled, its number follows it."""
    return _ordered(source.labels, arguments, ("CREATED_AT", "ASC"), created=id_key)


@connection("Repository.labels")
def labels_of_repository(source: Repository, info: Info, arguments: Arguments) -> Listing:
    """The labels that there are to choose from, all or those whose names hold a text."""
    text = (arguments.get("query") or "").lower()
    found = [label for label in source.labels.values() if text in label.name.lower()]
    return _ordered(found, arguments, ("CREATED_AT", "ASC"), created=id_key)


@connection("Repository.milestones")
def milestones(source: Repository, info: Info, arguments: Arguments) -> Listing:
    """The milestones, open and closed, all or those whose titles hold a text."""
    request_of(info).check_any(("issues", "pull_requests"), source)
    text, states = (arguments.get("query") or "").lower(), arguments.get("states")
    found = [one for one in source.milestones if text in one.title.lower()]
    found = [one for one in found if not states or one.state in states]
    return _ordered(found, arguments, ("NUMBER", "ASC"))


@connection("Issue.assignees", "PullRequest.assignees")
def assignees(source: Issue | PullRequest, info: Info, arguments: Arguments) -> Listing:
    """The assignees that are people; bots are shown elsewhere, by a newer field."""
    return Listing([one for one in source.assignees if one.kind == "User"], id_key)


@connection("ReactionGroup.reactors")
def reactors(source: ReactionGroup, info: Info, arguments: Arguments) -> Listing:
    """Who reacted so: only how many these are."""
    return Listing(range(source.total_count), lambda number: (number,))


@connection("Discussion.reactions", "DiscussionComment.reactions")
def reactions(source: Post, info: Info, arguments: Arguments) -> Listing:
    """Each reaction to a post."""
    return Listing(source.single_reactions, lambda reaction: (reaction.place,))


@connection("Issue.timelineItems", "PullRequest.timelineItems")
def timeline_items(source: Issue | PullRequest, info: Info, arguments: Arguments) -> Listing:
    """The timeline: events, and also comments and reviews if these types are asked for."""
    items: list[Any] = [*source.timeline, *source.comments]
    if isinstance(source, PullRequest):
        items += _visible(info, [*source.reviews, *source.review_threads, *source.commits])
    wanted = arguments.get("itemTypes")
    if wanted is not None:
        items = [item for item in items if _item_type(item.typename) in wanted]
    if (since := arguments.get("since")) is not None:
        items = [item for item in items if item.created_at >= since]
    return Listing(items, updated_at=source.updated_at)


def _visible(info: Info, items: Sequence[Any]) -> list[Any]:
    """Leave out the pending reviews of others."""
    request = request_of(info)
    return [item for item in items if request.reads(item)]


def _item_type(typename: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", typename).upper()
