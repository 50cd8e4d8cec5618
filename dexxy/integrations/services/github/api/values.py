"""The values of GitHub's answers, read strictly: what has another shape is an error, not a row.

Functions here raise one of `errors.UNKNOWN_SHAPE`; whoever calls them decides what that means.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dexxy.common.times import FarTimeError, check_times

Payload = Mapping[str, Any]

# GraphQL has no larger number: not that of a discussion's comment, which may be one, and a thread
# with one could never be asked for.
LARGEST_GRAPHQL_INT = 2**31 - 1
# Wider than what GitHub lets people choose now: some names are older. Addresses are made of them.
_LOGIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")
_FULL_NAME = re.compile(rf"{_LOGIN.pattern}/(?!\.\.?$)[A-Za-z0-9._-]{{1,100}}")


def text(value: str | None) -> str:
    """Return VALUE, or '' for nothing.

    Raises:
        TypeError: it is no text.
    """
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"{type(value).__name__} instead of a text")
    return value


def key(value: str | int) -> str:
    """Return an id, which GitHub writes as a number or as a text.

    Raises:
        TypeError: it is neither.
        ValueError: it is empty.
    """
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise TypeError(f"{type(value).__name__} instead of an id")
    if not value:
        raise ValueError("an empty id")
    return str(value)


def time(value: str) -> datetime:
    """Read a time of GitHub's, which is in UTC where it names no zone."""
    at = datetime.fromisoformat(value)
    if at.tzinfo is UTC:
        return at
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def time_or_none(value: str | None) -> datetime | None:
    """Read a time of GitHub's that may be missing."""
    return time(value) if value else None


def time_told(value: str) -> datetime:
    """Read a time that a webhook tells, which anybody may have made up.

    Raises:
        ValueError: no page could show it to everybody.
    """
    at = time(value)
    try:
        check_times(at)
    except FarTimeError as error:
        raise ValueError(f"{value!r} is too far away") from error
    return at


def time_told_or_none(value: str | None) -> datetime | None:
    """Read a time that a webhook tells and that may be missing."""
    return time_told(value) if value else None


def number_of(node: Payload) -> int:
    """Return the number of a thread."""
    number = node["number"]
    if isinstance(number, bool) or not isinstance(number, int):
        raise ValueError(f"{number!r} is no number")
    if not 1 <= number <= LARGEST_GRAPHQL_INT:
        raise ValueError(f"{number!r} is not the number of a thread")
    return number


def login_of(value: Any) -> str:
    """Return the name of an account.

    Raises:
        ValueError: no account is called that.
    """
    return _named(value, _LOGIN, "an account")


def full_name_of(value: Any) -> str:
    """Return the name of a repository, with that of its owner before it.

    Raises:
        ValueError: no repository is called that.
    """
    return _named(value, _FULL_NAME, "a repository")


def _named(value: Any, pattern: re.Pattern[str], what: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(f"{value!r} is not the name of {what}")
    return value


def count_of(value: Any) -> int:
    """Return a number of things."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is no count")
    return value


@dataclass(frozen=True, slots=True)
class Page:
    """The frame of a page of a list.

    Args:
        end: the cursor behind its last node.
        goes_on: whether there is another page.
    """

    nodes: Sequence[Payload]
    end: str
    goes_on: bool


def page_of(payload: Payload) -> Page:
    """Read the frame of a page. https://docs.github.com/en/graphql/guides/using-pagination-in-the-graphql-api

    Raises:
        errors.UNKNOWN_SHAPE: it has another one.
    """
    nodes, info = payload["nodes"], payload["pageInfo"]
    end, goes_on = info["endCursor"], info["hasNextPage"]
    if not isinstance(nodes, list) or not isinstance(goes_on, bool):
        raise TypeError("a page without a list, or without a word on whether it goes on")
    if goes_on and not end:
        raise ValueError("a list that goes on, and does not say where")
    return Page(nodes, text(end), goes_on)
