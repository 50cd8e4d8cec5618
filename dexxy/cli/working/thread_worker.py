"""A worker that does several jobs at once, each in a thread: reading GitHub is waiting."""

import os
import sys
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import BoundedSemaphore
from time import monotonic
from types import FrameType
from typing import Any

import structlog
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.executions import Execution
from rq.job import Job
from rq.timeouts import TimerDeathPenalty

from dexxy.cli.last_words import last_words
from dexxy.cli.working.worker import STOP_SECONDS, forget, leases_let_go, told_of
from dexxy.common.stopping import asked_to_stop
from dexxy.integrations.services.github.access.liveness import holder_name

log = structlog.get_logger()

# Seconds between two looks of the main thread, which also keeps the worker known to the queue.
_LOOK_EVERY = 0.5
_HEARTBEAT_EVERY = 60.0
_SAME_SIGNAL = 1.0


class ThreadWorker(SimpleWorker):
    """A worker whose main thread takes jobs only as threads are free to do them.

    Each job has a connection to the database of its own, and closes it. A thread cannot be killed:
    a job that takes too long is ended by an exception, and if it hangs even so, with the process.
    """

    # An alarm of the system can end the main thread alone.
    death_penalty_class = TimerDeathPenalty
    max_connection_wait_time = 5.0

    def __init__(self, *args: Any, concurrency: int = 1, **options: Any) -> None:
        super().__init__(*args, **options)
        self._threads = ThreadPoolExecutor(concurrency, thread_name_prefix="job")
        self._free = BoundedSemaphore(concurrency)
        self._running: dict[Future[bool], tuple[Job, Execution]] = {}
        self._heard_at = monotonic()
        self._asked_at = 0.0

    def subscribe(self) -> None:
        """Listen to no commands: to kill a job, as they do, is not possible with a thread."""

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Let a thread do a job; return when another one is free."""
        execution = self.prepare_execution(job)
        self._free.acquire()
        doing = self._threads.submit(self._do, job, queue, execution)
        self._running[doing] = (job, execution)
        doing.add_done_callback(self._done)
        while not self._free.acquire(timeout=_LOOK_EVERY):
            self._stay_known()
            if self._stop_requested:
                return
        self._free.release()

    def _do(self, job: Job, queue: Queue, execution: Execution) -> bool:
        with told_of(job, queue) as outcome:
            outcome.is_done = self.perform_job(job, queue, execution)
        return outcome.is_done

    def _done(self, doing: "Future[bool]") -> None:
        self._running.pop(doing, None)
        self._free.release()
        if (error := doing.exception()) is not None:
            # The queue was away: what the job was for has been done, or is due.
            log.warning("the end of a job was not written down", error=str(error))

    def _stay_known(self) -> None:
        if monotonic() - self._heard_at < _HEARTBEAT_EVERY:
            return
        self._heard_at = monotonic()
        try:
            self.heartbeat()
        except RedisError as error:
            log.warning("the queue cannot be used", error=str(error))

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Ask all jobs to end after the request to GitHub that is under way."""
        asked_to_stop.set()
        self._asked_at = monotonic()
        super().request_stop(signum, frame)  # type: ignore[no-untyped-call]

    def request_force_stop(self, signum: int, frame: FrameType | None) -> None:
        """End now, at the second signal; one that comes at once may be the first, sent twice."""
        if monotonic() - self._asked_at > _SAME_SIGNAL:
            self._break_off()

    def teardown(self) -> None:
        """Wait for the jobs as long as there is time, then say goodbye."""
        asked_to_stop.set()
        if wait(list(self._running), STOP_SECONDS).not_done:
            self._break_off()
        self._threads.shutdown()
        super().teardown()  # type: ignore[no-untyped-call]

    def _break_off(self) -> None:
        """End without the jobs that run: they stay due, and nothing of them is half written."""
        left = list(self._running.values())
        log.warning("jobs broken off: they did not end in time", jobs=[job.id for job, _ in left])
        leases_let_go(holder_name())
        try:
            with self.connection.pipeline() as pipeline:
                for job, execution in left:
                    forget(self, job, execution, pipeline)
                pipeline.execute()
            self.register_death()  # type: ignore[no-untyped-call]
        except RedisError as error:
            log.warning("the queue cannot be used", error=str(error))
        last_words()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
