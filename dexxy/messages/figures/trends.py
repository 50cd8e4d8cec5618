"""The days or weeks of a window beside each other: what was said, by whom, how soon answered."""
# ruff: noqa: S608
# The statements are put together from constants; values are parameters.

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.messages.figures.acts import ACTS, WRITTEN
from dexxy.messages.figures.cohort import CohortThread, cohort_read
from dexxy.messages.figures.outcomes import Durations, Taken, durations_of, taken_until
from dexxy.messages.figures.people import newcomers_read
from dexxy.messages.figures.scope import EVERYTHING, WHO, FigureFilters, Scope, Window, scope_of
from dexxy.messages.figures.small_numbers import Figure
from dexxy.messages.figures.steps import Step, steps_before, steps_of, window_before
from dexxy.messages.models import ThreadKind

# Which step a message belongs to: 0 is before the first.
_STEP = "width_bucket(m.occurred_at, %(bounds)s::timestamptz[])"
_IN_STEPS = "m.occurred_at >= %(first)s AND m.occurred_at < %(last)s"
_VOLUME = f"""
{WHO} SELECT {_STEP}, count(*) FROM {WRITTEN} AND {_IN_STEPS} GROUP BY 1
"""
_PEOPLE = f"""
{WHO} SELECT {_STEP}, count(DISTINCT author.member_id) FROM {ACTS} AND {_IN_STEPS} GROUP BY 1
"""


@dataclass(frozen=True, kw_only=True)
class StepVolume(Figure):
    """What was said and done in a step, and in the same days of the window before.

    Args:
        messages: of people, and of accounts that are gone; bots' are left out.
    """

    step: Step
    messages: int
    before: int


@dataclass(frozen=True, kw_only=True)
class StepPeople(Figure):
    """Who took part in a step.

    Args:
        people: how many.
        new: how many of them had never taken part before; None where that is not known.
    """

    step: Step
    people: int
    new: int | None


@dataclass(frozen=True, kw_only=True)
class Responses(Figure):
    """How soon threads of one kind were answered.

    Args:
        anybody: until another person spoke (M1).
        team: until the team did (M2).
    """

    anybody: Durations
    team: Durations


@dataclass(frozen=True, kw_only=True)
class ResponseTrend(Figure):
    """How soon threads were answered, in a window, in the one before, and step by step.

    Args:
        steps: of the issues opened in each step.
    """

    now: Mapping[ThreadKind, Responses]
    before: Mapping[ThreadKind, Responses]
    steps: Sequence[tuple[Step, Responses]]


def volume(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> Sequence[StepVolume]:
    """Return how much was said and done in each step of a window.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    scope = scope_of(viewer, workspace, window, filters)
    steps = steps_of(window)
    now = _counted(scope, _VOLUME, steps)
    before = _counted(scope, _VOLUME, steps_before(steps, window.zone))
    return [
        StepVolume(step=step, messages=now[n], before=before[n])
        for n, step in enumerate(steps, start=1)
    ]


def participation(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> Sequence[StepPeople]:
    """Return how many people took part in each step of a window, and how many of them were new.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    scope = scope_of(viewer, workspace, window, filters)
    steps = steps_of(window)
    people = _counted(scope, _PEOPLE, steps)
    first_at = [one.first_at for one in newcomers_read(scope)] if window.has_history else None
    return [
        StepPeople(
            step=step,
            people=people[n],
            new=None if first_at is None else sum(step.since <= at < step.until for at in first_at),
        )
        for n, step in enumerate(steps, start=1)
    ]


def response_trend(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
    *,
    with_team: bool = False,
) -> ResponseTrend:
    """Return how soon threads of a window were answered, by anybody and by the team (M1, M2).

    Args:
        with_team: count threads that the team opened, too.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    both = replace(window, since=window_before(window).since)
    found = cohort_read(scope_of(viewer, workspace, both, filters), *ThreadKind)
    steps = steps_of(window)
    opened = [one.opened for one in found]
    edges = [(step.since - both.since) // timedelta(microseconds=1) for step in steps]
    # The oldest come first, so those of a step stand behind each other.
    indexes = [*(bisect_left(opened, edge) for edge in edges), len(found)]
    first = indexes[0]
    told = _Told(
        anybody={one.pk: taken_until(one, one.response) for one in found},
        team={one.pk: taken_until(one, one.team_response) for one in found},
        with_team=with_team,
    )
    return ResponseTrend(
        now=told.by_kind(found[first:]),
        before=told.by_kind(found[:first]),
        steps=[
            (step, told.of(found[begin:end], ThreadKind.ISSUE))
            for step, (begin, end) in zip(steps, pairwise(indexes), strict=True)
        ],
    )


@dataclass(frozen=True)
class _Told:
    """What became of threads, by their ids: each is in a window and in a step of it."""

    anybody: Mapping[int, Taken | None]
    team: Mapping[int, Taken | None]
    with_team: bool

    def by_kind(self, found: Sequence[CohortThread]) -> Mapping[ThreadKind, Responses]:
        return {kind: self.of(found, kind) for kind in ThreadKind}

    def of(self, found: Sequence[CohortThread], kind: ThreadKind) -> Responses:
        threads = [one for one in found if one.kind == kind]
        return Responses(
            anybody=self._durations(threads, self.anybody),
            team=self._durations(threads, self.team),
        )

    def _durations(
        self, threads: Sequence[CohortThread], took: Mapping[int, Taken | None]
    ) -> Durations:
        return durations_of(threads, lambda one: took[one.pk], with_team=self.with_team)


def _counted(scope: Scope, statement: str, steps: Sequence[Step]) -> Counter[int]:
    """Return what a statement counts in each of STEPS; the first one is 1."""
    bounds = [step.since for step in steps]
    rows = scope.fetch(statement, bounds=bounds, first=bounds[0], last=steps[-1].until)
    return Counter(dict(rows))
