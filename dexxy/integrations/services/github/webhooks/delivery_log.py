"""Find webhooks that never arrived: GitHub delivers once, but logs what it sent for some days.

https://docs.github.com/en/webhooks/using-webhooks/handling-failed-webhook-deliveries
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
import structlog
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop

from dexxy.common.queue import worker_wake
from dexxy.common.stopping import asked_to_stop
from dexxy.integrations.models import (
    GitHubApp,
    GitHubInstallation,
    GitHubRepository,
    WebhookDelivery,
)
from dexxy.integrations.services.github.access.app import app_client, app_refused
from dexxy.integrations.services.github.access.lease import LeaseGivenUpError
from dexxy.integrations.services.github.access.liveness import has_died, holder_name
from dexxy.integrations.services.github.access.repository_state import Repositories, changes_missed
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.api.errors import answer_shape
from dexxy.integrations.services.github.api.values import time
from dexxy.integrations.services.github.webhooks.inbox import delivery_store
from dexxy.integrations.services.github.webhooks.verification import (
    WebhookRefusedError,
    delivery_read,
)
from dexxy.integrations.services.github.webhooks.wake import deliveries_wake
from dexxy.integrations.services.github_client import GitHubClient

log = structlog.get_logger()

JOB = "dexxy.integrations.tasks.read_delivery_log"
# Until the job says when the log is due again; should it never run, this does.
_WAKE_AGAIN_AFTER = timedelta(seconds=60)
PATH = "app/hook/deliveries"
PAGE = 100
# How long GitHub keeps its log; an Enterprise Server keeps it for seven days.
# https://docs.github.com/en/webhooks/testing-and-troubleshooting-webhooks/viewing-webhook-deliveries
KEPT_BY_GITHUB = timedelta(days=3)
# A delivery is logged when it has ended, under the time at which it began.
OVERLAP = timedelta(minutes=5)
# For a reader that died on another host; each page renews it.
_LEASE = timedelta(minutes=2)
# One delivery that GitHub cannot show must not hide all that came after it.
_UNREADABLE = (
    errors.NotFoundError,
    errors.UnexpectedAnswerError,
    errors.GitHubServerError,
    WebhookRefusedError,
)


@dataclass(frozen=True, slots=True)
class Logged:
    """One line of GitHub's log."""

    number: int
    guid: str
    event: str
    delivered_at: datetime
    repository_id: int | None
    installation_id: int | None


@dataclass(slots=True)
class LogReading:
    """What one look at the log found.

    Args:
        missing: what is not in the inbox, the newest first.
        until: GitHub's clock when the reading began.
        is_whole: the log goes back to where it was read before.
    """

    missing: list[Logged]
    until: datetime
    is_whole: bool


def delivery_logs_due() -> list[int]:
    """Return the primary keys of the Apps whose log is due to be read."""
    due = GitHubApp.objects.filter(log_due_at__lte=timezone.now()).exclude(webhook_secret="")
    found = due.order_by("log_due_at").only("log_lease_until", "log_lease_holder")
    return [app.pk for app in found if not _is_being_read(app)]


def delivery_logs_enqueue() -> int:
    """Wake a worker for each App whose log of deliveries is due to be read.

    Returns: how many were woken. If the queue is down that is logged, and all stays due.
    """
    due = delivery_logs_due()
    GitHubApp.objects.filter(pk__in=due).update(log_due_at=timezone.now() + _WAKE_AGAIN_AFTER)
    return len(due) if all(worker_wake("sync", JOB, pk) for pk in due) else 0


def _is_being_read(app: GitHubApp) -> bool:
    until = app.log_lease_until
    is_leased = until is not None and until > timezone.now()
    return is_leased and not has_died(app.log_lease_holder)


def delivery_logs_expire() -> None:
    """Make every log due: while nothing ran here, webhooks may have been lost."""
    GitHubApp.objects.update(log_due_at=timezone.now())


def delivery_log_read(app_pk: int) -> int:
    """Take into the inbox what GitHub sent an App and what never arrived.

    Where the log does not go back to where it was read before, all that the App reads is due to
    be compared with GitHub.

    Returns: how many deliveries were taken; none while another process reads the same log.

    Raises:
        GitHubError: the log could not be read; it is due again.
    """
    holder = holder_name()
    return _read_as(holder, app_pk) if _lease_take(holder, app_pk) else 0


def _read_as(holder: str, app_pk: int) -> int:
    app = GitHubApp.objects.get(pk=app_pk)
    try:
        with app_client(app) as client:
            reading = _read(client, app)
            taken = sum(_take(client, app, one) for one in reversed(reading.missing))
        if not reading.is_whole:
            _assume_the_worst(app)
        read = {"log_read_until": reading.until}
        if reading.missing:
            read["webhooks_missed_at"] = timezone.now()
        GitHubApp.objects.filter(pk=app_pk).update(**read)
    except (errors.BadCredentialsError, errors.NotFoundError) as error:
        raise app_refused(error) from error
    finally:
        again = timezone.now() + timedelta(seconds=settings.DEXXY_DELIVERY_LOG_INTERVAL)
        mine = GitHubApp.objects.filter(pk=app_pk, log_lease_holder=holder)
        mine.update(log_due_at=again, log_lease_until=None, log_lease_holder="")
    if taken:
        log.info("webhooks found that had not arrived", app=app.slug, taken=taken)
        deliveries_wake()
    return taken


def _lease_take(holder: str, app_pk: int) -> bool:
    """Say that HOLDER reads the log. Returns whether it may: of two at once one does."""
    app = GitHubApp.objects.only("log_lease_until", "log_lease_holder").get(pk=app_pk)
    if _is_being_read(app):
        return False
    as_seen = GitHubApp.objects.filter(pk=app_pk, log_lease_until=app.log_lease_until)
    until = timezone.now() + _LEASE
    return bool(as_seen.update(log_lease_until=until, log_lease_holder=holder))


def _lease_keep(app: GitHubApp) -> None:
    if asked_to_stop.is_set():
        raise LeaseGivenUpError(
            gettext_noop("This process was asked to stop, so another one goes on.")
        )
    GitHubApp.objects.filter(pk=app.pk).update(log_lease_until=timezone.now() + _LEASE)


def _read(client: GitHubClient, app: GitHubApp) -> LogReading:
    """Read the log back to where it was read before."""
    # Before the App was known here, nothing could be missed.
    back_to = (app.log_read_until or app.created_at) - OVERLAP
    # https://docs.github.com/en/rest/apps/webhooks#list-deliveries-for-an-app-webhook
    answer = client.get(PATH, {"per_page": PAGE})
    # What GitHub kept may have ended before that, but then it holds all there is.
    reading = LogReading([], answer.date, answer.date - back_to < KEPT_BY_GITHUB)
    while True:
        with answer_shape("deliveries"):
            lines = [_line(row) for row in answer.data]
        recent = [line for line in lines if line.delivered_at >= back_to]
        reading.missing += _unknown(app, recent)
        if len(recent) < len(lines):
            reading.is_whole = True
            return reading
        if not answer.next_page:
            return reading
        _lease_keep(app)
        answer = client.get(answer.next_page)


def delivery_number(client: GitHubClient, guid: str, *, pages: int) -> int | None:
    """Return the number in GitHub's log of the newest delivery with a guid; None if it has none.

    Args:
        pages: of the log to read at most, the newest first.

    Raises:
        GitHubError: the log could not be read.
    """
    answer = client.get(PATH, {"per_page": PAGE})
    for _ in range(pages):
        with answer_shape("deliveries"):
            found = next((int(row["id"]) for row in answer.data if row["guid"] == guid), None)
        if found is not None or not answer.next_page:
            return found
        answer = client.get(answer.next_page)
    return None


def _line(row: Any) -> Logged:
    return Logged(
        number=int(row["id"]),
        guid=str(row["guid"]),
        event=str(row["event"]),
        delivered_at=time(row["delivered_at"]),
        repository_id=row["repository_id"],
        installation_id=row["installation_id"],
    )


def _unknown(app: GitHubApp, lines: list[Logged]) -> Iterator[Logged]:
    """Return those of LINES, one a guid, that never arrived. A redelivery is a line of its own."""
    by_guid = {line.guid: line for line in lines}
    stored = WebhookDelivery.objects.filter(app=app, guid__in=list(by_guid))
    known = set(stored.values_list("guid", flat=True))
    return (line for guid, line in by_guid.items() if guid not in known)


def _take(client: GitHubClient, app: GitHubApp, line: Logged) -> bool:
    """Take a delivery from the log, or, where that cannot be done, look at its repository anew."""
    _lease_keep(app)
    try:
        # https://docs.github.com/en/rest/apps/webhooks#get-a-delivery-for-an-app-webhook
        answer = client.get(f"{PATH}/{line.number}")
        with answer_shape("deliveries"):
            body = orjson.dumps(answer.data["request"]["payload"])
        delivery = delivery_read(app_pk=app.pk, guid=line.guid, event=line.event, body=body)
    except _UNREADABLE as error:
        log.warning("a webhook cannot be read back", guid=line.guid, error=str(error))
        changes_missed(_repositories(app).filter(github_id=line.repository_id or 0))
        of_account = GitHubInstallation.objects.filter(
            app=app, installation_id=line.installation_id or 0, reconcile_at__isnull=False
        )
        of_account.update(reconcile_at=timezone.now())
        return False
    delivery_store(delivery)
    return True


def _assume_the_worst(app: GitHubApp) -> None:
    """Compare everything that the App reads with GitHub: nobody can tell what happened."""
    count = changes_missed(_repositories(app))
    GitHubInstallation.objects.filter(app=app).update(reconcile_at=timezone.now())
    log.warning("webhooks were lost: everything is read again", app=app.slug, repositories=count)


def _repositories(app: GitHubApp) -> Repositories:
    return GitHubRepository.objects.followed().filter(installation__app=app)
