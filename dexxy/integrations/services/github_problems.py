"""Threads that cannot be read although their neighbours can: shown, and tried again."""

from datetime import timedelta

from django.utils import timezone

from dexxy.integrations.models import SyncProblem
from dexxy.integrations.services.github_reading import Reading
from dexxy.messages.models import ThreadKind

RETRY_AFTER = timedelta(hours=1)


def problem_note(reading: Reading, kind: ThreadKind, number: int, error: Exception) -> None:
    """Write down that a thread cannot be read although its neighbours can."""
    problem, is_new = SyncProblem.objects.get_or_create(
        repository=reading.repository,
        thread_kind=kind,
        number=number,
        defaults={"error": str(error), "retry_at": timezone.now() + RETRY_AFTER},
    )
    if not is_new:
        problem.attempts += 1
        problem.error = str(error)
        problem.retry_at = timezone.now() + RETRY_AFTER * 2 ** min(problem.attempts, 6)
        problem.save()
