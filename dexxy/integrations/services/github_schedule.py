"""Wake workers for what is due. Due is a column, so any number of schedulers may run."""

from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django_rq import get_queue
from redis.exceptions import RedisError

from dexxy.integrations.models import GitHubRepository, SyncStatus

log = structlog.get_logger()

JOB = "dexxy.integrations.tasks.sync_github_repository"
# A worker that got the job says itself when the repository is due next; this is for one that died.
CLAIM = timedelta(seconds=60)
BATCH = 100


def enqueue_due() -> int:
    """Enqueue a sync for each repository that is due. Returns how many were woken.

    A queue that is down is logged: the repositories stay due.
    """
    with transaction.atomic():
        due = list(_due())
        GitHubRepository.objects.filter(pk__in=due).update(next_sync_at=timezone.now() + CLAIM)
    try:
        for repository_id in due:
            get_queue("sync").enqueue(JOB, repository_id)
    except RedisError as error:
        log.warning("the queue cannot be reached", error=str(error), due=len(due))
        return 0
    return len(due)


def _due() -> "list[int]":
    now = timezone.now()
    repositories = (
        GitHubRepository.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(next_sync_at__lte=now, is_archived=False)
        .exclude(sync_status__in=[SyncStatus.PAUSED, SyncStatus.DISABLED])
        .filter(
            Q(installation__credential__paused_until=None)
            | Q(installation__credential__paused_until__lte=now),
            installation__workspace__isnull=False,
        )
        .order_by("next_sync_at")
    )
    return list(repositories.values_list("pk", flat=True)[:BATCH])
