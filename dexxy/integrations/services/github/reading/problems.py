"""Threads that cannot be read although their neighbours can: shown, and tried again.

A problem ends when its thread was read whole: itself, and each of its parts.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext_noop

from dexxy.common.sql import execute_later
from dexxy.integrations.models import GitHubRepository, SyncProblem
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.mapping.threads import MappedThread
from dexxy.integrations.services.github.reading.session import Reading
from dexxy.messages.ingest.stored_threads import StoredThread
from dexxy.messages.models import ThreadKind

RETRY_AFTER = timedelta(hours=1)

_END = """
DELETE FROM integrations_syncproblem p
USING messages_thread t, unnest(%(threads)s::bigint[], %(read_at)s::timestamptz[]) AS r (id, at)
WHERE p.repository_id = %(repository)s AND t.id = r.id
  AND p.thread_kind = t.kind AND p.number = t.number AND p.updated_at < r.at
  AND NOT EXISTS (SELECT FROM integrations_syncpart part WHERE part.thread_id = t.id)
"""

Key = tuple[ThreadKind, int]
# In the place of the number that GitHub does not show: of each list one problem, which a sweep ends
# that meets no such thread.
UNNUMBERED = 0
_UNNUMBERED: Mapping[ThreadKind, str] = {
    ThreadKind.ISSUE: gettext_noop(
        "GitHub shows nothing of one issue, not even its number. The next sweep asks again."
    ),
    ThreadKind.PULL_REQUEST: gettext_noop(
        "GitHub shows nothing of one pull request, not even its number. The next sweep asks again."
    ),
    ThreadKind.DISCUSSION: gettext_noop(
        "GitHub shows nothing of one discussion, not even its number. The next sweep asks again."
    ),
}
_GAP = gettext_noop(
    "GitHub keeps back a message or a list of #{number}, and shows the rest. Dexxy asks again."
)
_GAPS = gettext_noop(
    "GitHub keeps back {count} messages or lists of #{number}, and shows the rest."
    " Dexxy asks again."
)


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


def unnumbered_note(repository: GitHubRepository, kind: ThreadKind) -> None:
    """Write down that a list has a thread of which GitHub shows not even the number."""
    problem_note(repository, kind, UNNUMBERED, errors.AccessDeniedError(_UNNUMBERED[kind]))


def unnumbered_expect(repository: GitHubRepository, kind: ThreadKind) -> None:
    """Begin a scan of a whole list: if it meets such a thread, that counts as the first attempt."""
    repository.problems.filter(thread_kind=kind, number=UNNUMBERED).update(attempts=0)


def unnumbered_forget(repository: GitHubRepository, kind: ThreadKind) -> None:
    """End a scan of a whole list: forget such a thread if it was not met."""
    repository.problems.filter(thread_kind=kind, number=UNNUMBERED, attempts=0).delete()


def gaps_note(repository: GitHubRepository, kind: ThreadKind, number: int, gaps: int) -> None:
    """Write down that GitHub keeps back some of a thread; what it shows is stored."""
    sentence = _GAP if gaps == 1 else _GAPS
    error = errors.AccessDeniedError(sentence.format(count=gaps, number=number))
    problem_note(repository, kind, number, error)


def threads_are_read(
    reading: Reading,
    stored: Sequence[StoredThread],
    shown: Sequence[MappedThread],
    asked_at: datetime,
) -> None:
    """Note what GitHub keeps back of threads, and forget the problems of those that are whole.

    Args:
        stored: the threads of SHOWN, in the same order.
        asked_at: when they were asked for.
    """
    for thread in shown:
        if thread.gaps:
            record = thread.snapshot.thread
            gaps_note(reading.repository, record.kind, record.number, thread.gaps)
    problems_end(reading, [(thread.id, asked_at) for thread in stored])


def problems_end(reading: Reading, read: Iterable[tuple[int, datetime]]) -> None:
    """Forget the problems of threads that have no part left to read.

    Args:
        read: ids of threads, and since when they are read: what was noted after that is of this
            very reading.
    """
    if not reading.has_problems:
        return
    threads, times = zip(*read, strict=True) if (read := list(read)) else ((), ())
    params = {"repository": reading.repository.pk, "threads": list(threads), "read_at": list(times)}
    execute_later(_END, params)


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
