"""The RQ worker."""

import os
import signal
from contextlib import suppress
from types import FrameType

from django.db import connections
from rq import Queue, Worker
from rq.executions import Execution
from rq.job import Job

from dexxy.cli.lifetime import die_with_parent
from dexxy.common.stopping import asked_to_stop


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
        super().setup_work_horse_signals()
        signal.signal(signal.SIGTERM, lambda _number, _frame: asked_to_stop.set())

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        try:
            return super().perform_job(job, queue, execution)
        finally:
            # The process that did the job ends without any tidying up.
            connections.close_all()

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        # A job that is being forked just now finds that it was asked.
        asked_to_stop.set()
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGTERM)
        super().request_stop(signum, frame)
