"""What an answer weighs, and what becomes of one that is too heavy.

GitHub says that it gives up on what takes too long or too much, and what that costs, but not what
it weighs: https://docs.github.com/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
Here it is the objects that an answer has, so that the same page is heavier where threads are long.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias

from dexxy_simulator.graph.errors import TIMED_OUT, TOO_MUCH
from dexxy_simulator.tokens import ComputeBudget

Path: TypeAlias = tuple[str | int, ...]


def weight_of(data: Any) -> int:
    """Count the objects of an answer, lists and pages included."""
    if isinstance(data, dict):
        return 1 + sum(map(weight_of, data.values()))
    return sum(map(weight_of, data)) if isinstance(data, list) else 0


def seconds_for(weight: int, budget: ComputeBudget) -> float:
    """Tell how long an answer takes to compute; GitHub gives up at the end of the budget."""
    return budget.seconds * min(1.0, weight / budget.weight)


def refused(
    body: dict[str, Any], how: Literal["timed out", "cut off"]
) -> tuple[int, dict[str, Any]]:
    """Return the status and the body in place of an answer that was too heavy.

    Both forms are seen: no answer after ten seconds, and one whose nodes are all null.
    """
    if how == "timed out":
        return 502, {"data": None, "errors": [{"message": TIMED_OUT}]}
    errors = list(body.get("errors", ()))
    for path, nodes in list(_outermost_pages(body["data"])):
        for place in range(len(nodes)):
            nodes[place] = None
            errors.append({"type": TOO_MUCH[0], "path": [*path, place], "message": TOO_MUCH[1]})
    return 200, {"data": body["data"], "errors": errors}


def _outermost_pages(data: Any, path: Path = ()) -> Iterator[tuple[Path, list[Any]]]:
    for name, child in data.items() if isinstance(data, dict) else ():
        if name == "nodes" and isinstance(child, list):
            yield (*path, name), child
        else:
            yield from _outermost_pages(child, (*path, name))
