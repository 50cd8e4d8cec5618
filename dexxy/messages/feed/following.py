"""Follow the feed as a client of the API does: it keeps its own position, as a cursor."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership, signed_in
from dexxy.accounts.services import last_write_note
from dexxy.common.pages import PAGE, InvalidCursorError, check_size
from dexxy.common.sql import time_limit
from dexxy.messages.changes.positions import Horizon, Position, horizon
from dexxy.messages.changes.reading import ChangesGoneError, changes_read
from dexxy.messages.models import QUIET_KINDS, Message


class StartAfreshError(ChangesGoneError):
    """A cursor of changes that cannot be told any more.

    Args:
        cursor: where to go on, once the feed was read anew.
    """

    def __init__(self, cursor: str) -> None:
        super().__init__(
            "The changes behind this cursor are gone: read activityFeed anew, then follow from the"
            " cursor in `extensions.startCursor`."
        )
        self.details = {"startCursor": cursor}


@dataclass(frozen=True)
class ChangedMessage:
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

    items: list[ChangedMessage]
    end: str
    has_more: bool


def feed_changes(
    viewer: Viewer, workspace: Workspace, first: int = PAGE, after: str | None = None
) -> Changes:
    """Return the next FIRST changes after the cursor AFTER.

    Without AFTER there are no changes, only the cursor to begin with, and the feed that VIEWER
    reads next has all that was written before it. A message comes again each
    time it is written, and once more when it is removed.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
        PageSizeError, InvalidCursorError: FIRST or AFTER is not served.
        StartAfreshError: the database was restored since AFTER was handed out, or the changes
            behind it were deleted.
    """
    check_size(first)
    require_membership(viewer, workspace)
    position = None if after is None else Position.parse(after)
    # Outside the transaction of the time limit: an epoch that begins here begins for good.
    now = horizon()
    if position is None:
        last_write_note(signed_in(viewer))
        return Changes([], str(now.position), has_more=False)
    try:
        with time_limit():
            return _changes_after(workspace, position, now, first)
    except StartAfreshError:
        last_write_note(signed_in(viewer))
        raise


def _changes_after(workspace: Workspace, position: Position, now: Horizon, first: int) -> Changes:
    if position.epoch != now.epoch:
        raise StartAfreshError(str(now.position))
    if position.transaction >= now.next_unused:
        raise InvalidCursorError(_("The cursor is not one of ours."))
    try:
        found = changes_read(workspace.pk, position, limit=first, horizon=now)
    except ChangesGoneError as error:
        raise StartAfreshError(str(now.position)) from error
    # No reader of the feed has seen a message of a quiet kind, nor misses one.
    of_feed = Message.objects.filter(workspace=workspace, pk__in=found.messages)
    rows = {one.pk: one for one in of_feed.exclude(kind__in=QUIET_KINDS).for_display()}
    items = [_changed(rows[pk]) for pk in found.messages if pk in rows]
    return Changes(items, str(found.end), found.has_more)


def _changed(message: Message) -> ChangedMessage:
    is_shown = message.in_feed and not message.is_archived and not message.source.is_archived
    return ChangedMessage(message, not is_shown)
