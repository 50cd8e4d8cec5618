"""What is kept of runs that have ended: enough to see what went wrong, and no more."""

from datetime import timedelta

from django.utils import timezone

from dexxy.integrations.models import RunState, SyncRun

# The newest runs of a repository are kept, and for a month all that failed.
RUNS_KEPT = 100
FAILED_KEPT_FOR = timedelta(days=30)


def runs_prune(repository_id: int) -> None:
    """Delete the oldest runs of a repository, but never its newest receipt."""
    runs = SyncRun.objects.filter(repository=repository_id).order_by("-started_at", "-pk")
    newest = list(runs.values_list("pk", flat=True)[:RUNS_KEPT])
    if len(newest) < RUNS_KEPT:
        return
    receipts = runs.filter(state=RunState.DONE).exclude(receipt={})
    receipt = list(receipts.values_list("pk", flat=True)[:1])
    old = runs.exclude(finished_at=None).exclude(pk__in=[*newest, *receipt])
    recently = timezone.now() - FAILED_KEPT_FOR
    old.exclude(state=RunState.FAILED, started_at__gte=recently).delete()
