"""What the endpoints answer. Each links its page of GitHub's documentation by its name:
https://docs.github.com/rest (issues, issue comments, pulls, reviews, users, repositories)."""

from __future__ import annotations

from typing import Any, Final

from werkzeug.wrappers import Response

from dexxy_simulator.exchange import (
    NOT_ACCESSIBLE,
    Exchange,
    Refusal,
    json_response,
    rate_limit_headers,
)
from dexxy_simulator.model import IssueComment, PullRequest, Repository, ReviewComment
from dexxy_simulator.protection import barrier
from dexxy_simulator.rest.found import (
    account_of,
    both_of,
    pull_of,
    refuse_without_pull_requests,
    thread_of,
)
from dexxy_simulator.rest.lists import (
    in_state,
    is_since_epoch,
    ordered,
    page_of,
    refuse_filters,
    since,
)
from dexxy_simulator.rest.routes import moved, repository_route, route
from dexxy_simulator.rest_json import accounts, threads
from dexxy_simulator.rest_json import releases as written_releases
from dexxy_simulator.tokens import Bucket, UserToken

FILTERS_OF_ISSUES: Final = ("assignee", "creator", "labels", "mentioned", "milestone", "type")


@repository_route("repository", "", "metadata")
def repository(exchange: Exchange, found: Repository) -> Response:
    """One repository."""
    row = accounts.repository(exchange.urls, found)
    if found.is_in_organization:
        row["organization"] = accounts.user(exchange.urls, found.owner)
    return json_response(row)


@repository_route("issues", "/issues", "issues; pull_requests")
def issues(exchange: Exchange, found: Repository) -> Response:
    """The issues and pull requests of a repository, the newest first."""
    _refuse_without_issues(exchange, found)
    refuse_filters(exchange, *FILTERS_OF_ISSUES)
    both = both_of(found)
    if exchange.dialect.epoch_is_empty and is_since_epoch(exchange):
        both.clear()
    wanted = ordered(exchange, since(exchange, in_state(exchange, both)), descending=True)
    dialect = exchange.dialect
    return page_of(
        exchange,
        wanted,
        threads.issue,
        limit=dialect.page_limit,
        names_cursors=dialect.issues_name_cursors,
    )


@repository_route("issue", "/issues/<int:number>", "issues; pull_requests")
def issue(exchange: Exchange, found: Repository, number: int) -> Response:
    """One issue or pull request; a transferred one is elsewhere, a deleted one is gone."""
    target = found.transferred.get(number)
    follows = exchange.dialect.transfers_are_followed != "neither"
    if follows and target is not None and exchange.reads(target.home):
        return moved(f"{threads.home(exchange.urls, target.home)}/issues/{target.number}")
    if number in found.deleted_numbers:
        raise Refusal(exchange.dialect.deleted_issue_status, "This issue was deleted")
    return json_response(threads.issue(exchange.urls, thread_of(found, number)))


@repository_route("issue_comments", "/issues/comments", "issues; pull_requests")
def issue_comments(exchange: Exchange, found: Repository) -> Response:
    """All comments of issues and pull requests; without `sort`, `direction` is ignored."""
    both = both_of(found)
    comments = since(exchange, (comment for thread in both for comment in thread.comments))
    wanted = _comments_ordered(exchange, comments)
    return page_of(exchange, wanted, threads.comment, limit=_limit_of_comments(exchange))


@repository_route("comments_of_issue", "/issues/<int:number>/comments", "issues; pull_requests")
def comments_of_issue(exchange: Exchange, found: Repository, number: int) -> Response:
    """The comments of one issue or pull request, the oldest first."""
    comments: list[IssueComment] = since(exchange, thread_of(found, number).comments)
    comments.sort(key=lambda comment: comment.database_id)
    return page_of(exchange, comments, threads.comment)


@repository_route("pulls", "/pulls", "pull_requests")
def pulls(exchange: Exchange, found: Repository) -> Response:
    """The pull requests of a repository: there is no `since`."""
    refuse_without_pull_requests(found)
    refuse_filters(exchange, "head", "base")
    descending = exchange.request.args.get("sort", "created") == "created"
    both = in_state(exchange, found.pull_requests.values())
    sorts = ("created", "updated", "popularity", "long-running")
    wanted = ordered(exchange, both, sorts=sorts, descending=descending)
    return page_of(exchange, wanted, threads.pull_request, limit=exchange.dialect.page_limit)


@repository_route("pull", "/pulls/<int:number>", "pull_requests")
def pull(exchange: Exchange, found: Repository, number: int) -> Response:
    """One pull request."""
    return json_response(threads.full_pull_request(exchange.urls, pull_of(found, number)))


@repository_route("review_comments", "/pulls/comments", "pull_requests")
def review_comments(exchange: Exchange, found: Repository) -> Response:
    """All comments on diffs of a repository."""
    refuse_without_pull_requests(found)
    every = (one for pull in found.pull_requests.values() for one in _comments_on_diff(pull))
    wanted = _comments_ordered(exchange, since(exchange, every))
    return page_of(exchange, wanted, threads.review_comment, limit=_limit_of_comments(exchange))


@repository_route("comments_of_pull", "/pulls/<int:number>/comments", "pull_requests")
def comments_of_pull(exchange: Exchange, found: Repository, number: int) -> Response:
    """The comments on the diff of one pull request; a sort that it does not know is none.

    Singer's tap asks for `updated_at`: https://github.com/singer-io/tap-github
    """
    comments = since(exchange, _comments_on_diff(pull_of(found, number)))
    if exchange.request.args.get("sort") in ("created", "updated"):
        comments = _comments_ordered(exchange, comments)
    else:
        comments.sort(key=lambda comment: comment.database_id)
    return page_of(exchange, comments, threads.review_comment)


@repository_route("reviews", "/pulls/<int:number>/reviews", "pull_requests")
def reviews(exchange: Exchange, found: Repository, number: int) -> Response:
    """The reviews of one pull request in their order; a pending one is its author's alone."""
    viewer = exchange.token.owner if exchange.token else None
    visible = [
        review
        for review in pull_of(found, number).reviews
        if review.state != "PENDING" or (viewer is not None and review.author is viewer)
    ]
    visible.sort(key=lambda review: (review.created_at, review.database_id))
    return page_of(exchange, visible, threads.review)


@repository_route("releases", "/releases", "contents")
def releases(exchange: Exchange, found: Repository) -> Response:
    """The releases of a repository, the newest first; drafts are for who works on it."""
    viewer = exchange.token.owner if exchange.token else None
    works_on_it = viewer is not None and found.is_worked_on_by(viewer)
    shown = [one for one in reversed(found.releases) if works_on_it or not one.is_draft]
    return page_of(exchange, shown, written_releases.release)


@route("user_by_login", "/users/<login>")
def user_by_login(exchange: Exchange, login: str) -> Response:
    """One account by its login."""
    return json_response(accounts.profile(exchange.urls, account_of(exchange, login)))


@route("user_by_id", "/user/<int:number>")
def user_by_id(exchange: Exchange, number: int) -> Response:
    """One account by its number, which no renaming changes."""
    if number not in exchange.world.actors:
        raise Refusal(404, "Not Found")
    return json_response(accounts.profile(exchange.urls, exchange.world.actors[number]))


@route("viewer", "/user")
def viewer(exchange: Exchange) -> Response:
    """The token's owner."""
    return json_response(accounts.profile(exchange.urls, exchange.user))


@route("own_emails", "/user/emails")
def own_emails(exchange: Exchange) -> Response:
    """The addresses of the token's owner, for an App that may know them.

    https://docs.github.com/en/rest/users/emails#list-email-addresses-for-the-authenticated-user
    """
    token, emails = exchange.token, exchange.user.emails
    if isinstance(token, UserToken) and "emails" not in token.app.permissions:
        accepted = {"X-Accepted-GitHub-Permissions": "emails=read"}
        raise Refusal(403, NOT_ACCESSIBLE, **accepted)
    return json_response(
        [
            {"email": email, "verified": is_verified, "primary": place == 0, "visibility": None}
            for place, (email, is_verified) in enumerate(emails.items())
        ]
    )


@route("own_repositories", "/user/repos")
def own_repositories(exchange: Exchange) -> Response:
    """The repositories that the token's owner owns or collaborates on, by name.

    Those of organisations for which it is not authorised are left out, and a header says so.
    """
    owner = exchange.user
    own = [
        one
        for one in exchange.world.repositories.values()
        if one.is_worked_on_by(owner) and exchange.reads(one)
    ]
    barriers = {one: barrier(exchange.token, one) for one in own}
    found = [one for one, met in barriers.items() if met is None]
    lacking = {met.organization.database_id for met in barriers.values() if met and met.is_saml}
    by_name = exchange.request.args.get("sort", "full_name") == "full_name"
    ordered_ones = ordered(
        exchange,
        found,
        default="full_name",
        sorts=("full_name", "created", "updated", "pushed"),
        descending=not by_name,
    )
    response = page_of(exchange, ordered_ones, accounts.repository)
    if lacking:
        numbers = ",".join(map(str, sorted(lacking)))
        response.headers["X-GitHub-SSO"] = f"partial-results; organizations={numbers}"
    return response


@route("rate_limit", "/rate_limit")
def rate_limit(exchange: Exchange) -> Response:
    """What is left of the limits; asking costs nothing."""
    core = _bucket(exchange.world.bucket(exchange.token, "core"))
    graphql = _bucket(exchange.world.bucket(exchange.token, "graphql"))
    search = {**core, "limit": 30, "remaining": 30, "used": 0}
    resources = {"core": core, "graphql": graphql, "search": search}
    headers = rate_limit_headers(exchange.world, exchange.token, "core")
    return json_response({"resources": resources, "rate": core}, headers=headers)


@route("meta", "/meta")
def meta(exchange: Exchange) -> Response:
    """The addresses that the server's webhooks come from."""
    overview: dict[str, Any] = {
        "verifiable_password_authentication": False,
        "hooks": ["127.0.0.1/32"],
    }
    if exchange.api_prefix:
        overview["installed_version"] = "3.19.0"  # only GitHub Enterprise Server has one
    return json_response(overview)


def _bucket(bucket: Bucket) -> dict[str, Any]:
    return {
        "limit": bucket.limit,
        "used": bucket.used,
        "remaining": bucket.remaining,
        "reset": int(bucket.reset_at.timestamp()),
    }


def _refuse_without_issues(exchange: Exchange, found: Repository) -> None:
    if not found.has_issues_enabled:
        raise Refusal(exchange.dialect.switched_off_status, "Issues are disabled for this repo")


def _comments_on_diff(pull: PullRequest) -> list[ReviewComment]:
    return [one for review in pull.reviews if review.state != "PENDING" for one in review.comments]


def _comments_ordered(exchange: Exchange, comments: list[Any]) -> list[Any]:
    if "sort" not in exchange.request.args:
        return sorted(comments, key=lambda comment: int(comment.database_id))
    descending = exchange.dialect.comments_descend
    return ordered(exchange, comments, sorts=("created", "updated"), descending=descending)


def _limit_of_comments(exchange: Exchange) -> int | None:
    dialect = exchange.dialect
    return dialect.page_limit if dialect.page_limit_covers_comments else None
