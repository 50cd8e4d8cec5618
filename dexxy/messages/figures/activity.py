"""What was written in a window, by whom, and by whom for the first time, beside the one before."""
# ruff: noqa: S608
# The statement is put together from constants; values are parameters.

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.messages.figures.acts import HAS_ACTED, IN_WINDOW, WRITTEN
from dexxy.messages.figures.scope import EVERYTHING, WHO, FigureFilters, Window, scope_of
from dexxy.messages.figures.small_numbers import Figure
from dexxy.messages.figures.steps import steps_before, steps_of, window_before

# All that is told of both windows, in one pass over what was written in them: to read it takes
# nearly all of the time. One row has no member: that of the accounts that are gone.
_PEOPLE = f"""
{WHO}, person AS MATERIALIZED (
    SELECT author.member_id, count(*) FILTER (WHERE {IN_WINDOW}) AS acts,
           count(*) FILTER (WHERE m.occurred_at >= %(first)s AND m.occurred_at < %(last)s)
               AS same_days,
           bool_or(m.occurred_at >= %(before)s AND m.occurred_at < %(since)s) AS was_there,
           min(m.occurred_at) FILTER (WHERE m.occurred_at >= %(before)s) AS first_at
    FROM {WRITTEN} AND m.occurred_at >= least(%(before)s, %(first)s) AND m.occurred_at < %(until)s
    GROUP BY 1
)
SELECT p.member_id, p.acts, p.same_days, p.was_there,
       CASE WHEN NOT {HAS_ACTED.format(condition="m.occurred_at < p.first_at")} THEN p.first_at END
FROM person p ORDER BY p.acts DESC, p.member_id
"""


@dataclass(frozen=True, kw_only=True)
class Activity(Figure):
    """What was written in a window, and by whom.

    Args:
        messages: of people, and of accounts that are gone; bots' are left out.
        messages_before: in the same days of the window before, as `trends.volume` has them.
        people: who said or did something, whoever did most first (M12).
        people_before: how many did in the window before.
        new: whose first act ever was in it, the first one first (M13); None where it is withheld.
        new_before: how many were new in the window before.
        has_history: without it everybody looks new.
    """

    messages: int
    messages_before: int
    people: Sequence[int]
    people_before: int
    new: Sequence[int] | None
    new_before: int
    has_history: bool

    def unshown(self) -> Collection[str]:
        return () if self.has_history else ("new",)


def activity(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
) -> Activity:
    """Return what was written in a window and by whom, beside the window before it.

    The numbers are those of `trends.volume`, `people.contributors` and `people.new_contributors`.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    same_days = steps_before(steps_of(window), window.zone)
    rows = scope_of(viewer, workspace, window, filters).fetch(
        _PEOPLE,
        before=window_before(window).since,
        first=same_days[0].since,
        last=same_days[-1].until,
    )
    people = [row for row in rows if row[0] is not None]
    new = sorted((first_at, pk) for pk, *_, first_at in people if first_at is not None)
    return Activity(
        messages=sum(acts for _, acts, *_ in rows),
        messages_before=sum(before for _, _, before, *_ in rows),
        people=[pk for pk, acts, *_ in people if acts],
        people_before=sum(was_there for _, _, _, was_there, _ in people),
        new=[pk for first_at, pk in new if first_at >= window.since],
        new_before=sum(first_at < window.since for first_at, _ in new),
        has_history=window.has_history,
    )
