"""Wake workers where something is to be told or sent. What is due stands in the database."""

from django.utils import timezone

from dexxy.common.queue import worker_wake
from dexxy.messages.changes.followers import followers_behind
from dexxy.outgoing.models import Delivery, DeliveryState, Endpoint
from dexxy.outgoing.waits import waits_differ

FOLLOWER = "outgoing"
FOLLOW_JOB = "dexxy.outgoing.tasks.follow_events"
SEND_JOB = "dexxy.outgoing.tasks.send_deliveries"


def outgoing_wake() -> None:
    """Enqueue the jobs that something waits for. If the queue is down, that is logged."""
    if workspaces_behind():
        worker_wake("search", FOLLOW_JOB)
    if deliveries_are_due():
        worker_wake("outgoing", SEND_JOB)


def workspaces_behind() -> list[int]:
    """Return the ids of the workspaces in which something happened of which nobody is told yet."""
    listening = Endpoint.objects.listening().order_by("workspace").distinct("workspace")
    among = list(listening.values_list("workspace", flat=True))
    if not among:
        return []
    return sorted({*followers_behind(FOLLOWER, among), *waits_differ(among)})


def deliveries_are_due() -> bool:
    """Say whether something can be sent now."""
    now = timezone.now()
    awake = Endpoint.objects.listening().exclude(rests_until__gt=now).exclude(held_until__gt=now)
    due = Delivery.objects.filter(state=DeliveryState.PENDING, next_attempt_at__lte=now)
    return due.filter(endpoint__in=awake).exists()
