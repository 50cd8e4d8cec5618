"""Whether the queue is kept up with: how long half of it waits, and what came and went lately."""
# ruff: noqa: S608
# The statements are put together from constants of this package alone; values are parameters.

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.sql import fetch_all, time_limit
from dexxy.messages.waiting.lists import WHOLE_QUEUE, QueueFilters, asked

LATELY = timedelta(days=7)

_MEDIAN = """
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY s.since DESC) FROM {} WHERE {}"""
# The live ones: what became of threads that nobody sees is nobody's concern.
_OF_LIVE = """
JOIN messages_thread t ON t.id = w.thread_id AND NOT t.is_archived
JOIN sources_source source ON source.id = t.source_id AND NOT source.is_archived
WHERE w.workspace_id = %(workspace)s"""
# To set a thread aside is no answer: such a wait ends when what was seen was written.
_PACE = f"""
SELECT (SELECT count(*) FROM messages_wait w {_OF_LIVE} AND w.since >= %(then)s),
       (SELECT count(*) FROM messages_wait w {_OF_LIVE} AND w.until >= %(then)s
        AND NOT EXISTS (SELECT FROM messages_triage tr WHERE tr.thread_id = w.thread_id
                        AND tr.is_set_aside AND tr.seen_at = w.until))"""


@dataclass(frozen=True)
class QueuePace:
    """What came into the queue and left it LATELY.

    Args:
        arrived: how many waits began.
        answered: how many ended, by an answer or because the thread was closed.
    """

    arrived: int
    answered: int


def median_since(
    viewer: Viewer, workspace: Workspace, filters: QueueFilters = WHOLE_QUEUE
) -> datetime | None:
    """Return since when half of those who wait do, or longer; None where nobody waits.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    of = asked(viewer, workspace, filters, timezone.now())
    with time_limit():
        [(found,)] = fetch_all(_MEDIAN.format(of.source, of.conditions), of.params)
    since: datetime | None = found
    return since


def queue_pace(viewer: Viewer, workspace: Workspace) -> QueuePace:
    """Count what came into the queue and left it LATELY, whatever is snoozed meanwhile.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    then = timezone.now() - LATELY
    with time_limit():
        [row] = fetch_all(_PACE, {"workspace": workspace.pk, "then": then})
    return QueuePace(*row)
