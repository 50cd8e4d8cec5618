"""Marked threads of repositories that nobody syncs just now.

Nothing of it is a run: a busy repository would have one a minute.
"""

from contextlib import ExitStack
from datetime import timedelta

import structlog
from django.db import transaction
from django.utils import timezone

from dexxy.common.errors import DexxyError
from dexxy.integrations.models import GitHubRepository, SyncRun
from dexxy.integrations.services.github.access.lease import Lease, LeaseLostError
from dexxy.integrations.services.github.access.repository_state import due_at_once
from dexxy.integrations.services.github.access.tokens import installation_client
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.reading import refetch
from dexxy.integrations.services.github.reading.part_batches import parts_read_next
from dexxy.integrations.services.github.reading.session import Reading
from dexxy.messages.models import Thread

log = structlog.get_logger()

RETRY_LATER = timedelta(minutes=2)


class MarkedReader:
    """Reads marked threads, for the holder of the lease of their credential.

    Args:
        clients: closes the connections to GitHub.
    """

    def __init__(self, lease: Lease, clients: ExitStack) -> None:
        self._lease = lease
        self._clients = clients
        self._readings: dict[int, Reading] = {}
        # Those with lists of refetched threads that go on; the next sync reads what is left here.
        self.unfinished: dict[int, GitHubRepository] = {}

    def read(self, repository: GitHubRepository) -> None:
        """Make one request for the marked threads of a repository, one for what they left.

        Raises:
            RateLimitedError: GitHub wants a pause.
            LeaseLostError: another process has taken over.
        """
        try:
            self._read(repository)
        except (errors.RateLimitedError, LeaseLostError):
            raise
        except Exception as error:
            self.unfinished.pop(repository.pk, None)
            # A defect of ours is the failure of one repository, not of all on its credential.
            if not isinstance(error, DexxyError):
                log.exception("reading threads again crashed", repository=repository.full_name)
            _leave_to_sync(repository, error)

    def _read(self, repository: GitHubRepository) -> None:
        reading = self._reading(repository)
        if threads := refetch.waiting(reading):
            refetch.read(reading, threads)
        if parts_read_next(reading):
            self.unfinished[repository.pk] = repository
        else:
            self.unfinished.pop(repository.pk, None)

    def _reading(self, repository: GitHubRepository) -> Reading:
        if repository.pk not in self._readings:
            client = self._clients.enter_context(installation_client(repository.installation))
            # What is counted goes to the credential alone: this run is never stored.
            self._readings[repository.pk] = Reading(
                client=client,
                repository=repository,
                run=SyncRun(repository=repository),
                lease=self._lease,
            )
        return self._readings[repository.pk]


@transaction.atomic
def _leave_to_sync(repository: GitHubRepository, error: Exception) -> None:
    """Let a sync find out, and show, what is wrong; the threads wait until that may be mended."""
    log.warning("threads not read again", repository=repository.full_name, error=str(error))
    marked = Thread.objects.filter(
        workspace_id=repository.source.workspace_id,
        source_id=repository.source_id,
        refetch_at__lte=timezone.now(),
    )
    refetch.marks_put_off(marked, until=timezone.now() + RETRY_LATER)
    due_at_once(GitHubRepository.objects.filter(pk=repository.pk, next_sync_at__gt=timezone.now()))
