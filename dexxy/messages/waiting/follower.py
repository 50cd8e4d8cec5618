"""Keep the queue true: a follower of the log of changes looks at each thread that changed.

What people do later makes them of the team from then on. Where it turns out that somebody was of
the team before, all threads of the workspace are looked at again: that is a recount.
"""

from collections.abc import Collection, Set
from time import monotonic

from django.db import transaction

from dexxy.common.queue import worker_wake
from dexxy.common.sql import fetch_all
from dexxy.common.stopping import asked_to_stop
from dexxy.messages.changes.followers import follow, followers_behind
from dexxy.messages.changes.reading import Reading
from dexxy.messages.figures.cohort import FOLLOWER
from dexxy.messages.figures.keeping import times_keep
from dexxy.messages.models import ChangeKind, Recount
from dexxy.messages.team.recounting import recount_begin
from dexxy.messages.team.roster import team_learn, team_of, team_recount
from dexxy.messages.waiting.standings import standings_recompute

JOB = "dexxy.messages.tasks.standings_follow"
_BATCH = 1000
# Somebody may wait in an open thread, and in one in which something was said after its end.
_THREADS = """
SELECT t.id FROM messages_thread t
WHERE t.workspace_id = %(workspace)s AND t.id > %(done_to)s AND NOT t.is_archived
  AND %(is_of_queue)s =
      (t.state = 'open' OR t.last_activity_at > coalesce(t.closed_at, t.opened_at))
ORDER BY t.id LIMIT %(limit)s
"""

# Members some of whose acts in threads may be gone.
_ACTED_IN = """
SELECT DISTINCT author.member_id
FROM messages_message m JOIN members_identity author ON author.id = m.author_id
WHERE m.workspace_id = %(workspace)s AND m.thread_id = ANY(%(threads)s)
  AND m.kind IN ('closed', 'reopened', 'merged', 'answered')
"""


def waiting_wake() -> None:
    """Enqueue the job if something is to be looked at. If the queue is down, that is logged."""
    if followers_behind(FOLLOWER) or Recount.objects.exists():
        worker_wake("search", JOB)


def waiting_catch_up(*, seconds: float) -> int:
    """Look at what changed for at most SECONDS, a batch of each workspace in turn.

    Returns: how many workspaces had something left when last looked at.
    """
    until = monotonic() + seconds
    while True:
        behind = followers_behind(FOLLOWER)
        # Nobody's standing is counted anew while more is known already.
        recounts = Recount.objects.exclude(workspace__in=behind).values_list("workspace", flat=True)
        left = [*behind, *recounts]
        done = [pk for pk in left if _goes_on(until) and _look(pk, follows=pk in behind)]
        if not done or not _goes_on(until):
            return len(left)


def _goes_on(until: float) -> bool:
    return monotonic() < until and not asked_to_stop.is_set()


def _look(workspace_id: int, *, follows: bool) -> bool:
    """Do the next batch of a workspace; return False if another worker does so just now."""
    if not follows:
        return _recount_next(workspace_id)

    def work(changed: Reading) -> None:
        _take_in(workspace_id, changed)

    return follow(workspace_id, FOLLOWER, work, limit=_BATCH)


def _take_in(workspace_id: int, changed: Reading) -> None:
    happened = changed.happenings
    threads = {one.thread_id for one in happened if one.thread_id is not None}
    removed = {one.thread_id for one in happened if one.kind == ChangeKind.REMOVED}
    others = {one.member_id for one in happened if one.member_id is not None}
    is_of_the_past = team_learn(workspace_id, threads)
    is_of_the_past |= team_recount(workspace_id, others | _acted_in(workspace_id, removed))
    if others or is_of_the_past:
        recount_begin(workspace_id)
    _tell_anew(workspace_id, threads)


def _tell_anew(workspace_id: int, threads: Collection[int]) -> None:
    team = team_of(workspace_id)
    standings_recompute(workspace_id, threads, team)
    times_keep(workspace_id, threads, team)


def _acted_in(workspace_id: int, threads: Set[int | None]) -> set[int]:
    params = {"workspace": workspace_id, "threads": [pk for pk in threads if pk is not None]}
    return {pk for (pk,) in fetch_all(_ACTED_IN, params)}


@transaction.atomic
def _recount_next(workspace_id: int) -> bool:
    rows = Recount.objects.select_for_update(skip_locked=True)
    recount = rows.filter(workspace=workspace_id).first()
    if recount is None:
        return False
    params = {
        "workspace": workspace_id,
        "is_of_queue": recount.is_of_queue,
        "done_to": recount.done_to,
        "limit": _BATCH,
    }
    threads = [pk for (pk,) in fetch_all(_THREADS, params)]
    if not threads and not recount.is_of_queue:
        recount.delete()
        return True
    if not threads:
        recount.is_of_queue, recount.done_to = False, 0
        recount.save()
        return True
    _tell_anew(workspace_id, threads)
    recount.done_to = threads[-1]
    recount.save()
    return True
