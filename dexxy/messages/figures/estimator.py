"""One estimator for all durations: Kaplan-Meier, of what happened and of what still may.

A mean is ruled by the worst thread. A median over what was answered forgets those who still wait,
and so falls when a team stops answering. This estimate counts those who wait as far as they have
waited: Kaplan, E. L.; Meier, P. (1958), Nonparametric estimation from incomplete observations.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

# Products of fractions are not exact.
_ROUNDING = 1e-9


class Observation(NamedTuple):
    """How long something took, or how long it has not happened.

    Args:
        took: until it happened, or as long as it was watched; None if it never will.
        has_happened: it did, after that time.
    """

    took: timedelta | None
    has_happened: bool


def quantile(observations: Iterable[Observation], share: float) -> timedelta | None:
    """Return the time within which SHARE of them happen, without interpolation.

    With nothing that is still open it is the ordinary quantile; the lower one for the median.

    Args:
        share: 0.5 for the median, 0.9 for p90.

    Returns: None if it is not known yet, or never comes.
    """
    known = list(observations)
    happened = Counter(one.took for one in known if one.has_happened)
    watched = Counter(one.took for one in known)
    at_risk, survival = len(known), 1.0
    for took in sorted(time for time in watched if time is not None):
        if happened[took]:
            survival *= 1 - happened[took] / at_risk
            if survival <= 1 - share + _ROUNDING:
                return took
        at_risk -= watched[took]
    return None
