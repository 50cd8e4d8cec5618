"""One estimator for all durations: Kaplan-Meier, of what happened and of what still may.

A mean is ruled by the worst thread. A median over what was answered forgets those who still wait,
and so falls when a team stops answering. This estimate counts those who wait as far as they have
waited: Kaplan, E. L.; Meier, P. (1958), Nonparametric estimation from incomplete observations.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Generic, NamedTuple, TypeVar

# Products of fractions are not exact.
_ROUNDING = 1e-9

# Times as they are, or in microseconds, which are compared in a tenth of the time.
T = TypeVar("T", timedelta, int)


class Observation(NamedTuple, Generic[T]):
    """How long something took, or how long it has not happened.

    Args:
        took: until it happened, or as long as it was watched; None if it never will.
        has_happened: it did, after that time.
    """

    took: T | None
    has_happened: bool


def quantile(observations: Iterable[Observation[T]], share: float) -> T | None:
    """Return the time within which SHARE of them happen, without interpolation.

    With nothing that is still open it is the ordinary quantile; the lower one for the median.

    Args:
        share: 0.5 for the median, 0.9 for p90.

    Returns: None if it is not known yet, or never comes.
    """
    [found] = quantiles(observations, [share])
    return found


def quantiles(
    observations: Iterable[tuple[T | None, bool]], shares: Sequence[float]
) -> list[T | None]:
    """Return several quantiles of the same times, as `quantile` does.

    Args:
        observations: as `Observation`, of which there may be very many.
        shares: the smallest one first.
    """
    known = list(observations)
    happened = sorted(took for took, has_happened in known if has_happened and took is not None)
    waits = sorted(took for took, has_happened in known if not has_happened and took is not None)
    limits = [1 - share + _ROUNDING for share in shares]
    index, gone, watched, survival = 0, 0, len(known), 1.0
    found: list[T | None] = []
    while limits and index < len(happened):
        took = happened[index]
        after = bisect_right(happened, took, index)
        # Whoever was watched for a shorter time says nothing about this one.
        gone = bisect_left(waits, took, gone)
        survival *= 1 - (after - index) / (watched - index - gone)
        while limits and survival <= limits[0]:
            found.append(took)
            del limits[0]
        index = after
    return found + [None] * len(limits)
