"""The frame of a page of a repository's threads, without which no thread of it is stored."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

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
from dexxy.messages.models import ThreadKind


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of a repository's threads, and what came with it about the repository.

    Args:
        total: how many threads there are in the whole list.
        is_enabled: whether the repository has this feature switched on, and shows it.
        refusal: why GitHub does not show the list, although it shows the repository; or ''.
    """

    page: Page
    total: int
    is_enabled: bool
    full_name: str
    refusal: str = ""


def listing_of(reading: Reading, kind: ThreadKind, answer: Answer) -> Listing:
    """Read the frame of a page of threads.

    Raises:
        UnexpectedAnswerError: it has an unknown shape.
        QueryTooHeavyError: it has gaps, where a smaller page may have none.
    """
    found = reading.repository_of(answer)
    with answer_shape(f"{kind}s"):
        field = THREAD_TYPES[kind].enabled_field
        is_enabled = not field or bool(found[field])
        # A feature that is switched off, or not granted, need not have a list.
        shown = _NOTHING if found["list"] is None else found["list"]
        refusal = _refusal(kind, answer) if found["list"] is None and is_enabled else ""
        page, total = page_of(shown), count_of(shown["totalCount"])
        full_name = text(found["nameWithOwner"])
        _, _ = full_name.split("/")
        if None in page.nodes:
            raise errors.QueryTooHeavyError(f"GitHub's list of {kind}s has gaps. Try again later.")
        for node in page.nodes:
            number_of(node)
    return Listing(page, total, is_enabled and not refusal, full_name, refusal)


def _refusal(kind: ThreadKind, answer: Answer) -> str:
    """Say why GitHub shows no list of threads: the others are read all the same.

    https://docs.github.com/en/rest/authentication/permissions-required-for-github-apps
    """
    what = f"{kind.replace('_', ' ')}s"
    if "repository.list" in answer.gaps.refused:
        return (
            f"GitHub does not let this token read {what}. Give the token, or the App, the"
            f" permission to read {what}."
        )
    return f"GitHub shows no list of {what}: they may be switched off in the repository."


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
        raise errors.CursorRefusedError("Its cursors go round in a circle.")


def time_in(node: Payload, field: str) -> datetime | None:
    """Return a time of a thread, if it can be true: for its neighbours' sake it need not be."""
    with suppress(*errors.UNKNOWN_SHAPE):
        at = time(node[field])
        # Anything earlier would look like the end of what is new.
        return at if at.year >= 1970 else None
    return None
