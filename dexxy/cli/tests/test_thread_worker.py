"""`dexxy worker --concurrency`: many jobs at once in one process, and all workers end in time."""

import os
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from time import monotonic, sleep

import pytest
from django.conf import settings
from django.db import connection
from django_rq import get_queue
from rq.serializers import JSONSerializer

from benchmarks.credential_rows import is_read
from dexxy.cli.tests.running import Running, dexxy, environment
from dexxy.cli.working import worker as one_by_one
from dexxy.cli.working.thread_worker import ThreadWorker
from dexxy.common.counts import counted, counts
from dexxy.integrations.models import Credential, GitHubRepository
from dexxy.integrations.services.github.access.lease import is_held
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.scheduling.schedule import enqueue_due
from dexxy.messages.models import Message
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.world import World
from tests.many_credentials import connect_many
from tests.own_installation import PATIENCE
from tests.servers import own_database

pytestmark = pytest.mark.django_db(transaction=True)

Start = Callable[..., Running]
# Seconds that GitHub takes for an answer; in which one is asked for, and how long a stop may take.
SLOW, IN_TIME = 0.5, 20.0


class Pace:
    """Slows each answer of GitHub down, and counts how many are under way together."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = Lock()
        self._begun: list[float] = []

    def __call__(self) -> float:
        with self._lock:
            self._begun.append(monotonic())
        return self._seconds

    @property
    def count(self) -> int:
        """How many there were."""
        return len(self._begun)

    @property
    def most(self) -> int:
        """How many there were together at most."""
        begun = sorted(self._begun)
        return max(sum(1 for other in begun if one - self._seconds < other <= one) for one in begun)


def environment_of(data_dir: Path) -> dict[str, str]:
    given = {"REDIS_URL": os.environ["REDIS_URL"], **own_database()}
    return environment(data_dir, **given, DEXXY_SECRET_KEY=settings.SECRET_KEY)


@pytest.mark.slow  # a worker starts, and GitHub is slow
def test_as_many_credentials_are_read_at_once_as_there_are_threads(
    data_dir: Path, running: Start, world: World, github: GitHubServer, simulator: SimulatorServer
) -> None:
    connected = connect_many(world, github, 6)
    simulator.latency = counter = Pace(SLOW)
    enqueue_due()

    worker = running("worker", "sync", "--concurrency", "3", env=environment_of(data_dir))
    worker.wait_until(is_read, "all is read", PATIENCE)

    assert counter.most == 3
    assert Message.objects.count() == 6 * 3 * 2
    assert {len(one.source.threads.all()) for one in connected} == {3}
    assert worker.stop(signal.SIGTERM) == 0
    assert "Traceback" not in worker.said()


@pytest.mark.slow  # a worker starts, and GitHub is slow
@pytest.mark.parametrize("concurrency", ["1", "3"])
def test_a_worker_under_load_ends_in_time_and_another_one_goes_on(
    data_dir: Path,
    running: Start,
    world: World,
    github: GitHubServer,
    simulator: SimulatorServer,
    concurrency: str,
) -> None:
    connected = connect_many(world, github, 6, issues=30)
    for one in connected:
        one.streams.create(name="issues", page_size=1)
    simulator.latency = SLOW
    enqueue_due()
    worker = running("worker", "sync", "--concurrency", concurrency, env=environment_of(data_dir))
    worker.wait_until(lambda: Message.objects.exists(), "a page was stored", PATIENCE)

    began = monotonic()
    assert worker.stop(signal.SIGTERM) == 0

    assert monotonic() - began < IN_TIME
    assert "Traceback" not in worker.said()
    assert not any(map(is_held, Credential.objects.all()))
    assert get_queue("sync").failed_job_registry.count == 0
    assert get_queue("sync").started_job_registry.count == 0
    enqueue_due()
    environment = environment_of(data_dir) | {"DEXXY_WORKER_CONCURRENCY": "3"}
    simulator.latency = counter = Pace(SLOW / 10)
    after = running("worker", "sync", env=environment)
    after.wait_until(is_read, "all is read", PATIENCE)
    assert counter.most == 3
    assert Message.objects.count() == 6 * 30 * 2


@pytest.mark.slow  # a worker starts, and GitHub does not answer
@pytest.mark.parametrize("concurrency", ["1", "3"])
def test_a_job_that_does_not_end_is_broken_off_and_stays_due(
    data_dir: Path,
    running: Start,
    world: World,
    github: GitHubServer,
    simulator: SimulatorServer,
    concurrency: str,
) -> None:
    connect_many(world, github, 1)
    simulator.latency = asked = Pace(2 * IN_TIME)
    enqueue_due()
    worker = running("worker", "sync", "--concurrency", concurrency, env=environment_of(data_dir))
    worker.wait_until(lambda: asked.count, "GitHub was asked", PATIENCE)

    began = monotonic()
    assert worker.stop(signal.SIGTERM) == 0

    assert one_by_one.STOP_SECONDS <= monotonic() - began < IN_TIME
    assert "broken off" in worker.said()
    assert "Traceback" not in worker.said()
    assert not is_held(Credential.objects.get())
    assert get_queue("sync").failed_job_registry.count == 0
    assert get_queue("sync").started_job_registry.count == 0
    # Another worker is woken at once.
    enqueue_due()
    assert get_queue("sync").count == 1
    assert GitHubRepository.objects.due().exists()


def jobs_counted() -> Counter[tuple[str, str]]:
    """Return how many jobs all processes have told of, by function and outcome."""
    counts.tell()
    told = [(one.labels, one.number) for one in counted() if one.name == "jobs"]
    return Counter({(of["function"], of["outcome"]): int(number) for of, number in told})


def test_a_job_that_fails_leaves_the_others_alone(connected: GitHubRepository) -> None:
    before = jobs_counted()
    queue = get_queue("sync")
    failing = queue.enqueue("dexxy.integrations.tasks.read_delivery_log", "no number")
    well = queue.enqueue("dexxy.integrations.tasks.sync_github_repository", connected.pk)
    worker = ThreadWorker(
        [queue], connection=queue.connection, serializer=JSONSerializer, concurrency=2
    )

    worker.work(burst=True, logging_level="CRITICAL")

    assert failing.get_status(refresh=True) == "failed"
    assert well.get_status(refresh=True) == "finished"
    assert jobs_counted() - before == {
        ("read_delivery_log", "failed"): 1,
        ("sync_github_repository", "done"): 1,
    }


def sessions() -> int:
    """Return how many sessions the test's database has, this one counted."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND backend_type = 'client backend'"
        )
        return int(cursor.fetchone()[0])


def test_a_thread_leaves_no_connection_to_the_database_behind() -> None:
    queue = get_queue("deliveries")
    for _ in range(3):
        queue.enqueue("dexxy.integrations.tasks.drain_deliveries")
    worker = ThreadWorker(
        [queue], connection=queue.connection, serializer=JSONSerializer, concurrency=3
    )

    worker.work(burst=True, logging_level="CRITICAL")

    ends = monotonic() + 5  # that of a session takes a moment
    while (left := sessions()) > 1 and monotonic() < ends:
        sleep(0.05)
    assert left == 1


@pytest.mark.parametrize("number", ["0", "-1", "many", "101"])
def test_a_number_of_jobs_that_is_none_is_refused(data_dir: Path, number: str) -> None:
    done = dexxy("worker", f"--concurrency={number}", data_dir=data_dir)

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith(
        f"dexxy: Argument --concurrency: {number} is no number of jobs:"
    )
