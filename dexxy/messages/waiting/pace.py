"""Whether the queue is kept up with: how long half of it waits, and what came and went lately."""
# ruff: noqa: S608
# The statements are put together from constants of this package alone; values are parameters.

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.sql import fetch_all, time_limit
from dexxy.messages.waiting.lists import SNOOZED_ONCE, WHOLE_QUEUE, QueueFilters, asked

LATELY = timedelta(days=7)

# What became of threads that nobody sees is nobody's concern.
_OF_LIVE = """
JOIN messages_thread t ON t.id = w.thread_id AND NOT t.is_archived
JOIN sources_source source ON source.id = t.source_id AND NOT source.is_archived
WHERE w.workspace_id = %(workspace)s"""
# To set a thread aside is no answer: such a wait ends when what was seen was written.
_PACE = f"""
{SNOOZED_ONCE}
SELECT (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY s.since DESC)
        FROM {{source}} WHERE {{conditions}}),
       (SELECT count(*) FROM messages_wait w {_OF_LIVE} AND w.since >= %(then)s),
       (SELECT count(*) FROM messages_wait w {_OF_LIVE} AND w.until >= %(then)s
        AND NOT EXISTS (SELECT FROM messages_triage tr WHERE tr.thread_id = w.thread_id
                        AND tr.is_set_aside AND tr.seen_at = w.until))"""


@dataclass(frozen=True)
class QueuePace:
    """How long half of a list waits, and what came into the whole queue and left it LATELY.

    Args:
        median: since when half of those who wait do, or longer; None where nobody waits.
        arrived: how many waits began, whatever is snoozed meanwhile.
        answered: how many ended, by an answer or because the thread was closed.
    """

    median: datetime | None
    arrived: int
    answered: int

    @property
    def is_moving(self) -> bool:
        """Whether anything came or left."""
        return bool(self.arrived or self.answered)


def queue_pace(
    viewer: Viewer, workspace: Workspace, filters: QueueFilters = WHOLE_QUEUE
) -> QueuePace:
    """Return how the queue is kept up with.

    Args:
        filters: whose median it is.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    now = timezone.now()
    of = asked(viewer, workspace, filters, now)
    statement = _PACE.format(source=of.source, conditions=of.conditions)
    with time_limit():
        [row] = fetch_all(statement, {**of.params, "then": now - LATELY})
    return QueuePace(*row)
