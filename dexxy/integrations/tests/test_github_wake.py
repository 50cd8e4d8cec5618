"""Workers of deliveries are woken once for many, and nobody waits for the queue."""

from collections.abc import Iterator
from time import monotonic, sleep

import pytest
from django.test import override_settings
from django_rq import get_queue
from structlog.testing import capture_logs

from dexxy.integrations.services.github.webhooks.wake import JOB, Waker, deliveries_wake

NOWHERE = {"URL": "unix:///nowhere.sock?db=0", "SERIALIZER": "rq.serializers.JSONSerializer"}


@pytest.fixture(autouse=True)
def empty_queue() -> Iterator[None]:
    get_queue("deliveries").empty()  # type: ignore[no-untyped-call]
    yield
    get_queue("deliveries").empty()  # type: ignore[no-untyped-call]


def jobs() -> list[str | None]:
    return [job.func_name for job in get_queue("deliveries").jobs]


def test_one_job_waits_however_often_somebody_wakes() -> None:
    deliveries_wake()
    deliveries_wake()

    assert jobs() == [JOB]


def test_with_the_queue_down_nothing_is_raised() -> None:
    with override_settings(RQ_QUEUES={"deliveries": NOWHERE}), capture_logs() as logs:
        deliveries_wake()

    assert [line["event"] for line in logs] == ["the queue cannot be used"]


def test_a_waker_wakes_beside_its_caller() -> None:
    waker = Waker()

    waker.wake_soon()
    waker.wake_soon()

    deadline = monotonic() + 10
    while not jobs() and monotonic() < deadline:
        sleep(0.01)
    assert jobs() == [JOB]
