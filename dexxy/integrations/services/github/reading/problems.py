"""Threads that cannot be read although their neighbours can: shown, and tried again.

A problem ends when its thread was read whole: itself, and each of its parts.
"""

from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from dexxy.common.sql import execute
from dexxy.integrations.models import GitHubRepository, SyncProblem
from dexxy.messages.models import ThreadKind

RETRY_AFTER = timedelta(hours=1)

_END = """
DELETE FROM integrations_syncproblem p
USING messages_thread t
WHERE p.repository_id = %(repository)s AND t.id = ANY(%(threads)s)
  AND p.thread_kind = t.kind AND p.number = t.number
  AND NOT EXISTS (SELECT FROM integrations_syncpart part WHERE part.thread_id = t.id)
"""

Key = tuple[ThreadKind, int]


def problem_note(
    repository: GitHubRepository, kind: ThreadKind, number: int, error: Exception
) -> None:
    """Write down that a thread cannot be read although its neighbours can."""
    problem, is_new = SyncProblem.objects.get_or_create(
        repository=repository,
        thread_kind=kind,
        number=number,
        defaults={"error": str(error), "retry_at": timezone.now() + RETRY_AFTER},
    )
    if not is_new:
        problem.attempts += 1
        problem.error = str(error)
        problem.retry_at = timezone.now() + RETRY_AFTER * 2 ** min(problem.attempts, 6)
        problem.save()


def problems_end(repository_id: int, thread_ids: Iterable[int]) -> None:
    """Forget the problems of stored threads that have no part left to read."""
    execute(_END, {"repository": repository_id, "threads": list(thread_ids)})


def problems_forget(repository: GitHubRepository, keys: Iterable[Key]) -> None:
    """Forget the problems of threads that are not there any more."""
    SyncProblem.objects.filter(pk__in=_found(repository, keys)).delete()


def problems_hold(repository: GitHubRepository, keys: Iterable[Key]) -> None:
    """Leave the problems of threads that were just tried for a while, if they have not ended."""
    SyncProblem.objects.filter(
        pk__in=_found(repository, keys), retry_at__lte=timezone.now()
    ).update(retry_at=timezone.now() + RETRY_AFTER)


def _found(repository: GitHubRepository, keys: Iterable[Key]) -> list[int]:
    keys = set(keys)
    problems = repository.problems.filter(number__in=[number for _, number in keys])
    return [p.pk for p in problems if (p.thread_kind, p.number) in keys]
