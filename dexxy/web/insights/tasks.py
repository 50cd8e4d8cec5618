"""Background jobs: thin and idempotent."""

from django_rq import job

from dexxy.common.queue import worker_wake
from dexxy.web.insights.keeping import JOB, cards_count

_SECONDS = 20.0


@job("search")
def count_cards() -> None:
    """Count the cards that readers wait for, for one time slice."""
    if cards_count(seconds=_SECONDS):
        worker_wake("search", JOB)
