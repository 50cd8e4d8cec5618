"""The RQ worker."""

import os
import signal
from contextlib import suppress
from time import monotonic
from types import FrameType

from django.db import connections
from rq import Queue, Worker
from rq.executions import Execution
from rq.job import Job
from structlog.contextvars import bound_contextvars

from dexxy.cli.last_words import last_words
from dexxy.cli.lifetime import die_with_parent
from dexxy.common.counts import counts
from dexxy.common.stopping import asked_to_stop
from dexxy.config import tracing


class DexxyWorker(Worker):
    """A worker whose jobs end with it, and which is soon back after the queue was away.

    Asked to stop, it asks its job to end after the request to GitHub that is under way.
    """

    max_connection_wait_time = 5.0

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
        name, began, is_done = str(job.func_name).rpartition(".")[2], monotonic(), False
        try:
            with (
                bound_contextvars(job=job.id, does=name),
                tracing.span(f"job {name}", {"dexxy.queue": queue.name, "dexxy.job": job.id}),
            ):
                is_done = super().perform_job(job, queue, execution)
            return is_done
        finally:
            # The process that did the job ends without any tidying up.
            connections.close_all()
            counts.add("jobs", function=name, outcome="done" if is_done else "failed")
            counts.observe("job_seconds", monotonic() - began, function=name)
            if not is_done:
                counts.add("errors", where="job", code="job_failed")
            last_words()

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        # A job that is being forked just now finds that it was asked.
        asked_to_stop.set()
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]
