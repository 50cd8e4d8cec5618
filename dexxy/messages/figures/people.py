"""Who takes part: how many, who is new, who came once, who has gone quiet, who became one of us."""
# ruff: noqa: S608
# The statements are put together from constants; values are parameters.

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.messages.figures.acts import ACTS, HAS_ACTED, IN_WINDOW, KEPT, WRITTEN
from dexxy.messages.figures.scope import (
    EVERYTHING,
    WHO,
    FigureFilters,
    Scope,
    Window,
    scope_of,
)
from dexxy.messages.figures.small_numbers import Figure, Ratio, ratio
from dexxy.messages.figures.steps import window_before
from dexxy.messages.team.stints import is_on_team

YEAR = timedelta(days=365)
# Who has said nothing for so long has gone quiet; who was first seen later is new.
QUIET = timedelta(days=90)
MOST_OCCASIONAL_THREADS = 2
CONVERTS_WITHIN = timedelta(days=180)
COMES_BACK_WITHIN = timedelta(days=90)

Members = Sequence[int]

# One row has no member: that of the accounts that are gone.
_PEOPLE = f"""
{WHO}
SELECT act.member_id, count(*), bool_or(team.member_id IS NOT NULL)
FROM (SELECT author.member_id, m.occurred_at FROM {WRITTEN} AND {IN_WINDOW}) act
LEFT JOIN team ON team.member_id = act.member_id AND team.since <= act.occurred_at
              AND (team.until IS NULL OR act.occurred_at < team.until)
GROUP BY 1 ORDER BY 2 DESC, 1
"""
# Where their first act was is looked up only for those who are new.
_NEW = f"""
{WHO}, new AS MATERIALIZED (
    SELECT p.member_id, p.first_at
    FROM (SELECT author.member_id, min(m.occurred_at) AS first_at
          FROM {ACTS} AND {IN_WINDOW} GROUP BY 1) p
    WHERE NOT {HAS_ACTED.format(condition="m.occurred_at < p.first_at")}
)
SELECT p.member_id, p.first_at, act.thread_id
FROM new p CROSS JOIN LATERAL (
    SELECT m.thread_id
    FROM members_identity i JOIN messages_message m ON m.author_id = i.id
    WHERE i.member_id = p.member_id AND {KEPT} AND m.occurred_at = p.first_at
    ORDER BY m.id LIMIT 1) act
ORDER BY p.first_at, p.member_id
"""
_OCCASIONAL = f"""
{WHO}
SELECT p.member_id, p.threads, NOT {HAS_ACTED.format(condition="m.occurred_at < %(quiet_since)s")}
FROM (
    SELECT author.member_id, count(DISTINCT m.thread_id) AS threads
    FROM {ACTS} AND m.occurred_at >= %(year_since)s AND m.occurred_at < %(until)s
    GROUP BY 1
) p
ORDER BY p.member_id
"""
_REGULARS = f"""
{WHO}
SELECT author.member_id, NOT bool_or(m.occurred_at >= %(quiet_since)s)
FROM {ACTS} AND author.erased_at IS NULL
 AND m.occurred_at >= %(regular_since)s AND m.occurred_at < %(until)s
GROUP BY 1
HAVING count(DISTINCT m.thread_id) FILTER (WHERE m.occurred_at < %(quiet_since)s) > %(most)s
ORDER BY 1
"""
_CAME_BACK = HAS_ACTED.format(
    condition="m.thread_id <> p.thread_id AND m.occurred_at <= p.first_at + %(comes_back_within)s"
)
# Each newcomer, by arrays, with whether they had a pull request merged and whether they came back.
_BECAME = f"""
{WHO}
SELECT p.member_id,
       EXISTS (SELECT FROM members_identity i
               JOIN messages_thread t ON t.workspace_id = %(workspace)s AND t.author_id = i.id
                    AND NOT t.is_archived AND t.kind = 'pull_request'
               JOIN sources_source s ON s.id = t.source_id AND NOT s.is_archived
               WHERE i.member_id = p.member_id AND t.merged_at <= %(now)s
                 AND t.merged_at <= p.first_at + %(converts_within)s),
       {_CAME_BACK}
FROM unnest(%(new)s::bigint[], %(first)s::timestamptz[], %(threads)s::bigint[])
     AS p(member_id, first_at, thread_id)
"""


@dataclass(frozen=True, slots=True)
class Contributor:
    """Somebody who said or did something in a window.

    Args:
        is_team: they were of the team at one of these acts.
    """

    member_id: int
    acts: int
    is_team: bool


@dataclass(frozen=True, kw_only=True)
class Contributors(Figure):
    """Who took part.

    Args:
        people: the list behind it, whoever did most first.
        ghost_messages: how many messages there are of accounts that are gone.
    """

    people: Sequence[Contributor]
    ghost_messages: int

    @property
    def team(self) -> int:
        """How many of them are of the team."""
        return sum(one.is_team for one in self.people)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Somebody whose first act ever was in a window.

    Args:
        thread_id: where that was.
    """

    member_id: int
    first_at: datetime
    thread_id: int


@dataclass(frozen=True, kw_only=True)
class Newcomers(Figure):
    """Who is new.

    Args:
        people: the list behind it, the first one first; None where it is withheld.
        has_history: without it everybody looks new.
    """

    people: Sequence[Newcomer] | None
    has_history: bool

    def unshown(self) -> Collection[str]:
        return () if self.has_history else ("people",)


@dataclass(frozen=True, kw_only=True)
class Occasional(Figure):
    """Who took part in few threads, of all who took part within a year.

    Args:
        ratio: the occasional of all.
        occasional, regular: the lists behind it.
        new: those of either who were first seen within 90 days.
    """

    ratio: Ratio
    occasional: Members
    regular: Members
    new: Members


@dataclass(frozen=True, kw_only=True)
class Inactive(Figure):
    """Regulars who have gone quiet.

    Args:
        ratio: the quiet of all regulars.
        inactive, active: the lists behind it.
    """

    ratio: Ratio
    inactive: Members
    active: Members


@dataclass(frozen=True, kw_only=True)
class Step(Figure):
    """What became of newcomers within some time.

    Args:
        ratio: those who took the step, of those who were watched for long enough.
        taken, not_taken: the lists behind it.
        recent: who came too lately to tell, in neither number.
    """

    ratio: Ratio
    taken: Members
    not_taken: Members
    recent: Members


@dataclass(frozen=True, kw_only=True)
class Conversion(Figure):
    """What became of the newcomers of a window who are not of the team.

    Args:
        converted: had a pull request of their own merged within 180 days.
        came_back: took part in another thread within 90 days.
        has_history: without it everybody looks new, and both are withheld.
    """

    converted: Step | None
    came_back: Step | None
    has_history: bool

    def unshown(self) -> Collection[str]:
        return () if self.has_history else ("converted", "came_back")


def contributors(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> Contributors:
    """Return who said or did something in a window (M12).

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    rows = scope_of(viewer, workspace, window, filters).fetch(_PEOPLE)
    return Contributors(
        people=[Contributor(*row) for row in rows if row[0] is not None],
        ghost_messages=sum(number for member, number, _ in rows if member is None),
    )


def new_contributors(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> Newcomers:
    """Return whose first act ever, in all sources, was in a window (M13).

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    scope = scope_of(viewer, workspace, window, filters)
    return Newcomers(people=newcomers_read(scope), has_history=window.has_history)


def new_contributors_compared(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> tuple[Newcomers, Newcomers]:
    """Return who was new in a window, and in the one before it, as `new_contributors` does.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    both = replace(window, since=window_before(window).since)
    found = newcomers_read(scope_of(viewer, workspace, both, filters))
    now = [one for one in found if one.first_at >= window.since]
    before = found[: len(found) - len(now)]
    has_history = window.has_history
    return (
        Newcomers(people=now, has_history=has_history),
        Newcomers(people=before, has_history=has_history),
    )


def newcomers_read(scope: Scope) -> list[Newcomer]:
    """Return whose first act ever was in the window of a scope, the first one first."""
    return [Newcomer(*row) for row in scope.fetch(_NEW)]


def occasional_contributors(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> Occasional:
    """Return who took part in at most two threads in the year before the window's end (M14).

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    scope = scope_of(viewer, workspace, window, filters)
    end = window.ends_at
    rows = scope.fetch(_OCCASIONAL, year_since=end - YEAR, quiet_since=end - QUIET)
    occasional = [pk for pk, threads, _ in rows if threads <= MOST_OCCASIONAL_THREADS]
    return Occasional(
        ratio=ratio(len(occasional), len(rows)),
        occasional=occasional,
        regular=[pk for pk, threads, _ in rows if threads > MOST_OCCASIONAL_THREADS],
        new=[pk for pk, _, is_new in rows if is_new],
    )


def inactive_contributors(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> Inactive:
    """Return the regulars who have said nothing in the 90 days before the window's end (M15).

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    scope = scope_of(viewer, workspace, window, filters)
    quiet_since = window.ends_at - QUIET
    rows = scope.fetch(
        _REGULARS,
        quiet_since=quiet_since,
        regular_since=quiet_since - YEAR,
        most=MOST_OCCASIONAL_THREADS,
    )
    inactive = [pk for pk, is_quiet in rows if is_quiet]
    return Inactive(
        ratio=ratio(len(inactive), len(rows)),
        inactive=inactive,
        active=[pk for pk, is_quiet in rows if not is_quiet],
    )


def conversion_rate(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> Conversion:
    """Return what became of the newcomers of a window (M16).

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    scope = scope_of(viewer, workspace, window, filters)
    found = newcomers_read(scope)
    new = [one for one in found if not is_on_team(scope.team.get(one.member_id, ()), one.first_at)]
    rows = scope.fetch(
        _BECAME,
        new=[one.member_id for one in new],
        first=[one.first_at for one in new],
        threads=[one.thread_id for one in new],
        converts_within=CONVERTS_WITHIN,
        comes_back_within=COMES_BACK_WITHIN,
    )
    converted = {pk for pk, has_merged, _ in rows if has_merged}
    came_back = {pk for pk, _, is_back in rows if is_back}
    return Conversion(
        converted=_step(new, converted, CONVERTS_WITHIN, window.now),
        came_back=_step(new, came_back, COMES_BACK_WITHIN, window.now),
        has_history=window.has_history,
    )


def _step(
    people: Sequence[Newcomer], who: Collection[int], within: timedelta, now: datetime
) -> Step:
    watched = [one.member_id for one in people if now - one.first_at >= within]
    taken = [pk for pk in watched if pk in who]
    return Step(
        ratio=ratio(len(taken), len(watched)),
        taken=taken,
        not_taken=[pk for pk in watched if pk not in who],
        recent=[one.member_id for one in people if now - one.first_at < within],
    )
