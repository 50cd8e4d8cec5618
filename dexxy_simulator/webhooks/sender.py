"""Delivers webhooks by itself, as they are made."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType

from dexxy_simulator.webhooks.hookshot import Hookshot

POLL_SECONDS = 0.02


class Sender:
    """Threads that deliver what waits. Use it as a context manager.

    Args:
        latency: how many seconds a delivery waits before it is sent, or what tells it.
        threads: with several, deliveries overtake each other.
    """

    def __init__(
        self, hookshot: Hookshot, *, latency: float | Callable[[], float] = 0.0, threads: int = 1
    ) -> None:
        self._hookshot = hookshot
        self._latency = latency
        self._stop = Event()
        self._threads = [
            Thread(target=self._run, name=f"hookshot {number}", daemon=True)
            for number in range(threads)
        ]

    def __enter__(self) -> Sender:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._stop.wait(POLL_SECONDS):
            while not self._stop.is_set() and (delivery := self._hookshot.take()) is not None:
                latency = self._latency() if callable(self._latency) else self._latency
                self._stop.wait(latency)
                self._hookshot.send(delivery)
