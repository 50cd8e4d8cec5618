"""What somebody has not read yet.

What was there before they joined the workspace is read. So is a thread up to its last message that
was shown to them, and the feed up to where they said so.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import (
    Viewer,
    WorkspaceNotFoundError,
    memberships_of,
    require_membership,
    signed_in,
)
from dexxy.common.sql import execute, fetch_all
from dexxy.messages.models import FeedRead, Message, Thread, ThreadRead

_READ_TO = """
SELECT greatest(m.created_at, f.read_at, t.read_at)
FROM accounts_membership m
LEFT JOIN messages_feedread f ON (f.user_id, f.workspace_id) = (m.user_id, m.workspace_id)
LEFT JOIN messages_threadread t
    ON (t.user_id, t.workspace_id, t.thread_id) = (m.user_id, m.workspace_id, %(thread)s)
WHERE m.user_id = %(user)s AND m.workspace_id = %(workspace)s
"""
_READ_THREAD = """
INSERT INTO messages_threadread AS r (user_id, workspace_id, thread_id, read_at)
VALUES (%(user)s, %(workspace)s, %(thread)s, %(at)s)
ON CONFLICT (user_id, workspace_id, thread_id) DO UPDATE SET read_at = excluded.read_at
WHERE r.read_at < excluded.read_at
"""
_READ_FEED = """
INSERT INTO messages_feedread AS r (user_id, workspace_id, read_at)
VALUES (%(user)s, %(workspace)s, %(at)s)
ON CONFLICT (user_id, workspace_id) DO UPDATE SET read_at = excluded.read_at
WHERE r.read_at < excluded.read_at
"""


def unread_among(viewer: Viewer, workspace: Workspace, messages: Sequence[Message]) -> set[int]:
    """Return the ids of those of MESSAGES that VIEWER has not read; three queries.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    read_to = read_before(viewer, workspace)
    newer = [one for one in messages if one.occurred_at > read_to]
    reads = ThreadRead.objects.filter(
        user=signed_in(viewer), workspace=workspace, thread__in={one.thread_id for one in newer}
    )
    read = dict(reads.values_list("thread_id", "read_at"))
    return {one.pk for one in newer if one.occurred_at > read.get(one.thread_id, read_to)}


def read_before(viewer: Viewer, workspace: Workspace) -> datetime:
    """Return up to when VIEWER has read whatever was said in WORKSPACE.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    membership = memberships_of(viewer).filter(workspace=workspace).first()
    if membership is None:
        raise WorkspaceNotFoundError(_("There is no such workspace."))
    joined: datetime = membership.created_at
    read = FeedRead.objects.filter(user=signed_in(viewer), workspace=workspace).first()
    return max(joined, read.read_at) if read else joined


def thread_read_to(viewer: Viewer, thread: Thread) -> datetime:
    """Return up to when VIEWER has read THREAD, which comes from a selector that asked for them."""
    [[moment]] = fetch_all(_READ_TO, _of(viewer, thread))
    return cast("datetime", moment)


def thread_mark_read(*, viewer: Viewer, thread: Thread, until: datetime | None = None) -> None:
    """Note that THREAD was shown to VIEWER, for whom a selector was asked for it.

    Args:
        until: the time of the last message that was shown; None for all that it has now.
    """
    if signed_in(viewer).is_shared:
        return
    execute(_READ_THREAD, {**_of(viewer, thread), "at": until or thread.last_activity_at})


def _of(viewer: Viewer, thread: Thread) -> dict[str, int]:
    user = signed_in(viewer)
    return {"user": user.pk, "workspace": thread.workspace_id, "thread": thread.pk}


@transaction.atomic
def feed_mark_read(*, viewer: Viewer, workspace: Workspace, until: datetime) -> None:
    """Note that VIEWER has read the feed of WORKSPACE.

    Args:
        until: the time of the newest message that was shown; of a later one nobody knows.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    user, at = signed_in(viewer), min(until, timezone.now())
    execute(_READ_FEED, {"user": user.pk, "workspace": workspace.pk, "at": at})
    ThreadRead.objects.filter(user=user, workspace=workspace, read_at__lte=at).delete()
