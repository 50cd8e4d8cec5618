"""How much a generated repository holds, and how it is spread."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final, Literal

ThreadKind = Literal["issue", "pull request", "discussion"]
# A thread's share of the messages is drawn from a Pareto distribution with this exponent: most
# threads have few or none, a few have hundreds.
TAIL: Final = 1.3


@dataclass(frozen=True, kw_only=True)
class Size:
    """How much is generated; a few threads more are transferred, converted or deleted.

    Args:
        threads: how many threads there are at least.
        messages: how many comments, reviews, review comments and replies they have at least;
            unless told otherwise five a thread, besides those of the giants.
        giants: how many threads of each kind there are whose nested lists exceed a page.
        burst: which share of the threads was created in one second, as by an import.
        pull_requests: which share of the threads are pull requests.
        discussions: which share of them are discussions.
        days: since when the repository exists.
    """

    threads: int = 300
    messages: int | None = None
    giants: int = 1
    burst: float = 0.35
    pull_requests: float = 0.4
    discussions: float = 0.12
    days: int = 2000

    def kinds(self, random: Random) -> list[ThreadKind]:
        """Draw the kind of every thread."""
        pulls, discussions = self.pull_requests, self.discussions
        weights = (1 - pulls - discussions, pulls, discussions)
        kinds: tuple[ThreadKind, ...] = ("issue", "pull request", "discussion")
        return random.choices(kinds, weights, k=self.threads)

    def message_counts(self, random: Random, given: int) -> Iterator[int]:
        """Spread the messages over the threads, less those that the giants have already."""
        weights = [random.paretovariate(TAIL) - 1 for _ in range(self.threads)]
        left = 5 * self.threads if self.messages is None else max(0, self.messages - given)
        whole = sum(weights) or 1.0
        counts = [int(weight * left / whole) for weight in weights]
        for place in random.choices(range(self.threads), k=left - sum(counts)):
            counts[place] += 1
        return iter(counts)
