"""What is due is synced by a worker, in slices, whatever the queue does."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_rq import get_queue
from pytest_django import Settings
from rq import SimpleWorker
from rq.job import JobStatus
from rq.serializers import JSONSerializer
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from dexxy.cli.working.thread_worker import ThreadWorker
from dexxy.common.queue import Job, workers_wake
from dexxy.integrations.models import Credential, GitHubRepository, RunState, SyncRun, SyncStatus
from dexxy.integrations.services.github.access.lease import lease_taken
from dexxy.integrations.services.github.scheduling.schedule import JOB, enqueue_due
from dexxy.integrations.tasks import sync_github_repository
from tests.servers import own_database

ENQUEUE = """
import django
django.setup()
from dexxy.integrations.services.github.scheduling.schedule import JOB, enqueue_due
print(enqueue_due())
"""

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def empty_queue() -> None:
    get_queue("sync").empty()  # type: ignore[no-untyped-call]


def work() -> None:
    """Run a worker until the queue is empty."""
    queue = get_queue("sync")
    worker = SimpleWorker([queue], connection=queue.connection, serializer=JSONSerializer)
    worker.work(burst=True, logging_level="WARNING")


def test_a_due_repository_is_synced_by_a_worker(connected: GitHubRepository) -> None:
    assert enqueue_due() == 1
    work()

    connected.refresh_from_db()
    assert connected.sync_status == SyncStatus.ACTIVE
    assert SyncRun.objects.get().trigger == "schedule"


def test_the_log_has_a_line_for_each_finished_run_that_says_whose_it_was(
    connected: GitHubRepository,
) -> None:
    enqueue_due()
    queue = get_queue("sync")
    worker = ThreadWorker([queue], connection=queue.connection, serializer=JSONSerializer)

    with capture_logs([merge_contextvars]) as lines:
        worker.work(burst=True, logging_level="WARNING")

    [line] = [line for line in lines if line["event"] == "sync done"]
    run = SyncRun.objects.get()
    assert line["repository"] == connected.full_name
    assert (line["run"], line["workspace"]) == (run.pk, connected.source.workspace_id)
    assert line["credential"] == Credential.objects.get().pk
    assert (line["does"], line["requests"]) == ("sync_github_repository", run.requests)
    assert line["job"]


def test_a_repository_that_is_being_woken_is_not_woken_twice(
    connected: GitHubRepository,
) -> None:
    assert [enqueue_due(), enqueue_due()] == [1, 0]


def looks(count: int) -> list[int]:
    """Let the scheduler look so often, each time a minute after the last."""
    found = []
    for _ in range(count):
        found.append(enqueue_due())
        Credential.objects.update(woken_at=timezone.now() - timedelta(seconds=61))
    return found


@pytest.mark.usefixtures("connected")
def test_without_a_worker_one_job_a_credential_waits_however_often_somebody_looks() -> None:
    assert looks(3) == [1, 1, 1]

    assert get_queue("sync").count == 1


@pytest.mark.usefixtures("connected")
def test_a_queue_that_was_emptied_is_filled_again() -> None:
    looks(1)
    get_queue("sync").connection.flushdb()

    looks(1)

    assert get_queue("sync").count == 1


@pytest.mark.parametrize("status", ["started", "finished", "failed"])
@pytest.mark.usefixtures("connected")
def test_a_job_that_does_not_wait_any_more_is_in_nobody_s_way(status: str) -> None:
    looks(1)
    queue = get_queue("sync")
    [job] = queue.jobs
    queue.remove(job)
    job.set_status(JobStatus(status))

    looks(1)

    assert queue.count == 1


def test_a_look_at_a_backlog_asks_the_queue_once() -> None:
    jobs: dict[str, Job] = {f"credential-{n}": (JOB, n, True) for n in range(300)}
    workers_wake("sync", jobs)
    before = _commands()

    workers_wake("sync", jobs)

    assert _commands() - before < 10
    assert get_queue("sync").count == 300


def _commands() -> int:
    """Return how many commands Valkey has been sent."""
    return int(get_queue("sync").connection.info("stats")["total_commands_processed"])


@pytest.mark.usefixtures("connected")
def test_a_paused_repository_is_left_alone() -> None:
    GitHubRepository.objects.update(sync_status=SyncStatus.PAUSED)

    assert enqueue_due() == 0


def test_of_two_jobs_for_a_repository_the_second_has_nothing_to_do(
    connected: GitHubRepository,
) -> None:
    sync_github_repository(connected.pk, only_if_due=True)
    sync_github_repository(connected.pk, only_if_due=True)

    assert SyncRun.objects.count() == 1


def test_a_job_whose_token_cannot_be_read_fails_where_people_see_it(
    connected: GitHubRepository,
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_githubinstallation SET access_token = 'unreadable'")

    sync_github_repository(connected.pk)

    assert SyncRun.objects.get().error_code == "undecryptable_secret"


def test_a_credential_that_github_paused_is_left_alone_until_then(
    connected: GitHubRepository,
) -> None:
    Credential.objects.update(paused_until=timezone.now() + timedelta(minutes=1))
    assert enqueue_due() == 0

    Credential.objects.update(paused_until=timezone.now() - timedelta(seconds=1))
    assert enqueue_due() == 1


def test_a_large_repository_takes_several_jobs_of_one_run(
    connected: GitHubRepository, settings: Settings
) -> None:
    settings.DEXXY_SYNC_SLICE = 0

    sync_github_repository.delay(connected.pk)
    work()

    assert SyncRun.objects.get().state == RunState.DONE


def test_a_job_whose_credential_is_in_use_leaves_the_repository_due(
    connected: GitHubRepository,
) -> None:
    credential = connected.installation.credential
    assert credential is not None

    with lease_taken(credential):
        sync_github_repository(connected.pk)

    assert not SyncRun.objects.exists()
    assert GitHubRepository.objects.filter(next_sync_at__lte=timezone.now()).exists()


def test_a_job_for_a_repository_that_is_gone_does_nothing() -> None:
    sync_github_repository(0)

    assert not SyncRun.objects.exists()


@pytest.mark.usefixtures("connected")
def test_a_queue_that_is_down_loses_nothing() -> None:
    environment = {**os.environ, **own_database(), "REDIS_URL": "redis://127.0.0.1:1/0"}

    done = subprocess.run(
        [sys.executable, "-c", ENQUEUE], env=environment, capture_output=True, text=True
    )

    assert done.stdout == "0\n"
    assert "the queue cannot be used" in done.stderr
    in_a_minute = timezone.now() + timedelta(seconds=60)
    assert GitHubRepository.objects.filter(next_sync_at__lte=in_a_minute).exists()


def test_finding_what_is_due_takes_a_constant_number_of_queries(
    connected: GitHubRepository,
) -> None:
    with CaptureQueriesContext(connection) as queries:
        enqueue_due()

    assert len([q for q in queries if q["sql"].startswith(("SELECT", "UPDATE"))]) == 6
