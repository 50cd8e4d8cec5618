"""The feed as it is read: the days, on each the threads, in each what was said."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils import timezone

from dexxy.messages.feed.marks import NO_MARKS, Marks
from dexxy.messages.models import Message, Thread

# So many messages of a group are shown; the others unfold.
SHOWN = 3


@dataclass
class Group:
    """What was said in one thread on one day, the newest first.

    Args:
        waits_since: since when somebody in the thread waits for the team; None where nobody does.
        unread: the ids of the messages that the reader has not read; it may have others.
        marks: what is told at the names of who wrote; it may have others.
    """

    thread: Thread
    messages: list[Message] = field(default_factory=list)
    waits_since: datetime | None = None
    unread: Collection[int] = ()
    marks: Marks = NO_MARKS

    @property
    def is_unread(self) -> bool:
        """Whether any of it was not read."""
        return any(message.pk in self.unread for message in self.messages)

    @property
    def pk(self) -> str:
        """What names it on a page: its thread and its day."""
        on = timezone.localtime(self.messages[0].occurred_at).date()
        return f"g{self.thread.pk}-{on.isoformat()}"

    @property
    def shown(self) -> Sequence[Message]:
        """Those that are seen at once."""
        return self.messages[:SHOWN]

    @property
    def rest(self) -> Sequence[Message]:
        """Those that unfold."""
        return self.messages[SHOWN:]


@dataclass
class Day:
    """One day where the reader is, with its groups: that with the newest message first.

    Args:
        moment: that of its newest message here.
        goes_on: whether its name stands on the page already, above what is added to it.
    """

    moment: datetime
    goes_on: bool = False
    groups: list[Group] = field(default_factory=list)


def days_of(
    messages: Iterable[Message],
    after: str = "",
    *,
    waits: Mapping[int, datetime] | None = None,
    unread: Collection[int] = (),
    marks: Marks = NO_MARKS,
) -> list[Day]:
    """Group MESSAGES, the newest first, by their days and threads.

    Args:
        after: the day, as `2026-11-29`, that stands on the page already.
        waits: since when somebody waits for the team, by the id of the thread.
        unread: the ids of messages that the reader has not read.
        marks: what is told at the names of who wrote.
    """
    days: dict[date, Day] = {}
    groups: dict[tuple[date, int], Group] = {}
    for message in messages:
        on = timezone.localtime(message.occurred_at).date()
        day = days.setdefault(on, Day(message.occurred_at, goes_on=on.isoformat() == after))
        if (on, message.thread_id) not in groups:
            groups[on, message.thread_id] = Group(
                message.thread,
                waits_since=(waits or {}).get(message.thread_id),
                unread=unread,
                marks=marks,
            )
            day.groups.append(groups[on, message.thread_id])
        groups[on, message.thread_id].messages.append(message)
    return list(days.values())


def last_day(days: Sequence[Day]) -> str:
    """Name the day that a page ends with, as the next one wants to know it."""
    return timezone.localtime(days[-1].moment).date().isoformat() if days else ""
