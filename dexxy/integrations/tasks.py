"""Background jobs: thin and idempotent."""

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django_rq import job

from dexxy.common.errors import DexxyError
from dexxy.integrations.services.contributors.bulk_working import bulk_tasks_work
from dexxy.integrations.services.github.scheduling.schedule import enqueue_due
from dexxy.integrations.services.github.webhooks.delivery_log import delivery_log_read
from dexxy.integrations.services.github.webhooks.drain import deliveries_drain
from dexxy.integrations.services.github_sync import installation_work, repository_work
from dexxy.integrations.services.retention import old_rows_delete
from dexxy.integrations.services.workspace_deletion import workspaces_delete_due
from dexxy.people.bulk_tasks import bulk_tasks_wake

# The worker of webhooks does them, too, in between.
_BULK_SECONDS = 5.0

log = structlog.get_logger()


@job("sync")
def sync_github_repository(repository_id: int, only_if_due: bool = False) -> None:
    """Sync a repository for one time slice, in turns with what else is due on its credential.

    What went wrong stands in the run and the repository, where people see it.

    Args:
        only_if_due: as the scheduler asks: of two jobs for one repository, the second has nothing
            to do.
    """
    if repository_work(
        repository_id=repository_id, at_once=not only_if_due, seconds=settings.DEXXY_SYNC_SLICE
    ):
        enqueue_due()


@job("sync")
def reconcile_github_installation(installation_pk: int) -> None:
    """Compare an installation with GitHub, in turns with what else is due on its credential."""
    if installation_work(installation_id=installation_pk, seconds=settings.DEXXY_SYNC_SLICE):
        enqueue_due()


@job("deliveries")
def drain_deliveries() -> None:
    """Work off the inbox of webhooks for one time slice."""
    try:
        if deliveries_drain(seconds=settings.DEXXY_SYNC_SLICE):
            enqueue_due()
    except (DatabaseError, InterfaceError) as error:
        # Everything is still due, and the scheduler sees that.
        reason = str(error).partition("\n")[0]
        log.warning("webhooks wait: the database is away", error=reason)


@job("sync")
def read_delivery_log(app_pk: int) -> None:
    """Take what never arrived from GitHub's log of an App's deliveries.

    It is due again soon where that failed.
    """
    try:
        delivery_log_read(app_pk)
    except DexxyError as error:
        log.warning("log of deliveries not read", app=app_pk, error=str(error))


@job("exports")
def do_bulk_tasks() -> None:
    """Do what people asked a worker for, for one time slice."""
    if bulk_tasks_work(seconds=_BULK_SECONDS):
        bulk_tasks_wake()


@job("sync")
def delete_what_is_old() -> None:
    """Delete what was kept for as long as the settings say, and workspaces whose time is over."""
    for delete in (old_rows_delete, workspaces_delete_due):
        try:
            delete()
        except (DatabaseError, InterfaceError) as error:
            # It is as old in an hour.
            log.warning("what is old was not deleted", error=str(error).partition("\n")[0])
