"""Compare with a simulated GitHub what is stored of a repository beside its threads: releases, who
wrote pull requests together, stars and forks.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from dexxy.messages.models import CoAuthor, Release
from dexxy.sources.models import DailyCounts, Source
from dexxy_simulator.model import Actor, GitActor, PullRequest, Repository
from tests.truth import Facts, author_of, place, to_seconds

# GitHub's address of an account, which begins with its number.
_NUMBERED: Final = re.compile(r"(\d+)\+.+@users\.noreply\.github\.com")
# More commits of a pull request are shown to nobody.
_MOST_COMMITS: Final = 250


@dataclass(frozen=True)
class Shown:
    """What GitHub shows now. What it shows no more stays as it was, and is not compared."""

    releases: bool = True
    commits: bool = True


def differences_beside(source: Source, repository: Repository, given: Shown) -> Facts:
    """Return what is stored and what is true of each thing for which they differ."""
    found: list[tuple[dict[Any, Any], dict[Any, Any]]] = [(_counted(source), _counts(repository))]
    if given.releases:
        found.append((_stored_releases(source), dict(_releases(repository))))
    if given.commits:
        merged = [one for one in repository.pull_requests.values() if one.merged and one.author]
        numbers = [one.number for one in merged]
        found.append((_stored_authors(source, numbers), dict(map(_authors, merged))))
    return {
        key: {"row": (stored.get(key), true.get(key))}
        for stored, true in found
        for key in {**stored, **true}
        if stored.get(key) != true.get(key)
    }


def _counted(source: Source) -> dict[Any, Any]:
    """Return the last count: those of days that are over stay as they were seen then."""
    last = DailyCounts.objects.filter(source=source).latest("date")
    return {("growth",): {"stars": last.stars, "forks": last.forks}}


def _counts(repository: Repository) -> dict[Any, Any]:
    counts = {"stars": repository.stargazer_count, "forks": repository.fork_count}
    return {("growth",): counts}


def _stored_releases(source: Source) -> dict[Any, Any]:
    rows = Release.objects.filter(source=source, is_archived=False).select_related("author")
    return {
        ("release", one.external_id): {
            "tag": one.tag,
            "name": one.name,
            "body": one.body,
            "place": place(one.url),
            "author": one.author and (one.author.external_id, one.author.username),
            "is_prerelease": one.is_prerelease,
            "published_at": one.published_at,
            "listed_at": one.listed_at,
        }
        for one in rows
    }


def _releases(repository: Repository) -> Iterator[tuple[Any, Any]]:
    """Yield the releases that anybody sees: a draft is its authors'."""
    for one in repository.releases:
        if not one.is_draft:
            facts = {
                "tag": one.tag_name,
                "name": one.name or "",
                "body": one.description or "",
                "place": place(one.path),
                "author": one.author and author_of(one.author),
                "is_prerelease": one.is_prerelease,
                "published_at": to_seconds(one.published_at),
                "listed_at": to_seconds(one.created_at),
            }
            yield ("release", str(one.database_id)), facts


def _stored_authors(source: Source, numbers: list[int]) -> dict[Any, Any]:
    """Return who wrote some pull requests beside those who opened them."""
    found: dict[Any, set[str]] = {("authors", number): set() for number in numbers}
    rows = CoAuthor.objects.filter(
        thread__source=source, thread__kind="pull_request", thread__number__in=numbers
    )
    for row in rows.select_related("thread", "account"):
        known = row.account.external_id if row.account else _who(row.email)
        found["authors", row.thread.number].add(known)
    return found


def _authors(pull: PullRequest) -> tuple[Any, set[str]]:
    """Return the authors of what was merged but who opened it, as far as that is still known.

    They are read once after the merge: an account that was deleted since is known by its number.
    """
    commits = [one.commit for one in pull.commits[:_MOST_COMMITS]]
    every = {_named(author) for commit in commits for author in commit.authors}
    assert isinstance(pull.author, Actor)
    return ("authors", pull.number), every - {str(pull.author.database_id)}


def _named(author: GitActor) -> str:
    return str(author.user.database_id) if author.user else _who(author.email)


def _who(email: str) -> str:
    numbered = _NUMBERED.fullmatch(email)
    return numbered[1] if numbered else email.lower()
