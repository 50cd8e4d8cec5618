"""What became of the threads of a cohort, and how long that took."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import NamedTuple

from dexxy.messages.figures.cohort import By, CohortThread, LeftOut, StateChange
from dexxy.messages.figures.estimator import quantiles
from dexxy.messages.figures.small_numbers import LEAST_FOR_MEDIAN, LEAST_FOR_P90, Figure
from dexxy.messages.models import MessageKind


class Outcome(Enum):
    """What became of a thread, as a duration sees it."""

    DONE = "done"
    OPEN = "open"
    # Closed by somebody else without what is waited for.
    NEVER = "never"
    # Closed by whoever opened it, or nobody knows by whom.
    WITHDRAWN = "withdrawn"


class Taken(NamedTuple):
    """How long a thread took.

    Args:
        micros: `took` in microseconds.
    """

    thread_id: int
    outcome: Outcome
    micros: int | None

    @property
    def took(self) -> timedelta | None:
        """Until it happened, or as long as the thread was watched; None if it never will."""
        return None if self.micros is None else timedelta(microseconds=self.micros)


@dataclass(frozen=True, kw_only=True)
class Durations(Figure):
    """How long something takes in the threads of a cohort.

    Args:
        median: None while fewer than half have it.
        p90: the time within which nine of ten have it.
        threads: the list behind it, the oldest first.
        left_out: how many threads of the window do not belong to the cohort, and why.
    """

    median: timedelta | None
    p90: timedelta | None
    threads: Sequence[Taken]
    left_out: Mapping[LeftOut, int]

    def unshown(self) -> Collection[str]:
        return withheld_of(self.n)

    @property
    def n(self) -> int:
        """How many threads there are."""
        return len(self.threads)

    @property
    def done(self) -> int:
        """In how many it happened."""
        return self.count(Outcome.DONE)

    @property
    def open(self) -> int:
        """How many still wait for it."""
        return self.count(Outcome.OPEN)

    @property
    def never(self) -> int:
        """How many somebody else closed without it."""
        return self.count(Outcome.NEVER)

    @property
    def withdrawn(self) -> int:
        """How many were closed before it by whoever opened them."""
        return self.count(Outcome.WITHDRAWN)

    def count(self, outcome: Outcome) -> int:
        """Return how many threads ended so."""
        return len(self.ended(outcome))

    def ended(self, outcome: Outcome) -> list[int]:
        """Return the threads behind a count."""
        return [one.thread_id for one in self.threads if one.outcome is outcome]


# Says what became of a thread.
Take = Callable[[CohortThread], Taken | None]


def withheld_of(n: int) -> Collection[str]:
    """Return which quantiles of N times may not be shown."""
    limits = {"median": LEAST_FOR_MEDIAN, "p90": LEAST_FOR_P90}
    return [name for name, least in limits.items() if n < least]


def durations_of(found: Iterable[CohortThread], take: Take, *, with_team: bool) -> Durations:
    """Return how long something takes in the threads of a cohort.

    Args:
        take: says what became of a thread; None of one that had it while it was a draft.
        with_team: threads that the team opened belong to it.
    """
    taken, left_out = [], Counter[str]()
    for one in found:
        if not is_kept(one, with_team=with_team):
            left_out[str(one.left_out)] += 1
        elif (became := take(one)) is None:
            left_out[LeftOut.EARLY] += 1
        else:
            taken.append(became)
    median, p90 = usual_of((one.micros, one.outcome is Outcome.DONE) for one in taken)
    return Durations(
        median=median,
        p90=p90,
        threads=taken,
        left_out=Counter({LeftOut(why): number for why, number in left_out.items()}),
    )


def usual_of(
    took: Iterable[tuple[int | None, bool]],
) -> tuple[timedelta | None, timedelta | None]:
    """Return the median and p90 of times in microseconds, each with whether it has happened."""
    found = quantiles(took, [0.5, 0.9])
    median, p90 = (None if one is None else timedelta(microseconds=one) for one in found)
    return median, p90


def is_kept(one: CohortThread, *, with_team: bool) -> bool:
    """Tell whether a thread belongs to the cohort."""
    return one.left_out is None or (with_team and one.left_out == LeftOut.TEAM)


def taken_until(one: CohortThread, event: int | None) -> Taken | None:
    """Return how long a thread took until something happened in it, or was closed without it.

    Args:
        event: when it happened, in microseconds since the start; None if it has not.

    Returns: None if it happened while the thread was still a draft.
    """
    if event is not None and event < 0:
        return None
    ending = one.ending(before=event)
    is_unknown = ending is not None and ending.by is By.UNKNOWN and event is None
    if ending is not None and (ending.by is By.OPENER or is_unknown):
        # A draft may be closed before it is ready.
        return Taken(one.pk, Outcome.WITHDRAWN, max(0, ending.after))
    if event is not None:
        return Taken(one.pk, Outcome.DONE, event)
    if ending is not None:
        return Taken(one.pk, Outcome.NEVER, None)
    return Taken(one.pk, Outcome.OPEN, one.age)


def taken_until_closed(one: CohortThread, ending: StateChange | None) -> Taken:
    """Return how long a thread took until it was closed for good, whoever closed it.

    Args:
        ending: what closed it, as `CohortThread.ending` returns it.
    """
    if ending is None:
        return Taken(one.pk, Outcome.OPEN, one.age)
    return Taken(one.pk, Outcome.DONE, ending.after)


def taken_until_merged(one: CohortThread) -> Taken | None:
    """Return how long a pull request took until it was merged, whoever merged it."""
    ending = one.ending()
    if ending is not None and ending.kind == MessageKind.MERGED:
        return Taken(one.pk, Outcome.DONE, ending.after)
    return taken_until(one, None)
