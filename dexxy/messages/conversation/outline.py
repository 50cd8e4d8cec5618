"""The outline of a thread: every message of it by its key, in order, without what it says.

So a thread of thousands of messages is known as a whole by one statement, and only those that a
page shows are read.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dexxy.common.pages import Cursor
from dexxy.common.sql import fetch_all, time_limit
from dexxy.messages.answers import IS_ANSWER
from dexxy.messages.models import QUIET_KINDS, MessageKind, Thread

# Messages of a stretch.
STRETCH = 50
# It stands behind all messages.
_END = Cursor(None, 0)
_MESSAGES = f"""
SELECT m.thread_id, m.id, m.occurred_at, m.kind, m.author_id, author.member_id,
       coalesce(member.is_bot, true), m.in_feed, {IS_ANSWER}
FROM messages_message m
LEFT JOIN members_identity author ON author.id = m.author_id
LEFT JOIN members_member member ON member.id = author.member_id
WHERE m.workspace_id = %(workspace)s AND m.thread_id {{of}} AND NOT m.is_archived
  AND (m.in_feed OR m.kind = ANY(%(quiet)s))
ORDER BY m.occurred_at, m.id
"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Line:
    """A message of an outline.

    Args:
        author_id, member_id: the account and the person who did it; None where it is gone.
        is_bot: a bot did it, or nobody knows who.
        is_counted: it is of a kind that a feed shows.
        is_answer: to the opening, where somebody else than its author did it.
    """

    pk: int
    at: datetime
    kind: str
    author_id: int | None
    member_id: int | None
    is_bot: bool
    is_counted: bool
    is_answer: bool

    @property
    def key(self) -> tuple[datetime, int]:
        """What messages are ordered by."""
        return self.at, self.pk

    @property
    def cursor(self) -> Cursor:
        """Where it stands."""
        return Cursor(self.at, self.pk)


@dataclass(frozen=True)
class Gap:
    """Messages between two that a page shows.

    Args:
        number: how many, without those of quiet kinds.
        events: how many of quiet kinds.
        since, until: the times of the first and the last of them.
        after, before: the cursors of the messages around them, or of the end.
    """

    number: int
    events: int
    since: datetime
    until: datetime
    after: Cursor
    before: Cursor

    @property
    def is_short(self) -> bool:
        """Whether all of them fit into one stretch."""
        return self.number + self.events <= STRETCH


class Outline:
    """The messages of a thread, the oldest first."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self._positions = {line.pk: position for position, line in enumerate(lines)}

    def __len__(self) -> int:
        return len(self.lines)

    @property
    def opening(self) -> int | None:
        """The place of what opened the thread. What was brought there may be older."""
        positions = (n for n, line in enumerate(self.lines) if line.kind == MessageKind.OPENED)
        return next(positions, None)

    @property
    def last(self) -> Line | None:
        """The last message that is not quiet."""
        return next((line for line in reversed(self.lines) if line.is_counted), None)

    def position(self, pk: int | None) -> int | None:
        """Return the place of a message; None where it is not here."""
        return None if pk is None else self._positions.get(pk)

    def position_at(self, cursor: Cursor) -> int:
        """Return the place of the message at CURSOR, or where it would stand."""
        if cursor.time is None:
            return len(self.lines)
        return bisect_left(self.lines, (cursor.time, cursor.pk), key=lambda line: line.key)

    def position_after(self, cursor: Cursor) -> int:
        """Return the place behind the message at CURSOR, which may be the end."""
        position = self.position_at(cursor)
        is_there = position < len(self.lines) and self.lines[position].cursor == cursor
        return position + is_there

    def first_at(self, moment: datetime) -> int:
        """Return the place of the first message at MOMENT or later, or of the last one."""
        found = bisect_left(self.lines, moment, key=lambda line: line.at)
        return max(0, min(found, len(self.lines) - 1))

    def gap(self, start: int, end: int) -> Gap | None:
        """Return what lies between two places that are shown, both without; None for nothing.

        The place behind the last message is the end.
        """
        between = self.lines[start + 1 : end]
        if not between:
            return None
        counted = sum(line.is_counted for line in between)
        return Gap(
            number=counted,
            events=len(between) - counted,
            since=between[0].at,
            until=between[-1].at,
            after=self.lines[start].cursor,
            before=self.lines[end].cursor if end < len(self.lines) else _END,
        )

    def people(self) -> Counter[int]:
        """Count the messages of each member."""
        return Counter(line.member_id for line in self.lines if line.member_id and line.is_counted)


def outline_read(thread: Thread) -> Outline:
    """Read the outline of a thread, which comes from a selector that asked for the viewer.

    Raises:
        TooSlowError: it has more messages than a person could read.
    """
    statement = _MESSAGES.format(of="= %(thread)s")
    with time_limit():
        rows = fetch_all(statement, {**_params(thread.workspace_id), "thread": thread.pk})
    return Outline([Line(*row) for _thread, *row in rows])


def outlines_read(threads: Collection[Thread]) -> dict[int, Outline]:
    """Read the outlines of several threads at once, by the keys of these.

    Raises:
        TooSlowError: they have more messages than a person could read.
    """
    of_workspace = defaultdict(list)
    for thread in threads:
        of_workspace[thread.workspace_id].append(thread.pk)
    lines: dict[int, list[Line]] = {thread.pk: [] for thread in threads}
    statement = _MESSAGES.format(of="= ANY(%(threads)s)")
    with time_limit():
        for workspace_id, ids in of_workspace.items():
            for pk, *row in fetch_all(statement, {**_params(workspace_id), "threads": ids}):
                lines[pk].append(Line(*row))
    return {pk: Outline(of_thread) for pk, of_thread in lines.items()}


def _params(workspace_id: int) -> dict[str, Any]:
    return {"workspace": workspace_id, "quiet": [str(kind) for kind in QUIET_KINDS]}
