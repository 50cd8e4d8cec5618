"""Background jobs: thin, and safe to run twice."""

import structlog
from django.conf import settings
from django_rq import job
from redis.exceptions import RedisError

from dexxy.common.errors import DexxyError
from dexxy.integrations.models import GitHubRepository, RunState, RunTrigger
from dexxy.integrations.services.github_lease import CredentialBusyError
from dexxy.integrations.services.github_sync import repository_sync

log = structlog.get_logger()


@job("sync")
def sync_github_repository(repository_id: int) -> None:
    """Sync a repository for one time slice, and ask for another where that was not enough.

    What went wrong stands in the run and the repository, where people see it.
    """
    try:
        run = repository_sync(
            repository_id=repository_id,
            trigger=RunTrigger.SCHEDULE,
            seconds=settings.DEXXY_SYNC_SLICE,
        )
    except GitHubRepository.DoesNotExist:
        log.info("nothing to sync: the repository is gone", repository_id=repository_id)
        return
    except CredentialBusyError:
        # It stays due, and comes up again when the scheduler looks next.
        return
    except DexxyError as error:
        log.info("sync stopped", repository_id=repository_id, error=str(error), code=error.code)
        return
    if run.state == RunState.RUNNING:
        _continue(repository_id)


def _continue(repository_id: int) -> None:
    try:
        sync_github_repository.delay(repository_id)
    except RedisError as error:
        # The repository is due already: the scheduler finds it.
        log.warning("the queue cannot be reached", error=str(error))
