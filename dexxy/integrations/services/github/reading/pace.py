"""How fast a run reads just now, so that it can be said how long the rest takes.

Only the time in which it read counts: neither a pause, nor a wait for another repository's turn,
nor the hours between two slices. What is long ago counts less and less.
"""

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Self

# What is left of a request's weight with each later one.
FADING = 0.95
# Before so many requests nobody can say.
ENOUGH = 4


@dataclass
class Pace:
    """Requests that were sent lately, and what they brought.

    Args:
        steps: how many there were in all.
        requests: the same, faded.
        seconds: how long they took, faded.
        threads: whole threads that they brought, with all their parts, faded.
    """

    steps: int = 0
    requests: float = 0
    seconds: float = 0
    threads: float = 0

    @classmethod
    def of(cls, stored: dict[str, Any]) -> Self:
        return cls(**stored)

    def stored(self) -> dict[str, Any]:
        return asdict(self)

    def add(self, *, seconds: float, threads: int) -> None:
        """Take a request into account that took SECONDS and brought THREADS."""
        self.steps += 1
        self.requests = self.requests * FADING + 1
        self.seconds = self.seconds * FADING + seconds
        self.threads = self.threads * FADING + threads

    def remaining(self, *, threads: int, others: int) -> timedelta | None:
        """Estimate how long it takes to read so much more; None before there is evidence.

        Args:
            others: requests that bring no threads, such as those for profiles.
        """
        if self.steps < ENOUGH or not self.threads:
            return None
        seconds = self.seconds / self.threads * threads + self.seconds / self.requests * others
        return timedelta(seconds=seconds)
