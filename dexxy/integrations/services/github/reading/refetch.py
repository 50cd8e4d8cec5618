"""Marked threads, read again by number: each becomes exactly what GitHub shows, or is archived."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from dexxy.integrations.models import Credential, RequestKind, SyncPart, SyncProblem
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.optional_fields import of_repository
from dexxy.integrations.services.github.api.queries import threads_document
from dexxy.integrations.services.github.mapping.threads import MappedThread
from dexxy.integrations.services.github.reading.budgets import POINTS_FOR_REREADING
from dexxy.integrations.services.github.reading.found_threads import Found, Marked, threads_found
from dexxy.integrations.services.github.reading.part_rows import parts_forget, parts_replace
from dexxy.integrations.services.github.reading.problems import (
    UNNUMBERED,
    problem_note,
    problems_forget,
    problems_hold,
    threads_are_read,
)
from dexxy.integrations.services.github.reading.session import Reading
from dexxy.integrations.services.github_client import Answer
from dexxy.messages.ingest.archiving import GoneThread, threads_archive
from dexxy.messages.ingest.refetch_reasons import marks_clear
from dexxy.messages.ingest.snapshots import snapshots_apply
from dexxy.messages.ingest.stored_threads import (
    HINT_SETTLES_AFTER,
    stored_thread,
    threads_lock,
)
from dexxy.messages.models import Thread, ThreadKind

PUT_OFF_FOR = timedelta(minutes=10)


def waiting(reading: Reading) -> list[Marked]:
    """Return as many threads that are due as one request asks for, the longest waiting first.

    Where few points are left, marks without news are put off.
    """
    now, limit = timezone.now(), reading.sizes.to_ask(RequestKind.THREADS)
    threads = _threads(reading)
    if until := _few_points_until(reading, now):
        marks_put_off(threads.filter(_IS_KNOWN, refetch_at__lte=now), until=until)
    due = threads.filter(refetch_at__lte=now).order_by("refetch_at", "pk")
    found = [Marked(ThreadKind(t.kind), t.number, t.pk) for t in due[:limit]]
    problems = SyncProblem.objects.filter(
        repository=reading.repository, retry_at__lte=now, number__gt=UNNUMBERED
    )
    tried = {(ThreadKind(p.thread_kind), p.number) for p in problems[: limit - len(found)]}
    stored = threads.filter(number__in=[number for _, number in tried])
    known = {(t.kind, t.number): t.pk for t in stored} if tried else {}
    others = sorted(tried - {marked.key for marked in found})
    return found + [Marked(*key, known.get(key)) for key in others]


def _few_points_until(reading: Reading, now: datetime) -> datetime | None:
    """Return when to look again whether there are points for rereading; None where there are."""
    left, reset_at = reading.points_remaining, reading.points_reset_at
    if left is None:  # This process has not asked yet.
        credential = Credential.objects.filter(installations=reading.repository.installation)
        told = credential.values_list("points_remaining", "points_reset_at").first()
        left, reset_at = told or (None, None)
    if left is None or left >= POINTS_FOR_REREADING or (reset_at and reset_at <= now):
        return None
    later = now + PUT_OFF_FOR
    return min(later, reset_at) if reset_at else later


# Marks behind which there is no news, so they can wait for points. The first hint of a thread marks
# it for the time of the hint: what it brought, or may have left out, is new. A later mark of a busy
# thread, which was read since its first hint, only checks what a webhook has brought already.
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
    source = reading.source
    return Thread.objects.filter(workspace_id=source.workspace_id, source_id=source.source_id)


def read(reading: Reading, marked: Sequence[Marked]) -> None:
    """Read and store MARKED threads; where GitHub finds that too much, fewer are due next.

    Raises:
        DexxyError: they could not be read; nothing was stored.
    """
    asked_at = timezone.now()
    try:
        answer = _answer(reading, marked)
        found = threads_found(
            marked,
            reading.repository_of(answer),
            gaps=answer.gaps,
            github_id=reading.repository.github_id,
        )
        # Two transactions, because each locks its threads in the order of their keys (ADR 15).
        _store(reading, found.here, answer.asked_at)
    except errors.QueryTooHeavyError as error:
        if len(marked) == 1:
            _give_up(reading, marked[0], error, asked_at)
        reading.sizes.failed(RequestKind.THREADS, len(marked))
        return
    reading.sizes.passed(RequestKind.THREADS, len(marked), answer, got=len(marked))
    if found.gone or found.unknown or found.hidden:
        _archive(reading, found, answer.asked_at)
    for thread, problem in found.unreadable:
        _give_up(reading, thread, problem, asked_at)


def _answer(reading: Reading, marked: Sequence[Marked]) -> Answer:
    variables: dict[str, Any] = {**reading.name}
    variables |= {f"number{index}": thread.number for index, thread in enumerate(marked)}
    paths = [f"repository.t{index}" for index in range(len(marked))]
    return reading.query(
        threads_document([thread.kind for thread in marked]),
        variables,
        may_lack=[*paths, *of_repository()],
        is_smallest=len(marked) == 1,
    )


def _store(reading: Reading, here: Sequence[MappedThread], asked_at: datetime) -> None:
    with reading.storing():
        snapshots = [thread.snapshot for thread in here]
        stored = snapshots_apply(reading.source, snapshots, asked_at=asked_at)
        open_lists = [thread.open_lists for thread in here]
        parts_replace(reading.repository, stored, open_lists, asked_at)
        threads_are_read(reading, stored, here, asked_at)
        problems_hold(reading.repository, [(s.thread.kind, s.thread.number) for s in snapshots])
        reading.count(refetched=len(here))


def _archive(reading: Reading, found: Found, asked_at: datetime) -> None:
    """Archive what is gone for sure; what only may be gone is asked for again."""
    hidden = [thread.thread_id for thread in found.hidden if thread.thread_id]
    with reading.storing():
        rows = threads_lock([*hidden, *(gone.thread_id for gone in found.gone)])
        stored = {pk: stored_thread(row, asked_at=asked_at) for pk, row in rows.items()}
        gone = [GoneThread(stored[g.thread_id], g.reason, g.url) for g in found.gone]
        archived = threads_archive(gone, asked_at=asked_at)
        marks_clear([stored[pk] for pk in hidden], asked_at=asked_at)
        parts_forget(SyncPart.objects.filter(thread__in=archived))
        ended = [one.key for one in found.gone if one.thread_id in archived]
        unknown = [thread.key for thread in found.unknown]
        problems_forget(reading.repository, [*ended, *unknown])
        hidden_keys = [thread.key for thread in found.hidden]
        tried = [*(one.key for one in found.gone), *unknown, *hidden_keys]
        problems_hold(reading.repository, tried)
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
