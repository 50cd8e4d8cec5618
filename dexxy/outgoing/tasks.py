"""Background jobs: thin and idempotent."""

from django_rq import job

from dexxy.outgoing.following import events_catch_up
from dexxy.outgoing.sending import deliveries_send
from dexxy.outgoing.waking import outgoing_wake

# The scheduler wakes a worker again while anything is left.
_FOLLOW_SECONDS = 20.0
# The worker of webhooks does it, too, in between.
_SEND_SECONDS = 5.0


@job("search")
def follow_events() -> None:
    """Write down what endpoints are to hear of what happened since the last time."""
    events_catch_up(seconds=_FOLLOW_SECONDS)
    outgoing_wake()


@job("outgoing")
def send_deliveries() -> None:
    """Send what is due to endpoints."""
    deliveries_send(seconds=_SEND_SECONDS)
    outgoing_wake()
