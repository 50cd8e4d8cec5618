"""Marked threads, read again by number: each becomes exactly what GitHub shows, or is archived."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from dexxy.integrations.models import SyncPart, SyncProblem
from dexxy.integrations.services import github_errors as errors
from dexxy.integrations.services import github_parts as parts
from dexxy.integrations.services.github_client import Answer
from dexxy.integrations.services.github_mapping import MappedThread
from dexxy.integrations.services.github_problems import problem_note
from dexxy.integrations.services.github_queries import THREAD_TYPES, threads_document
from dexxy.integrations.services.github_reading import Reading, documented
from dexxy.integrations.services.github_threads import Unreadable, read_thread
from dexxy.integrations.services.github_values import text
from dexxy.messages.ingest import snapshots_apply, threads_archive
from dexxy.messages.models import ArchivedReason, Thread, ThreadKind

THREADS_PER_REQUEST = 50


@dataclass(frozen=True, slots=True)
class Marked:
    """A thread to read again; one that was never stored has no `thread_id`."""

    kind: ThreadKind
    number: int
    thread_id: int | None = None


def waiting(reading: Reading, limit: int) -> list[Marked]:
    """Return the threads that are due, the longest waiting first."""
    now = timezone.now()
    threads = Thread.objects.filter(
        workspace_id=reading.place.workspace_id,
        source_id=reading.place.source_id,
        refetch_at__lte=now,
    ).order_by("refetch_at", "pk")
    found = [Marked(ThreadKind(t.kind), t.number, t.pk) for t in threads[:limit]]
    known = {(thread.kind, thread.number) for thread in found}
    problems = SyncProblem.objects.filter(repository=reading.repository, retry_at__lte=now)
    found += [
        Marked(ThreadKind(p.thread_kind), p.number)
        for p in problems[: limit - len(found)]
        if (p.thread_kind, p.number) not in known
    ]
    return found


def read(reading: Reading, marked: Sequence[Marked]) -> bool:
    """Read and store MARKED threads. Returns False if GitHub found it too much at once.

    Raises:
        DexxyError: they could not be read; nothing was stored.
    """
    variables: dict[str, Any] = {**reading.name}
    variables |= {f"number{place}": thread.number for place, thread in enumerate(marked)}
    document = threads_document([thread.kind for thread in marked])
    places = [f"repository.t{place}" for place in range(len(marked))]
    try:
        answer = reading.query(document, variables, may_miss=places, is_smallest=len(marked) == 1)
        _store(reading, marked, answer)
    except errors.QueryTooHeavyError as error:
        if len(marked) == 1:
            _give_up(reading, marked[0], error)
        return len(marked) == 1
    return True


def _store(reading: Reading, marked: Sequence[Marked], answer: Answer) -> None:
    found = reading.repository_of(answer)
    shown: list[MappedThread | Unreadable] = []
    gone = []
    with documented("threads"):
        for place, thread in enumerate(marked):
            node = found[f"t{place}"]
            field = THREAD_TYPES[thread.kind].enabled_field
            if node is None and field and not found[field]:
                continue  # A feature that is switched off archives nothing.
            if node is None and f"repository.t{place}" not in answer.missed:
                raise errors.QueryTooHeavyError(
                    f"GitHub shows nothing of #{thread.number}, and does not say why."
                )
            if node is None:
                gone.append((thread, ArchivedReason.MISSING, ""))
            elif node["repository"]["databaseId"] != reading.repository.github_id:
                gone.append((thread, ArchivedReason.MOVED, text(node["url"])))
            else:
                shown.append(read_thread(thread.kind, node))
    here = [thread for thread in shown if isinstance(thread, MappedThread)]
    unreadable = [thread for thread in shown if isinstance(thread, Unreadable)]
    with reading.storing():
        _unmark(reading, marked, unreadable)
        for one in unreadable:
            problem_note(reading, one.kind, one.number, one.error)
        stored = snapshots_apply(
            reading.place, [t.snapshot for t in here], asked_at=answer.asked_at
        )
        parts.replace(reading.repository, stored, [t.open_lists for t in here], answer.asked_at)
        SyncPart.objects.filter(
            thread__in=[t.thread_id for t, _, _ in gone if t.thread_id]
        ).delete()
        threads_archive((t.thread_id, why, url) for t, why, url in gone if t.thread_id)
        reading.count(refetched=len(marked))


def _unmark(reading: Reading, marked: Sequence[Marked], unreadable: Sequence[Unreadable]) -> None:
    """Take the marks away; what a webhook marks anew is marked again by `snapshots_apply`."""
    Thread.objects.filter(pk__in=[t.thread_id for t in marked if t.thread_id]).update(
        refetch_at=None
    )
    still = {(thread.kind, thread.number) for thread in unreadable}
    for thread in marked:
        if (thread.kind, thread.number) not in still:
            SyncProblem.objects.filter(
                repository=reading.repository, thread_kind=thread.kind, number=thread.number
            ).delete()


def _give_up(reading: Reading, thread: Marked, error: errors.GitHubError) -> None:
    with reading.storing():
        Thread.objects.filter(pk__in=[thread.thread_id or 0]).update(refetch_at=None)
        problem_note(reading, thread.kind, thread.number, error)
