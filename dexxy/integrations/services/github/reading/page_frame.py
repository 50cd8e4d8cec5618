"""The frame of a page of a repository's threads, without which no thread of it is stored."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop

from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.errors import answer_shape
from dexxy.integrations.services.github.api.queries import THREAD_TYPES
from dexxy.integrations.services.github.api.values import (
    Page,
    Payload,
    count_of,
    number_of,
    page_of,
    text,
    time,
)
from dexxy.integrations.services.github.reading.session import Reading
from dexxy.integrations.services.github_client import Answer
from dexxy.messages.ingest.names import Named
from dexxy.messages.models import ThreadKind
from dexxy.sources.growth import Counts

# The lists of a repository that have names which threads carry, and how the name is called there.
_NAMED = {Named.LABEL: ("labels", "name"), Named.MILESTONE: ("milestones", "title")}


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a repository's threads, and what came with it about the repository.

    Args:
        total: how many threads there are in the whole list.
        is_enabled: whether the repository has this feature switched on, and shows it.
        refusal: why GitHub does not show the list, although it shows the repository; or ''.
        names: those of all labels and milestones of the repository; without a kind that was not
            asked for, or of which GitHub does not show all.
        counts: the repository's stars and forks; None where they cannot be read.
        is_private: whether it is; None where that cannot be read.
    """

    page: Page
    total: int
    is_enabled: bool
    full_name: str
    node_id: str
    refusal: str = ""
    names: Mapping[Named, frozenset[str]] = field(default_factory=dict)
    counts: Counts | None = None
    is_private: bool | None = None


def listing_of(reading: Reading, kind: ThreadKind, answer: Answer) -> Listing:
    """Read the frame of a page of threads.

    Raises:
        UnexpectedAnswerError: it has an unknown shape.
        QueryTooHeavyError: it has gaps, where a smaller page may have none.
    """
    if _takes_repository_along(answer):
        return _not_shown(reading, _refusal(kind, answer, is_enabled=True))
    found = reading.repository_of(answer)
    with answer_shape(f"{kind}s"):
        is_enabled = is_switched_on(found, kind)
        # A feature that is switched off, or not granted, need not have a list.
        is_shown = is_enabled and found["list"] is not None
        shown = found["list"] if is_shown else _NOTHING
        refusal = "" if is_shown else _refusal(kind, answer, is_enabled=is_enabled)
        page, total = page_of(shown), count_of(shown["totalCount"])
        full_name = text(found["nameWithOwner"])
        _, _ = full_name.split("/")
        node_id = text(found.get("id"))
        if None in page.nodes:
            raise errors.QueryTooHeavyError(_GAPS[kind])
        for node in page.nodes:
            number_of(node)
        names, counts = dict(_names(found)), _counts(found)
    is_shown = is_enabled and not refusal
    told = found.get("isPrivate")
    is_private = told if isinstance(told, bool) else None
    return Listing(page, total, is_shown, full_name, node_id, refusal, names, counts, is_private)


def _counts(found: Payload) -> Counts | None:
    """Return the counts of a repository, for which no thread waits."""
    with suppress(*errors.UNKNOWN_SHAPE):
        return Counts(count_of(found["stargazerCount"]), count_of(found["forkCount"]))
    return None


def _names(found: Payload) -> Iterator[tuple[Named, frozenset[str]]]:
    """Yield the names of each kind of which all are shown."""
    for what, (field_name, name) in _NAMED.items():
        shown = found.get(field_name)
        if not shown or shown["pageInfo"]["hasNextPage"]:
            continue
        names = [text(one[name]) if one else "" for one in shown["nodes"]]
        if all(names):
            yield what, frozenset(names)


def _takes_repository_along(answer: Answer) -> bool:
    """Say whether GitHub shows no repository for no other reason than that it refuses a list.

    Its schema promises the list, so that a null in its place is a null in that of the repository.
    """
    is_list = "repository.list" in answer.gaps.refused | answer.gaps.missed
    return is_list and answer.data.get("repository") is None


def _not_shown(reading: Reading, refusal: str) -> Listing:
    repository = reading.repository
    nothing = page_of(_NOTHING)
    return Listing(nothing, 0, False, repository.full_name, repository.node_id, refusal)


def is_switched_on(shown: Mapping[str, Any], kind: ThreadKind) -> bool:
    """Say whether a repository has the feature, as far as GitHub tells.

    A server that is too old cannot switch it off; what is refused is seen by its list.
    """
    told = shown.get(THREAD_TYPES[kind].enabled_field)
    return told is None or bool(told)


def _refusal(kind: ThreadKind, answer: Answer, *, is_enabled: bool) -> str:
    """Say why GitHub shows no list of threads: the others are read all the same.

    https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
    """
    if not is_enabled:
        return switched_off(kind)
    if reason := answer.gaps.reasons.get("repository.list"):
        return reason
    return (_REFUSED if "repository.list" in answer.gaps.refused else _MISSED)[kind]


def switched_off(kind: ThreadKind) -> str:
    """Say that a repository has a feature switched off."""
    return _SWITCHED_OFF[kind]


# Stored as they are; pages have them in other languages, too.
_SWITCHED_OFF: Mapping[ThreadKind, str] = {
    ThreadKind.ISSUE: gettext_noop(
        "Issues are switched off in the repository's settings on GitHub. What was read of them"
        " stays, and they are read again once they are on."
    ),
    ThreadKind.PULL_REQUEST: gettext_noop(
        "Pull requests are switched off in the repository's settings on GitHub. What was read of"
        " them stays, and they are read again once they are on."
    ),
    ThreadKind.DISCUSSION: gettext_noop(
        "Discussions are switched off in the repository's settings on GitHub. What was read of them"
        " stays, and they are read again once they are on."
    ),
}
_REFUSED: Mapping[ThreadKind, str] = {
    ThreadKind.ISSUE: gettext_noop(
        "GitHub does not let this token read issues. Give the token, or the App, the permission to"
        " read issues."
    ),
    ThreadKind.PULL_REQUEST: gettext_noop(
        "GitHub does not let this token read pull requests. Give the token, or the App, the"
        " permission to read pull requests."
    ),
    ThreadKind.DISCUSSION: gettext_noop(
        "GitHub does not let this token read discussions. Give the token, or the App, the"
        " permission to read discussions."
    ),
}
_MISSED: Mapping[ThreadKind, str] = {
    ThreadKind.ISSUE: gettext_noop(
        "GitHub shows no list of issues: they may be switched off in the repository."
    ),
    ThreadKind.PULL_REQUEST: gettext_noop(
        "GitHub shows no list of pull requests: they may be switched off in the repository."
    ),
    ThreadKind.DISCUSSION: gettext_noop(
        "GitHub shows no list of discussions: they may be switched off in the repository."
    ),
}
_GAPS: Mapping[ThreadKind, str] = {
    ThreadKind.ISSUE: gettext_noop("GitHub's list of issues has gaps. Try again later."),
    ThreadKind.PULL_REQUEST: gettext_noop(
        "GitHub's list of pull requests has gaps. Try again later."
    ),
    ThreadKind.DISCUSSION: gettext_noop("GitHub's list of discussions has gaps. Try again later."),
}
_NOTHING: Payload = {
    "totalCount": 0,
    "nodes": [],
    "pageInfo": {"hasNextPage": False, "endCursor": None},
}


def refuse_circle(page: Page, after: str | None) -> None:
    """Tell where the cursors do not lead to an end.

    Raises:
        CursorRefusedError: the cursor behind the page is the one before it.
    """
    if page.goes_on and page.end == after:
        raise errors.CursorRefusedError(gettext_noop("Its cursors go round in a circle."))


def time_in(node: Payload, field: str) -> datetime | None:
    """Return a time of a thread, if it can be true: for its neighbours' sake it need not be."""
    with suppress(*errors.UNKNOWN_SHAPE):
        at = time(node[field])
        # Anything earlier would look like the end of what is new.
        return at if at.year >= 1970 else None
    return None
