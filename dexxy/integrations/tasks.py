"""Background jobs: thin, and safe to run twice."""

import structlog
from django.conf import settings
from django.utils import timezone
from django_rq import job

from dexxy.integrations.models import GitHubRepository
from dexxy.integrations.services.github_lease import CredentialBusyError
from dexxy.integrations.services.github_schedule import enqueue_due
from dexxy.integrations.services.github_sync import credential_work

log = structlog.get_logger()


@job("sync")
def sync_github_repository(repository_id: int) -> None:
    """Sync a repository for one time slice, in turns with what else is due on its credential.

    What went wrong stands in the run and the repository, where people see it.
    """
    repository = GitHubRepository.objects.filter(pk=repository_id).first()
    if repository is None:
        log.info("nothing to sync: the repository is gone", repository_id=repository_id)
        return
    credential_id = repository.installation.credential_id
    if credential_id is None:
        log.info("nothing to sync: not connected", repository=repository.full_name)
        return
    GitHubRepository.objects.filter(pk=repository_id).update(next_sync_at=timezone.now())
    try:
        is_unfinished = credential_work(
            credential_id=credential_id, seconds=settings.DEXXY_SYNC_SLICE
        )
    except CredentialBusyError:
        # Who reads with it sees that this repository is due, and gives it its turns.
        return
    if is_unfinished:
        enqueue_due()
