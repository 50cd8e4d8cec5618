"""The feed as it is read: the days, on each the threads, in each what was said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils import timezone

from dexxy.messages.models import Message, Thread

# So many messages of a group are shown; the others unfold.
SHOWN = 3


@dataclass
class Group:
    """What was said in one thread on one day, the newest first."""

    thread: Thread
    messages: list[Message] = field(default_factory=list)

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


def days_of(messages: Iterable[Message], after: str = "") -> list[Day]:
    """Group MESSAGES, the newest first, by their days and threads.

    Args:
        after: the day, as `2026-11-29`, that stands on the page already.
    """
    days: dict[date, Day] = {}
    groups: dict[tuple[date, int], Group] = {}
    for message in messages:
        on = timezone.localtime(message.occurred_at).date()
        day = days.setdefault(on, Day(message.occurred_at, goes_on=on.isoformat() == after))
        if (on, message.thread_id) not in groups:
            groups[on, message.thread_id] = Group(message.thread)
            day.groups.append(groups[on, message.thread_id])
        groups[on, message.thread_id].messages.append(message)
    return list(days.values())


def last_day(days: Sequence[Day]) -> str:
    """Name the day that a page ends with, as the next one wants to know it."""
    return timezone.localtime(days[-1].moment).date().isoformat() if days else ""
