"""The threads behind the numbers of a member: whom they helped, with whom they talk, who waits."""
# ruff: noqa: S608
# The statements are put together from constants; values are parameters.

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from dexxy.accounts.selectors import Viewer
from dexxy.common.pages import LARGEST_PAGE, PAGE, Cursor, Page, check_size
from dexxy.common.sql import time_limit
from dexxy.members.models import Member
from dexxy.messages.feed.filters import ThreadFilters
from dexxy.messages.member_activity.asked import MINE, SAID, TEAM, THREADS, Asked
from dexxy.messages.models import Thread
from dexxy.messages.waiting.lists import QueueFilters
from dexxy.messages.waiting.queue import WaitingThread, queue_page

MOST_COMPANIONS = 5
# Whom somebody talks with is told from their newest threads: years ago it may have been others.
TALKED_WITHIN = timedelta(days=365)
TALKED_IN = 200

_WAS_TEAM = """EXISTS (
    SELECT FROM team WHERE team.member_id = %(member)s AND team.since <= m.occurred_at
      AND (team.until IS NULL OR m.occurred_at < team.until))"""
_FROM_OUTSIDE = """
  AND NOT EXISTS (SELECT FROM team WHERE team.member_id = opener.member_id
                  AND team.since <= t.opened_at
                  AND (team.until IS NULL OR t.opened_at < team.until))
"""


class OfOthers(Enum):
    """Threads `t` of other people in which a member did something, as `m`; each with its SQL."""

    # Said something, while neither of them was of the team.
    HELPED = f"{SAID} AND NOT {_WAS_TEAM}", _FROM_OUTSIDE
    # Said something as one of the team, to somebody outside of it.
    ANSWERED = f"{SAID} AND {_WAS_TEAM}", _FROM_OUTSIDE
    # Closed or merged it, or chose its answer.
    ENDED = "m.kind IN ('closed', 'merged', 'answered')", ""

    @property
    def sql(self) -> tuple[str, str]:
        """What stands before the columns, and the rest of the statement."""
        did, of = self.value
        # What the member did is read once, and first: the planner would look it up for each thread.
        before = f"{TEAM}, here AS MATERIALIZED (SELECT DISTINCT m.thread_id FROM {MINE} AND {did})"
        return before, f"{_OF_ANOTHER} WHERE {THREADS} {of}"


_OF_ANOTHER = """
FROM here
JOIN messages_thread t ON t.id = here.thread_id
JOIN members_identity opener ON opener.id = t.author_id AND opener.kind <> 'mannequin'
     AND opener.member_id <> %(member)s
JOIN members_member person ON person.id = opener.member_id AND NOT person.is_bot
"""
_PAGE = """
  AND (t.last_activity_at, t.id) < (%(time)s, %(before)s)
ORDER BY t.last_activity_at DESC, t.id DESC LIMIT %(limit)s
"""
# The newest threads in which the member said something, as `here`.
_HERE = f"""
here AS MATERIALIZED (
    SELECT m.thread_id FROM {MINE} AND {SAID} AND m.occurred_at >= %(since)s
    GROUP BY 1 ORDER BY max(m.occurred_at) DESC, 1 DESC LIMIT %(talked_in)s
)"""
# What others said in them.
_OTHERS = f"""
FROM here
JOIN messages_message m ON m.workspace_id = %(workspace)s AND m.thread_id = here.thread_id
     AND NOT m.is_archived AND m.in_feed AND {SAID}
JOIN members_identity author ON author.id = m.author_id AND author.kind <> 'mannequin'
"""
_COMPANIONS = f"""
WITH {_HERE}
SELECT p.id, count(DISTINCT m.thread_id) {_OTHERS}
JOIN members_member p ON p.id = author.member_id AND NOT p.is_bot AND p.erased_at IS NULL
WHERE p.id <> %(member)s GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %(most)s
"""
_TOGETHER_PAGE = f"""
WITH {_HERE}
SELECT t.last_activity_at, t.id FROM messages_thread t
WHERE {THREADS} AND t.id IN (SELECT m.thread_id {_OTHERS} WHERE author.member_id = %(other)s)
{_PAGE}
"""


@dataclass(frozen=True, slots=True)
class Companion:
    """Somebody with whom a member talks.

    Args:
        threads: how many of the member's newest threads both said something in.
        is_team: they are of the team today.
    """

    member: Member
    threads: int
    is_team: bool


def others_count(asked: Asked, which: OfOthers) -> int:
    """Count the threads of other people in which a member did something."""
    before, rest = which.sql
    [(number,)] = asked.fetch(f"{before} SELECT count(*) {rest}")
    return int(number)


def others_page(
    asked: Asked, which: OfOthers, first: int = PAGE, after: str | None = None
) -> Page[Thread]:
    """Return FIRST of the threads that `others_count` counts, those with news first.

    Raises:
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
        TooSlowError: there are too many.
    """
    before, rest = which.sql
    statement = f"{before} SELECT t.last_activity_at, t.id {rest} {_PAGE}"
    return _page(asked, statement, first, after)


def companions_of(asked: Asked, now: datetime) -> list[Companion]:
    """Return with whom a member talks, in most threads first."""
    rows = asked.fetch(
        _COMPANIONS, since=now - TALKED_WITHIN, talked_in=TALKED_IN, most=MOST_COMPANIONS
    )
    members = Member.objects.in_bulk([pk for pk, _ in rows])
    team = asked.team
    return [
        Companion(members[pk], number, any(stint.holds(now) for stint in team.get(pk, ())))
        for pk, number in rows
        if pk in members
    ]


def together_page(
    asked: Asked, other_id: int, now: datetime, first: int = PAGE, after: str | None = None
) -> Page[Thread]:
    """Return FIRST of the threads that are counted for a companion.

    Raises:
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
        TooSlowError: there is too much to read.
    """
    since = now - TALKED_WITHIN
    return _page(
        asked, _TOGETHER_PAGE, first, after, other=other_id, since=since, talked_in=TALKED_IN
    )


def waiting_of(viewer: Viewer, asked: Asked) -> Page[WaitingThread]:
    """Return where a member waits for the team, as the queue lists it; at most LARGEST_PAGE.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see the workspace.
        TooSlowError: there is too much to read.
    """
    theirs = QueueFilters(threads=ThreadFilters(member_ids=[asked.member_id]))
    return queue_page(viewer, asked.workspace, theirs, LARGEST_PAGE)


def _page(
    asked: Asked, statement: str, first: int, after: str | None, **params: object
) -> Page[Thread]:
    check_size(first)
    behind = Cursor(None, 0) if after is None else Cursor.parse(after)
    older = {"time": behind.time or datetime.max.replace(tzinfo=UTC), "before": behind.pk}
    with time_limit():
        rows = asked.fetch(statement, **older, **params, limit=first + 1)
    cursors = [Cursor(*row) for row in rows[:first]]
    return Page(threads_shown([one.pk for one in cursors]), cursors, len(rows) > first)


def threads_shown(ids: Sequence[int]) -> list[Thread]:
    """Return threads in the order of their IDS, with all that a row shows."""
    found = Thread.objects.select_related("source", "author__member").in_bulk(list(ids))
    return [found[pk] for pk in ids if pk in found]
