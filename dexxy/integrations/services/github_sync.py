"""The sync engine: read what changed in a repository, in time slices, and say how it went."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from dexxy.common.errors import DexxyError
from dexxy.integrations.models import (
    Credential,
    GitHubRepository,
    RunState,
    RunTrigger,
    SyncRun,
    SyncStatus,
)
from dexxy.integrations.services import github_errors as errors
from dexxy.integrations.services.github_client import GitHubClient
from dexxy.integrations.services.github_lease import LeaseLostError, lease_taken
from dexxy.integrations.services.github_reader import RepositoryReader
from dexxy.integrations.services.github_streams import STREAMS
from dexxy.members.ingest import identities_recount
from dexxy.messages.models import Thread

log = structlog.get_logger()

# How long to leave a repository alone after something that may pass by itself.
RETRY_LATER = timedelta(minutes=2)

OnPage = Callable[[SyncRun], None]


class SyncNotPossibleError(DexxyError):
    """The repository is paused, disconnected or out of reach."""

    code = "sync_not_possible"


def repository_sync(
    *,
    repository_id: int,
    trigger: RunTrigger,
    seconds: float | None = None,
    on_page: OnPage = lambda run: None,
) -> SyncRun:
    """Sync a repository until it is done, or until SECONDS have passed.

    Args:
        seconds: of this time slice; without it there is no end but the last page.
        on_page: called after each page that was stored.

    Returns: the run; its state is `done`, or `running` after a slice that was not the last.

    Raises:
        SyncNotPossibleError: the repository is paused or disconnected.
        CredentialBusyError: another process is reading with the same credential.
        RateLimitedError: GitHub wants a pause; the run is paused and its credential with it.
        DexxyError: the run failed; the error is written to run and repository.
    """
    repository = _repository(repository_id)
    credential = repository.installation.credential
    assert credential is not None
    _check_pause(credential)
    deadline = None if seconds is None else timezone.now() + timedelta(seconds=seconds)
    with lease_taken(credential) as lease, _client(repository) as client:
        run = run_open(repository, trigger)
        reader = RepositoryReader(client=client, repository=repository, run=run, lease=lease)
        try:
            while reader.step():
                on_page(run)
                if deadline is not None and timezone.now() >= deadline:
                    return _slice_end(repository, run)
        except errors.RateLimitedError as error:
            run_pause(run, credential, error)
            raise
        except LeaseLostError:
            # Whoever took over writes from now on.
            raise
        except DexxyError as error:
            run_fail(run, error)
            raise
        return run_finish(run)


def _repository(repository_id: int) -> GitHubRepository:
    repository = GitHubRepository.objects.select_related(
        "source", "installation__credential", "installation__workspace"
    ).get(pk=repository_id)
    installation = repository.installation
    if repository.is_archived or installation.workspace is None or not installation.access_token:
        raise SyncNotPossibleError(f"{repository.full_name} is not connected. Connect it again.")
    if repository.sync_status == SyncStatus.PAUSED:
        raise SyncNotPossibleError(f"{repository.full_name} is paused. Resume it first.")
    return repository


def _check_pause(credential: Credential) -> None:
    until = credential.paused_until
    if until is not None and until > timezone.now():
        raise errors.RateLimitedError(credential.pause_reason, until)


def _client(repository: GitHubRepository) -> GitHubClient:
    installation = repository.installation
    return GitHubClient(
        api_url=installation.api_url,
        graphql_url=installation.graphql_url,
        token=installation.access_token,
    )


@transaction.atomic
def run_open(repository: GitHubRepository, trigger: RunTrigger) -> SyncRun:
    """Go on with the repository's open run, or start one."""
    run, is_new = SyncRun.objects.get_or_create(
        repository=repository,
        state__in=[RunState.RUNNING, RunState.PAUSED],
        defaults={"state": RunState.RUNNING, "trigger": trigger, "started_at": timezone.now()},
    )
    if is_new:
        for name in STREAMS:
            repository.streams.get_or_create(name=name)
        repository.streams.update(is_done=False)
    run.state = RunState.RUNNING
    run.save()
    repository.sync_status = SyncStatus.SYNCING
    repository.save(update_fields=["sync_status", "updated_at"])
    return run


def _slice_end(repository: GitHubRepository, run: SyncRun) -> SyncRun:
    GitHubRepository.objects.filter(pk=repository.pk).update(next_sync_at=timezone.now())
    return run


def run_pause(run: SyncRun, credential: Credential, error: errors.RateLimitedError) -> None:
    """Leave GitHub alone until the time it named, with everything that uses this credential."""
    with transaction.atomic():
        run.state = RunState.PAUSED
        run.save()
        credential.paused_until = error.retry_at
        credential.pause_reason = str(error)
        credential.save(update_fields=["paused_until", "pause_reason", "updated_at"])
        GitHubRepository.objects.filter(pk=run.repository_id).update(next_sync_at=error.retry_at)
    log.info("sync paused", repository=run.repository.full_name, until=str(error.retry_at))


def run_fail(run: SyncRun, error: DexxyError) -> None:
    """Write down why a run ended; the next one goes on where it was."""
    lost = isinstance(error, (errors.NotFoundError, errors.AccessDeniedError))
    with transaction.atomic():
        run.state, run.finished_at = RunState.FAILED, timezone.now()
        run.error, run.error_code = str(error), error.code
        run.save()
        GitHubRepository.objects.filter(pk=run.repository_id).update(
            sync_status=SyncStatus.DISABLED if lost else SyncStatus.ERROR,
            sync_error=str(error),
            next_sync_at=timezone.now() + _retry_after(error),
        )
    log.warning("sync failed", repository=run.repository.full_name, error=str(error))


def _retry_after(error: DexxyError) -> timedelta:
    return RETRY_LATER if error.retryable else timedelta(seconds=settings.DEXXY_SYNC_INTERVAL)


def run_finish(run: SyncRun) -> SyncRun:
    """Close a run whose streams have all been read, with its receipt."""
    now = timezone.now()
    repository = run.repository
    with transaction.atomic():
        identities_recount(workspace_id=repository.source.workspace_id)
        last_activity_at = _receipt(run)
        run.state, run.finished_at = RunState.DONE, now
        run.save()
        repository.source.last_activity_at = last_activity_at
        repository.source.name = repository.full_name
        repository.source.save()
        GitHubRepository.objects.filter(pk=repository.pk).update(
            sync_status=SyncStatus.ACTIVE,
            sync_error="",
            last_synced_at=now,
            next_sync_at=now + timedelta(seconds=settings.DEXXY_SYNC_INTERVAL),
        )
    return run


def _receipt(run: SyncRun) -> datetime | None:
    """Put the number of threads here beside the number on GitHub."""
    threads = Thread.objects.filter(
        workspace_id=run.repository.source.workspace_id,
        source_id=run.repository.source_id,
        is_archived=False,
    )
    for kind, line in run.receipt.items():
        line["here"] = threads.filter(kind=kind).count()
    newest: datetime | None = threads.aggregate(at=Max("last_activity_at"))["at"]
    return newest
