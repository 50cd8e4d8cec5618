"""The RQ worker."""

import os

from rq import Queue, Worker
from rq.job import Job

from dexxy.cli.lifetime import die_with_parent


class DexxyWorker(Worker):
    """A worker whose jobs end with it, and which is soon back after the queue was away."""

    max_connection_wait_time = 5.0

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        self._pid_before_fork = os.getpid()
        super().fork_work_horse(job, queue)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        die_with_parent(self._pid_before_fork)
        super().main_work_horse(job, queue)
