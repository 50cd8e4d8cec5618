"""The RQ workers: one job at a time in a process of its own, or many in threads of one process."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Timer
from time import monotonic
from types import FrameType

import structlog
from django.db import DatabaseError, InterfaceError, connections
from redis.client import Pipeline
from rq import Queue, Worker
from rq.executions import Execution
from rq.job import Job
from rq.worker import BaseWorker
from structlog.contextvars import bound_contextvars

from dexxy.cli.errors import first_line
from dexxy.cli.last_words import last_words
from dexxy.cli.lifetime import die_with_parent
from dexxy.common.counts import counts
from dexxy.common.queue import job_delete
from dexxy.common.stopping import asked_to_stop
from dexxy.config import tracing
from dexxy.integrations.services.github.access.lease import leases_drop
from dexxy.integrations.services.github.access.liveness import name_of

log = structlog.get_logger()

# Seconds that jobs have for their end after this process was asked to stop. Who asks waits for 20
# or more (docs/how-to/run-on-many-machines.md), and then kills what is left.
STOP_SECONDS = 15.0


class DexxyWorker(Worker):
    """A worker whose jobs end with it, and which is soon back after the queue was away.

    Asked to stop, it asks its job to end after the request to GitHub that is under way. What has
    not ended soon is broken off: it stays due, and nothing of it is half written.
    """

    max_connection_wait_time = 5.0

    _has_broken_off = False

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        self._pid_before_fork = os.getpid()
        super().fork_work_horse(job, queue)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        die_with_parent(self._pid_before_fork)
        super().main_work_horse(job, queue)

    def setup_work_horse_signals(self) -> None:
        super().setup_work_horse_signals()  # type: ignore[no-untyped-call]
        signal.signal(signal.SIGTERM, lambda _number, _frame: asked_to_stop.set())

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        try:
            with told_of(job, queue) as outcome:
                outcome.is_done = super().perform_job(job, queue, execution)
            return outcome.is_done
        finally:
            # The process that did the job ends without any tidying up.
            last_words()

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        # A job that is being forked just now finds that it was asked.
        asked_to_stop.set()
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)
        patience = Timer(STOP_SECONDS, self._break_off)
        patience.daemon = True
        patience.start()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def _break_off(self) -> None:
        horse = self.horse_pid
        if not horse:
            return
        holder = name_of(horse)
        self._has_broken_off = True
        self.kill_horse()
        log.warning("job broken off: it did not end in time", job=self.get_current_job_id())
        leases_let_go(holder)

    def handle_job_failure(
        self,
        job: Job,
        queue: Queue,
        started_job_registry: object = None,
        exc_string: str = "",
        execution: Execution | None = None,
    ) -> None:
        if not self._has_broken_off:
            super().handle_job_failure(job, queue, started_job_registry, exc_string, execution)
            return
        # It has not failed: what it was for is due, and the scheduler sees that.
        with self.connection.pipeline() as pipeline:
            forget(self, job, execution, pipeline)
            pipeline.execute()


@dataclass
class Outcome:
    """What became of a job."""

    is_done: bool = False


@contextmanager
def told_of(job: Job, queue: Queue) -> Iterator[Outcome]:
    """Name a job in the log and as a span of the trace, count it, and close its connections."""
    name, began, outcome = str(job.func_name).rpartition(".")[2], monotonic(), Outcome()
    try:
        with (
            bound_contextvars(job=job.id, does=name),
            tracing.span(f"job {name}", {"dexxy.queue": queue.name, "dexxy.job": job.id}),
        ):
            yield outcome
    finally:
        connections.close_all()
        counts.add("jobs", function=name, outcome="done" if outcome.is_done else "failed")
        counts.observe("job_seconds", monotonic() - began, function=name)
        if not outcome.is_done:
            counts.add("errors", where="job", code="job_failed")


def forget(worker: BaseWorker, job: Job, execution: Execution | None, pipeline: Pipeline) -> None:
    """Leave nothing of a job that was broken off in the queue's books."""
    worker.cleanup_execution(job, pipeline, execution)
    job_delete(job, pipeline)


def leases_let_go(holder: str) -> None:
    """Let others read at once what HOLDER read with, a process that writes nothing any more."""
    try:
        leases_drop(holder)
    except (DatabaseError, InterfaceError) as error:
        # They run out within a minute.
        log.warning("leases were not let go", error=first_line(error))
    finally:
        connections.close_all()
