"""Connections: pages of a sorted list, with opaque cursors.

GitHub's cursors are the base64 of `cursor:v2:` and a packed sort key, so a page goes on after a
key. Ours are the same with JSON inside; in another dialect it goes on after an offset, which
shifts when something before it vanishes. Clients treat cursors as opaque.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from operator import attrgetter
from typing import Any, Final, TypeAlias

from dexxy_simulator.graph.errors import GitHubError

Key: TypeAlias = tuple[float | str, ...]
PREFIX: Final = b"cursor:v2:"


def created_key(item: Any) -> Key:
    """Sort by creation."""
    return (item.created_at.timestamp(), item.database_id)


def updated_key(item: Any) -> Key:
    """Sort by last change."""
    return (item.updated_at.timestamp(), item.database_id)


def id_key(item: Any) -> Key:
    """Sort by number."""
    return (item.database_id,)


# The same orders for whole lists, which may have a hundred thousand items.
_QUICK: Final[dict[Callable[[Any], Key], Callable[[Any], Any]]] = {
    created_key: attrgetter("created_at", "database_id"),
    updated_key: attrgetter("updated_at", "database_id"),
    id_key: attrgetter("database_id"),
}


@dataclass
class Edge:
    """One item of a page, with the cursor of its place."""

    node: Any
    cursor: str


@dataclass
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass
class Listing:
    """The items of a connection in no order, and by what they are to be sorted."""

    items: Iterable[Any]
    key: Callable[[Any], Key] = created_key
    descending: bool = False
    updated_at: datetime | None = None  # only timelines have it


class Connection:
    """A page of a list; what is not asked for is not computed.

    `key` writes the places of items, None their offsets.
    """

    def __init__(
        self, items: Sequence[Any], key: Callable[[Any], Key] | None, start: int, end: int
    ) -> None:
        self.total_count = self.filtered_count = len(items)
        self.nodes = items[start:end]
        self.updated_at: datetime | None = None
        self._items, self._key, self._start, self._end = items, key, start, end

    @property
    def page_count(self) -> int:
        """How many items the page has."""
        return len(self.nodes)

    @property
    def edges(self) -> list[Edge]:
        """The items with their cursors."""
        return [Edge(node, self._cursor(place)) for place, node in enumerate(self.nodes)]

    @cached_property
    def page_info(self) -> PageInfo:
        """Whether there is more on either side."""
        return PageInfo(
            has_next_page=self._end < len(self._items),
            has_previous_page=self._start > 0,
            start_cursor=self._cursor(0) if self.nodes else None,
            end_cursor=self._cursor(len(self.nodes) - 1) if self.nodes else None,
        )

    def _cursor(self, place: int) -> str:
        if self._key is None:
            return encode((self._start + place + 1,))
        return encode(self._key(self.nodes[place]))


def paginate(listing: Listing, arguments: Mapping[str, Any], *, by_offset: bool) -> Connection:
    """Sort a list and cut the page that `first`, `last`, `after`, `before` and `skip` ask for."""
    quick = _QUICK.get(listing.key, listing.key)
    ordered = sorted(listing.items, key=quick, reverse=listing.descending)
    place = _offset if by_offset else _position
    start, end = 0, len(ordered)
    if (after := arguments.get("after")) is not None:
        start = place(ordered, decode(after), listing, past_equal=True)
    if (before := arguments.get("before")) is not None:
        end = place(ordered, decode(before), listing, past_equal=False)
    start += arguments.get("skip") or 0
    first, last = arguments.get("first"), arguments.get("last")
    if first is not None:
        end = max(start, min(end, start + first))
    if last is not None:
        start = max(start, end - last)
    page = Connection(ordered, None if by_offset else listing.key, start, max(start, end))
    page.updated_at = listing.updated_at
    return page


def encode(key: Key) -> str:
    """Write a place in a list as a cursor."""
    return base64.b64encode(PREFIX + json.dumps(key, separators=(",", ":")).encode()).decode()


def decode(cursor: str) -> Key:
    """Read a cursor.

    Raises:
        GitHubError: it is none.
    """
    try:
        text = base64.b64decode(cursor, validate=True)
        if not text.startswith(PREFIX):
            raise ValueError(cursor)
        return tuple(json.loads(text.removeprefix(PREFIX)))
    except (ValueError, TypeError, binascii.Error) as error:
        message = f"`{cursor}` does not appear to be a valid cursor."
        raise GitHubError("INVALID_CURSOR_ARGUMENTS", message) from error


def _offset(ordered: Sequence[Any], wanted: Key, _: Listing, *, past_equal: bool) -> int:
    """Find where the item at an offset, counted from one, begins or ends."""
    return min(len(ordered), int(wanted[0]) - (not past_equal))


def _position(ordered: Sequence[Any], wanted: Key, listing: Listing, *, past_equal: bool) -> int:
    """Find by halving where a key stands, before or behind an item with the same key."""
    low, high = 0, len(ordered)
    while low < high:
        middle = (low + high) // 2
        here = listing.key(ordered[middle])
        if here == wanted:
            return middle + 1 if past_equal else middle
        if (here < wanted) is not listing.descending:
            low = middle + 1
        else:
            high = middle
    return low
