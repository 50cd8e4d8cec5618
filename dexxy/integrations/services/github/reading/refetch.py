"""Marked threads, read again by number: each becomes exactly what GitHub shows, or is archived."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from dexxy.common.sql import fetch_all
from dexxy.integrations.models import Credential, SyncPart, SyncProblem
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.errors import answer_shape
from dexxy.integrations.services.github.api.queries import THREAD_TYPES, threads_document
from dexxy.integrations.services.github.api.values import text
from dexxy.integrations.services.github.mapping.pages import Unreadable, read_thread
from dexxy.integrations.services.github.mapping.threads import MappedThread
from dexxy.integrations.services.github.reading import parts
from dexxy.integrations.services.github.reading.problems import (
    Key,
    problem_note,
    problems_forget,
    problems_hold,
)
from dexxy.integrations.services.github.reading.session import Reading
from dexxy.integrations.services.github_client import Answer
from dexxy.messages.ingest.snapshots import (
    HINT_SETTLES_AFTER,
    GoneThread,
    marks_clear,
    snapshots_apply,
    stored_thread,
    threads_archive,
    threads_lock,
)
from dexxy.messages.models import ArchivedReason, Thread, ThreadKind

THREADS_PER_REQUEST = 50
# Half of the least that GitHub gives for an hour: below it, only what is new is read again.
# https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
POINTS_FOR_REREADING = 2500
PUT_OFF_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Marked:
    """A thread to read again; one that was never stored has no `thread_id`."""

    kind: ThreadKind
    number: int
    thread_id: int | None = None

    @property
    def key(self) -> Key:
        return self.kind, self.number


@dataclass(frozen=True, slots=True)
class Found:
    """What an answer holds of marked threads.

    Args:
        here: those that are where they were.
        gone: those that are not: why, and where they moved to.
        hidden: those of a feature that is switched off, which says nothing about them.
        unreadable: those that are shown in a way that we do not know, and why.
    """

    here: list[MappedThread]
    gone: list[tuple[Marked, ArchivedReason, str]]
    hidden: list[Marked]
    unreadable: list[tuple[Marked, errors.GitHubError]]


_IS_DUE = """
SELECT EXISTS (SELECT FROM messages_thread
               WHERE workspace_id = %(workspace)s AND source_id = %(source)s
                 AND refetch_at <= %(now)s)
    OR EXISTS (SELECT FROM integrations_syncproblem
               WHERE repository_id = %(repository)s AND retry_at <= %(now)s)
"""


def is_due(reading: Reading) -> bool:
    """Tell whether a thread is to be read again: before each page, so in one statement."""
    params = {
        "workspace": reading.place.workspace_id,
        "source": reading.place.source_id,
        "repository": reading.repository.pk,
        "now": timezone.now(),
    }
    [(found,)] = fetch_all(_IS_DUE, params)
    return bool(found)


def waiting(reading: Reading, limit: int) -> list[Marked]:
    """Return the threads that are due, the longest waiting first.

    What waits for points to come back is due again later.
    """
    now = timezone.now()
    threads = _threads(reading)
    if _are_points_few(reading):
        marks_put_off(threads.filter(_IS_KNOWN, refetch_at__lte=now), until=now + PUT_OFF_FOR)
    due = threads.filter(refetch_at__lte=now).order_by("refetch_at", "pk")
    found = [Marked(ThreadKind(t.kind), t.number, t.pk) for t in due[:limit]]
    problems = SyncProblem.objects.filter(repository=reading.repository, retry_at__lte=now)
    tried = {(ThreadKind(p.thread_kind), p.number) for p in problems[: limit - len(found)]}
    stored = threads.filter(number__in=[number for _, number in tried])
    known = {(t.kind, t.number): t.pk for t in stored} if tried else {}
    others = sorted(tried - {marked.key for marked in found})
    return found + [Marked(*key, known.get(key)) for key in others]


def _are_points_few(reading: Reading) -> bool:
    left = reading.points_remaining
    if left is None:  # This process has not asked yet.
        credential = Credential.objects.filter(installations=reading.repository.installation)
        left = credential.values_list("points_remaining", flat=True).first()
    return left is not None and left < POINTS_FOR_REREADING


# A webhook's first mark has its time: what it brought, or may have left out, is new. A thread that
# is busy was read since its first webhook, and what a webhook brought is only checked later.
_IS_KNOWN = (
    Q(hinted_at=None)
    | Q(refetch_at__lt=F("hinted_at"))
    | Q(refetch_at__gte=F("hinted_at") + HINT_SETTLES_AFTER)
)


@transaction.atomic
def marks_put_off(threads: QuerySet[Thread], *, until: datetime) -> None:
    """Let the marks of THREADS wait."""
    keys = threads.order_by("kind", "number").select_for_update().values_list("pk", flat=True)
    Thread.objects.filter(pk__in=list(keys)).update(refetch_at=until)


def _threads(reading: Reading) -> QuerySet[Thread]:
    place = reading.place
    return Thread.objects.filter(workspace_id=place.workspace_id, source_id=place.source_id)


def read(reading: Reading, marked: Sequence[Marked]) -> bool:
    """Read and store MARKED threads. Returns False if GitHub found it too much at once.

    Raises:
        DexxyError: they could not be read; nothing was stored.
    """
    variables: dict[str, Any] = {**reading.name}
    variables |= {f"number{place}": thread.number for place, thread in enumerate(marked)}
    document = threads_document([thread.kind for thread in marked])
    places = [f"repository.t{place}" for place in range(len(marked))]
    asked_at = timezone.now()
    try:
        answer = reading.query(document, variables, may_miss=places, is_smallest=len(marked) == 1)
        found = _found(reading, marked, answer)
        # Two transactions, because each locks its threads in the order of their keys.
        _store(reading, found.here, answer.asked_at)
    except errors.QueryTooHeavyError as error:
        if len(marked) == 1:
            _give_up(reading, marked[0], error, asked_at)
        return len(marked) == 1
    if found.gone or found.hidden:
        _archive(reading, found, answer.asked_at)
    for thread, problem in found.unreadable:
        _give_up(reading, thread, problem, asked_at)
    return True


def _found(reading: Reading, marked: Sequence[Marked], answer: Answer) -> Found:
    shown = reading.repository_of(answer)
    found = Found([], [], [], [])
    with answer_shape("threads"):
        for place, thread in enumerate(marked):
            node = shown[f"t{place}"]
            field = THREAD_TYPES[thread.kind].enabled_field
            if node is None and field and not shown[field]:
                found.hidden.append(thread)
            elif node is None and f"repository.t{place}" not in answer.missed:
                raise errors.QueryTooHeavyError(
                    f"GitHub shows nothing of #{thread.number}, and does not say why."
                )
            elif node is None:
                found.gone.append((thread, ArchivedReason.MISSING, ""))
            elif node["repository"]["databaseId"] != reading.repository.github_id:
                found.gone.append((thread, ArchivedReason.MOVED, text(node["url"])))
            else:
                _sort(found, thread, read_thread(thread.kind, node))
    return found


def _sort(found: Found, thread: Marked, shown: MappedThread | Unreadable) -> None:
    if isinstance(shown, Unreadable):
        found.unreadable.append((thread, shown.error))
    else:
        found.here.append(shown)


def _store(reading: Reading, here: Sequence[MappedThread], asked_at: datetime) -> None:
    with reading.storing():
        snapshots = [thread.snapshot for thread in here]
        stored = snapshots_apply(reading.place, snapshots, asked_at=asked_at)
        open_lists = [thread.open_lists for thread in here]
        parts.replace(reading.repository, stored, open_lists, asked_at)
        problems_hold(reading.repository, [(s.thread.kind, s.thread.number) for s in snapshots])
        reading.count(refetched=len(here))


def _archive(reading: Reading, found: Found, asked_at: datetime) -> None:
    """Archive what is gone for sure; what only may be gone is asked for again."""
    hidden = [thread.thread_id for thread in found.hidden if thread.thread_id]
    gone = [one for one in found.gone if one[0].thread_id]
    with reading.storing():
        rows = threads_lock([*hidden, *(thread.thread_id or 0 for thread, _, _ in gone)])
        stored = {pk: stored_thread(row, asked_at=asked_at) for pk, row in rows.items()}
        archived = threads_archive(
            [GoneThread(stored[t.thread_id or 0], reason, url) for t, reason, url in gone],
            asked_at=asked_at,
        )
        marks_clear([stored[pk] for pk in hidden], asked_at=asked_at)
        parts.forget(SyncPart.objects.filter(thread__in=archived))
        ended = [t.key for t, _, _ in found.gone if not t.thread_id or t.thread_id in archived]
        problems_forget(reading.repository, ended)
        tried = [*(thread for thread, _, _ in found.gone), *found.hidden]
        problems_hold(reading.repository, [thread.key for thread in tried])
        reading.count(refetched=len(tried))


def _give_up(
    reading: Reading, thread: Marked, error: errors.GitHubError, asked_at: datetime
) -> None:
    """Write down that a thread cannot be read, and try again later."""
    with reading.storing():
        rows = threads_lock([thread.thread_id] if thread.thread_id else [])
        marks_clear(
            [stored_thread(row, asked_at=asked_at) for row in rows.values()], asked_at=asked_at
        )
        problem_note(reading.repository, thread.kind, thread.number, error)
