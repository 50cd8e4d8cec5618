"""Background jobs: thin and idempotent."""

from django_rq import job

from dexxy.messages.changes.pruning import changes_prune
from dexxy.messages.feed.search import search_catch_up
from dexxy.messages.summaries.follower import summaries_catch_up
from dexxy.messages.waiting.follower import waiting_catch_up

# The scheduler wakes a worker again while anything is left.
_SECONDS = 20.0


@job("search")
def index_messages() -> None:
    """Make what was written since the last time findable, and forget what nobody reads any more."""
    search_catch_up(seconds=_SECONDS)
    changes_prune()


@job("search")
def standings_follow() -> None:
    """Tell anew whose turn it is in the threads that changed since the last time."""
    waiting_catch_up(seconds=_SECONDS)


@job("search")
def summaries_follow() -> None:
    """Count anew what the members said and did in whom something changed since the last time."""
    summaries_catch_up(seconds=_SECONDS)
