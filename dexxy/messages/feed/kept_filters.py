"""The filters of the list of threads as JSON, for a job that reads it later."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from dexxy.messages.feed.filters import ALL_THREADS, Bots, ThreadFilters


def filters_written(filters: ThreadFilters) -> dict[str, Any]:
    """Return those of FILTERS that keep something back, by their names, as JSON has them."""
    return {
        one.name: _written(value)
        for one in fields(filters)
        if (value := getattr(filters, one.name)) != getattr(ALL_THREADS, one.name)
    }


def filters_read(written: Mapping[str, Any]) -> ThreadFilters:
    """Return what `filters_written` wrote."""
    return ThreadFilters(**{name: _read(name, value) for name, value in written.items()})


def _written(value: Any) -> Any:
    if isinstance(value, ThreadFilters):
        return filters_written(value)
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, bool | int | str) else [_written(one) for one in value]


def _read(name: str, value: Any) -> Any:
    if name == "without":
        return filters_read(value)
    if name == "bots":
        return Bots(value)
    if name in ("active_since", "active_until"):
        return datetime.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value
