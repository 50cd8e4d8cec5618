"""What Dexxy needs of GitHub: an App, its webhooks, and leave to read."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, Min
from django.utils import timezone
from django.utils.timesince import timesince

from dexxy.doctor.finding import Finding, failed, notice, well
from dexxy.integrations.models import (
    DeliveryState,
    GitHubRepository,
    SyncStatus,
    WebhookDelivery,
)
from dexxy.integrations.services.github_events import is_unknown

# The inbox is drained at once; what is older than this has been waiting for somebody.
STALE = timedelta(minutes=5)
# A page of the doctor names so many repositories and counts the rest.
NAMED = 5


def inbox() -> Iterator[Finding]:
    """Look whether what GitHub delivered was worked off."""
    deliveries = WebhookDelivery.objects
    pending = deliveries.filter(state=DeliveryState.PENDING)
    oldest = pending.aggregate(at=Min("received_at"))["at"]
    is_stale = oldest is not None and timezone.now() - oldest > STALE
    if is_stale:
        yield failed(
            "Inbox",
            f"{pending.count()} deliveries wait, the oldest for {timesince(oldest)}.",
            "Start a worker for them: `dexxy worker deliveries`.",
        )
    broken = deliveries.filter(state=DeliveryState.FAILED)
    newest = broken.order_by("-received_at").first()
    if newest is not None:
        yield failed(
            "Inbox",
            f"{broken.count()} deliveries could not be worked off, the newest with: {newest.error}",
            "Choose them under Administration > Webhook deliveries and run them again."
            " Nothing is lost: what they said is read from GitHub with the next sync.",
        )
    if not is_stale and newest is None:
        yield well("Inbox", "Every delivery was worked off.")
    yield from _unknown()


def _unknown() -> Iterator[Finding]:
    """Count what GitHub sent of late that was not there when this Dexxy was written."""
    ignored = WebhookDelivery.objects.filter(state=DeliveryState.IGNORED)
    kinds = ignored.values_list("event", "action").order_by("event", "action")
    counts = kinds.annotate(count=Count("pk"))
    unknown = [
        f"{event} {action}".rstrip() + f" ({count})"
        for event, action, count in counts
        if is_unknown(event, action)
    ]
    if unknown:
        yield notice(
            "Webhooks of a new kind",
            f"This Dexxy does not know: {', '.join(unknown)}.",
            "Update Dexxy. Nothing is lost: what they were about is read with the next sync.",
        )


def repositories() -> Iterator[Finding]:
    """Look whether every repository can be read."""
    connected = GitHubRepository.objects.filter(
        is_archived=False, installation__workspace__isnull=False
    )
    broken = connected.filter(sync_status__in=[SyncStatus.ERROR, SyncStatus.DISABLED])
    for repository in broken.order_by("full_name")[:NAMED]:
        yield failed(
            f"Repository {repository.full_name}",
            str(SyncStatus(repository.sync_status).label) + ".",
            repository.sync_error or "Sync it again.",
        )
    more = broken.count() - NAMED
    if more > 0:
        yield failed("Repositories", f"{more} more cannot be read.", "See the repositories' page.")
    if not broken.exists():
        yield well("Repositories", _readable(connected.count()))


def _readable(count: int) -> str:
    if not count:
        return "None is followed."
    return "The only one can be read." if count == 1 else f"All {count} can be read."
