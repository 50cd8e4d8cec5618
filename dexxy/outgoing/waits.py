"""Tell endpoints who begins to wait for the team, who has waited for too long, and who no longer.

The queue is kept by a follower of the log, which writes no log of its own. So each endpoint knows
of which waits it has heard, and that is compared with the queue.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.common.sql import fetch_all
from dexxy.messages.feed.snoozed import SNOOZED, snoozed_in
from dexxy.messages.models import Side, Standing, Thread, ThreadState, Triage, Wait
from dexxy.outgoing.events import WAITS, EventType
from dexxy.outgoing.models import Endpoint, KnownWait
from dexxy.outgoing.payloads import thread_shape, wait_shape
from dexxy.outgoing.privacy import sources_that_may_leave
from dexxy.outgoing.writing import (
    NEWS_FOR,
    Occurrence,
    is_news,
    occurrences_write,
    openings_of,
    thread_key,
)

_IN_QUEUE = "s.workspace_id = e.workspace_id AND s.side = 'team' AND NOT s.is_old"
# Where what an endpoint knows of differs from the queue, or is late by now.
_DIFFER = f"""
SELECT DISTINCT e.workspace_id FROM outgoing_endpoint e
WHERE e.workspace_id = ANY(%(among)s) AND NOT e.is_paused AND e.disabled_at IS NULL
  AND e.events && %(waits)s::varchar[]
  AND (EXISTS (
      SELECT FROM messages_standing s WHERE {_IN_QUEUE} AND NOT EXISTS (
          SELECT FROM outgoing_knownwait k
          WHERE k.endpoint_id = e.id AND k.thread_id = s.thread_id AND k.since = s.since)
  ) OR EXISTS (
      SELECT FROM outgoing_knownwait k WHERE k.endpoint_id = e.id AND (
          NOT EXISTS (
              SELECT FROM messages_standing s
              WHERE {_IN_QUEUE} AND s.thread_id = k.thread_id AND s.since = k.since)
          OR (NOT k.is_late AND k.since <= %(now)s - e.late_hours * interval '1 hour'
              AND k.thread_id NOT IN ({snoozed_in("e.workspace_id")})))
  ))
"""  # noqa: S608

# A wait, by its thread and when it began.
Key = tuple[int, datetime]


def waits_differ(among: Collection[int]) -> list[int]:
    """Return those of some workspaces in which an endpoint is to hear of a wait."""
    params = {"among": list(among), "waits": sorted(WAITS), "now": timezone.now()}
    return [pk for (pk,) in fetch_all(_DIFFER, params)]


def waits_know(endpoint: Endpoint) -> None:
    """Let an endpoint know of all that wait now, without telling it, in the caller's transaction.

    Args:
        endpoint: stored, and locked or new.
    """
    KnownWait.objects.filter(endpoint=endpoint).delete()
    late_since = timezone.now() - timedelta(hours=endpoint.late_hours)
    _know(endpoint, _queue(endpoint.workspace_id), lambda key: key[1] <= late_since)


@transaction.atomic
def waits_tell(workspace_id: int) -> bool:
    """Write down what the endpoints of a workspace are to hear of who waits.

    Returns: False where another worker does so just now, or nobody asks for it.
    """
    rows = Endpoint.objects.listening().filter(workspace=workspace_id)
    asking = rows.filter(events__overlap=sorted(WAITS)).order_by("pk")
    endpoints = list(asking.select_for_update(no_key=True, skip_locked=True))
    if not endpoints:
        return False
    workspace = Workspace.objects.get(pk=workspace_id)
    queue, now = _queue(workspace_id), timezone.now()
    snoozed = {pk for (pk,) in fetch_all(SNOOZED, {"workspace": workspace_id, "now": now})}
    for endpoint in endpoints:
        _tell(workspace, endpoint, queue, snoozed, now)
    return True


def _queue(workspace_id: int) -> set[Key]:
    waiting = Standing.objects.filter(workspace=workspace_id, side=Side.TEAM, is_old=False)
    return set(waiting.values_list("thread", "since"))


def _tell(
    workspace: Workspace, endpoint: Endpoint, queue: set[Key], snoozed: set[int], now: datetime
) -> None:
    rows = {(row.thread_id, row.since): row for row in endpoint.known_waits.all()}
    late_since = now - timedelta(hours=endpoint.late_hours)
    started = queue - rows.keys()
    ended = rows.keys() - queue
    known_late = {key for key, row in rows.items() if row.is_late}
    late = {key for key in queue - known_late if key[1] <= late_since and key[0] not in snoozed}
    _know(endpoint, started, late.__contains__)
    # Whoever turns up in the queue and has been late for longer than news are told of is no news.
    late -= {key for key in late & started if key[1] < late_since - NEWS_FOR}
    KnownWait.objects.filter(pk__in=[rows[key].pk for key in ended]).delete()
    KnownWait.objects.filter(pk__in=[rows[key].pk for key in late - started]).update(is_late=True)
    news = [key for key in started if key[1] >= endpoint.began_at]
    threads = _threads(workspace, [pk for pk, _since in (*news, *late, *ended)])
    found = [
        *_started(workspace, threads, news, now),
        *_late(workspace, threads, late, now),
        *_ended(workspace, threads, ended, now),
    ]
    occurrences_write(workspace, [endpoint], _with_openings(workspace, threads, found))


def _know(endpoint: Endpoint, keys: Iterable[Key], is_late: Callable[[Key], bool]) -> None:
    KnownWait.objects.bulk_create(
        [
            KnownWait(endpoint=endpoint, thread_id=key[0], since=key[1], is_late=is_late(key))
            for key in sorted(keys)
        ],
        ignore_conflicts=True,
    )


def _threads(workspace: Workspace, ids: Sequence[int]) -> dict[int, Thread]:
    """Return the threads of which may be told; a source that keeps its own in has none."""
    found = Thread.objects.filter(
        workspace=workspace, pk__in=ids, source__in=sources_that_may_leave(workspace)
    )
    return found.select_related("source__visibility", "author__member").in_bulk()


def _started(
    workspace: Workspace, threads: Mapping[int, Thread], keys: Iterable[Key], now: datetime
) -> Iterator[Occurrence]:
    for pk, since in sorted(keys, key=lambda key: key[1]):
        thread = threads.get(pk)
        if thread is not None and is_news(since, thread, now):
            data = {"thread": thread_shape(workspace, thread), "wait": wait_shape(since, since)}
            key = f"{thread_key(thread)}|{since.isoformat()}"
            yield Occurrence(EventType.WAITING_STARTED, key, since, data, pk)


def _late(
    workspace: Workspace, threads: Mapping[int, Thread], keys: Iterable[Key], now: datetime
) -> Iterator[Occurrence]:
    for pk, since in sorted(keys, key=lambda key: key[1]):
        if thread := threads.get(pk):
            data = {"thread": thread_shape(workspace, thread), "wait": wait_shape(since, now)}
            key = f"{thread_key(thread)}|{since.isoformat()}"
            yield Occurrence(EventType.WAITING_LATE, key, now, data, pk)


def _ended(
    workspace: Workspace, threads: Mapping[int, Thread], keys: Iterable[Key], now: datetime
) -> Iterator[Occurrence]:
    ids = [pk for pk, _since in keys]
    ends = Wait.objects.filter(workspace=workspace, thread__in=ids, until__isnull=False)
    until = {
        (thread, since): at
        for thread, since, at in ends.values_list("thread", "since", "until")
        if at is not None
    }
    aside = set(
        Triage.objects.filter(thread__in=ids, is_set_aside=True).values_list("thread", flat=True)
    )
    for pk, since in sorted(keys, key=lambda key: key[1]):
        if thread := threads.get(pk):
            at = until.get((pk, since), now)
            data = {
                "thread": thread_shape(workspace, thread),
                "wait": wait_shape(since, at),
                "reason": _reason(thread, is_set_aside=pk in aside),
            }
            key = f"{thread_key(thread)}|{since.isoformat()}|{at.isoformat()}"
            yield Occurrence(EventType.WAITING_ENDED, key, at, data, pk)


def _reason(thread: Thread, *, is_set_aside: bool) -> str:
    if thread.is_archived:
        return "deleted"
    if thread.state != ThreadState.OPEN:
        return str(thread.state)
    return "set_aside" if is_set_aside else "answered"


def _with_openings(
    workspace: Workspace, threads: Mapping[int, Thread], found: Sequence[Occurrence]
) -> Iterator[Occurrence]:
    """Put the messages that open the threads in the place of the threads themselves."""
    opened = openings_of(workspace, threads.values())
    for one in found:
        yield replace(one, message_id=opened.get(one.message_id or 0))
