"""What is deleted once it is old.

One list for all, so that who asks how long something is kept finds it here. What is not in it is
kept for as long as its workspace: also the digests by which erased people are recognised, since
these would come back otherwise. The runs of a repository are kept by their number (`run_history`).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Length
from django.utils import timezone

from dexxy.accounts.models import ApiToken, AuditEntry, BrowserSession, Invitation
from dexxy.accounts.sessions import DIGEST_LENGTH
from dexxy.common.queue import worker_wake
from dexxy.integrations.models import DeliveryState, OAuthState, RefusedWebhooks, WebhookDelivery
from dexxy.outgoing.models import Delivery as OutgoingDelivery
from dexxy.outgoing.models import DeliveryState as OutgoingState

log = structlog.get_logger()

JOB = "dexxy.integrations.tasks.delete_what_is_old"
# Rows that one statement deletes: nobody waits long for their locks.
_AT_ONCE = 1000


@dataclass(frozen=True)
class Kept:
    """Rows of one kind, and for how long they are kept.

    Args:
        setting: names the days; '' where rows are of no use once they are over. 0 is for ever.
        older: returns the rows that were over before a time.
    """

    what: str
    setting: str
    older: Callable[[datetime], QuerySet[Any]]


KEPT = (
    Kept(
        "sessions",
        "",
        # A key opens a session, and the digest of one does not: a Dexxy of before kept keys.
        lambda time: Session.objects.alias(size=Length("session_key")).filter(
            Q(expire_date__lt=time) | Q(size__lt=DIGEST_LENGTH)
        ),
    ),
    Kept(
        "browsers of sessions that are over",
        "",
        lambda time: BrowserSession.objects.exclude(
            Exists(Session.objects.filter(pk=OuterRef("session_id")))
        ),
    ),
    Kept("states", "", lambda time: OAuthState.objects.filter(expires_at__lt=time - timedelta(1))),
    Kept(
        "deliveries",
        "DEXXY_KEEP_DELIVERIES",
        lambda time: WebhookDelivery.objects.filter(
            state__in=[DeliveryState.DONE, DeliveryState.IGNORED], processed_at__lt=time
        ),
    ),
    Kept(
        "failed deliveries",
        "DEXXY_KEEP_FAILED_DELIVERIES",
        # Since the last attempt.
        lambda time: WebhookDelivery.objects.filter(
            state=DeliveryState.FAILED, updated_at__lt=time
        ),
    ),
    Kept(
        "refused webhooks",
        "DEXXY_KEEP_DELIVERIES",
        lambda time: RefusedWebhooks.objects.filter(day__lt=time.date()),
    ),
    Kept(
        "outgoing deliveries",
        "DEXXY_KEEP_DELIVERIES",
        lambda time: OutgoingDelivery.objects.filter(state=OutgoingState.DONE, created_at__lt=time),
    ),
    Kept(
        "outgoing deliveries that failed or wait",
        "DEXXY_KEEP_FAILED_DELIVERIES",
        lambda time: OutgoingDelivery.objects.exclude(state=OutgoingState.DONE).filter(
            created_at__lt=time
        ),
    ),
    Kept(
        "invitations",
        "DEXXY_KEEP_ENDED_ACCESS",
        lambda time: Invitation.objects.filter(expires_at__lt=time),
    ),
    Kept(
        "tokens",
        "DEXXY_KEEP_ENDED_ACCESS",
        lambda time: ApiToken.objects.filter(Q(revoked_at__lt=time) | Q(expires_at__lt=time)),
    ),
    Kept(
        "audit entries",
        "DEXXY_KEEP_AUDIT",
        lambda time: AuditEntry.objects.filter(created_at__lt=time),
    ),
    Kept(
        "entries of the administration",
        "DEXXY_KEEP_AUDIT",
        lambda time: LogEntry.objects.filter(action_time__lt=time),
    ),
)


def retention_wake() -> None:
    """Let a worker delete what is old."""
    worker_wake("sync", JOB)


def old_rows_delete() -> dict[str, int]:
    """Delete all that is kept no longer, a little at a time.

    Returns: how many rows of each kind of KEPT were deleted, for those of which there were any.
    """
    now = timezone.now()
    deleted = {kept.what: sum(_delete(kept, now)) for kept in KEPT}
    deleted = {what: count for what, count in deleted.items() if count}
    if deleted:
        log.info("what is old was deleted", **{k.replace(" ", "_"): n for k, n in deleted.items()})
    return deleted


def _delete(kept: Kept, now: datetime) -> Iterator[int]:
    days = getattr(settings, kept.setting) if kept.setting else None
    if days == 0:
        return
    old = kept.older(now - timedelta(days=days or 0))
    while batch := list(old.values_list("pk", flat=True)[:_AT_ONCE]):
        yield old.model._default_manager.filter(pk__in=batch).delete()[0]
