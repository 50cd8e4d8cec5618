"""A thread as a page shows it: its opening, a stretch of its messages, and what is known of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.members.models import Identity
from dexxy.messages.conversation.code import (
    NO_CODE,
    CodeCounts,
    Resolved,
    code_counts,
    resolved_in,
)
from dexxy.messages.conversation.facts import Participant, ThreadFacts, facts_of
from dexxy.messages.conversation.outline import Gap, Line, Outline, outline_read
from dexxy.messages.conversation.stretch import (
    WHERE_READING_GOES_ON,
    Anchor,
    Stretch,
    stretch_at,
)
from dexxy.messages.feed.snoozed import snoozed_until
from dexxy.messages.models import Message, Side, Standing, Thread, Triage
from dexxy.messages.selectors import thread_for
from dexxy.messages.team.roster import team_of
from dexxy.messages.unread import thread_read_to

# So many other threads of its author are named beside a thread.
MOST_ALSO = 5


@dataclass(frozen=True)
class Landmarks:
    """Where one may want to jump to in a thread: ids of messages with their times.

    Args:
        team: the team's last word.
        unanswered: the first message that the team has not answered.
        unread: the first message that the reader has not read, of a thread that they had begun.
    """

    opening: Line | None = None
    team: Line | None = None
    unanswered: Line | None = None
    unread: Line | None = None
    last: Line | None = None

    def goes_on(self, anchor: Anchor) -> int | None:
        """Return the id of the message from which reading goes on, unless ANCHOR says more."""
        first, second = self.unanswered, self.unread
        if anchor.from_unread:
            first, second = second, first
        found = first or second
        return None if found is None else found.pk


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """A thread as a page shows it.

    Args:
        opening: the first message, which stands above all, unless it is among the messages.
        gap, rest: what is not shown before the messages, and behind them.
        target: the id of the message that was asked for, if it is shown.
        is_target_gone: a message was asked for that is not here, or not any more.
        number: how many messages there are, without those of quiet kinds.
        people: those who wrote most; `people_count` counts all.
        by_team: the ids of the messages that the team wrote.
        team_answered_at: when the team first answered somebody else's opening.
        since_team: how many messages there are from the first unanswered one on.
        standing, triage: who waits here, and what was decided about it; None for nobody, nothing.
        snoozed_until: None where it is awake.
        also: other threads of whoever opened it.
        read_until: up to when the reader has read now what they had not before; None where what is
            shown begins behind their place, or they had read it.
        code, resolved: its conversations on code, and which of them are resolved.
    """

    thread: Thread
    opening: Message | None
    gap: Gap | None
    messages: Sequence[Message]
    rest: Gap | None
    target: int | None = None
    is_target_gone: bool = False
    landmarks: Landmarks = field(default_factory=Landmarks)
    number: int = 0
    people: Sequence[Participant] = ()
    people_count: int = 0
    by_team: frozenset[int] = frozenset()
    team_answered_at: datetime | None = None
    since_team: int = 0
    standing: Standing | None = None
    triage: Triage | None = None
    snoozed_until: datetime | None = None
    also: Sequence[Thread] = ()
    read_until: datetime | None = None
    code: CodeCounts = NO_CODE
    resolved: Resolved = field(default_factory=dict)

    @property
    def all_messages(self) -> Sequence[Message]:
        """The opening, where it stands apart, and the others."""
        return [self.opening, *self.messages] if self.opening else self.messages

    @property
    def others_number(self) -> int:
        """How many of the messages the team did not write."""
        return self.number - len(self.by_team)

    @property
    def more_people(self) -> int:
        """How many wrote who are not named."""
        return self.people_count - len(self.people)

    @property
    def team_answered_after(self) -> timedelta | None:
        """How long whoever opened it waited for the team's first answer."""
        if self.team_answered_at is None:
            return None
        return max(timedelta(0), self.team_answered_at - self.thread.opened_at)

    @property
    def is_aside(self) -> bool:
        """Whether somebody said that it needs no answer."""
        return self.standing is not None and self.standing.side == Side.ASIDE

    @property
    def is_beside(self) -> bool:
        """Whether somebody has the last word where the queue does not count it."""
        if self.standing is None or self.standing.side not in (Side.LATE, Side.OURS):
            return False
        return self.snoozed_until is not None or not self.standing.is_old

    @property
    def is_waiting(self) -> bool:
        """Whether the team owes the next word."""
        return self.standing is not None and self.standing.side == Side.TEAM


def conversation(
    viewer: Viewer, workspace: Workspace, pk: int, anchor: Anchor = WHERE_READING_GOES_ON
) -> Conversation:
    """Return a thread with the stretch of its messages at ANCHOR; the same queries for any thread.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        ThreadNotFoundError: WORKSPACE shows no such thread.
        InvalidCursorError: a cursor of ANCHOR is not one of ours.
        TooSlowError: the thread is too long.
    """
    thread = thread_for(viewer, workspace, pk)
    outline = outline_read(thread)
    standing = Standing.objects.filter(pk=thread.pk).first()
    triage = (
        Triage.objects.filter(pk=thread.pk)
        .select_related("assignee", "assigned_by", "held_by", "noted_by")
        .first()
    )
    read_to = thread_read_to(viewer, thread)
    facts = facts_of(outline, standing, team_of(workspace.pk))
    landmarks = _landmarks(outline, facts, read_to)
    stretch = stretch_at(outline, anchor, landmarks.goes_on(anchor))
    messages = _messages(
        thread, outline, [0, *stretch.shown] if stretch.is_apart else stretch.shown
    )
    code = code_counts([thread]).get(thread.pk, NO_CODE)
    return Conversation(
        thread=thread,
        opening=messages.pop(0) if stretch.is_apart and messages else None,
        gap=stretch.gap,
        messages=messages,
        rest=stretch.rest,
        target=None if outline.position(anchor.around) is None else anchor.around,
        is_target_gone=anchor.around is not None and outline.position(anchor.around) is None,
        landmarks=landmarks,
        number=facts.number,
        people=facts.people,
        people_count=facts.people_count,
        by_team=facts.by_team,
        team_answered_at=facts.team_answered_at,
        since_team=_number_from(outline, landmarks.unanswered),
        standing=standing,
        triage=triage,
        snoozed_until=snoozed_until(triage, standing, timezone.now()),
        also=_also(thread),
        read_until=_read_until(outline, stretch, landmarks.unread, read_to),
        code=code,
        resolved=resolved_in([thread.pk])[thread.pk] if code.resolved else {},
    )


def _messages(thread: Thread, outline: Outline, positions: Collection[int]) -> list[Message]:
    ids = [outline.lines[anchor].pk for anchor in positions]
    of_thread = Message.objects.filter(workspace=thread.workspace_id, pk__in=ids)
    found = {message.pk: message for message in of_thread.for_display()}
    return [found[pk] for pk in ids if pk in found]


def _landmarks(outline: Outline, facts: ThreadFacts, read_to: datetime) -> Landmarks:
    opening = outline.opening
    return Landmarks(
        opening=None if opening is None else outline.lines[opening],
        team=facts.team,
        unanswered=facts.unanswered,
        unread=_unread(outline, read_to),
        last=outline.last,
    )


def _unread(outline: Outline, read_to: datetime) -> Line | None:
    """Return the first message after READ_TO, where there are some before it."""
    counted = [line for line in outline.lines if line.is_counted]
    if not counted or counted[0].at > read_to:
        return None
    return next((line for line in counted if line.at > read_to), None)


def _read_until(
    outline: Outline, stretch: Stretch, unread: Line | None, read_to: datetime
) -> datetime | None:
    """Return up to when the reader has read, now that STRETCH is shown."""
    is_behind = unread is not None and outline.position(unread.pk) not in stretch.shown
    if is_behind or not stretch.shown:
        return None
    last = outline.lines[stretch.shown[-1]].at
    return last if last > read_to else None


def _number_from(outline: Outline, first: Line | None) -> int:
    if first is None:
        return 0
    return sum(line.is_counted and line.key >= first.key for line in outline.lines)


def _also(thread: Thread) -> list[Thread]:
    """Return other threads of whoever opened this one; of a bot they say nothing."""
    if thread.author is None or thread.author.member.is_bot:
        return []
    accounts = Identity.objects.filter(member=thread.author.member_id).values("pk")
    found = Thread.objects.shown().filter(workspace=thread.workspace_id, author__in=accounts)
    found = found.exclude(pk=thread.pk).select_related("source")
    return list(found.order_by("-last_activity_at", "-pk")[:MOST_ALSO])
