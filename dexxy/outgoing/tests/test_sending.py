"""Sending: signed as Standard Webhooks says, at least once, whatever the receiver does."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import monotonic

import pytest
from django.db import connections
from django.utils import timezone
from django_rq import get_queue
from standardwebhooks import Webhook, WebhookVerificationError

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.common.errors import DexxyError
from dexxy.messages.models import Message
from dexxy.outgoing import sending
from dexxy.outgoing.deliveries import endpoint_redeliver
from dexxy.outgoing.endpoints import (
    endpoint_rotate_secret,
    endpoint_set_paused,
    endpoint_test,
)
from dexxy.outgoing.models import Delivery, DeliveryState, Endpoint, EndpointKind
from dexxy.outgoing.privacy import workspace_keep_private_in
from dexxy.outgoing.sending import MOST_ATTEMPTS, PAUSES, deliveries_send
from dexxy.outgoing.tasks import follow_events, send_deliveries
from dexxy.outgoing.tests.conftest import EndpointMaker, catch_up
from dexxy.outgoing.tests.test_following import opened
from dexxy.outgoing.waking import outgoing_wake
from dexxy.sources.models import Source
from tests.factories import make_workspace
from tests.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_is_sent_is_verified_by_the_library_of_receivers(
    make_endpoint: EndpointMaker, source: Source, receiver: Receiver
) -> None:
    endpoint = make_endpoint(receiver.url, events=["thread.opened"])
    message = opened(source)
    catch_up()

    assert deliveries_send(seconds=5) == 1

    [got] = receiver.received
    verified = Webhook(endpoint.secret.read()).verify(got.body, got.headers)
    assert verified["type"] == "thread.opened"
    assert verified["data"]["message"]["id"] == str(message.pk)
    assert got.headers["content-type"] == "application/json"
    [delivery] = Delivery.objects.all()
    assert (delivery.state, delivery.status, delivery.answer) == ("done", 200, "ok")
    assert got.headers["webhook-id"] == delivery.webhook_id
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 43 + "=").verify(got.body, got.headers)
    assert deliveries_send(seconds=1) == 0


def test_both_secrets_verify_for_a_day_after_one_was_exchanged(
    make_endpoint: EndpointMaker, alice: User, receiver: Receiver
) -> None:
    endpoint = make_endpoint(receiver.url)
    old = endpoint.secret.read()
    endpoint, new = endpoint_rotate_secret(viewer=alice, endpoint_id=endpoint.pk)
    endpoint_test(viewer=alice, endpoint_id=endpoint.pk)
    deliveries_send(seconds=5)
    for secret in (old, new):
        Webhook(secret).verify(receiver.received[0].body, receiver.received[0].headers)

    Endpoint.objects.update(previous_until=timezone.now())
    endpoint_test(viewer=alice, endpoint_id=endpoint.pk)
    deliveries_send(seconds=5)

    Webhook(new).verify(receiver.received[1].body, receiver.received[1].headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(receiver.received[1].body, receiver.received[1].headers)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (500, "It answers with the status 500."),
        (404, "It answers with the status 404."),
        (302, "It leads elsewhere: give the address that it leads to."),
    ],
)
def test_a_receiver_that_refuses_is_asked_again_later_under_the_same_id(
    make_endpoint: EndpointMaker, alice: User, receiver: Receiver, status: int, error: str
) -> None:
    endpoint = make_endpoint(receiver.url)
    receiver.status, receiver.headers = status, {"Location": f"{receiver.url}/other"}
    endpoint_test(viewer=alice, endpoint_id=endpoint.pk)

    assert deliveries_send(seconds=1) == 1

    [delivery] = Delivery.objects.all()
    assert (delivery.state, delivery.status, delivery.error) == ("pending", status, error)
    assert delivery.attempts == 1
    waits = delivery.next_attempt_at - timezone.now()
    assert timedelta(0) < waits <= PAUSES[0]
    assert deliveries_send(seconds=1) == 0
    rested()
    receiver.status = 200
    assert deliveries_send(seconds=1) == 1
    ids = {one.headers["webhook-id"] for one in receiver.received}
    assert (len(receiver.received), ids) == (2, {delivery.webhook_id})
    # The redirect led nowhere.
    assert {one.path for one in receiver.received} == {"/"}
    endpoint.refresh_from_db()
    assert (endpoint.failures, endpoint.failing_since, endpoint.rests_until) == (0, None, None)


def test_a_megabyte_of_an_answer_is_not_read_to_its_end(
    make_endpoint: EndpointMaker, alice: User, receiver: Receiver
) -> None:
    endpoint = make_endpoint(receiver.url)
    receiver.body = b"x" * 2**20
    endpoint_test(viewer=alice, endpoint_id=endpoint.pk)

    deliveries_send(seconds=1)

    [delivery] = Delivery.objects.all()
    assert (delivery.state, delivery.answer) == ("done", "x" * 1000)


def test_a_receiver_that_hangs_delays_no_other(
    make_endpoint: EndpointMaker,
    alice: User,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "SECONDS", 1.5)
    slow, quick = make_endpoint(f"{receiver.url}/hang"), make_endpoint(receiver.url)
    for endpoint in (slow, slow, quick, quick, quick):
        endpoint_test(viewer=alice, endpoint_id=endpoint.pk)
    began = monotonic()

    deliveries_send(seconds=1)

    assert monotonic() - began < 10
    assert [one.path for one in receiver.received].count("/") == 3
    # It is asked one thing at a time.
    assert [one.path for one in receiver.received].count("/hang") == 1
    late = Delivery.objects.filter(endpoint=slow).order_by("pk")
    assert [one.error for one in late] == ["The address did not answer in time.", ""]


def test_a_workspace_full_of_slow_receivers_delays_no_other(
    make_endpoint: EndpointMaker,
    alice: User,
    bob: User,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "SECONDS", 1.5)
    for _ in range(10):
        slow = make_endpoint(f"{receiver.url}/hang")
        endpoint_test(viewer=alice, endpoint_id=slow.pk)
    quick = make_endpoint(receiver.url, of=make_workspace(admin=bob), by=bob)
    for _ in range(3):
        endpoint_test(viewer=bob, endpoint_id=quick.pk)

    deliveries_send(seconds=1)

    assert [one.path for one in receiver.received].count("/hang") == 3
    assert [one.path for one in receiver.received].count("/") == 3


@pytest.mark.slow
def test_slow_receivers_of_many_workspaces_delay_no_quick_one(
    make_endpoint: EndpointMaker,
    alice: User,
    bob: User,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sending, "SECONDS", 2.5)
    quick = make_endpoint(receiver.url, of=make_workspace(admin=bob), by=bob)
    endpoint_test(viewer=bob, endpoint_id=quick.pk)
    deliveries_send(seconds=1)
    for _ in range(5):
        theirs = make_workspace(admin=alice)
        for _ in range(2):
            slow = make_endpoint(f"{receiver.url}/hang", of=theirs)
            endpoint_test(viewer=alice, endpoint_id=slow.pk)
    for _ in range(3):
        endpoint_test(viewer=bob, endpoint_id=quick.pk)

    deliveries_send(seconds=1)

    assert [one.path for one in receiver.received].count("/hang") == 4
    assert [one.path for one in receiver.received].count("/") == 4
    # One quick answer is not enough to be taken for quick again.
    slow_ones = Endpoint.objects.filter(milliseconds__gt=2000)
    assert slow_ones.count() == 4
    receiver.hangs.set()
    rested()
    deliveries_send(seconds=1)
    assert not Delivery.objects.filter(state=DeliveryState.PENDING).exists()
    assert slow_ones.count() == 4


def test_an_address_of_our_own_network_is_not_asked(
    make_endpoint: EndpointMaker, alice: User, receiver: Receiver, settings: object
) -> None:
    endpoint = make_endpoint(receiver.url)
    settings.DEXXY_OUTSIDE_ALLOWED = []  # type: ignore[attr-defined]
    endpoint_test(viewer=alice, endpoint_id=endpoint.pk)

    deliveries_send(seconds=1)

    [delivery] = Delivery.objects.all()
    assert "in a network of our own" in delivery.error
    assert receiver.received == []


def test_after_all_attempts_it_has_failed_and_can_be_sent_again_by_hand(
    make_endpoint: EndpointMaker, alice: User, receiver: Receiver
) -> None:
    endpoint = make_endpoint(receiver.url)
    receiver.status = 500
    sent = endpoint_test(viewer=alice, endpoint_id=endpoint.pk)
    for _ in range(MOST_ATTEMPTS):
        rested()
        assert deliveries_send(seconds=1) == 1
    rested()
    assert deliveries_send(seconds=1) == 0
    sent.refresh_from_db()
    assert (sent.state, sent.attempts) == (DeliveryState.FAILED, MOST_ATTEMPTS)

    receiver.status = 200
    endpoint_redeliver(viewer=alice, delivery_id=sent.pk)
    deliveries_send(seconds=1)

    sent.refresh_from_db()
    assert (sent.state, sent.attempts) == (DeliveryState.DONE, 1)
    assert {one.headers["webhook-id"] for one in receiver.received} == {sent.webhook_id}


def test_attempts_go_on_for_a_day() -> None:
    assert timedelta(hours=24) < sum(PAUSES, timedelta()) < timedelta(hours=30)


def test_an_endpoint_that_takes_nothing_for_a_day_is_disabled_until_somebody_resumes_it(
    make_endpoint: EndpointMaker, alice: User, receiver: Receiver
) -> None:
    endpoint = make_endpoint(receiver.url)
    receiver.status = 500
    endpoint_test(viewer=alice, endpoint_id=endpoint.pk)
    a_day_ago = timezone.now() - timedelta(hours=25)
    Endpoint.objects.update(failures=MOST_ATTEMPTS - 1, failing_since=a_day_ago)

    deliveries_send(seconds=1)

    endpoint.refresh_from_db()
    assert endpoint.disabled_at is not None
    assert endpoint.disabled_because == "It answers with the status 500."
    entry = AuditEntry.objects.get(action="endpoint.disabled")
    assert (entry.actor, entry.target_id) == (None, str(endpoint.pk))
    assert entry.details == {"name": "Ours", "because": "It answers with the status 500."}
    with pytest.raises(DexxyError, match="resume it first"):
        endpoint_test(viewer=alice, endpoint_id=endpoint.pk)
    rested()
    assert deliveries_send(seconds=1) == 0
    endpoint_set_paused(viewer=alice, endpoint_id=endpoint.pk, paused=False)
    receiver.status = 200
    assert deliveries_send(seconds=1) == 1


def test_a_receiver_that_is_gone_is_disabled_at_once(
    make_endpoint: EndpointMaker, alice: User, receiver: Receiver
) -> None:
    endpoint = make_endpoint(receiver.url)
    receiver.status = 410
    endpoint_test(viewer=alice, endpoint_id=endpoint.pk)

    deliveries_send(seconds=1)

    endpoint.refresh_from_db()
    assert endpoint.disabled_at is not None


def test_a_receiver_is_left_alone_for_as_long_as_it_wishes(
    make_endpoint: EndpointMaker, alice: User, receiver: Receiver
) -> None:
    endpoint = make_endpoint(receiver.url)
    receiver.status, receiver.headers = 429, {"Retry-After": "1200"}
    endpoint_test(viewer=alice, endpoint_id=endpoint.pk)

    deliveries_send(seconds=1)

    endpoint.refresh_from_db()
    assert endpoint.rests_until is not None
    rests = endpoint.rests_until - timezone.now()
    assert timedelta(minutes=19) < rests <= timedelta(minutes=20)


def test_what_a_killed_worker_had_claimed_is_sent_again_under_the_same_id(
    make_endpoint: EndpointMaker, alice: User, receiver: Receiver
) -> None:
    endpoint = make_endpoint(receiver.url)
    sent = endpoint_test(viewer=alice, endpoint_id=endpoint.pk)
    [claim] = sending._claim(1, 1)
    sending._ask(claim)  # and here it is killed
    assert deliveries_send(seconds=1) == 0

    later = timezone.now() - timedelta(seconds=1)
    Endpoint.objects.update(held_until=later)
    Delivery.objects.update(next_attempt_at=later)
    assert deliveries_send(seconds=1) == 1

    assert [one.headers["webhook-id"] for one in receiver.received] == [sent.webhook_id] * 2
    # The first one comes back after all: that its claim has run out changes nothing.
    sending._note(claim, sending.Outcome(status=500))
    sent.refresh_from_db()
    assert sent.state == DeliveryState.DONE


def test_what_is_kept_in_meanwhile_is_not_sent(
    make_endpoint: EndpointMaker,
    alice: User,
    workspace: Workspace,
    source: Source,
    receiver: Receiver,
) -> None:
    make_endpoint(receiver.url, events=["thread.opened"])
    opened(source)
    catch_up()
    workspace_keep_private_in(viewer=alice, workspace=workspace, keeps=True)

    assert deliveries_send(seconds=1) == 0

    [delivery] = Delivery.objects.all()
    assert (delivery.state, receiver.received) == (DeliveryState.FAILED, [])


def test_many_events_are_one_message_of_a_chat(
    make_endpoint: EndpointMaker, source: Source, receiver: Receiver
) -> None:
    make_endpoint(f"{receiver.url}/T/B/x", kind=EndpointKind.SLACK, events=["thread.opened"])
    for number in range(1, 41):
        opened(source, number=number, title=f"<!channel> & @everyone {number}")
    catch_up()

    deliveries_send(seconds=5)

    [got] = receiver.received
    text = json.loads(got.body)["text"]
    assert "webhook-signature" not in got.headers
    assert "and 25 more" in text
    assert text.count("&lt;!channel&gt; &amp; @\u200beveryone") == 15
    assert "<!channel>" not in text
    assert len(text) <= 4000
    assert {one.state for one in Delivery.objects.all()} == {DeliveryState.DONE}
    assert Message.objects.count() == 40


def rested() -> None:
    """Let all that waits be due."""
    now = timezone.now()
    Endpoint.objects.update(rests_until=None)
    Delivery.objects.filter(state=DeliveryState.PENDING).update(next_attempt_at=now)


def test_two_workers_send_each_thing_once_and_in_its_order(
    make_endpoint: EndpointMaker, alice: User, receiver: Receiver
) -> None:
    for number in range(4):
        endpoint = make_endpoint(f"{receiver.url}/{number}")
        for _ in range(5):
            endpoint_test(viewer=alice, endpoint_id=endpoint.pk)

    def work(_number: int) -> int:
        try:
            return deliveries_send(seconds=5)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as workers:
        made = sum(workers.map(work, range(2)))

    assert made == len(receiver.received) == 20
    for endpoint in Endpoint.objects.all():
        ids = list(endpoint.deliveries.order_by("pk").values_list("webhook_id", flat=True))
        path = endpoint.url.read().removeprefix(receiver.url)
        came = [one.headers["webhook-id"] for one in receiver.received if one.path == path]
        assert came == ids


def test_what_happens_is_sent_by_the_jobs_that_the_scheduler_wakes(
    make_endpoint: EndpointMaker, source: Source, receiver: Receiver
) -> None:
    make_endpoint(receiver.url, events=["thread.opened"])
    outgoing_wake()
    assert waiting_jobs() == {"search": [], "outgoing": []}
    opened(source)

    outgoing_wake()
    assert waiting_jobs() == {"search": ["follow_events"], "outgoing": []}
    follow_events()
    assert waiting_jobs()["outgoing"] == ["send_deliveries"]
    send_deliveries()

    assert [json.loads(one.body)["type"] for one in receiver.received] == ["thread.opened"]
    empty_queues()
    outgoing_wake()
    assert waiting_jobs() == {"search": [], "outgoing": []}


def waiting_jobs() -> dict[str, list[str]]:
    """Return the jobs that wait, by their queues."""
    return {
        name: [one.rpartition("-")[0] for one in get_queue(name).get_job_ids()]
        for name in ("search", "outgoing")
    }


def empty_queues() -> None:
    for name in ("search", "outgoing"):
        get_queue(name).empty()  # type: ignore[no-untyped-call]
