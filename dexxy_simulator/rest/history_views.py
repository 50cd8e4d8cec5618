"""What happened to threads, and the commits of pull requests.

https://docs.github.com/rest/issues/events, https://docs.github.com/rest/commits/commits,
https://docs.github.com/rest/pulls/review-requests, https://docs.github.com/rest/orgs/orgs
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from werkzeug.wrappers import Response

from dexxy_simulator.exchange import Exchange, Refusal, json_response
from dexxy_simulator.model import Actor, Repository, Team, TimelineEvent
from dexxy_simulator.rest.found import both_of, pull_of, thread_of
from dexxy_simulator.rest.lists import page_of, refuse_filters
from dexxy_simulator.rest.routes import repository_route
from dexxy_simulator.rest_json import accounts, commits, events


@repository_route("issue_events", "/issues/events", "issues; pull_requests")
def issue_events(exchange: Exchange, found: Repository) -> Response:
    """The events of all issues and pull requests, the newest first."""
    every = (event for thread in both_of(found) for event in thread.timeline)
    return page_of(exchange, _by_time(every)[::-1], events.event_with_issue)


@repository_route("events_of_issue", "/issues/<int:number>/events", "issues; pull_requests")
def events_of_issue(exchange: Exchange, found: Repository, number: int) -> Response:
    """The events of one issue or pull request, the oldest first."""
    return page_of(exchange, _by_time(thread_of(found, number).timeline), events.issue_event)


@repository_route("commits", "/commits", "contents")
def commits_of_repository(exchange: Exchange, found: Repository) -> Response:
    """The commits of merged pull requests, the newest first: no others are modelled."""
    refuse_filters(exchange, "sha", "path", "author", "committer", "since", "until")
    merged = [pull for pull in found.pull_requests.values() if pull.merged]
    every = [place.commit for pull in merged for place in pull.commits]
    if not every:
        raise Refusal(409, "Git Repository is empty.")
    every.sort(key=lambda one: (one.committed_date, one.database_id), reverse=True)
    return page_of(exchange, every, commits.commit)


@repository_route("commits_of_pull", "/pulls/<int:number>/commits", "pull_requests")
def commits_of_pull(exchange: Exchange, found: Repository, number: int) -> Response:
    """The commits of one pull request in their order; GitHub lists 250 at most."""
    shown = [place.commit for place in pull_of(found, number).commits[:250]]
    return page_of(exchange, shown, commits.commit)


@repository_route("requested_reviewers", "/pulls/<int:number>/requested_reviewers", "pull_requests")
def requested_reviewers(exchange: Exchange, found: Repository, number: int) -> Response:
    """Who is asked for a review of one pull request, and has not given it."""
    asked: list[Any] = pull_of(found, number).requested_reviewers
    users = [accounts.user(exchange.urls, one) for one in asked if isinstance(one, Actor)]
    teams = [accounts.team(exchange.urls, one) for one in asked if isinstance(one, Team)]
    return json_response({"users": users, "teams": teams})


def _by_time(found: Iterable[TimelineEvent]) -> list[TimelineEvent]:
    return sorted(found, key=lambda event: (event.created_at, event.database_id))
