"""Wake a worker of deliveries: what is in the inbox is due, whether anybody is woken or not."""

from threading import Event, Lock, Thread
from time import sleep

from dexxy.common.queue import workers_wake

JOB = "dexxy.integrations.tasks.drain_deliveries"
# Seconds between two looks at the queue: deliveries that come together are drained together.
_PAUSE = 0.05


def deliveries_wake() -> None:
    """Wake a worker, unless a job waits for one already: that job will see what is in the inbox.

    If the queue is down that is logged, and the scheduler wakes a worker later.
    """
    workers_wake("deliveries", {"inbox": (JOB,)})


class Waker:
    """Wakes workers beside the requests, none of which waits for the queue, nor fails with it."""

    def __init__(self) -> None:
        self._asked = Event()
        self._starting = Lock()
        self._thread: Thread | None = None

    def wake_soon(self) -> None:
        """Wake a worker within a moment, once for all who ask meanwhile."""
        self._asked.set()
        # A thread does not survive a fork, so it is looked for each time.
        if self._thread is None or not self._thread.is_alive():
            self._start()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._run, name="waker of deliveries", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while self._asked.wait():
            self._asked.clear()
            deliveries_wake()
            sleep(_PAUSE)
