"""Follow the feed: read each message again whenever it was written, and lose none.

A message gets its id and its time before its transaction commits. So a message can become visible
after another one with a higher id was read already, and a reader that goes on from the highest id
would lose it. Followers therefore read by the id of the transaction that wrote a message, and only
up to the oldest transaction that still runs (its id is the snapshot's `xmin`): all transactions
below that one have ended, so nothing can appear there any more.
https://www.postgresql.org/docs/current/functions-info.html#FUNCTIONS-PG-SNAPSHOT
"""

from dataclasses import dataclass

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.pages import PAGE, InvalidCursorError, check_size, decoded, encoded
from dexxy.common.sql import fetch_all, time_limit
from dexxy.messages.models import Message

_LARGEST = 2**63 - 1

_RUNNING = """
SELECT pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint
FROM pg_current_snapshot() s
"""
_WRITTEN_AFTER = """
SELECT id FROM messages_message
WHERE workspace_id = %(workspace)s AND (transaction_id, id) > (%(transaction)s, %(id)s)
  AND transaction_id < %(oldest_running)s
ORDER BY transaction_id, id LIMIT %(limit)s
"""


@dataclass(frozen=True)
class Position:
    """The cursor of a follower: the last message that it has read.

    Args:
        transaction: the id of the transaction that wrote the message.
        pk: the id of the message.
    """

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
    """A message that was written, as it is now.

    Args:
        message: the message.
        is_removed: whether the feed does not show it any more.
    """

    message: Message
    is_removed: bool


@dataclass(frozen=True)
class Changes:
    """One page of changes.

    Args:
        items: the changes, the oldest first.
        end: the cursor to go on from.
        has_more: whether more changes can be read at once.
    """

    items: list[Change]
    end: str
    has_more: bool


def feed_changes(
    viewer: Viewer, workspace: Workspace, first: int = PAGE, after: str | None = None
) -> Changes:
    """Return the next FIRST changes after the cursor AFTER.

    Without AFTER there are no changes, only the cursor to begin with. A message comes again each
    time it is written, and once more when it is removed.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served; or the database was
            restored since AFTER was handed out, and the feed must be read again.
    """
    check_size(first)
    require_membership(viewer, workspace)
    position = None if after is None else Position.parse(after)
    with time_limit():
        [(oldest_running, next_unused)] = fetch_all(_RUNNING, {})
        if position is None:
            return Changes([], str(Position(oldest_running - 1, _LARGEST)), has_more=False)
        if position.transaction >= next_unused:
            raise InvalidCursorError("The cursor is of another time: read the feed anew.")
        return _changes_after(workspace, position, oldest_running, first)


def _changes_after(
    workspace: Workspace, position: Position, oldest_running: int, first: int
) -> Changes:
    params = {
        "workspace": workspace.pk,
        "transaction": position.transaction,
        "id": position.pk,
        "oldest_running": oldest_running,
        "limit": first + 1,
    }
    keys = [pk for (pk,) in fetch_all(_WRITTEN_AFTER, params)]
    messages = Message.objects.filter(pk__in=keys[:first]).for_display()
    items = sorted(messages, key=lambda message: (message.transaction_id, message.pk))
    end = Position(items[-1].transaction_id, items[-1].pk) if items else position
    return Changes([_change(message) for message in items], str(end), len(keys) > first)


def _change(message: Message) -> Change:
    is_shown = message.in_feed and not message.is_archived and not message.source.is_archived
    return Change(message, not is_shown)
