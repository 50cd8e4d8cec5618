"""A worker that is asked to stop ends after the request that is under way."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest
from django.conf import settings
from django.db import connection
from django_rq import get_queue
from rq.serializers import JSONSerializer

from dexxy.accounts.models import Workspace
from dexxy.cli.tests.running import Running, environment
from dexxy.cli.working.worker import DexxyWorker
from dexxy.common.stopping import asked_to_stop
from dexxy.integrations.models import Credential, GitHubRepository, RunState, SyncRun
from dexxy.integrations.services.github.access.lease import is_held
from dexxy.integrations.services.github.scheduling.schedule import enqueue_due
from dexxy.integrations.services.github.webhooks import drain
from dexxy.integrations.services.github_sync import credential_work
from dexxy_simulator.faults import Fault, delay
from dexxy_simulator.server import SimulatorServer
from tests.factories import make_app, make_delivery, make_installation
from tests.servers import own_database

pytestmark = pytest.mark.django_db(transaction=True)

Start = Callable[..., Running]
# Seconds that GitHub takes for an answer.
SLOW = 1.0


@pytest.mark.slow  # a worker starts, and GitHub is slow
@pytest.mark.parametrize("whom", ["worker", "group"])
def test_a_sync_ends_after_the_request_that_is_under_way(
    data_dir: Path,
    running: Start,
    connected: GitHubRepository,
    simulator: SimulatorServer,
    whom: str,
) -> None:
    # So small that reading it all takes a minute.
    for stream in ("issues", "pull_requests", "discussions"):
        connected.streams.create(name=stream, page_size=1)
    simulator.faults.add(Fault(delay(SLOW), on="graphql", times=None))
    given = {"REDIS_URL": os.environ["REDIS_URL"], **own_database()}
    env = environment(data_dir, **given, DEXXY_SECRET_KEY=settings.SECRET_KEY)
    worker = running("worker", "sync", env=env)
    enqueue_due()
    worker.wait_until(lambda: simulator.requests.count("graphql") > 2, "the sync is under way")

    began = monotonic()
    if whom == "group":  # as systemd does, and a terminal
        os.kill(worker.child("worker sync"), signal.SIGTERM)
    assert worker.stop(signal.SIGTERM) == 0

    assert monotonic() - began < 5 * SLOW
    assert "Traceback" not in worker.said()
    assert SyncRun.objects.get().state == RunState.RUNNING
    assert GitHubRepository.objects.due().get() == connected
    assert not is_held(Credential.objects.get())
    # Another worker goes on at once.
    assert get_queue("sync").count == 1
    assert get_queue("sync").failed_job_registry.count == 0


def test_a_process_that_was_asked_to_stop_begins_nothing(
    connected: GitHubRepository, simulator: SimulatorServer
) -> None:
    asked_to_stop.set()
    credential_id = connected.installation.credential_id
    assert credential_id is not None
    asked_before = simulator.requests.count()

    assert credential_work(credential_id=credential_id, seconds=60)

    assert simulator.requests.count() == asked_before
    assert GitHubRepository.objects.due().get() == connected


def test_an_inbox_is_left_after_a_batch(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drain, "BATCH", 1)
    installation = make_installation(workspace=workspace, app=make_app())
    for _ in range(3):
        make_delivery(installation=installation)
    asked_to_stop.set()

    assert drain.deliveries_drain(seconds=60) == 1


def test_a_job_leaves_no_connection_to_the_database_behind() -> None:
    queue = get_queue("deliveries")
    job = queue.enqueue("dexxy.integrations.tasks.drain_deliveries")
    worker = DexxyWorker([queue], connection=queue.connection, serializer=JSONSerializer)

    assert worker.perform_job(job, queue, worker.prepare_execution(job))

    # A pooler complains of each that just vanishes.
    assert connection.connection is None
