"""Accounts, and threads of a repository, as the endpoints find them."""

from __future__ import annotations

from dexxy_simulator.exchange import Exchange, Refusal
from dexxy_simulator.model import Actor, Issue, PullRequest, Repository
from dexxy_simulator.rest_json.accounts import GHOST


def account_of(exchange: Exchange, login: str) -> Actor:
    """Return an account by its login; the one that stands for deleted ones is always there."""
    found = exchange.world.actor(login)
    if found is None and login == GHOST.login:
        return GHOST
    if found is None:
        raise Refusal(404, "Not Found")
    return found


def both_of(found: Repository) -> list[Issue | PullRequest]:
    """Return the issues and the pull requests, without these if they are switched off."""
    pulls = found.pull_requests.values() if found.has_pull_requests_enabled else ()
    return [*found.issues.values(), *pulls]


def thread_of(found: Repository, number: int) -> Issue | PullRequest:
    """Return an issue or a pull request by its number."""
    thread = found.issues.get(number)
    return thread or pull_of(found, number)


def pull_of(found: Repository, number: int) -> PullRequest:
    """Return a pull request by its number."""
    refuse_without_pull_requests(found)
    if number not in found.pull_requests:
        raise Refusal(404, "Not Found")
    return found.pull_requests[number]


def refuse_without_pull_requests(found: Repository) -> None:
    """Nobody is told why: https://github.com/josegonzalez/python-github-backup/pull/516"""
    if not found.has_pull_requests_enabled:
        raise Refusal(404, "Not Found")
