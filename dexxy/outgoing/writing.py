"""Write down what endpoints are to hear: one row for each event and endpoint.

That is done in the transaction that moves the follower on, so that nothing is lost and nothing told
twice; a worker sends it later.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from django.utils import timezone

from dexxy.accounts.models import Workspace
from dexxy.messages.feed.among import feed_keeps
from dexxy.messages.feed.kept_filters import feed_filters_read
from dexxy.messages.models import Message, MessageKind, Thread
from dexxy.outgoing.events import WAITS, EventType
from dexxy.outgoing.models import Delivery, Endpoint
from dexxy.outgoing.payloads import Shape, event_shape

# What Dexxy hears of later than that is history, and told to nobody: a repository that is read for
# the first time, or again after a long while, is not news.
NEWS_FOR = timedelta(days=7)


@dataclass(frozen=True)
class Occurrence:
    """Something that happened.

    Args:
        key: what it is made of: the same has the same, in whatever database.
        happened_at: by the clock of where it happened.
        message_id: the message that the filters of endpoints look at.
    """

    event: EventType
    key: str
    happened_at: datetime
    data: Shape
    message_id: int | None


def is_news(happened_at: datetime, thread: Thread, noticed_at: datetime) -> bool:
    """Say whether something is told at all that happened in THREAD, read with its source."""
    connected_at = thread.source.created_at
    return happened_at >= max(connected_at, noticed_at - NEWS_FOR)


def occurrences_write(
    workspace: Workspace, endpoints: Sequence[Endpoint], found: Iterable[Occurrence]
) -> None:
    """Write down what each of ENDPOINTS is to hear of what was FOUND, the oldest first."""
    told = list(found)
    now = timezone.now()
    rows = []
    for endpoint in endpoints:
        asked = [one for one in told if _asks(endpoint, one)]
        for one in _kept(workspace, endpoint, asked):
            row = Delivery(
                endpoint=endpoint,
                webhook_id=webhook_id(endpoint, one),
                event=one.event,
                payload=event_shape(one.event, workspace, one.happened_at, one.data),
                next_attempt_at=now,
            )
            rows.append(row)
    # What it has heard of already under the same id is not told again.
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)


def webhook_id(endpoint: Endpoint, one: Occurrence) -> str:
    """Return the id of an event for an endpoint, whoever tells it, and however often."""
    digest = sha256(f"{endpoint.pk}|{one.event}|{one.key}".encode()).digest()
    return f"msg_{base64.b32encode(digest[:20]).decode().lower()}"


def thread_key(thread: Thread) -> str:
    """Name a thread, read with its source, as its server does."""
    source = thread.source
    return f"{source.server}|{source.external_id}|{thread.kind}|{thread.number}"


def openings_of(workspace: Workspace, threads: Iterable[Thread]) -> Mapping[int, int]:
    """Return the ids of the messages that open THREADS, by those of the threads."""
    opened = Message.objects.filter(
        workspace=workspace, thread__in=list(threads), kind=MessageKind.OPENED
    )
    return dict(opened.values_list("thread", "pk"))


def _asks(endpoint: Endpoint, one: Occurrence) -> bool:
    # An endpoint knows by itself of which waits it is to hear.
    return one.event in endpoint.events and (
        one.event in WAITS or one.happened_at >= endpoint.began_at
    )


def _kept(
    workspace: Workspace, endpoint: Endpoint, asked: Sequence[Occurrence]
) -> Sequence[Occurrence]:
    if not endpoint.filters or not asked:
        return asked
    ids = {one.message_id for one in asked if one.message_id is not None}
    kept = feed_keeps(workspace, feed_filters_read(endpoint.filters), ids)
    return [one for one in asked if one.message_id in kept]
