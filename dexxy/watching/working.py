"""Facts about who works: the queue, what people wait for, what leaves, the database."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Min, QuerySet
from django.utils import timezone
from django_rq import get_queue
from redis import Redis
from rq import Worker

from dexxy.common.sql import fetch_all
from dexxy.common.valkey import connection_to
from dexxy.mail.models import OutgoingMail
from dexxy.outgoing.models import Delivery, DeliveryState, Endpoint
from dexxy.people.models import BulkState, BulkTask, ExportFile
from dexxy.watching.facts import Fact, Group, Measure

_WEEK = timedelta(days=7)
_DATABASE = """
SELECT pg_database_size(current_database()),
       (SELECT numbackends FROM pg_stat_database WHERE datname = current_database()),
       current_setting('max_connections')::int,
       (SELECT extract(epoch FROM now() - min(xact_start))::float FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
          AND backend_type = 'client backend')
"""

QUEUE_JOBS = Measure("dexxy_queue_jobs", "Jobs that wait in a queue.", ("queue",))
QUEUE_SECONDS = Measure(
    "dexxy_queue_oldest_seconds", "For how long the oldest job of a queue has waited.", ("queue",)
)
WORKERS = Measure("dexxy_workers", "Workers that run for a queue.", ("queue",))
EXPORTS = Measure("dexxy_exports_unfinished", "Exports that people wait for.")
TASKS = Measure("dexxy_bulk_tasks_unfinished", "Bulk tasks that people wait for.")
ENDPOINTS = Measure(
    "dexxy_endpoints",
    "Endpoints that hear what happens: those that take it, that fail, that are paused or disabled.",
    ("state",),
)
OUTGOING = Measure("dexxy_outgoing_deliveries", "What was not sent to endpoints yet.")
OUTGOING_SECONDS = Measure(
    "dexxy_outgoing_oldest_seconds",
    "For how long the oldest of it has waited that is due to an endpoint that takes something.",
)
MAILS = Measure(
    "dexxy_mails",
    "Mails that were not sent yet, and those that were refused in the last week.",
    ("state",),
)
MAIL_SECONDS = Measure("dexxy_mail_oldest_seconds", "For how long the oldest unsent mail waits.")
DATABASE_BYTES = Measure("dexxy_database_bytes", "What the database takes on its server's disk.")
CONNECTIONS = Measure("dexxy_database_connections", "Connections to the database.")
MOST_CONNECTIONS = Measure(
    "dexxy_database_connections_allowed", "Connections that its server allows, to all databases."
)
TRANSACTION_SECONDS = Measure(
    "dexxy_database_oldest_transaction_seconds", "For how long its oldest transaction has run."
)


def _queues() -> Iterator[Fact]:
    for name in settings.RQ_QUEUES:
        server = connection_to(settings.RQ_QUEUES[name]["URL"])
        queue = get_queue(name, connection=server)
        yield Fact(QUEUE_JOBS, queue.count, (name,))
        yield Fact(QUEUE_SECONDS, _waited(server, queue), (name,))
        yield Fact(WORKERS, Worker.count(queue=queue), (name,))


def _waited(server: Redis, queue: Any) -> float:
    """Return for how many seconds the first job of a queue has waited; 0 where there is none."""
    for job_id in queue.get_job_ids(0, 1):
        since: Any = server.hget(f"rq:job:{job_id}", "enqueued_at")
        with suppress(ValueError, AttributeError):  # it was taken just now
            at = datetime.fromisoformat(since.decode())
            return max(0.0, (timezone.now() - at).total_seconds())
    return 0.0


def _waits() -> Iterator[Fact]:
    yield Fact(EXPORTS, ExportFile.objects.unfinished().count())
    unfinished = BulkTask.objects.filter(state__in=[BulkState.WAITING, BulkState.WORKING])
    yield Fact(TASKS, unfinished.count())


def _leaving() -> Iterator[Fact]:
    endpoints = Endpoint.objects.all()
    listening = endpoints.listening()
    failing = listening.filter(failing_since__isnull=False)
    disabled = endpoints.filter(disabled_at__isnull=False)
    yield Fact(ENDPOINTS, listening.filter(failing_since=None).count(), ("well",))
    yield Fact(ENDPOINTS, failing.count(), ("failing",))
    yield Fact(ENDPOINTS, endpoints.filter(is_paused=True, disabled_at=None).count(), ("paused",))
    yield Fact(ENDPOINTS, disabled.count(), ("disabled",))
    pending = Delivery.objects.filter(state=DeliveryState.PENDING)
    yield Fact(OUTGOING, pending.filter(endpoint__in=listening).count())
    takes = pending.filter(endpoint__in=listening.filter(failing_since=None))
    yield Fact(OUTGOING_SECONDS, _oldest(takes, "next_attempt_at"))
    unsent = OutgoingMail.objects.unsent()
    refused = OutgoingMail.objects.refused().filter(given_up_at__gte=timezone.now() - _WEEK)
    yield Fact(MAILS, unsent.count(), ("unsent",))
    yield Fact(MAILS, refused.count(), ("refused",))
    yield Fact(MAIL_SECONDS, _oldest(unsent, "created_at"))


def _oldest(rows: QuerySet[Any], column: str) -> float:
    oldest = rows.order_by().aggregate(at=Min(column), count=Count("pk"))["at"]
    return max(0.0, (timezone.now() - oldest).total_seconds()) if oldest else 0.0


def _database() -> Iterator[Fact]:
    [(size, connections, allowed, oldest)] = fetch_all(_DATABASE, {})
    yield Fact(DATABASE_BYTES, size)
    yield Fact(CONNECTIONS, connections)
    yield Fact(MOST_CONNECTIONS, allowed)
    yield Fact(TRANSACTION_SECONDS, oldest or 0.0)


GROUPS = (
    Group("queues", (QUEUE_JOBS, QUEUE_SECONDS, WORKERS), _queues),
    Group("waits", (EXPORTS, TASKS), _waits),
    Group("leaving", (ENDPOINTS, OUTGOING, OUTGOING_SECONDS, MAILS, MAIL_SECONDS), _leaving),
    Group(
        "database",
        (DATABASE_BYTES, CONNECTIONS, MOST_CONNECTIONS, TRANSACTION_SECONDS),
        _database,
    ),
)
