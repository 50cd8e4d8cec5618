"""The people of a workspace as its pages list them: with counts, and in segments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.common.pages import PAGE, Page
from dexxy.members import directory
from dexxy.members.directory import EVERYBODY, MemberFilters
from dexxy.members.models import Member, MemberSummary
from dexxy.members.overviews import MemberOverview, member_overviews, summary_of
from dexxy.members.segments import (
    NEW,
    REGULAR_FROM,
    WHOEVER,
    Segment,
    segment_counts,
    segment_of,
)
from dexxy.members.sorting import MemberSort
from dexxy.members.who_may_see import require_people
from dexxy.messages.team.roster import team_of
from dexxy.messages.team.stints import is_on_team


@dataclass(frozen=True)
class Person:
    """A member as a row of a list.

    Args:
        summary: None if nobody has counted yet.
        is_new: their first act is not long ago.
        is_slipping: a regular who has gone quiet.
    """

    member: Member
    overview: MemberOverview
    summary: MemberSummary | None
    is_on_team: bool
    is_new: bool
    is_slipping: bool

    @property
    def pk(self) -> int:
        """That of the member."""
        return self.member.pk


@dataclass(frozen=True, kw_only=True)
class Listed:
    """Which people to list; both conditions hold.

    Args:
        segment: None for members of all kinds, people and bots.
    """

    segment: Segment | None = Segment.EVERYBODY
    filters: MemberFilters = EVERYBODY


ALL_PEOPLE = Listed()


def people_page(
    viewer: Viewer,
    workspace: Workspace,
    listed: Listed = ALL_PEOPLE,
    sort: MemberSort = MemberSort.RECENT,
    first: int = PAGE,
    after: str | None = None,
) -> Page[Person]:
    """Return FIRST people behind the cursor AFTER, ordered by SORT.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        PageSizeError, InvalidCursorError, MemberFilterError: an argument is not served.
        TooSlowError: no index leads there, and there are too many members.
    """
    require_people(viewer, workspace)
    now = timezone.now()
    team = team_now(workspace.pk, now)
    segment = _condition(workspace, listed, now, team)
    page = directory.member_list(
        viewer, workspace, listed.filters, sort, first, after, segment=segment
    )
    people = people_of(page.items, now, team)
    # Somebody may have been merged meanwhile.
    kept = [(one, at) for one, at in zip(page.items, page.cursors, strict=True) if one.pk in people]
    return Page([people[one.pk] for one, _ in kept], [at for _, at in kept], page.has_more)


def people_of(
    members: Sequence[Member], now: datetime, team: Sequence[int]
) -> Mapping[int, Person]:
    """Return each of MEMBERS as a row, by primary key; they come with their summaries."""
    overviews = member_overviews(members)
    return {
        one.pk: _person(one, overviews[one.pk], now, team) for one in members if one.pk in overviews
    }


def people_count(
    viewer: Viewer, workspace: Workspace, listed: Listed = ALL_PEOPLE, most: int | None = None
) -> int:
    """Count all that `people_page` lists, or up to MOST of them.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, MemberFilterError, TooSlowError: as it does.
    """
    require_people(viewer, workspace)
    condition = _condition(workspace, listed, timezone.now())
    return directory.member_count(viewer, workspace, listed.filters, condition, most)


def people_ids(viewer: Viewer, workspace: Workspace, listed: Listed = ALL_PEOPLE) -> list[int]:
    """Return the primary keys of all that `people_page` lists, in no order.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, MemberFilterError, TooSlowError: as it does.
    """
    require_people(viewer, workspace)
    condition = _condition(workspace, listed, timezone.now())
    return directory.member_ids(viewer, workspace, listed.filters, condition)


def people_segments(viewer: Viewer, workspace: Workspace) -> Mapping[Segment, int]:
    """Count the people of each segment.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        TooSlowError: there are too many members.
    """
    require_people(viewer, workspace)
    now = timezone.now()
    return segment_counts(viewer, workspace, now=now, team=team_now(workspace.pk, now))


def team_now(workspace_id: int, now: datetime) -> list[int]:
    """Return the primary keys of the members who belong to the team now."""
    return [member for member, stints in team_of(workspace_id).items() if is_on_team(stints, now)]


def _condition(
    workspace: Workspace, listed: Listed, now: datetime, team: Sequence[int] | None = None
) -> Q:
    if listed.segment is None:
        return WHOEVER
    if team is None:
        team = team_now(workspace.pk, now) if listed.segment is Segment.TEAM else []
    return segment_of(listed.segment, now=now, team=team)


def _person(member: Member, overview: MemberOverview, now: datetime, team: Sequence[int]) -> Person:
    summary = summary_of(member)
    first_act = summary.first_act_at if summary else None
    return Person(
        member=member,
        overview=overview,
        summary=summary,
        is_on_team=member.pk in team,
        is_new=not member.is_bot and first_act is not None and first_act >= now - NEW,
        is_slipping=not member.is_bot
        and summary is not None
        and summary.recent == 0
        and summary.regular_threads >= REGULAR_FROM,
    )
