"""Which histories are played."""

import os
from random import SystemRandom


def seed_of(number: int, *, among: str) -> int:
    """Return the seed of a history: the one asked for, a new one, or the same in each run.

    Args:
        number: that of the history in this run.
        among: the variable that says how many are played, where somebody wants new ones.
    """
    if asked := os.environ.get("DEXXY_TEST_HISTORY_SEED"):
        return int(asked)
    return SystemRandom().randrange(10**9) if among in os.environ else number
