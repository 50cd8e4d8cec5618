"""No process outlives the one that started it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer

from dexxy.cli.tests.running import (
    Running,
    answers,
    children_of,
    environment,
    free_port,
    is_alive,
)
from dexxy.embedded.tests.observing import kill, wait_until
from tests.servers import own_database

Start = Callable[..., Running]

PARENT = """
import os, subprocess, sys
child = subprocess.Popen(
    [sys.executable, "-P", "-m", "dexxy.cli.lifetime", str(os.getpid()), "http.server", "0"],
    stdout=subprocess.PIPE,
    env={**os.environ, "PYTHONUNBUFFERED": "1"},
)
print(child.pid, child.stdout.readline(), flush=True)
sys.stdin.read()
"""


def test_a_child_dies_with_a_killed_parent() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline().split()[0])

    parent.kill()
    parent.communicate()

    wait_until(lambda: not is_alive(child), "the child ends")


def test_a_child_whose_parent_died_before_it_could_ask_ends_by_itself() -> None:
    orphan = subprocess.run(
        [sys.executable, "-P", "-m", "dexxy.cli.lifetime", "4194304", "this"], timeout=30
    )

    assert orphan.returncode == -9


@pytest.mark.slow
def test_a_killed_web_process_leaves_no_worker_on_its_port(data_dir: Path, running: Start) -> None:
    port = free_port()
    env = environment(data_dir, **_given_servers())
    web = running("web", "--port", str(port), env=env)
    web.wait_until(lambda: answers(port), "it answers")
    workers = list(children_of(web.process.pid))
    assert workers

    web.process.kill()
    web.process.wait()

    wait_until(lambda: not any(map(is_alive, workers)), "its workers end")
    again = running("web", "--port", str(port), env=env)
    again.wait_until(lambda: answers(port), "the next one answers")
    assert again.stop(15) == 0


@pytest.mark.django_db
def test_a_job_dies_with_its_killed_worker(data_dir: Path, running: Start) -> None:
    own = os.environ["REDIS_URL"].partition("?")[0] + "?db=7"
    with Redis.from_url(own) as redis:
        redis.flushdb()
        queue = Queue("deliveries", connection=redis, serializer=JSONSerializer)
        queue.enqueue("time.sleep", 600)
    env = environment(data_dir, **_given_servers()) | own_database() | {"REDIS_URL": own}
    worker = running("worker", "deliveries", env=env)
    job = worker.child("worker deliveries")

    kill(worker.process.pid)

    wait_until(lambda: not is_alive(job), "the job ends")


def _given_servers() -> dict[str, str]:
    return {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}
