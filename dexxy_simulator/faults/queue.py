"""Which fault falls on which request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from threading import Lock

from dexxy_simulator.faults.call import Asked, Effect


@dataclass(eq=False)
class Fault:
    """Something that goes wrong.

    Args:
        effect: what happens.
        on: to which requests: those to an endpoint (`graphql`, `issue_comments`, ...), or those
            of which a function says so; all of them by default.
        times: to how many of them; None for all.
        chance: with which probability to each.
    """

    effect: Effect
    on: str | Callable[[Asked], bool] | None = None
    times: int | None = 1
    chance: float = 1.0
    happened: int = 0

    def concerns(self, asked: Asked) -> bool:
        """Tell whether it may fall on a request."""
        if self.times is not None and self.happened >= self.times:
            return False
        if callable(self.on):
            return self.on(asked)
        return self.on in (None, asked.endpoint)


class FaultQueue:
    """The faults of a server, in order; at most one happens to each request that they concern.

    `keeps_answers` lets the server remember its answers, for the effect `stale`.
    """

    def __init__(self, seed: int = 0) -> None:
        self._random = Random(seed)  # noqa: S311  # decides about faults
        self._lock = Lock()
        self._faults: list[Fault] = []
        self.keeps_answers = False

    def add(self, *faults: Fault) -> None:
        """Add faults, which happen from now on."""
        with self._lock:
            self._faults += faults

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._faults.clear()

    def take(self, asked: Asked) -> Fault | None:
        """Choose the fault that happens to a request."""
        with self._lock:
            for fault in self._faults:
                if fault.concerns(asked) and self._random.random() < fault.chance:
                    fault.happened += 1
                    return fault
        return None
