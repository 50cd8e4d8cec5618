"""The durable inbox of webhooks: a delivery that was stored is never lost, whatever dies.

The rows are the truth; the queue only wakes workers.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any

from django.db import InterfaceError, OperationalError, connection
from django.db.models.functions import Now
from psycopg import Cursor

from dexxy.integrations.models import DeliveryState, WebhookDelivery
from dexxy.integrations.services.github.webhooks.verification import Delivery
from dexxy.integrations.services.github.webhooks.wake import deliveries_wake


class Stored(StrEnum):
    """What became of a delivery that arrived."""

    ACCEPTED = "accepted"
    DUPLICATE = "duplicate"


_STORE = """
INSERT INTO integrations_webhookdelivery (
    app_id, guid, event, action, installation_id, repository_id, payload, size, state, attempts,
    error, times_received, received_at, next_attempt_at, created_at, updated_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, 'pending', 0, '', 1, now(), now(), now(), now())
ON CONFLICT (app_id, guid) DO NOTHING
"""

# A guid is the same on redelivery, and what was processed is a duplicate then; what failed or
# was of no use is tried again.
# https://docs.github.com/en/webhooks/using-webhooks/best-practices-for-using-webhooks
_STORE_AGAIN = """
UPDATE integrations_webhookdelivery
SET times_received = times_received + 1, updated_at = now(),
    state = CASE WHEN state = 'done' THEN 'done' ELSE 'pending' END,
    attempts = CASE WHEN state = 'pending' THEN attempts ELSE 0 END,
    next_attempt_at = CASE WHEN state = 'pending' THEN next_attempt_at ELSE now() END
WHERE app_id = %s AND guid = %s
RETURNING state
"""


def delivery_store(delivery: Delivery) -> Stored:
    """Put a delivery into the inbox, durably, in a transaction of its own.

    Raises:
        DatabaseError: it could not be stored.
    """
    try:
        return _store(delivery)
    except (OperationalError, InterfaceError):
        # A connection that was kept may have died since; nothing is lost by asking twice.
        connection.close()
        return _store(delivery)


def _store(delivery: Delivery) -> Stored:
    row = (
        delivery.app_pk,
        delivery.guid,
        delivery.event,
        delivery.action,
        delivery.installation_id,
        delivery.repository_id,
        delivery.payload,
        delivery.size,
    )
    if _execute(_STORE, row).rowcount:
        return Stored.ACCEPTED
    found = _execute(_STORE_AGAIN, (delivery.app_pk, delivery.guid)).fetchone()
    return Stored.ACCEPTED if found == (DeliveryState.PENDING,) else Stored.DUPLICATE


def _execute(sql: str, params: Sequence[object]) -> Cursor[Any]:
    """Run a statement in one exchange with the server, which puts the parameters in itself.

    Django's cursor would look first whether the connection lives, and write the payload into
    the text of the statement: together that costs as much as the insert.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return Cursor(connection.connection).execute(sql, params)


def enqueue_deliveries() -> bool:
    """Wake a worker where something in the inbox is due. Returns whether something is."""
    pending = WebhookDelivery.objects.filter(state=DeliveryState.PENDING)
    is_due = pending.filter(next_attempt_at__lte=Now()).exists()
    if is_due:
        deliveries_wake()
    return is_due


def deliveries_retry(*, delivery_ids: Iterable[int]) -> int:
    """Try deliveries again, now, that failed or were of no use.

    Returns: how many of them there are.
    """
    ended = WebhookDelivery.objects.filter(
        pk__in=list(delivery_ids), state__in=[DeliveryState.FAILED, DeliveryState.IGNORED]
    )
    count = ended.update(
        state=DeliveryState.PENDING,
        attempts=0,
        next_attempt_at=Now(),
        processed_at=None,
        error="",
        updated_at=Now(),
    )
    if count:
        deliveries_wake()
    return count
