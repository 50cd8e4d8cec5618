"""Look at many repositories at once, and read only those in which something may have changed.

What time alone makes due is looked at first, a hundred with one question, which costs three points
instead of five for each. Why: docs/adr/0033-time-alone-costs-a-glance.md.
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta

import structlog
from django.utils import timezone

from dexxy.common.errors import DexxyError
from dexxy.integrations.models import (
    Credential,
    GitHubRepository,
    RunState,
    SyncProblem,
    SyncRun,
    SyncStream,
)
from dexxy.integrations.services.github.access.lease import Lease, LeaseLostError
from dexxy.integrations.services.github.access.repository_state import (
    Repositories,
    due_at_once,
    glanced_at,
    time_is_up,
)
from dexxy.integrations.services.github.access.tokens import installation_client
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.queries import PAGE_LIMIT, glance_document
from dexxy.integrations.services.github.reading.budgets import sweep_room
from dexxy.integrations.services.github.reading.glance import Glance, Known, glances_of
from dexxy.integrations.services.github.reading.problems import UNNUMBERED
from dexxy.integrations.services.github.reading.scans import SWEEPS, THREAD_LISTS
from dexxy.integrations.services.github.reading.session import Reading
from dexxy.integrations.services.github.scheduling.intervals import are_edits_due, next_look
from dexxy.integrations.services.github_client import Answer, GitHubClient

log = structlog.get_logger()

# What is due so soon is looked at with what is due: one question costs the same for all of them.
AHEAD = timedelta(minutes=5)
# Sweeps that one look may let begin, those that wait longest; and what one takes at least.
SWEEPS_AT_ONCE, POINTS_OF_SWEEP = 10, 6
RETRY_LATER = timedelta(minutes=2)


class Glances:
    """The looks of one holder of the lease of a credential.

    Args:
        clients: closes the connections to GitHub.
    """

    def __init__(self, credential: Credential, lease: Lease, clients: ExitStack) -> None:
        self._credential = credential
        self._lease = lease
        self._clients = clients
        self._client_of: dict[int, GitHubClient] = {}
        self._at_once = PAGE_LIMIT
        # What was unchanged, and is to be read all the same, without its lists.
        self._seen: dict[int, Glance] = {}

    def waiting(self) -> Repositories:
        """Return those that a look should come before."""
        every = GitHubRepository.objects.glanceable().read_with(self._credential.pk)
        return every.exclude(pk__in=self._seen)

    @property
    def are_due(self) -> bool:
        """Whether there is one to look at now."""
        return self.waiting().filter(next_sync_at__lte=timezone.now()).exists()

    def of(self, repository: GitHubRepository) -> Glance | None:
        """Return what was seen of a repository whose lists need not be read, once."""
        return self._seen.pop(repository.pk, None)

    def look(self) -> bool:
        """Look at those that are due, if there are any. Returns whether that was so.

        Raises:
            RateLimitedError: GitHub wants a pause.
            LeaseLostError: another process has taken over.
        """
        chosen, sweeps = self._chosen()
        if not chosen:
            return False
        known = _known(chosen)
        # Where other lists are refused, the question is another one.
        known = [one for one in known if one.shown == known[0].shown]
        try:
            reading, answer = self._asked(known)
            seen = glances_of(known, answer)
        except (errors.RateLimitedError, LeaseLostError):
            raise
        except errors.QueryTooHeavyError as error:
            if len(known) > 1:
                self._at_once = len(known) // 2
                return True
            _not_seen(known, error)
            return True
        except DexxyError as error:
            _not_seen(known, error)
            return True
        with reading.storing():
            self._note(known, seen, sweeps)
        return True

    def _chosen(self) -> tuple[list[GitHubRepository], set[int]]:
        """Return what to look at, all of one installation, and which of that may be swept."""
        waiting = self.waiting().select_related("installation__app").order_by("next_sync_at", "pk")
        first = waiting.filter(next_sync_at__lte=timezone.now()).first()
        if first is None:
            return [], set()
        together = waiting.filter(installation=first.installation)
        most = min(SWEEPS_AT_ONCE, sweep_room(self._credential.pk) // POINTS_OF_SWEEP)
        unswept = together.filter(next_sweep_at__lte=timezone.now())
        swept = list(unswept.order_by("next_sweep_at", "pk")[: max(0, most)])
        sweeps = {one.pk for one in swept}
        soon = together.filter(next_sync_at__lte=timezone.now() + AHEAD).exclude(pk__in=sweeps)
        return [*swept, *soon[: self._at_once]][: self._at_once], sweeps

    def _asked(self, known: Sequence[Known]) -> tuple[Reading, Answer]:
        first = known[0].repository
        installation = first.installation
        if installation.pk not in self._client_of:
            client = self._clients.enter_context(installation_client(installation))
            self._client_of[installation.pk] = client
        # What is counted goes to the credential alone: this run is never stored.
        reading = Reading(
            client=self._client_of[installation.pk],
            repository=first,
            run=SyncRun(repository=first),
            lease=self._lease,
        )
        document = glance_document([THREAD_LISTS[name] for name in known[0].shown])
        ids = [one.repository.node_id for one in known]
        return reading, reading.query(document, {"ids": ids}, may_lack=["nodes.*"])

    def _note(self, known: Iterable[Known], seen: dict[int, Glance], sweeps: set[int]) -> None:
        """Leave alone what is unchanged, and make the rest due."""
        changed: list[int] = []
        unchanged: list[int] = []
        alone: dict[GitHubRepository, datetime] = {}
        room = sweep_room(self._credential.pk)
        for one in known:
            repository, glance = one.repository, seen[one.repository.pk]
            if not glance.is_unchanged:
                changed.append(repository.pk)
            elif repository.pk in sweeps or _has_more(one, room):
                unchanged.append(repository.pk)
                self._seen[repository.pk] = glance
            else:
                alone[repository] = next_look(repository)
        glanced_at(alone)
        due_at_once(GitHubRepository.objects.filter(pk__in=changed))
        time_is_up(GitHubRepository.objects.filter(pk__in=unchanged))


def _has_more(one: Known, room: int) -> bool:
    """Say whether something else than its lists is to be read of a repository.

    Args:
        room: points that sweeps may spend.
    """
    is_sweeping = any(name in SWEEPS and not one.streams[name].is_done for name in one.streams)
    return are_edits_due(one.repository) or one.has_problem or (is_sweeping and room > 0)


def _known(repositories: Sequence[GitHubRepository]) -> list[Known]:
    """Load what is known of REPOSITORIES."""
    streams: dict[int, dict[str, SyncStream]] = {one.pk: {} for one in repositories}
    for stream in SyncStream.objects.filter(repository__in=repositories):
        streams[stream.repository_id][stream.name] = stream
    runs = SyncRun.objects.filter(repository__in=repositories, state=RunState.DONE)
    newest = runs.exclude(receipt={}).order_by("repository", "-started_at", "-pk")
    receipts = dict(newest.distinct("repository").values_list("repository", "receipt"))
    problems = SyncProblem.objects.filter(
        repository__in=repositories, retry_at__lte=timezone.now(), number__gt=UNNUMBERED
    )
    with_problem = set(problems.values_list("repository", flat=True))
    return [
        Known(one, streams[one.pk], receipts.get(one.pk, {}), one.pk in with_problem)
        for one in repositories
    ]


def _not_seen(known: Sequence[Known], error: DexxyError) -> None:
    """Let runs find out, and show, why repositories could not be looked at.

    What may pass by itself one of them finds out; the others wait.
    """
    log.warning("not looked at", repositories=len(known), error=str(error))
    first, others = known[:1], known[1:]
    if not error.retryable:
        first, others = known, []
    due_at_once(GitHubRepository.objects.filter(pk__in=[one.repository.pk for one in first]))
    later = timezone.now() + RETRY_LATER
    glanced_at({one.repository: later for one in others}, is_seen=False)
