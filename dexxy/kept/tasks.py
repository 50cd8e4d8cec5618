"""Background jobs: thin and idempotent."""

from django_rq import job

from dexxy.kept.pictures import pictures_wake_if_due, pictures_work

# The worker of webhooks loads them, too, in between.
_SECONDS = 5.0


@job("pictures")
def load_pictures() -> None:
    """Load the pictures that somebody wants to see."""
    if pictures_work(seconds=_SECONDS):
        pictures_wake_if_due()
