"""The inbox is worked off whole: by two at once, after a kill, around what fails."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from threading import Thread as Worker
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_rq import get_queue
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from structlog.testing import capture_logs

from dexxy.accounts.models import Workspace
from dexxy.common.valkey import outage
from dexxy.integrations.models import DeliveryState, Drain, GitHubApp, WebhookDelivery
from dexxy.integrations.services.github.webhooks import drain, thread_events
from dexxy.integrations.services.github.webhooks.drain import LONGEST_BATCH, deliveries_drain
from dexxy.integrations.services.github.webhooks.inbox import (
    deliveries_retry,
    enqueue_deliveries,
)
from dexxy.integrations.tasks import drain_deliveries
from dexxy.integrations.tests.connected_app import arrive, connect_app, payload
from dexxy.messages.models import Message, Thread
from tests.other_writer import other_writer
from tests.servers import own_database
from tests.webhooks import send

NOWHERE = {"URL": "unix:///nowhere.sock?db=0", "SERIALIZER": "rq.serializers.JSONSerializer"}


@pytest.fixture(autouse=True)
def empty_queue() -> Iterator[None]:
    get_queue("deliveries").empty()  # type: ignore[no-untyped-call]
    yield
    get_queue("deliveries").empty()  # type: ignore[no-untyped-call]


@pytest.fixture
def app(workspace: Workspace) -> GitHubApp:
    return connect_app(workspace)


def arrive_many(app: GitHubApp, count: int) -> None:
    """Let comments arrive, each on an issue of its own."""
    for number in range(1, count + 1):
        comment = payload("issue_comment__created")
        comment["issue"] |= {"number": number, "node_id": f"I_{number}"}
        comment["comment"]["id"] = 1000 + number
        send(app, comment, event="issue_comment")


def states() -> dict[str, int]:
    found: dict[str, int] = {}
    for state in WebhookDelivery.objects.values_list("state", flat=True):
        found[state] = found.get(state, 0) + 1
    return found


def attempts() -> list[int]:
    return list(WebhookDelivery.objects.order_by("pk").values_list("attempts", flat=True))


def sizes_of(lines: Sequence[Any]) -> list[int]:
    """Return how large the batches were that LINES of the log tell of."""
    return [one["deliveries"] for one in lines if one["event"] == "webhooks worked off"]


def make_malformed(app: GitHubApp) -> WebhookDelivery:
    """Let a delivery arrive whose shape nobody knows."""
    broken = payload("issues__opened")
    broken["issue"]["created_at"] = "yesterday"
    broken["repository"] = None
    send(app, broken, event="issues")
    return WebhookDelivery.objects.latest("pk")


def make_unstorable(app: GitHubApp) -> WebhookDelivery:
    """Let a delivery arrive that PostgreSQL will refuse to apply."""
    broken = payload("issues__opened")
    broken["issue"] |= {"number": 77, "state_reason": "r" * 300}
    send(app, broken, event="issues")
    return WebhookDelivery.objects.latest("pk")


@pytest.mark.django_db
def test_a_batch_is_applied_at_once(app: GitHubApp) -> None:
    arrive_many(app, 5)
    with CaptureQueriesContext(connection) as few:
        deliveries_drain(seconds=10)
    arrive_many(app, 50)

    with CaptureQueriesContext(connection) as many:
        assert deliveries_drain(seconds=10) == 50

    assert len(many) <= len(few) + 5
    assert states() == {"done": 55}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("make_bad", "error"),
    [(make_malformed, thread_events._UNREAD.why), (make_unstorable, drain._CRASHED)],
)
def test_one_bad_delivery_fails_alone(app: GitHubApp, make_bad: Any, error: str) -> None:
    arrive_many(app, 7)
    bad = make_bad(app)
    arrive(app, "pull_request__opened")

    with capture_logs() as lines:
        deliveries_drain(seconds=10)

    assert states() == {"done": 8, "pending": 1}
    batches = [line for line in lines if line["event"] == "webhooks worked off"]
    assert sum(line["deliveries"] for line in batches) >= 8  # the bad one, too, if it was read
    assert {"first", "milliseconds", "waited"} <= set(batches[0])
    bad.refresh_from_db()
    assert (bad.state, bad.attempts) == (DeliveryState.PENDING, 1)
    assert bad.error == error
    assert any(line.get("delivery") in (bad.pk, [bad.pk]) for line in lines)
    assert bad.next_attempt_at > timezone.now()


@pytest.mark.django_db
def test_a_bad_delivery_is_tried_again_later_and_later_and_then_kept(app: GitHubApp) -> None:
    bad = make_malformed(app)
    pauses = []

    for _ in range(drain.MOST_ATTEMPTS):
        WebhookDelivery.objects.update(next_attempt_at=timezone.now())
        deliveries_drain(seconds=10)
        bad.refresh_from_db()
        pauses.append(round((bad.next_attempt_at - timezone.now()).total_seconds()))

    assert pauses == pytest.approx([10 * 3**n for n in range(drain.MOST_ATTEMPTS)], abs=2)
    assert (bad.state, bad.attempts) == (DeliveryState.FAILED, drain.MOST_ATTEMPTS)
    assert bad.error == thread_events._UNREAD.why
    assert deliveries_drain(seconds=10) == 0


@pytest.mark.django_db
def test_what_failed_can_be_asked_for_again(app: GitHubApp) -> None:
    bad = make_malformed(app)
    WebhookDelivery.objects.update(state=DeliveryState.FAILED, attempts=8)
    bad.payload = payload("issues__opened")
    bad.state = DeliveryState.FAILED
    bad.save()

    assert deliveries_retry(delivery_ids=[bad.pk]) == 1
    deliveries_drain(seconds=10)

    bad.refresh_from_db()
    assert (bad.state, bad.error) == (DeliveryState.DONE, "")


@pytest.mark.django_db
def test_what_was_done_is_not_done_again(app: GitHubApp) -> None:
    arrive(app, "issues__opened")
    deliveries_drain(seconds=10)

    assert deliveries_retry(delivery_ids=[WebhookDelivery.objects.get().pk]) == 0
    assert deliveries_drain(seconds=10) == 0


@pytest.mark.django_db
def test_events_of_accounts_and_of_threads_keep_their_order(app: GitHubApp) -> None:
    arrive(app, "issues__opened")
    send(app, {"zen": "Design for failure.", "hook_id": 1}, event="ping")
    arrive(app, "issue_comment__created")

    assert deliveries_drain(seconds=10) == 3
    assert states() == {"done": 3}


@pytest.mark.django_db
def test_a_batch_fits_into_memory(app: GitHubApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "BATCH_BYTES", 250_000)
    # PostgreSQL stores what repeats itself in a hundredth of that.
    for number in range(3):
        issue = payload("issues__opened")
        issue["issue"] |= {"number": number + 1, "node_id": f"I_{number}", "junk": "x" * 100_000}
        send(app, issue, event="issues")

    assert deliveries_drain(seconds=0) == 2
    assert deliveries_drain(seconds=10) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_do_each_delivery_once(workspace: Workspace) -> None:
    app = connect_app(workspace)
    arrive_many(app, 250)
    found: list[int] = []

    def work() -> None:
        try:
            found.append(deliveries_drain(seconds=60))
        finally:
            connection.close()

    workers = [Worker(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert sum(found) == 250
    assert states() == {"done": 250}
    assert (Thread.objects.count(), Message.objects.filter(kind="comment").count()) == (250, 250)


@pytest.mark.django_db(transaction=True)
def test_what_another_worker_holds_is_left_to_it(workspace: Workspace) -> None:
    app = connect_app(workspace)
    arrive(app, "issues__opened")

    with connection.cursor() as cursor:
        held = WebhookDelivery.objects.select_for_update()
        worker = Worker(target=_drain_beside)
        from django.db import transaction

        with transaction.atomic():
            assert len(held) == 1
            worker.start()
            worker.join()
            cursor.execute("SELECT 1")

    assert states() == {"pending": 1}


def _drain_beside() -> None:
    try:
        assert deliveries_drain(seconds=10) == 0
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_worker_waits_for_whoever_writes_the_same_thread(workspace: Workspace) -> None:
    app = connect_app(workspace)
    arrive(app, "issues__opened")
    deliveries_drain(seconds=10)
    arrive(app, "issue_comment__created")

    with other_writer(lambda: list(Thread.objects.select_for_update())):
        assert deliveries_drain(seconds=10) == 1

    assert states() == {"done": 2}


KILLED = """
import os, signal, django
django.setup()
from dexxy.integrations.services.github.webhooks import drain, thread_events
note = drain._note
def die(outcomes, **options):
    note(outcomes, **options)
    os.kill(os.getpid(), signal.SIGKILL)
drain._note = die
drain.deliveries_drain(seconds=10)
"""


def drain_and_die() -> None:
    """Let a process be killed at the end of its first batch."""
    done = subprocess.run(
        [sys.executable, "-c", KILLED],
        env={**os.environ, **own_database(), "DJANGO_SETTINGS_MODULE": "dexxy.config.settings"},
        check=False,
    )
    assert done.returncode == -9


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_before_its_commit_leaves_everything_due(workspace: Workspace) -> None:
    app = connect_app(workspace)
    arrive_many(app, 10)

    drain_and_die()

    assert (states(), Thread.objects.count()) == ({"pending": 10}, 0)
    assert deliveries_drain(seconds=10) == 10
    assert (states(), Thread.objects.count()) == ({"done": 10}, 10)


@pytest.mark.django_db(transaction=True)
def test_after_a_drain_was_cut_short_each_delivery_is_counted_before_it_is_tried(
    workspace: Workspace,
) -> None:
    app = connect_app(workspace)
    arrive_many(app, 3)

    drain_and_die()  # nobody knows what killed it
    assert attempts() == [0, 0, 0]
    drain_and_die()  # it was the first one

    assert attempts() == [1, 0, 0]
    first = WebhookDelivery.objects.order_by("pk")[0]
    assert (first.state, "died" in first.error) == (DeliveryState.PENDING, True)
    assert deliveries_drain(seconds=10) == 2
    assert states() == {"pending": 1, "done": 2}


@pytest.mark.django_db(transaction=True)
def test_what_was_cut_short_is_forgotten_once_a_drain_comes_to_its_end(
    workspace: Workspace,
) -> None:
    app = connect_app(workspace)
    arrive_many(app, 2)
    drain_and_die()

    with capture_logs() as careful:
        deliveries_drain(seconds=10)
    arrive_many(app, 2)
    with capture_logs() as quick:
        deliveries_drain(seconds=10)

    assert (sizes_of(careful), sizes_of(quick)) == ([1, 1], [2])
    assert not Drain.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("age", [timedelta(minutes=2), timedelta(minutes=4)])
def test_a_drain_of_another_host_was_cut_short_when_it_is_old(
    app: GitHubApp, age: timedelta
) -> None:
    Drain.objects.create(holder="elsewhere|1|2", seen_at=timezone.now() - age)
    arrive_many(app, 2)

    with capture_logs() as lines:
        deliveries_drain(seconds=10)

    assert sizes_of(lines) == ([1, 1] if age > LONGEST_BATCH else [2])


@pytest.mark.django_db
def test_a_drain_tells_with_each_batch_that_it_goes_on(
    app: GitHubApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "BATCH", 2)
    arrive_many(app, 5)

    with CaptureQueriesContext(connection) as asked:
        deliveries_drain(seconds=10)

    told = [one["sql"] for one in asked if one["sql"].startswith('UPDATE "integrations_drain"')]
    assert len(told) == 3
    assert all('SET "seen_at" = STATEMENT_TIMESTAMP()' in one for one in told)


@contextmanager
def that_kills_its_session(condition: str) -> Iterator[None]:
    """Let PostgreSQL lose the session that stores a thread of CONDITION, as if memory was short."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION dies() RETURNS trigger LANGUAGE plpgsql AS"
            " 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END'"
        )
        cursor.execute(
            "CREATE TRIGGER dies AFTER INSERT ON messages_thread"
            f" FOR EACH ROW WHEN (NEW.{condition}) EXECUTE FUNCTION dies()"
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP FUNCTION dies CASCADE")


@pytest.mark.django_db(transaction=True)
def test_what_kills_its_session_fails_alone(workspace: Workspace) -> None:
    app = connect_app(workspace)
    arrive_many(app, 3)

    with that_kills_its_session("number = 2"):
        deliveries_drain(seconds=10)

    assert attempts() == [0, 1, 0]
    assert states() == {"pending": 1, "done": 2}


@pytest.mark.django_db(transaction=True)
def test_a_drain_whose_database_died_was_cut_short(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = connect_app(workspace)
    arrive_many(app, 3)
    found = []

    with that_kills_its_session("number = 2"):
        for _ in range(2):
            # Whoever lost it finds no database any more.
            monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")
            with pytest.raises(OperationalError):
                deliveries_drain(seconds=10)
            monkeypatch.undo()
            connection.close()
            found.append(attempts())

    assert found == [[0, 0, 0], [0, 1, 0]]


@pytest.mark.django_db
def test_what_failed_once_is_tried_by_itself_and_each_attempt_counts_once(app: GitHubApp) -> None:
    bad = make_malformed(app)
    deliveries_drain(seconds=10)
    WebhookDelivery.objects.update(next_attempt_at=timezone.now())
    arrive_many(app, 2)

    with capture_logs() as lines:
        assert deliveries_drain(seconds=10) == 3

    assert sorted(sizes_of(lines)) == [1, 2]
    bad.refresh_from_db()
    assert (bad.attempts, "died" in bad.error) == (2, False)


@pytest.mark.django_db
def test_what_succeeds_at_its_second_attempt_has_failed_once(app: GitHubApp) -> None:
    bad = make_malformed(app)
    deliveries_drain(seconds=10)
    WebhookDelivery.objects.update(
        next_attempt_at=timezone.now(), payload=payload("issues__opened")
    )

    deliveries_drain(seconds=10)

    bad.refresh_from_db()
    assert (bad.state, bad.attempts, bad.error) == (DeliveryState.DONE, 1, "")


@pytest.mark.django_db
def test_who_always_kills_is_a_dead_letter_in_the_end(app: GitHubApp) -> None:
    arrive(app, "issues__opened")
    # As if each of its attempts had been counted, and none had ended.
    WebhookDelivery.objects.update(attempts=drain.MOST_ATTEMPTS)

    deliveries_drain(seconds=10)

    [one] = WebhookDelivery.objects.all()
    assert (one.state, "died" in one.error) == (DeliveryState.FAILED, True)


@pytest.mark.django_db(transaction=True)
def test_without_a_database_everything_stays_due(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = connect_app(workspace)
    arrive(app, "issues__opened")
    connection.close()
    monkeypatch.setitem(connection.settings_dict, "HOST", "/nowhere")

    with capture_logs() as logs:
        drain_deliveries()

    assert [line["event"] for line in logs] == ["webhooks wait: the database is away"]
    monkeypatch.undo()
    assert states() == {"pending": 1}


@pytest.mark.django_db(transaction=True)
def test_a_worker_of_its_queue_drains_what_the_scheduler_finds(workspace: Workspace) -> None:
    app = connect_app(workspace)
    with override_settings(RQ_QUEUES={**settings.RQ_QUEUES, "deliveries": NOWHERE}):
        arrive(app, "issues__opened")
        assert enqueue_deliveries()
    assert get_queue("deliveries").count == 0
    outage.forget()

    assert enqueue_deliveries()
    queue = get_queue("deliveries")
    SimpleWorker([queue], connection=queue.connection, serializer=JSONSerializer).work(
        burst=True, logging_level="WARNING"
    )

    assert states() == {"done": 1}
    assert not enqueue_deliveries()


@pytest.mark.django_db
def test_what_waits_for_its_next_attempt_is_not_due(app: GitHubApp) -> None:
    make_malformed(app)
    deliveries_drain(seconds=10)

    assert not enqueue_deliveries()
