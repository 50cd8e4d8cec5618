"""The filters of lists as JSON, for a job that reads it later."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

from dexxy.messages.feed.filters import Bots, FeedFilters, ThreadFilters

Filters = TypeVar("Filters", FeedFilters, ThreadFilters)


def filters_written(filters: FeedFilters | ThreadFilters) -> dict[str, Any]:
    """Return those of FILTERS that keep something back, by their names, as JSON has them."""
    nothing = type(filters)()
    return {
        one.name: _written(value)
        for one in fields(filters)
        if (value := getattr(filters, one.name)) != getattr(nothing, one.name)
    }


def filters_read(written: Mapping[str, Any]) -> ThreadFilters:
    """Return what `filters_written` wrote of the list of threads."""
    return _filters(ThreadFilters, written)


def feed_filters_read(written: Mapping[str, Any]) -> FeedFilters:
    """Return what `filters_written` wrote of the feed."""
    return _filters(FeedFilters, written)


def _filters(of: type[Filters], written: Mapping[str, Any]) -> Filters:
    return of(**{name: _read(of, name, value) for name, value in written.items()})


def _written(value: Any) -> Any:
    if isinstance(value, FeedFilters | ThreadFilters):
        return filters_written(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, bool | int | str) else [_written(one) for one in value]


def _read(of: type[FeedFilters] | type[ThreadFilters], name: str, value: Any) -> Any:
    if name == "without":
        return feed_filters_read(value) if of is FeedFilters else filters_read(value)
    if name == "bots":
        return Bots(value)
    if name in ("active_since", "active_until", "since", "until"):
        return datetime.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value
