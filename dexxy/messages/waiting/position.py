"""Where a thread stands in a list of the queue, and which comes after it."""
# ruff: noqa: S608
# The statement is put together from constants of this package alone; values are parameters.

from dataclasses import dataclass

from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer, require_membership
from dexxy.common.sql import fetch_all
from dexxy.messages.waiting.lists import (
    IN_RANGE,
    RANGES,
    SNOOZED_ONCE,
    WHOLE_QUEUE,
    QueueFilters,
    asked,
    ranges_at,
)
from dexxy.messages.waiting.summary import MOST_COUNTED


@dataclass(frozen=True)
class QueuePosition:
    """Where a thread stands in a list.

    Args:
        number: its position, the first is 1; 0 where it is not in the list, or not any more.
        total: how many the list has, up to one more than MOST_COUNTED.
        following: the id of the thread behind it; the first of all where it is not in the list.
    """

    number: int
    total: int
    following: int | None


def queue_position(
    viewer: Viewer, workspace: Workspace, thread_id: int, filters: QueueFilters = WHOLE_QUEUE
) -> QueuePosition:
    """Tell where a thread stands in a list.

    Raises:
        UnauthenticatedError, WorkspaceNotFoundError: VIEWER may not see WORKSPACE.
    """
    require_membership(viewer, workspace)
    now = timezone.now()
    of = asked(viewer, workspace, filters, now)
    rows = f"FROM {RANGES} CROSS JOIN LATERAL (SELECT s.since, s.thread_id FROM {of.source}"
    rows += f" WHERE {of.conditions} AND {IN_RANGE}"
    statement = f"""
{SNOOZED_ONCE}, found AS (
    SELECT r.number, q.since, q.thread_id {rows} AND s.thread_id = %(thread)s) q),
own AS (SELECT coalesce(found.number, -1) AS number, found.since, found.thread_id
        FROM (SELECT) always LEFT JOIN found ON TRUE)
SELECT
    (SELECT count(*) FROM (SELECT {rows} AND (r.number < own.number OR (
        r.number = own.number AND (s.since, s.thread_id) <= (own.since, own.thread_id)
    ))) q LIMIT %(most)s) before),
    (SELECT count(*) FROM (SELECT FROM {of.source} WHERE {of.conditions} LIMIT %(most)s) counted),
    (SELECT q.thread_id {rows} AND (r.number > own.number OR (
        r.number = own.number AND (s.since, s.thread_id) > (own.since, own.thread_id)
    )) ORDER BY s.since, s.thread_id LIMIT 1) q ORDER BY r.number, q.since, q.thread_id LIMIT 1)
FROM own"""
    params = {**of.params, **ranges_at(now), "thread": thread_id, "most": MOST_COUNTED + 1}
    [(number, total, following)] = fetch_all(statement, params)
    return QueuePosition(number, total, following)
