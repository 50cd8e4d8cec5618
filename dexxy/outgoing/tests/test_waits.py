"""Who waits: an endpoint hears when it begins, when it is too long, and when it ends."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.messages.models import Side, Standing, Thread, ThreadState, Triage
from dexxy.outgoing.endpoints import Wanted, endpoint_update
from dexxy.outgoing.models import Delivery
from dexxy.outgoing.privacy import source_visibility_note, workspace_keep_private_in
from dexxy.outgoing.tests.conftest import EndpointMaker, told
from dexxy.outgoing.waits import waits_differ, waits_tell
from dexxy.sources.models import Source
from tests.factories import make_identity, make_standing, make_thread

WAITS = ["waiting.started", "waiting.late", "waiting.ended"]


def waiting(source: Source, since: datetime) -> Standing:
    author = make_identity(workspace=source.workspace)
    thread = make_thread(source=source, author=author)
    return make_standing(thread=thread, since=since)


def tell(source: Source) -> None:
    assert waits_differ([source.workspace_id]) == [source.workspace_id]
    assert waits_tell(source.workspace_id)
    assert waits_differ([source.workspace_id]) == []


def test_a_wait_is_told_from_its_beginning_to_its_end(
    make_endpoint: EndpointMaker, source: Source
) -> None:
    endpoint = make_endpoint(events=WAITS, since=timezone.now() - timedelta(days=3), late_hours=5)
    one = waiting(source, timezone.now() - timedelta(hours=4, minutes=30))
    tell(source)
    assert told(endpoint) == ["waiting.started"]

    since = timezone.now() - timedelta(hours=5, minutes=30)
    Standing.objects.filter(pk=one.pk).update(since=since)
    tell(source)
    # For the endpoint the wait before has ended, and this one has begun and is late.
    [late] = Delivery.objects.filter(event="waiting.late")
    assert late.payload["data"]["wait"]["hours"] == 5

    Thread.objects.filter(pk=one.pk).update(state=ThreadState.CLOSED)
    one.delete()
    tell(source)
    ended = Delivery.objects.latest("pk")
    assert (ended.event, ended.payload["data"]["reason"]) == ("waiting.ended", "closed")


def test_whoever_waited_before_an_endpoint_was_made_is_no_news(
    make_endpoint: EndpointMaker, source: Source
) -> None:
    waiting(source, timezone.now() - timedelta(hours=2))
    waiting(source, timezone.now() - timedelta(hours=90))
    endpoint = make_endpoint(events=WAITS)

    assert waits_differ([source.workspace_id]) == []
    assert told(endpoint) == []


def test_a_snoozed_wait_is_late_only_when_the_snooze_is_over(
    make_endpoint: EndpointMaker, source: Source
) -> None:
    since = timezone.now() - timedelta(hours=30)
    endpoint = make_endpoint(events=["waiting.late"], since=since - timedelta(days=1))
    one = waiting(source, since)
    later = timezone.now() + timedelta(hours=1)
    held = Triage.objects.create(thread=one.thread, workspace=one.workspace, snoozed_until=later)
    waits_tell(source.workspace_id)
    assert waits_differ([source.workspace_id]) == []
    assert told(endpoint) == []

    held.delete()
    tell(source)

    assert told(endpoint) == ["waiting.late"]


def test_other_hours_make_nobody_late_who_is_so_already(
    make_endpoint: EndpointMaker, source: Source, alice: object
) -> None:
    endpoint = make_endpoint(
        events=["waiting.late"], since=timezone.now() - timedelta(days=3), late_hours=48
    )
    waiting(source, timezone.now() - timedelta(hours=40))
    tell(source)

    wanted = Wanted(name="Ours", url="", events=["waiting.late"], late_hours=24)
    endpoint_update(viewer=alice, endpoint_id=endpoint.pk, wanted=wanted)  # type: ignore[arg-type]

    assert waits_differ([source.workspace_id]) == []
    assert told(endpoint) == []


def test_what_is_set_aside_says_so(make_endpoint: EndpointMaker, source: Source) -> None:
    make_endpoint(events=["waiting.ended"], since=timezone.now() - timedelta(days=1))
    one = waiting(source, timezone.now() - timedelta(hours=2))
    tell(source)
    Triage.objects.create(thread=one.thread, workspace=one.workspace, is_set_aside=True)
    Standing.objects.filter(pk=one.pk).update(side=Side.ASIDE)
    tell(source)

    [ended] = Delivery.objects.all()
    assert ended.payload["data"]["reason"] == "set_aside"


@pytest.mark.parametrize("is_private", [True, False, None])
def test_who_waits_in_what_is_private_or_may_be_is_kept_in(
    make_endpoint: EndpointMaker,
    alice: User,
    workspace: Workspace,
    source: Source,
    is_private: bool | None,
) -> None:
    endpoint = make_endpoint(events=WAITS, since=timezone.now() - timedelta(days=3), late_hours=5)
    if is_private is not None:
        source_visibility_note(source.pk, is_private=is_private)
    workspace_keep_private_in(viewer=alice, workspace=workspace, keeps=True)
    late = waiting(source, timezone.now() - timedelta(hours=6))
    tell(source)
    late.delete()
    tell(source)

    assert sorted(told(endpoint)) == (sorted(WAITS) if is_private is False else [])
