"""An endpoint of Alice's workspace, and a receiver behind it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.messages.feed.filters import EVERYTHING, FeedFilters
from dexxy.messages.models import Change
from dexxy.outgoing.endpoints import Wanted, endpoint_create
from dexxy.outgoing.events import chosen
from dexxy.outgoing.following import events_catch_up
from dexxy.outgoing.models import Delivery, Endpoint, EndpointKind
from dexxy.sources.models import Source
from tests.receiver import LOCAL, Receiver, receiving

EndpointMaker = Callable[..., Endpoint]


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.DEXXY_OUTSIDE_ALLOWED = LOCAL
    with receiving() as one:
        yield one


@pytest.fixture
def make_endpoint(
    alice: User, workspace: Workspace, source: Source, settings: Any
) -> EndpointMaker:
    """Make an endpoint that heard of nothing until an hour ago."""
    settings.DEXXY_OUTSIDE_ALLOWED = LOCAL

    def make(
        url: str = "http://127.0.0.1:1/",
        *,
        kind: EndpointKind = EndpointKind.WEBHOOK,
        events: Any = None,
        late_hours: int = 24,
        filters: FeedFilters = EVERYTHING,
        since: datetime | None = None,
        of: Workspace = workspace,
        by: User = alice,
    ) -> Endpoint:
        wanted = Wanted(
            name="Ours",
            url=url,
            events=events or chosen(),
            late_hours=late_hours,
            filters=filters,
        )
        made, _ = endpoint_create(viewer=by, workspace=of, kind=kind, wanted=wanted)
        made.began_at = since or timezone.now() - timedelta(hours=1)
        made.save()
        Source.objects.filter(workspace=of).update(created_at=made.began_at - timedelta(days=30))
        return made

    return make


def told(endpoint: Endpoint) -> list[str]:
    """Return the events that an endpoint is to hear, the oldest first."""
    rows = Delivery.objects.filter(endpoint=endpoint).order_by("pk")
    return list(rows.values_list("event", flat=True))


def catch_up() -> None:
    """Let the follower read what the test has written, in a transaction that never ends."""
    Change.objects.update(transaction_id=1)
    from dexxy.messages.models import Follower

    Follower.objects.update(epoch=0, transaction_id=0, change_id=0, message_id=0)
    events_catch_up(seconds=20)
