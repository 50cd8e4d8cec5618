"""Wake workers for what is due. Due is a column, so any number of schedulers may run."""

from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from dexxy.common.queue import Job, workers_wake
from dexxy.integrations.models import (
    Credential,
    GitHubInstallation,
    GitHubRepository,
    RunState,
    SyncRun,
    SyncStatus,
)
from dexxy.integrations.services.github.access.lease import is_held
from dexxy.integrations.services.github.access.repository_state import (
    interrupted_go_on,
    repositories_locked,
)

log = structlog.get_logger()

JOB = "dexxy.integrations.tasks.sync_github_repository"
RECONCILE_JOB = "dexxy.integrations.tasks.reconcile_github_installation"
# A worker that was woken says so itself when it is done; this is for one that never came.
WAKE_AGAIN_AFTER = timedelta(seconds=60)


def enqueue_due() -> int:
    """Wake a worker for each credential with something due that nobody reads with.

    Returns: how many have a job that waits. If the queue is down that is logged, and all stays
    due.
    """
    interrupted_release()
    first_due = _first_due()
    woken = _claim(list(first_due))
    jobs = {f"credential-{credential.pk}": first_due[credential.pk] for credential in woken}
    if not workers_wake("sync", jobs):
        Credential.objects.filter(pk__in=[c.pk for c in woken]).update(woken_at=None)
        return 0
    return len(woken)


def _first_due() -> dict[int, Job]:
    """Return a job for each credential with something due: whoever does it does the rest, too."""
    found: dict[int, Job] = {}
    for key, pk in GitHubInstallation.objects.due().values_list("credential", "pk"):
        found[key or 0] = RECONCILE_JOB, pk
    latest_first = GitHubRepository.objects.due().order_by("-next_sync_at")
    for repositories in (GitHubRepository.objects.marked(), latest_first):
        for key, pk in repositories.values_list("installation__credential", "pk"):
            found[key or 0] = JOB, pk, True
    return found


@transaction.atomic
def interrupted_release() -> None:
    """Make due what says that it is being read, although its reader is gone."""
    now = timezone.now()
    in_hand = Q(next_sync_at__lte=now, next_sync_at__gt=now - WAKE_AGAIN_AFTER)
    syncing = GitHubRepository.objects.filter(sync_status=SyncStatus.SYNCING)
    interrupted = syncing.exclude(in_hand)
    # Whoever wants to read with one of these waits until this transaction ends.
    unpaused = Credential.objects.unpaused().select_for_update(skip_locked=True)
    candidates = unpaused.filter(pk__in=interrupted.values("installation__credential"))
    left = [credential for credential in candidates if not is_held(credential)]
    if not left:
        return
    locked = repositories_locked(interrupted.filter(installation__credential__in=left))
    count = interrupted_go_on(locked)
    runs = SyncRun.objects.filter(repository__in=locked, state=RunState.RUNNING)
    runs.update(state=RunState.PAUSED)
    log.info("interrupted syncs go on", repositories=count)


@transaction.atomic
def _claim(credential_ids: list[int]) -> list[Credential]:
    """Choose the credentials that this scheduler, and no other, wakes a worker for."""
    not_woken = Q(woken_at=None) | Q(woken_at__lt=timezone.now() - WAKE_AGAIN_AFTER)
    candidates = Credential.objects.select_for_update(skip_locked=True)
    candidates = candidates.filter(not_woken, pk__in=credential_ids)
    woken = [credential for credential in candidates if not is_held(credential)]
    Credential.objects.filter(pk__in=[c.pk for c in woken]).update(woken_at=timezone.now())
    return woken
