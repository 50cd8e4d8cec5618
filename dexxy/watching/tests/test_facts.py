"""What is told to whoever watches: each fact is what is so at this moment."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from rq import Queue
from rq.serializers import JSONSerializer

from dexxy.accounts.models import Workspace
from dexxy.common.counts import counts
from dexxy.common.valkey import connection_to
from dexxy.integrations.models import (
    Credential,
    CredentialKind,
    DeliveryState,
    RunState,
    SyncRun,
    SyncStatus,
    WebhookDelivery,
)
from dexxy.messages.models import Change, Follower, Message
from dexxy.sources.models import Source
from dexxy.watching import arriving, counters, facts, reading, working
from dexxy.watching.everything import GROUPS, facts_now, measures
from dexxy.watching.exposition import as_text
from dexxy.watching.facts import Fact, Group, Measure, asked
from tests.factories import (
    make_app,
    make_delivery,
    make_installation,
    make_message,
    make_repository,
    make_run,
    make_thread,
    make_workspace,
)

pytestmark = pytest.mark.django_db


def told(groups: Iterable[Group], measure: Measure) -> dict[tuple[str, ...], float]:
    """Return what is told of a measure, by its labels."""
    return {one.labels: one.value for one in asked(groups).facts if one.measure is measure}


def minutes_ago(minutes: float) -> datetime:
    return timezone.now() - timedelta(minutes=minutes)


def make_credential(*, workspace: Workspace) -> Credential:
    """Make what the connection of WORKSPACE is read with."""
    installation = make_installation(workspace=workspace)
    installation.credential = Credential.objects.create(
        server="github", kind=CredentialKind.INSTALLATION, account_id=installation.account_id
    )
    installation.save()
    return installation.credential


def test_repositories_are_counted_by_their_status(source: Source) -> None:
    make_repository(source=source, status=SyncStatus.ERROR)

    by_status = told(reading.GROUPS, reading.REPOSITORIES)

    assert by_status[("error",)] == 1
    assert sum(by_status.values()) == 1
    assert set(by_status) == {(status,) for status in SyncStatus.values}


def test_runs_that_ended_within_an_hour_are_told_with_what_they_spent(source: Source) -> None:
    repository = make_repository(source=source)
    for ended, state, code in (
        (5, RunState.DONE, ""),
        (59, RunState.FAILED, "github_server_error"),
        (61, RunState.DONE, ""),
    ):
        make_run(
            repository=repository,
            state=state,
            finished_at=minutes_ago(ended),
            requests=5,
            points=7,
            error_code=code,
        )

    assert told(reading.GROUPS, reading.RUNS_ENDED) == {
        ("done",): 1,
        ("failed",): 1,
        ("stopped",): 0,
    }
    assert told(reading.GROUPS, reading.RUN_ERRORS) == {("github_server_error",): 1}
    assert told(reading.GROUPS, reading.REQUESTS) == {(): 10}
    assert told(reading.GROUPS, reading.POINTS) == {(): 14}


def test_a_receipt_that_differs_from_github_is_counted(source: Source) -> None:
    repository = make_repository(source=source)
    line = {"here": 3, "github": 4, "taken_at": timezone.now().isoformat()}
    make_run(repository=repository, receipt={"issue": line, "edited": []})

    assert told(reading.GROUPS, reading.DIFFERING) == {(): 1}
    SyncRun.objects.update(receipt={"issue": {**line, "here": 4}})
    assert told(reading.GROUPS, reading.DIFFERING) == {(): 0}


def test_what_a_credential_has_left_is_told_until_its_hour_is_over(source: Source) -> None:
    credential = make_credential(workspace=source.workspace)
    left = {"points_remaining": 4200, "requests_remaining": 4900}
    Credential.objects.update(points_reset_at=timezone.now() + timedelta(minutes=9), **left)
    name = (str(credential.pk),)

    assert told(reading.GROUPS, reading.POINTS_LEFT) == {name: 4200}
    assert told(reading.GROUPS, reading.REQUESTS_LEFT) == {name: 4900}
    Credential.objects.update(points_reset_at=minutes_ago(1))
    assert told(reading.GROUPS, reading.POINTS_LEFT) == {}
    assert told(reading.GROUPS, reading.CREDENTIALS)[("all",)] == 1


def test_of_very_many_credentials_those_with_least_are_told(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_CREDENTIALS", 2)
    later = timezone.now() + timedelta(hours=1)
    pks = [make_credential(workspace=make_workspace()).pk for _number in range(4)]
    for number, pk in enumerate(pks):
        left = {"points_remaining": 100 - number, "points_reset_at": later}
        Credential.objects.filter(pk=pk).update(**left)

    assert told(reading.GROUPS, reading.POINTS_LEFT) == {(str(pks[3]),): 97, (str(pks[2]),): 98}


def test_the_inbox_tells_how_much_waits_and_for_how_long() -> None:
    installation = make_installation(workspace=make_workspace(), app=make_app())
    for state, waited in (
        (DeliveryState.PENDING, 10),
        (DeliveryState.PENDING, 1),
        (DeliveryState.FAILED, 60),
        (DeliveryState.DONE, 90),
    ):
        delivery = WebhookDelivery.objects.filter(pk=make_delivery(installation=installation).pk)
        delivery.update(received_at=minutes_ago(waited), state=state)

    assert told(arriving.GROUPS, arriving.INBOX) == {("pending",): 2, ("failed",): 1}
    assert told(arriving.GROUPS, arriving.INBOX_SECONDS)[()] == pytest.approx(600, abs=5)


def test_how_long_deliveries_took_is_told_of_those_of_late() -> None:
    installation = make_installation(workspace=make_workspace(), app=make_app())
    for seconds, ago in ((1, 1), (2, 2), (9, 3), (500, 60)):
        done = minutes_ago(ago)
        delivery = WebhookDelivery.objects.filter(pk=make_delivery(installation=installation).pk)
        began = done - timedelta(seconds=seconds)
        delivery.update(state=DeliveryState.DONE, received_at=began, processed_at=done)

    found = told(arriving.GROUPS, arriving.DELIVERY_SECONDS)

    assert found == {("50",): 2, ("95",): pytest.approx(8.3), ("100",): 9}


def test_how_soon_the_feed_has_something_leaves_first_syncs_out(source: Source) -> None:
    thread = make_thread(source=source)
    Source.objects.update(created_at=minutes_ago(60))
    for happened in (10, 90):
        message = make_message(thread=thread, occurred_at=minutes_ago(happened))
        Message.objects.filter(pk=message.pk).update(created_at=minutes_ago(9))

    found = told(arriving.GROUPS, arriving.FEED_SECONDS)

    assert found[("100",)] == pytest.approx(60, abs=2)


def test_a_follower_is_as_far_behind_as_the_oldest_change_it_has_not_read(source: Source) -> None:
    Change.objects.all().delete()
    for name in ("search", "outgoing"):
        Follower.objects.create(workspace=source.workspace, name=name, transaction_id=5)
    for transaction, ago in ((5, 60), (6, 2), (7, 1)):
        Change.objects.create(
            workspace=source.workspace,
            epoch=0,
            transaction_id=transaction,
            kind="written",
            thread_id=1,
            noted_at=minutes_ago(ago),
        )
    Follower.objects.update(change_id=2**62)

    seconds = told(arriving.GROUPS, arriving.BEHIND_SECONDS)

    assert seconds[("search",)] == pytest.approx(120, abs=5)
    # Nobody listens there any more, so nobody is behind.
    assert seconds[("outgoing",)] == 0
    assert told(arriving.GROUPS, arriving.BEHIND)[("search",)] == 1


def test_a_queue_tells_how_long_its_first_job_waits() -> None:
    # Not in the test's transaction, after which no job would be put there.
    server = connection_to(settings.REDIS_URL)
    queue = Queue("sync", connection=server, serializer=JSONSerializer)
    queue.empty()  # type: ignore[no-untyped-call]
    job = queue.enqueue("dexxy.integrations.tasks.drain_deliveries")
    since = timezone.now() - timedelta(seconds=90)
    server.hset(job.key, "enqueued_at", since.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))

    try:
        assert told(working.GROUPS, working.QUEUE_JOBS)[("sync",)] == 1
        waited = told(working.GROUPS, working.QUEUE_SECONDS)
        assert waited[("sync",)] == pytest.approx(90, abs=5)
        assert waited[("search",)] == 0
        assert told(working.GROUPS, working.WORKERS)[("sync",)] == 0
    finally:
        queue.empty()  # type: ignore[no-untyped-call]


@pytest.fixture
def nothing_counted() -> Iterator[None]:
    counts.forget()
    server = connection_to(settings.REDIS_URL)
    server.delete("dexxy:counts")
    yield
    counts.forget()
    server.delete("dexxy:counts")


@pytest.mark.usefixtures("nothing_counted")
def test_what_several_processes_counted_is_one_number() -> None:
    for _process in range(3):
        counts.add("jobs", function="drain_deliveries", outcome="done")
        counts.observe("job_seconds", 0.07, function="drain_deliveries")
        counts.tell()
    counts.add("jobs", function="drain_deliveries", outcome="done")  # not told yet

    assert told(counters.GROUPS, counters.JOBS) == {("drain_deliveries", "done"): 3}
    text = as_text(asked(counters.GROUPS).facts).decode()
    assert 'dexxy_jobs_total{function="drain_deliveries",outcome="done"} 3.0' in text
    assert 'dexxy_job_seconds_bucket{function="drain_deliveries",le="0.05"} 0.0' in text
    assert 'dexxy_job_seconds_bucket{function="drain_deliveries",le="0.1"} 3.0' in text
    assert 'dexxy_job_seconds_count{function="drain_deliveries"} 3.0' in text
    assert 'dexxy_job_seconds_sum{function="drain_deliveries"} 0.21' in text


@pytest.mark.usefixtures("nothing_counted")
def test_what_no_measure_knows_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "MOST_SERIES", 3)
    counts.add("visitors", name="mei")
    counts.add("jobs", function="a", outcome="done", name="mei")
    counts.observe("job_seconds", 1, function="a", of="mei")
    for number in range(9):
        counts.add("errors", where="api", code=str(number))
    counts.tell()

    assert len(told(counters.GROUPS, counters.ERRORS)) == 3
    assert "mei" not in as_text(facts_now().facts).decode()


def test_all_is_told_within_few_statements(django_assert_max_num_queries: object) -> None:
    with django_assert_max_num_queries(90):  # type: ignore[operator]
        found = facts_now()

    assert found.missing == []


def test_prometheus_reads_all_that_is_told(source: Source) -> None:
    make_repository(source=source)
    counts.add("errors", where="api", code="not_found")
    counts.tell()

    found = facts_now()
    families = list(text_string_to_metric_families(as_text(found.facts).decode()))

    names = {family.name for family in families}
    known = {measure.name.removesuffix("_total") for measure in measures()}
    assert names <= known
    assert len(names) == len({fact.measure.name for fact in found.facts})
    assert all(family.documentation for family in families)


def test_what_is_too_slow_hides_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def sleep() -> Iterable[Fact]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(10)")
        return []

    monkeypatch.setattr(facts, "LONGEST_QUESTION", 0.05)
    groups = [Group("slow", (), sleep), *working.GROUPS]

    found = asked(groups)

    assert found.missing == ["slow"]
    is_there = {
        fact.labels: fact.value for fact in found.facts if fact.measure is facts.GROUP_IS_THERE
    }
    assert is_there == {
        ("slow",): 0,
        ("queues",): 1,
        ("waits",): 1,
        ("leaving",): 1,
        ("database",): 1,
    }


def test_all_together_end_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "LONGEST_ASKING", 0.0)

    found = facts_now()

    asks_the_database = {group.name for group in GROUPS} - {"dexxy", "counters", "queues"}
    assert set(found.missing) >= asks_the_database


def test_each_measure_has_one_name_and_says_what_it_is() -> None:
    names = [measure.name for measure in measures()]

    assert len(names) == len(set(names))
    assert all(name.startswith("dexxy_") for name in names)
    assert all(measure.help.endswith(".") for measure in measures())
