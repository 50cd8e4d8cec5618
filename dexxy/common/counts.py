"""What happened in all processes together, counted: each adds what it has seen to Valkey.

A process that asked itself alone would tell a part. What one that was killed had not told yet is
missing, and with an emptied Valkey all begins at zero again: both look to who reads counters like
any other restart. Whatever must be right is a row of the database, and counted there.
"""

import json
import os
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock, Thread
from time import sleep
from typing import Any

from django.conf import settings
from redis.exceptions import RedisError

from dexxy.common.valkey import connection_to, outage

_KEY = "dexxy:counts"
# Seconds between two times that a process that goes on and on tells what it has counted.
TOLD_EVERY = 3.0
# Upper ends of the steps in which seconds are counted: of requests, jobs and GitHub's answers.
STEPS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
ABOVE = "+Inf"


@dataclass(frozen=True)
class Count:
    """How often something happened, or for how long.

    Args:
        labels: which of its kind, of a few that are known beforehand: never a name, a number or an
            address that others chose.
    """

    name: str
    labels: Mapping[str, str]
    number: float


class Counts:
    """What this process has counted and not told yet."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin with nothing."""
        self._lock = Lock()
        self._waiting: Counter[str] = Counter()

    def add(self, name: str, number: float = 1, /, **labels: str) -> None:
        """Count something that happened."""
        key = json.dumps([name, labels], sort_keys=True)
        with self._lock:
            self._waiting[key] += number  # type: ignore[assignment]

    def observe(self, name: str, seconds: float, /, **labels: str) -> None:
        """Count something that took SECONDS."""
        step = bisect_left(STEPS, seconds)
        end = str(STEPS[step]) if step < len(STEPS) else ABOVE
        self.add(name, le=end, **labels)
        self.add(f"{name}_sum", seconds, **labels)

    def tell(self) -> None:
        """Add what was counted to what all processes have; where that fails, it is kept."""
        with self._lock:
            told, self._waiting = self._waiting, Counter()
        if not told:
            return
        if outage.is_on or not _written(told):
            with self._lock:
                self._waiting.update(told)

    def tell_regularly(self) -> None:
        """Tell every few seconds from now on, from a thread."""
        Thread(target=_again_and_again, args=(self.tell,), name="counts", daemon=True).start()


def _again_and_again(tell: Callable[[], None]) -> None:
    while True:
        sleep(TOLD_EVERY)
        tell()


def _written(told: Mapping[str, float]) -> bool:
    try:
        with connection_to(settings.REDIS_URL).pipeline() as together:
            for key, number in told.items():
                together.hincrbyfloat(_KEY, key, number)
            together.execute()
    except RedisError:
        # Who looks at the queue says so; nobody waits for a count.
        return False
    return True


def counted() -> list[Count]:
    """Return what all processes have told, in order.

    Raises:
        RedisError: Valkey cannot be used.
    """
    kept: Any = connection_to(settings.REDIS_URL).hgetall(_KEY)
    found = []
    for key, number in sorted(kept.items()):
        with suppress(ValueError, TypeError):  # of another version of Dexxy
            name, labels = json.loads(key)
            found.append(Count(name, labels, float(number)))
    return found


# Of this process.
counts = Counts()
# What the parent has not told is the parent's to tell.
os.register_at_fork(after_in_child=counts.forget)
