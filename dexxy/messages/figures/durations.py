"""How long it takes: to answer, to close, to review, to merge. One estimator tells them all."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.messages.answers import nobody_waits
from dexxy.messages.figures.cohort import (
    By,
    CohortThread,
    LeftOut,
    StateChange,
    Which,
    both_windows,
    cohort_read,
)
from dexxy.messages.figures.outcomes import (
    Durations,
    Outcome,
    Take,
    Taken,
    durations_of,
    is_kept,
    taken_until,
    taken_until_closed,
    taken_until_merged,
    usual_of,
    withheld_of,
)
from dexxy.messages.figures.scope import (
    EVERYTHING,
    THREADS,
    WHO,
    FigureFilters,
    Window,
    scope_of,
)
from dexxy.messages.figures.small_numbers import Figure
from dexxy.messages.models import ThreadKind

# A window that ended later shows only what was quick.
YOUNG = timedelta(days=90)
_CLOSABLE = (ThreadKind.ISSUE, ThreadKind.DISCUSSION)
# A thread, and what closed it for good.
_Ended = tuple[CohortThread, StateChange | None]
AGES = (timedelta(days=30), timedelta(days=90), timedelta(days=365))


@dataclass(frozen=True, kw_only=True)
class Detailed(Figure):
    """How long something takes, with what else is known of the same threads."""

    durations: Durations


@dataclass(frozen=True, kw_only=True)
class Closings(Detailed):
    """How long issues take until they are closed for good.

    Args:
        by_bots: how many of the closed ones a bot closed.
        not_planned: how many of them were closed as not planned.
    """

    by_bots: int
    not_planned: int


@dataclass(frozen=True, kw_only=True)
class TimeToClose(Figure):
    """What to expect, and what was worked off.

    Args:
        opened: of the threads that were opened in the window.
        closed: of those that were closed in it, whenever they were opened.
    """

    opened: Closings
    closed: Closings


@dataclass(frozen=True, kw_only=True)
class Answers(Detailed):
    """How long discussions wait for their chosen answer.

    Args:
        by_opener: in how many whoever opened it wrote the answer.
        unanswered: how many are open and nobody else has spoken.
        unknown: of how many nobody knows whether their category takes answers.
    """

    by_opener: int
    unanswered: int
    unknown: int


@dataclass(frozen=True, kw_only=True)
class Merges(Durations):
    """How long accepted pull requests took: the times are those of the DONE threads alone.

    Args:
        is_young: the window ended so lately that only what was quick is merged yet.
    """

    is_young: bool

    def unshown(self) -> Collection[str]:
        return withheld_of(self.done)


@dataclass(frozen=True, kw_only=True)
class Ages(Detailed):
    """How old the open issues are.

    Args:
        bands: how many are up to 30 days old, up to 90, up to a year, and older.
    """

    bands: Sequence[int]


def time_to_first_response(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
    *,
    with_team: bool = False,
) -> Mapping[ThreadKind, Durations]:
    """Return how long it takes until another person first speaks, or merges it (M1).

    Args:
        with_team: count threads that the team opened, too.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    found = cohort_read(scope_of(viewer, workspace, window, filters), *ThreadKind)
    return _by_kind(found, lambda one: taken_until(one, one.response), with_team=with_team)


def first_response_of_all(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> Durations:
    """Return how long threads of all kinds together wait for their first response (M1).

    The figures tell it by kind, for kinds differ; this is for who asks for one number.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    found = cohort_read(scope_of(viewer, workspace, window, filters), *ThreadKind)
    return durations_of(found, lambda one: taken_until(one, one.response), with_team=False)


def team_response_time(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
    *,
    with_team: bool = False,
) -> Mapping[ThreadKind, Durations]:
    """Return how long it takes until the team first speaks (M2: Issue Response Time).

    Args, Raises: as `time_to_first_response`.
    """
    found = cohort_read(scope_of(viewer, workspace, window, filters), *ThreadKind)
    return _by_kind(found, lambda one: taken_until(one, one.team_response), with_team=with_team)


def team_response_compared(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
    *,
    kind: ThreadKind = ThreadKind.ISSUE,
    with_team: bool = False,
) -> tuple[Durations, Durations]:
    """Return how long it takes until the team first speaks, in a window and in the one before it.

    Args:
        with_team: count threads that the team opened, too.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    scope, edge = both_windows(scope_of(viewer, workspace, window, filters))
    found = cohort_read(scope, kind)
    index = bisect_left(found, edge, key=lambda one: one.opened)
    now, before = (
        durations_of(part, lambda one: taken_until(one, one.team_response), with_team=with_team)
        for part in (found[index:], found[:index])
    )
    return now, before


def time_to_close(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> Mapping[ThreadKind, TimeToClose]:
    """Return how long issues, and discussions, take until they are closed for good (M3).

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    scope = scope_of(viewer, workspace, window, filters)
    opened = _ended(cohort_read(scope, *_CLOSABLE))
    closed = _ended(cohort_read(scope, *_CLOSABLE, which=Which.CLOSED))
    return _times_to_close(opened, _ended_between(closed, 0, _length(window)))


def time_to_close_compared(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> tuple[Mapping[ThreadKind, TimeToClose], Mapping[ThreadKind, TimeToClose]]:
    """Return the same of a window and of the one before it, which are read together (M3).

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    scope, edge = both_windows(scope_of(viewer, workspace, window, filters))
    opened = _ended(cohort_read(scope, *_CLOSABLE))
    closed = _ended(cohort_read(scope, *_CLOSABLE, which=Which.CLOSED))
    index = bisect_left(opened, edge, key=lambda ended: ended[0].opened)
    return (
        _times_to_close(opened[index:], _ended_between(closed, edge, edge + _length(window))),
        _times_to_close(opened[:index], _ended_between(closed, 0, edge)),
    )


def issue_age(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> Ages:
    """Return how old the open issues are now; the window's beginning and end say nothing (M4).

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    scope = scope_of(viewer, workspace, window, filters)
    kinds = [str(kind) for kind in scope.kinds_of(ThreadKind.ISSUE)]
    rows = scope.fetch(_OPEN_ISSUES, kinds=kinds)
    left_out = Counter(LeftOut(why) for _, _, why in rows if why)
    ages = [(pk, age) for pk, age, why in rows if not why]
    # Nothing is awaited, so nothing is still open.
    median, p90 = usual_of((age, True) for _, age in ages)
    durations = Durations(
        median=median,
        p90=p90,
        threads=[Taken(pk, Outcome.OPEN, age) for pk, age in ages],
        left_out=left_out,
    )
    limits = [limit // timedelta(microseconds=1) for limit in AGES]
    bands = Counter(bisect_left(limits, age) for _, age in ages)
    return Ages(durations=durations, bands=[bands[index] for index in range(len(limits) + 1)])


def review_duration(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> Durations:
    """Return how long pull requests wait for their first review or merge by another person (M7).

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    found = cohort_read(scope_of(viewer, workspace, window, filters), ThreadKind.PULL_REQUEST)
    return durations_of(found, lambda one: taken_until(one, one.review), with_team=True)


def merge_duration(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> Merges:
    """Return how long pull requests took that were accepted (M8: Change Requests Duration).

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    scope = scope_of(viewer, workspace, window, filters)
    found = cohort_read(scope, ThreadKind.PULL_REQUEST)
    durations = durations_of(found, taken_until_merged, with_team=True)
    # Of the accepted ones alone, by definition: so none of them is still open.
    merged = [one for one in durations.threads if one.outcome is Outcome.DONE]
    median, p90 = usual_of((one.micros, True) for one in merged)
    return Merges(
        median=median,
        p90=p90,
        threads=durations.threads,
        left_out=durations.left_out,
        is_young=window.now - window.until < YOUNG,
    )


def time_to_answer(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
    *,
    with_team: bool = False,
) -> Answers:
    """Return how long discussions wait for their chosen answer (M22).

    Those of a category that takes no answers are left out. Of what was read before that was known,
    and of what scripts send, nobody knows: they count.

    Args, Raises: as `time_to_first_response`.
    """
    read = cohort_read(scope_of(viewer, workspace, window, filters), ThreadKind.DISCUSSION)
    found = [_if_it_takes_answers(one) for one in read]
    kept = [one for one in found if is_kept(one, with_team=with_team)]
    durations = durations_of(found, lambda one: taken_until(one, one.answer), with_team=with_team)
    return Answers(
        durations=durations,
        by_opener=sum(one.has_own_answer for one in kept),
        unanswered=sum(one.ending() is None and one.response is None for one in kept),
        unknown=sum(one.takes_answers is None for one in kept),
    )


_OPEN_ISSUES = f"""
{WHO}
SELECT t.id,
       (date_part('epoch', greatest(source.now, t.opened_at) - t.opened_at) * 1000000)::bigint,
       coalesce({nobody_waits(kind="opener.kind", is_bot="opener.is_bot")},
                CASE WHEN t.first_activity_at < t.opened_at THEN 'imported' END)
FROM {THREADS} AND t.state = 'open' AND t.opened_at <= %(now)s
ORDER BY t.opened_at, t.id
"""  # noqa: S608


def _by_kind(
    found: Sequence[CohortThread], take: Take, *, with_team: bool
) -> Mapping[ThreadKind, Durations]:
    return {
        kind: durations_of([one for one in found if one.kind == kind], take, with_team=with_team)
        for kind in ThreadKind
    }


def _if_it_takes_answers(one: CohortThread) -> CohortThread:
    is_left_out = one.takes_answers is False and is_kept(one, with_team=True)
    return one._replace(left_out=LeftOut.CATEGORY) if is_left_out else one


def _ended(found: Sequence[CohortThread]) -> list[_Ended]:
    return [(one, one.ending()) for one in found]


def _ended_between(found: Sequence[_Ended], since: int, until: int) -> list[_Ended]:
    """Return the threads that were closed for good in a time, in microseconds of the window."""
    return [
        (one, ending)
        for one, ending in found
        if ending is not None and since <= ending.after - one.window_since < until
    ]


def _length(window: Window) -> int:
    return (window.until - window.since) // timedelta(microseconds=1)


def _times_to_close(
    opened: Sequence[_Ended], closed: Sequence[_Ended]
) -> Mapping[ThreadKind, TimeToClose]:
    return {
        kind: TimeToClose(
            opened=_closings([ended for ended in opened if ended[0].kind == kind]),
            closed=_closings([ended for ended in closed if ended[0].kind == kind]),
        )
        for kind in _CLOSABLE
    }


def _closings(found: Sequence[_Ended]) -> Closings:
    endings = {one.pk: ending for one, ending in found}
    closed = [
        (one, ending)
        for one, ending in found
        if ending is not None and is_kept(one, with_team=True)
    ]
    return Closings(
        durations=durations_of(
            [one for one, _ in found],
            lambda one: taken_until_closed(one, endings[one.pk]),
            with_team=True,
        ),
        by_bots=sum(ending.by is By.BOT for _, ending in closed),
        not_planned=sum(one.state_reason == "not_planned" for one, _ in closed),
    )
