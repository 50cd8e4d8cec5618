"""Background jobs: thin and idempotent."""

from django_rq import job

from dexxy.people.export_keeping import exports_wake
from dexxy.people.export_making import exports_work

# The worker of webhooks makes them, too, in between.
_SECONDS = 5.0


@job("exports")
def make_exports() -> None:
    """Make the exports that people wait for, for one time slice, and delete the old ones."""
    if exports_work(seconds=_SECONDS):
        exports_wake()
