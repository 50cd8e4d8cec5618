"""The box that a chart is drawn in, and a scale of round numbers for it."""

from collections.abc import Iterable
from math import ceil, floor, log10

# Of the drawing; the page stretches it to its place.
WIDTH, HEIGHT = 520.0, 120.0
# Labels below a chart, so that they do not touch.
MOST_LABELS = 6
_ROUND = (1, 2, 4, 5, 6, 8, 10)


def top_of(values: Iterable[float]) -> float:
    """Return a round number that none of VALUES exceeds, and half of which is round, too."""
    highest = max(values, default=0)
    if highest <= 2:
        return 2
    size = 10.0 ** floor(log10(highest))
    top = next(step * size for step in _ROUND if step * size >= highest)
    return top if top % 2 == 0 else 2 * ceil(top / 2)


def y_of(value: float, top: float) -> float:
    """Return how far down VALUE is drawn."""
    return HEIGHT - HEIGHT * value / top


def written(number: float) -> str:
    """Write a coordinate: with a point in every language."""
    return f"{number:.1f}"


def thinned(labels: Iterable[str]) -> list[str]:
    """Leave every second label, every third and so on blank until the others fit."""
    found = list(labels)
    every = max(1, ceil(len(found) / MOST_LABELS))
    return [label if index % every == 0 else "" for index, label in enumerate(found)]
