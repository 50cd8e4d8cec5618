"""What stands between the requests and the application: faults, latency, and a count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from time import sleep

from werkzeug.wrappers import Response

from dexxy_simulator.faults.call import Call
from dexxy_simulator.faults.queue import FaultQueue


class Interference:
    """Makes a server slow and wrong. `latency` is in seconds; a function may return it instead."""

    def __init__(self) -> None:
        self.faults = FaultQueue()
        self.latency: float | Callable[[], float] = 0.0
        self._lock = Lock()
        self._running = 0
        self._answers: dict[tuple[str, bytes], list[bytes]] = defaultdict(list)

    @contextmanager
    def counted(self) -> Iterator[int]:
        """Count a request while it is answered; returns how many there are."""
        with self._lock:
            self._running += 1
            running = self._running
        try:
            yield running
        finally:
            with self._lock:
                self._running -= 1

    def answer(self, call: Call) -> Response:
        """Answer a request, unless a fault does; what steers the simulator itself meets none."""
        if call.asked.endpoint.startswith("control_"):
            return call.proceed()
        if self.faults.keeps_answers:
            call.earlier = self._answers[call.asked.path, call.asked.body]
        fault = self.faults.take(call.asked)
        wait = self.latency() if callable(self.latency) else self.latency
        if wait:
            sleep(wait)
        return fault.effect(call) if fault else call.proceed()
