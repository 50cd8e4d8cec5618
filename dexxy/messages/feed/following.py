"""Follow the feed: everything written after a place, nothing lost, whatever order it came in.

Ids and times are given out before a transaction ends, so a row can appear below one that was read
already. What is below the oldest transaction that still runs cannot change any more: up to there
it is safe to read, in the order of the transactions.
https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT
"""

from dataclasses import dataclass

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.pages import PAGE, InvalidCursorError, check_size, decoded, encoded
from dexxy.common.sql import fetch_all, time_limit
from dexxy.messages.models import Message
from dexxy.messages.selectors import shown

_LARGEST = 2**63 - 1

_SAFE = """
SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint
FROM pg_current_snapshot() s
"""
_BEHIND = """
SELECT id FROM messages_message
WHERE workspace_id = %(workspace)s AND (transaction_id, id) > (%(transaction)s, %(id)s)
  AND transaction_id < %(safe)s
ORDER BY transaction_id, id LIMIT %(limit)s
"""


@dataclass(frozen=True)
class Position:
    """How far somebody has followed: the last row that they have, in the order of writing."""

    transaction: int
    pk: int

    def __str__(self) -> str:
        return encoded(f"f{self.transaction}.{self.pk}")

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Read what `str()` wrote.

        Raises:
            InvalidCursorError: TEXT is anything else.
        """
        mark, rest = decoded(text)[:1], decoded(text)[1:]
        try:
            transaction, pk = (int(part) for part in rest.split("."))
        except ValueError as error:
            raise InvalidCursorError("The cursor is not one of ours.") from error
        if mark != "f" or not (0 <= transaction <= _LARGEST and 0 <= pk <= _LARGEST):
            raise InvalidCursorError("The cursor is not one of ours.")
        return cls(transaction, pk)


@dataclass(frozen=True)
class Change:
    """A message as it is now; removed where the feed does not show it any more."""

    message: Message
    is_removed: bool


@dataclass(frozen=True)
class Changes:
    """What was written behind a position, and how far it goes."""

    items: list[Change]
    end: str
    has_more: bool


def feed_changes(
    viewer: Viewer, workspace: Workspace, first: int = PAGE, after: str | None = None
) -> Changes:
    """Return FIRST messages written behind AFTER; without it nothing but where to begin.

    A message comes again each time it changes, and once more when it is removed.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served; or the database was
            restored since AFTER was handed out, and all has to be read again.
    """
    check_size(first)
    require_membership(viewer, workspace)
    position = None if after is None else Position.parse(after)
    with time_limit():
        [(safe, next_one)] = fetch_all(_SAFE, {})
        if position is None:
            return Changes([], str(Position(safe - 1, _LARGEST)), has_more=False)
        if position.transaction >= next_one:
            raise InvalidCursorError("The cursor is of another time: read the feed anew.")
        return _behind(workspace, position, safe, first)


def _behind(workspace: Workspace, position: Position, safe: int, first: int) -> Changes:
    place = {"transaction": position.transaction, "id": position.pk}
    params = {"workspace": workspace.pk, "safe": safe, "limit": first + 1, **place}
    keys = [pk for (pk,) in fetch_all(_BEHIND, params)]
    messages = shown(Message.objects.filter(pk__in=keys[:first]))
    items = sorted(messages, key=lambda message: (message.transaction_id, message.pk))
    end = Position(items[-1].transaction_id, items[-1].pk) if items else position
    return Changes([_change(message) for message in items], str(end), len(keys) > first)


def _change(message: Message) -> Change:
    is_shown = message.in_feed and not message.is_archived and not message.source.is_archived
    return Change(message, not is_shown)
