"""Keep summaries true: a follower of the log of changes says whose are to be counted again.

A member is counted only when nothing more is known to have changed: a first sync changes most of
them many times.
"""

from time import monotonic

from django.db import transaction
from django.utils import timezone

from dexxy.common.queue import worker_wake
from dexxy.common.sql import fetch_all
from dexxy.common.stopping import asked_to_stop
from dexxy.members.models import MemberSummary
from dexxy.members.organization_merges import organizations_hold
from dexxy.members.summaries import (
    summaries_due,
    summaries_due_everywhere,
    summaries_due_of_merged,
)
from dexxy.messages.changes.followers import follow, followers_behind
from dexxy.messages.changes.reading import Reading
from dexxy.messages.member_activity.kept import counts_keep
from dexxy.messages.summaries.counting import summaries_count

JOB = "dexxy.messages.tasks.summaries_follow"
FOLLOWER = "summaries"
_CHANGES_AT_ONCE = 5000
_MEMBERS_AT_ONCE = 1000

_AUTHORS = """
SELECT DISTINCT author.member_id
FROM messages_message m JOIN members_identity author ON author.id = m.author_id
WHERE m.workspace_id = %(workspace)s AND m.id = ANY(%(messages)s)
"""
_DUE = """
SELECT workspace_id FROM members_membersummary WHERE due_at <= now()
UNION SELECT workspace_id FROM members_membersummary WHERE details_due_at <= now() ORDER BY 1
"""


def summaries_wake() -> None:
    """Enqueue the job if something is to be counted. If the queue is down, that is logged."""
    if followers_behind(FOLLOWER) or _workspaces_due():
        worker_wake("search", JOB)


def summaries_catch_up(*, seconds: float) -> int:
    """Count what changed for at most SECONDS, a batch of each workspace in turn.

    Returns: how many workspaces had something left when last looked at.
    """
    until = monotonic() + seconds
    while True:
        behind = followers_behind(FOLLOWER)
        left = [*behind, *(pk for pk in _workspaces_due() if pk not in behind)]
        done = [pk for pk in left if _goes_on(until) and _look(pk, follows=pk in behind)]
        if not done or not _goes_on(until):
            return len(left)


def _goes_on(until: float) -> bool:
    return monotonic() < until and not asked_to_stop.is_set()


def _workspaces_due() -> list[int]:
    return [pk for (pk,) in fetch_all(_DUE, {})]


def _look(workspace_id: int, *, follows: bool) -> bool:
    """Do the next batch of a workspace; return False if another worker does so just now."""
    if not follows:
        return _count_next(workspace_id) or _detail_next(workspace_id)

    def work(changed: Reading) -> None:
        _take_in(workspace_id, changed)

    return follow(workspace_id, FOLLOWER, work, limit=_CHANGES_AT_ONCE)


def _take_in(workspace_id: int, changed: Reading) -> None:
    if not MemberSummary.objects.filter(workspace=workspace_id).exists():
        summaries_due_everywhere(workspace_id)
    params = {"workspace": workspace_id, "messages": changed.messages}
    summaries_due(workspace_id, {pk for (pk,) in fetch_all(_AUTHORS, params)})
    members = {one.member_id for one in changed.happenings if one.member_id is not None}
    summaries_due_of_merged(workspace_id, members)


@transaction.atomic
def _detail_next(workspace_id: int) -> bool:
    """Count one of those who said very much for their page."""
    now = timezone.now()
    due = MemberSummary.objects.filter(workspace=workspace_id, details_due_at__lte=now)
    locked = due.select_for_update(skip_locked=True, of=("self",)).order_by("details_due_at")
    summary = locked.select_related("member__workspace").first()
    if summary is None:
        return False
    summary.details = counts_keep(summary.member, now)
    summary.details_at, summary.details_due_at = now, None
    summary.save(update_fields=["details", "details_at", "details_due_at"])
    return True


@transaction.atomic
def _count_next(workspace_id: int) -> bool:
    organizations_hold(workspace_id)
    now = timezone.now()
    due = MemberSummary.objects.filter(workspace=workspace_id, due_at__lte=now)
    locked = due.select_for_update(skip_locked=True).order_by("due_at", "member")
    members = list(locked.values_list("member", flat=True)[:_MEMBERS_AT_ONCE])
    if members:
        summaries_count(workspace_id, sorted(members), now)
    return bool(members)
