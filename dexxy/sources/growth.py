"""How a source grows: its stars and forks, one count a day.

A count comes with a request that is made anyway, or with a webhook, and has the time at which it
was true by the server's clock. The row of a day holds the last count that was seen on that day.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.errors import BadInputError
from dexxy.common.sql import execute_later
from dexxy.sources.models import DailyCounts

# Days that are read at once.
LONGEST = timedelta(days=366)

# What comes late changes nothing, not even the day that it is about: nobody has seen it then.
_NOTE = """
INSERT INTO sources_dailycounts AS known (source_id, date, stars, forks, taken_at)
SELECT %(source)s, (%(taken_at)s::timestamptz AT TIME ZONE 'UTC')::date, %(stars)s, %(forks)s,
       %(taken_at)s
WHERE NOT EXISTS (
    SELECT FROM sources_dailycounts
    WHERE source_id = %(source)s
      AND (taken_at > %(taken_at)s OR (%(is_hint)s AND taken_at = %(taken_at)s)))
ON CONFLICT (source_id, date) DO UPDATE
SET stars = excluded.stars, forks = excluded.forks, taken_at = excluded.taken_at
WHERE known.taken_at < excluded.taken_at
   OR (NOT %(is_hint)s AND known.taken_at = excluded.taken_at)
"""


class DaysError(BadInputError):
    """Growth is not shown for such days."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many stars and forks there are."""

    stars: int
    forks: int


def counts_note(source_id: int, counts: Counts, *, taken_at: datetime, is_hint: bool) -> None:
    """Remember a count of a source, unless a newer one is known.

    Args:
        taken_at: when it was true, by the server's clock.
        is_hint: a webhook told it: an answer of the same second knows better.
    """
    params = {
        "source": source_id,
        "stars": counts.stars,
        "forks": counts.forks,
        "taken_at": taken_at,
        "is_hint": is_hint,
    }
    execute_later(_NOTE, params)


def growth(
    viewer: Viewer, workspace: Workspace, source_id: int, *, since: datetime, until: datetime
) -> list[DailyCounts]:
    """Return the counts of a source on the days that begin from SINCE on and before UNTIL.

    The oldest is first. A day on which nobody looked has none, and neither has a source that
    WORKSPACE does not have.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        DaysError: there are no such days, or more than LONGEST.
    """
    require_membership(viewer, workspace)
    if not timedelta(0) < until - since <= LONGEST:
        raise DaysError(
            _("Ask for {days} days at most, the first one first.").format(days=LONGEST.days)
        )
    shown = daily_counts(workspace).filter(source=source_id)
    shown = shown.filter(date__gte=_day_from(since), date__lt=_day_from(until))
    return list(shown.order_by("date"))


def growth_of_all(
    viewer: Viewer,
    workspace: Workspace,
    *,
    until: datetime,
    source_ids: Collection[int] = (),
) -> list[DailyCounts]:
    """Return all counts before UNTIL of the sources that WORKSPACE follows, the oldest first.

    Args:
        source_ids: of these sources alone; empty for all.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    found = daily_counts(workspace).filter(date__lt=_day_from(until))
    if source_ids:
        found = found.filter(source__in=source_ids)
    return list(found.select_related("source").order_by("date", "source"))


def _day_from(at: datetime) -> date:
    """Return the first day (UTC) that begins at AT or later."""
    at = at.astimezone(UTC)
    return at.date() + timedelta(days=0 if at.time() == time() else 1)


def daily_counts(workspace: Workspace) -> QuerySet[DailyCounts]:
    """Return all counts of the sources that WORKSPACE follows."""
    return DailyCounts.objects.filter(source__workspace=workspace, source__is_archived=False)
