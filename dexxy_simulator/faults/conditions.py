"""Which requests a fault falls on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from time import monotonic
from typing import Final, TypeAlias
from urllib.parse import parse_qs, urlsplit

from dexxy_simulator.faults.call import Asked

Condition: TypeAlias = Callable[[Asked], bool]
PAGES: Final = (("per_page", "30"), ("page", "1"))


def asking_for(text: str) -> Condition:
    """Choose GraphQL requests whose document or variables contain a text."""
    return lambda asked: asked.endpoint == "graphql" and text.encode() in asked.body


def first_over(size: int) -> Condition:
    """Choose GraphQL requests for larger pages than this, by the variable `first`."""
    return lambda asked: (asked.variables.get("first") or 0) > size


def heavier_than(nodes: int) -> Condition:
    """Choose GraphQL requests that may return more nodes than this."""
    return lambda asked: asked.endpoint == "graphql" and asked.cost.nodes > nodes


def page_beyond(rows: int) -> Condition:
    """Choose REST requests for a numbered page that ends behind so many rows."""

    def condition(asked: Asked) -> bool:
        query = parse_qs(urlsplit(asked.path).query)
        size, page = (int(query.get(name, [usual])[0]) for name, usual in PAGES)
        return asked.method == "GET" and size * page > rows

    return condition


def busier_than(running: int) -> Condition:
    """Choose requests that come while so many are being answered."""
    return lambda asked: asked.running > running


def faster_than(count: int, seconds: float, clock: Callable[[], float] = monotonic) -> Condition:
    """Choose requests that are more than so many within so many seconds."""
    lately: deque[float] = deque()

    def condition(_: Asked) -> bool:
        now = clock()
        lately.append(now)
        while lately[0] <= now - seconds:
            lately.popleft()
        return len(lately) > count

    return condition
