"""How much to ask GitHub for at once: learned from what passed, and from what did not.

GitHub counts what a query computes, cuts it off after ten seconds, and tells nobody beforehand how
much that is; each failure costs those seconds, and points.
https://docs.github.com/en/graphql/overview/rate-limits-and-query-limits-for-the-graphql-api
So requests begin small, grow by a tenth, and for a day stay below what failed.

One thread among those asked for may be what cannot be read. So a size that failed is only suspected
until all that were asked for have passed in smaller requests. Where a size fails that has passed
before, half of these suspects is asked for, until the one is found or all of them have passed.
"""

from collections.abc import Mapping
from datetime import timedelta

from django.utils import timezone

from dexxy.integrations.models import (
    GitHubRepository,
    LearnedSize,
    RequestKind,
    RequestSize,
    StreamName,
)
from dexxy.integrations.services.github.api.queries import PAGE_LIMIT
from dexxy.integrations.services.github_client import Answer

# Others measured a hundred pull requests failing each time, 50 taking 4.9 s, 25 taking 2.5 s.
START: Mapping[str, int] = {
    StreamName.ISSUES: 25,
    StreamName.PULL_REQUESTS: 20,
    StreamName.DISCUSSIONS: 15,
    StreamName.SWEEP_ISSUES: 25,
    StreamName.SWEEP_PULL_REQUESTS: 20,
    StreamName.SWEEP_DISCUSSIONS: 15,
    StreamName.RELEASES: 25,
    RequestKind.THREADS: 15,
    RequestKind.PARTS: 25,
    RequestKind.PEOPLE: 50,
    RequestKind.COMMITS: 25,
}
FAILED_FOR = timedelta(days=1)
# Half of the time after which GitHub gives up.
SLOW_ANSWER = 5.0
# Bytes of an answer beyond which the next one is to be smaller: memory stays flat.
LARGE_ANSWER = 6_000_000


def size_to_ask(learned: LearnedSize, *, start: int) -> int:
    """Return how many to ask for next.

    Args:
        start: how many where nothing is known yet.
    """
    if _is_halving(learned):
        return -(-learned.suspects // 2)
    passed, too_many = learned.page_size, _too_many(learned)
    if passed is None:
        return max(1, too_many // 2) if start >= too_many else start
    grown = min(PAGE_LIMIT, passed + max(1, passed // 10))
    return passed if grown >= too_many else grown


def size_passed(learned: LearnedSize, asked: int, answer: Answer, *, got: int) -> None:
    """Learn that GitHub answered; the row is not saved.

    Args:
        got: how many were in the answer: a page that is not full proves nothing about its size.
    """
    if answer.size > LARGE_ANSWER or answer.seconds > SLOW_ANSWER:
        learned.page_size = max(1, asked // 2)
    elif got >= asked >= (learned.page_size or 0):
        learned.page_size = asked
    if learned.suspects:
        learned.suspects -= min(learned.suspects, asked)
        if not learned.suspects:
            suspects_passed(learned)


def size_failed(learned: LearnedSize, asked: int) -> None:
    """Learn that GitHub found ASKED too many at once; the row is not saved."""
    learned.suspects = learned.suspected_size = asked


def suspects_passed(learned: LearnedSize) -> None:
    """Learn that none of the suspects was to blame but their number; the row is not saved."""
    failed = learned.suspected_size
    learned.suspects, learned.suspected_size = 0, None
    if failed:
        learned.failed_size, learned.failed_at = failed, timezone.now()
        passed = -(-failed // 2)
        if learned.page_size is None or learned.page_size >= failed:
            learned.page_size = passed


def culprit_found(learned: LearnedSize, *, start: int) -> None:
    """Learn that one alone could not be read, so no size was to blame; the row is not saved.

    Args:
        start: as for `size_to_ask`; what passed below it was on the way to the one, unless so few
            are known to be the most.
    """
    learned.suspects, learned.suspected_size = 0, None
    if learned.page_size is not None and learned.page_size < start < _too_many(learned):
        learned.page_size = None


def size_take_over(learned: LearnedSize, known: LearnedSize) -> None:
    """Learn what is known of the same request elsewhere, if it is the newer; it is not saved."""
    if learned.failed_at and (known.failed_at is None or known.failed_at < learned.failed_at):
        return
    learned.page_size = known.page_size or learned.page_size
    learned.failed_size, learned.failed_at = known.failed_size, known.failed_at


def suspicions_forget(repository: GitHubRepository) -> None:
    """Learn nothing from what failed of late: GitHub answers not even the least."""
    nothing = {"suspects": 0, "suspected_size": None}
    repository.streams.exclude(suspected_size=None).update(**nothing)
    repository.request_sizes.exclude(suspected_size=None).update(**nothing)


class RequestSizes:
    """What is learned of the requests of a repository that read no list; loaded when asked for."""

    def __init__(self, repository: GitHubRepository) -> None:
        self._repository = repository
        self._found: dict[str, RequestSize] | None = None

    def of(self, request: RequestKind) -> RequestSize:
        """Return what is known of a kind of request."""
        if self._found is None:
            self._found = {row.request: row for row in self._repository.request_sizes.all()}
        fresh = RequestSize(repository=self._repository, request=request)
        return self._found.setdefault(request, fresh)

    def to_ask(self, request: RequestKind) -> int:
        """Return how many to ask for next."""
        return size_to_ask(self.of(request), start=START[request])

    def passed(self, request: RequestKind, asked: int, answer: Answer, *, got: int) -> None:
        """Learn that GitHub answered."""
        learned = self.of(request)
        before = learned.page_size, learned.suspects
        size_passed(learned, asked, answer, got=got)
        if before != (learned.page_size, learned.suspects):
            learned.save()

    def failed(self, request: RequestKind, asked: int) -> None:
        """Learn that GitHub found ASKED too many at once, or one that cannot be read at all."""
        learned = self.of(request)
        if asked > 1:
            size_failed(learned, asked)
        else:
            culprit_found(learned, start=START[request])
        learned.save()


def _is_halving(learned: LearnedSize) -> bool:
    """Say whether a size failed that has passed before, so that one of the suspects may be bad."""
    suspected = learned.suspected_size
    return bool(learned.suspects and suspected and suspected <= (learned.page_size or 0))


def _too_many(learned: LearnedSize) -> int:
    """Return the least that is not to be asked for: what failed lately, or may have."""
    found = [PAGE_LIMIT + 1]
    if learned.failed_size and learned.failed_at:
        is_recent = timezone.now() - learned.failed_at < FAILED_FOR
        found += [learned.failed_size] if is_recent else []
    if learned.suspected_size:
        found.append(learned.suspected_size)
    return min(found)
