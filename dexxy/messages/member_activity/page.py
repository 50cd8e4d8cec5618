"""What the pages of a member show: who it is, and what they did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.common.pages import PAGE, Cursor, Page, check_size
from dexxy.common.sql import time_limit
from dexxy.members.merges.selectors import member_overview
from dexxy.members.models import Member
from dexxy.members.overviews import MemberOverview
from dexxy.members.who_may_see import member_now
from dexxy.messages.feed.filters import FeedFilters
from dexxy.messages.figures.durations import team_response_time
from dexxy.messages.figures.outcomes import Durations, Taken
from dexxy.messages.figures.scope import FigureFilters, Window
from dexxy.messages.figures.small_numbers import shown
from dexxy.messages.member_activity.asked import Asked, asked_of
from dexxy.messages.member_activity.counts import (
    Counts,
    counts_of,
    first_contribution,
    opened_threads,
)
from dexxy.messages.member_activity.days import Year, year_of
from dexxy.messages.member_activity.kept import KeptCounts, counts_kept
from dexxy.messages.member_activity.lists import (
    Companion,
    companions_of,
    threads_shown,
    waiting_of,
)
from dexxy.messages.models import (
    Message,
    MessageKind,
    Thread,
    ThreadKind,
    ThreadState,
)
from dexxy.messages.selectors import feed_page
from dexxy.messages.team.stints import is_on_team
from dexxy.messages.waiting.queue import WaitingThread

# Of the feed of a member, on one page.
ACTS = 20


@dataclass(frozen=True)
class MemberHead:
    """Who a member is, as each of the pages about one begins.

    Args:
        is_team: they are of the team now.
        opened: how many threads they opened, by kind and state.
        kept: the counts of somebody who said very much.
    """

    member: Member
    overview: MemberOverview
    asked: Asked
    is_team: bool
    opened: Mapping[tuple[ThreadKind, ThreadState], int]
    kept: KeptCounts | None

    @property
    def threads(self) -> int:
        """How many threads they opened."""
        return sum(self.opened.values())


@dataclass(frozen=True)
class MemberActivity:
    """What a member did.

    Args:
        counted_at: when the counts were counted; None for now.
        waiting: where they wait for the team.
        answers: how fast the team answers them, by kind; after the rules of small numbers.
        acts: a page of their feed.
    """

    year: Year
    counts: Counts
    counted_at: datetime | None
    first: Message | None
    companions: Sequence[Companion]
    waiting: Page[WaitingThread]
    answers: Mapping[ThreadKind, Durations]
    acts: Page[Message]


@dataclass(frozen=True, slots=True)
class AnsweredThread:
    """A thread of a member, and how long it took until the team answered it."""

    thread: Thread
    taken: Taken

    @property
    def pk(self) -> int:
        """That of the thread."""
        return self.thread.pk


def member_head(viewer: Viewer, workspace: Workspace, pk: int) -> MemberHead:
    """Return the member that the one with the id PK is part of today, mostly itself.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        MemberNotFoundError: WORKSPACE has no such member.
    """
    member, now = member_now(viewer, workspace, pk), timezone.now()
    asked = asked_of(viewer, workspace, member)
    overview = member_overview(viewer, workspace, member.pk)
    kept = counts_kept(asked, overview.summary, now)
    return MemberHead(
        member=member,
        overview=overview,
        asked=asked,
        is_team=is_on_team(asked.stints, now),
        opened=kept.counts.threads if kept else opened_threads(asked),
        kept=kept,
    )


def member_activity(
    viewer: Viewer,
    head: MemberHead,
    window: Window,
    kinds: Sequence[MessageKind] = (),
    after: str | None = None,
) -> MemberActivity:
    """Return what a member did.

    Args:
        window: the time in which the threads were opened that tell how fast the team answers; its
            zone is that of the days.
        kinds: which messages to list; all if empty.
        after: the cursor behind which the list starts.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see the workspace.
        InvalidCursorError: AFTER is not one of ours.
        WindowError, ZoneError: there is no such window.
        TooSlowError: there is too much to count.
    """
    asked, now = head.asked, timezone.now()
    filters = FeedFilters(member_ids=[asked.member_id], message_kinds=kinds)
    kept = head.kept
    with time_limit():
        return MemberActivity(
            year=year_of(asked, window.zone, now),
            counts=kept.counts if kept else counts_of(asked, head.opened, now),
            counted_at=kept.counted_at if kept else None,
            first=first_contribution(asked),
            companions=companions_of(asked, now),
            waiting=waiting_of(viewer, asked),
            answers=answers_of(viewer, asked, window),
            acts=feed_page(viewer, asked.workspace, filters, ACTS, after),
        )


def answers_of(viewer: Viewer, asked: Asked, window: Window) -> Mapping[ThreadKind, Durations]:
    """Return how fast the team answers the threads that a member opened in a window (M2).

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError, WindowError, TooSlowError: no figure is given.
    """
    theirs = FigureFilters(member_ids=[asked.member_id])
    found = team_response_time(viewer, asked.workspace, window, theirs)
    return {kind: shown(durations) for kind, durations in found.items()}


def answered_page(
    answers: Mapping[ThreadKind, Durations], first: int = PAGE, after: str | None = None
) -> Page["AnsweredThread"]:
    """Return FIRST of the threads behind ANSWERS, the newest first, with what became of each.

    Raises:
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
    """
    check_size(first)
    taken = [one for durations in answers.values() for one in durations.threads]
    taken.sort(key=lambda one: one.thread_id, reverse=True)
    if after is not None:
        behind = Cursor.parse(after).pk
        taken = [one for one in taken if one.thread_id < behind]
    threads = {one.pk: one for one in threads_shown([one.thread_id for one in taken[:first]])}
    found = [one for one in taken[:first] if one.thread_id in threads]
    rows = [AnsweredThread(threads[one.thread_id], one) for one in found]
    cursors = [Cursor(None, row.pk) for row in rows]
    return Page(rows, cursors, len(taken) > first)
