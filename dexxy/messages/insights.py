"""Figures of a workspace over some time. Bots are not counted; days and weeks are those of UTC."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.databases.replica import from_replica
from dexxy.common.errors import BadInputError
from dexxy.common.sql import fetch_all, time_limit
from dexxy.members.models import Member
from dexxy.messages.answers import IS_UNANSWERED
from dexxy.messages.figures.durations import first_response_of_all
from dexxy.messages.figures.scope import EVERYTHING, FigureFilters, Window
from dexxy.messages.figures.small_numbers import shown

LONGEST = timedelta(days=366)
MOST_TOP = 10
# Counting a year takes longer than a page of the feed.
_SECONDS = 15.0

# Messages in the feed that no bot wrote, each with its member: NULL if the account is gone.
_WRITTEN = """
SELECT m.occurred_at, p.id AS member_id
FROM messages_message m
JOIN sources_source s ON s.id = m.source_id AND NOT s.is_archived
LEFT JOIN members_identity i ON i.id = m.author_id
LEFT JOIN members_member p ON p.id = i.member_id
WHERE m.workspace_id = %(workspace)s AND NOT m.is_archived AND m.in_feed
  AND m.occurred_at >= %(since)s AND m.occurred_at < %(until)s AND p.is_bot IS NOT TRUE
  AND (%(sources)s::bigint[] IS NULL OR m.source_id = ANY(%(sources)s))
"""
_STEPS = f"""
SELECT date_trunc(%(bucket)s, occurred_at AT TIME ZONE 'UTC')::date, count(*),
       count(DISTINCT member_id)
FROM ({_WRITTEN}) written GROUP BY 1 ORDER BY 1
"""  # noqa: S608
_TOP = f"""
SELECT member_id, count(*) FROM ({_WRITTEN}) written
WHERE member_id IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %(top)s
"""  # noqa: S608
_PEOPLE = f"""
SELECT count(*) FILTER (WHERE NOT known), count(*) FILTER (WHERE known)
FROM (
    SELECT EXISTS (
        SELECT FROM members_identity i
        JOIN messages_message m ON m.workspace_id = %(workspace)s AND m.author_id = i.id
                               AND NOT m.is_archived AND m.in_feed
        WHERE i.member_id = here.member_id AND m.occurred_at < %(since)s) AS known
    FROM (SELECT DISTINCT member_id FROM ({_WRITTEN}) written WHERE member_id IS NOT NULL) here
) p
"""  # noqa: S608
_THREADS = f"""
SELECT count(*) FILTER (WHERE {IS_UNANSWERED.format(row="t")}), count(*)
FROM messages_thread t
JOIN sources_source s ON s.id = t.source_id AND NOT s.is_archived
LEFT JOIN members_identity i ON i.id = t.author_id
LEFT JOIN members_member p ON p.id = i.member_id
WHERE t.workspace_id = %(workspace)s AND NOT t.is_archived
  AND t.opened_at >= %(since)s AND t.opened_at < %(until)s AND p.is_bot IS NOT TRUE
  AND (%(sources)s::bigint[] IS NULL OR t.source_id = ANY(%(sources)s))
"""  # noqa: S608


class TimeRangeError(BadInputError):
    """Figures are not given for such a range of time."""


class InsightsBucket(Enum):
    """What figures are told by. The values are those of PostgreSQL."""

    DAY = "day"
    WEEK = "week"


class Comparison(Enum):
    """What figures of a time are shown beside."""

    NONE = "none"
    # The time of the same length that ends where theirs begins.
    BEFORE = "before"


@dataclass(frozen=True)
class Step:
    """The figures of a day or week in which there was a message.

    Args:
        date: the day, in UTC, or the Monday.
        messages: how many there were.
        people: how many members wrote them.
    """

    date: date
    messages: int
    people: int


@dataclass(frozen=True)
class Insights:
    """Figures of a workspace over some time.

    Args:
        since: the beginning of the time.
        until: its end, which does not belong to it.
        steps: figures of each day or week that has a message, the oldest first.
        new_people: members who wrote in that time and never before, in any source.
        returning_people: members who wrote in that time and before.
        threads: threads opened in that time.
        unanswered_threads: those of them that are unanswered now.
        median_first_answer, p90_first_answer: within how long half, and nine of ten, of the threads
            opened in that time, of all kinds together, had a first answer; by the definition of
            the figures.
        top_people: the members who wrote most, each with the number of their messages.
    """

    since: datetime
    until: datetime
    steps: list[Step]
    new_people: int
    returning_people: int
    threads: int
    unanswered_threads: int
    median_first_answer: timedelta | None
    p90_first_answer: timedelta | None
    top_people: list[tuple[Member, int]]


@from_replica
def insights(
    viewer: Viewer,
    workspace: Workspace,
    window: Window,
    filters: FigureFilters = EVERYTHING,
    bucket: InsightsBucket = InsightsBucket.DAY,
) -> Insights:
    """Return figures about WORKSPACE in a window, whose zone says nothing here.

    Args:
        filters: of which sources; it takes no others.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        TimeRangeError: the window has no length, or is longer than a year.
        TooSlowError: there is too much to count.
    """
    require_membership(viewer, workspace)
    since, until = window.since, window.until
    if not timedelta(0) < until - since <= LONGEST:
        raise TimeRangeError(
            _("Choose a time of up to {days} days, its end after its start.").format(
                days=LONGEST.days
            )
        )
    params = {
        "workspace": workspace.pk,
        "since": since,
        "until": until,
        "sources": list(filters.source_ids) or None,
        "bucket": bucket.value,
        "top": MOST_TOP,
    }
    answered = shown(first_response_of_all(viewer, workspace, window, filters))
    with time_limit(_SECONDS):
        [(new, returning)] = fetch_all(_PEOPLE, params)
        [(unanswered, threads)] = fetch_all(_THREADS, params)
        return Insights(
            since=since,
            until=until,
            steps=[Step(*row) for row in fetch_all(_STEPS, params)],
            new_people=new,
            returning_people=returning,
            threads=threads,
            unanswered_threads=unanswered,
            median_first_answer=answered.median,
            p90_first_answer=answered.p90,
            top_people=_top(params),
        )


def _top(params: dict[str, Any]) -> list[tuple[Member, int]]:
    counts = dict(fetch_all(_TOP, params))
    members = Member.objects.in_bulk(list(counts))
    return [(members[pk], number) for pk, number in counts.items()]
