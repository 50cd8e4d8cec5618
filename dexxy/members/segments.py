"""Segments of a community: who is new, who comes back, who slips away, who waits for us.

The definitions are those of the figures (`messages/figures/people.py`), told from summaries.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.db.models import Count, Q, TextChoices
from django.utils.translation import gettext_lazy

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.common.sql import time_limit
from dexxy.members.models import MemberSummary
from dexxy.members.sorting import MemberSort
from dexxy.members.who_may_see import require_people

# Whose first act is no older is new, and whoever acted before that and since has returned.
NEW = timedelta(days=30)
# In so many threads somebody takes part in a year to be a regular.
REGULAR_FROM = 3

WHOEVER = Q()


class Segment(TextChoices):
    """Some of the members, by what they said and did."""

    EVERYBODY = "everybody", gettext_lazy("Everybody")
    NEW = "new", gettext_lazy("New")
    RETURNING = "returning", gettext_lazy("Returning")
    ACTIVE = "active", gettext_lazy("Most active")
    SLIPPING = "slipping", gettext_lazy("Slipping away")
    WAITING = "waiting", gettext_lazy("Waiting for us")
    TEAM = "team", gettext_lazy("Team")
    BOTS = "bots", gettext_lazy("Bots")

    @property
    def sort(self) -> MemberSort:
        """In which order it is listed, unless another one is asked for."""
        return _SORTS.get(self, MemberSort.LAST_SEEN)


_SORTS = {
    Segment.EVERYBODY: MemberSort.RECENT,
    Segment.NEW: MemberSort.FIRST_SEEN,
    Segment.ACTIVE: MemberSort.RECENT,
    Segment.WAITING: MemberSort.WAITING,
}


def segment_of(segment: Segment, *, now: datetime, team: Collection[int]) -> Q:
    """Return the condition on members that are in SEGMENT.

    Args:
        team: who belongs to the team now.
    """
    return _conditions(segment, "summary__", now, team)


def segment_counts(
    viewer: Viewer, workspace: Workspace, *, now: datetime, team: Collection[int]
) -> Mapping[Segment, int]:
    """Count the members of each segment, in one query.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        TooSlowError: there are too many members.
    """
    require_people(viewer, workspace)
    rows = MemberSummary.objects.filter(workspace=workspace, member__erased_at=None)
    counts = {
        str(segment): Count("pk", filter=_conditions(segment, "", now, team)) for segment in Segment
    }
    with time_limit():
        found = rows.aggregate(**counts)
    return {Segment(name): number for name, number in found.items()}


def _conditions(segment: Segment, at: str, now: datetime, team: Collection[int]) -> Q:
    """Return the condition of a segment.

    Args:
        at: what leads to a summary, `` from a summary and `summary__` from a member.
    """
    member = "" if at else "member__"
    if segment is Segment.BOTS:
        return Q(**{f"{member}is_bot": True})
    since = now - NEW
    found = {
        Segment.EVERYBODY: WHOEVER,
        Segment.NEW: Q(**{f"{at}first_act_at__gte": since}),
        Segment.RETURNING: Q(**{f"{at}first_act_at__lt": since, f"{at}last_act_at__gte": since}),
        Segment.ACTIVE: Q(**{f"{at}recent__gt": 0}),
        Segment.SLIPPING: Q(**{f"{at}regular_threads__gte": REGULAR_FROM, f"{at}recent": 0}),
        Segment.WAITING: Q(**{f"{at}waiting__gt": 0}),
        Segment.TEAM: Q(pk__in=list(team)),
    }
    return found[segment] & Q(**{f"{member}is_bot": False})
