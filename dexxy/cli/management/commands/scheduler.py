"""`dexxy scheduler`: wakes workers for what is due."""

import math
import time
from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from redis.exceptions import RedisError

from dexxy.cli.command import DexxyCommand
from dexxy.cli.composition import await_servers
from dexxy.cli.errors import first_line
from dexxy.cli.lifetime import leave_at_once
from dexxy.cli.migration_state import await_own_data
from dexxy.common.counts import counts
from dexxy.embedded import EmbeddedServersError
from dexxy.integrations.services.github.scheduling.schedule import enqueue_due
from dexxy.integrations.services.github.webhooks.delivery_log import (
    delivery_logs_enqueue,
    delivery_logs_expire,
)
from dexxy.integrations.services.github.webhooks.inbox import enqueue_deliveries
from dexxy.integrations.services.retention import retention_wake
from dexxy.kept.pictures import pictures_wake_if_due
from dexxy.mail.waking import mail_wake_if_due
from dexxy.messages.feed.search import search_wake
from dexxy.messages.summaries.follower import summaries_wake
from dexxy.messages.waiting.follower import waiting_wake
from dexxy.outgoing.waking import outgoing_wake
from dexxy.people.bulk_tasks import bulk_tasks_wake_if_due
from dexxy.people.export_making import exports_wake_if_due

log = structlog.get_logger()

# Seconds between two times that what is old is deleted.
_TIDY_EVERY = 3600.0


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        # Also in the middle of a transaction: what is due then stays due.
        leave_at_once()
        await_own_data()
        was_well, is_new, tidied_at = True, True, -math.inf
        while True:
            was_well = _look(was_well, is_new)
            is_new = is_new and not was_well
            if was_well and time.monotonic() - tidied_at >= _TIDY_EVERY:
                retention_wake()
                tidied_at = time.monotonic()
            counts.tell()
            time.sleep(options["every"])


def _look(was_well: bool, is_new: bool) -> bool:
    """Wake workers for what is due; say whether that went well. A failure is logged once."""
    close_old_connections()
    try:
        if is_new or not was_well:
            delivery_logs_expire()
        enqueue_deliveries()
        enqueue_due()
        delivery_logs_enqueue()
        search_wake()
        waiting_wake()
        summaries_wake()
        outgoing_wake()
        exports_wake_if_due()
        bulk_tasks_wake_if_due()
        pictures_wake_if_due()
        mail_wake_if_due()
    except (DatabaseError, InterfaceError, RedisError) as error:
        connection.close()
        if was_well:
            log.warning("cannot look for what is due, trying again", error=first_line(error))
        _take_over()
        return False
    if not was_well:
        log.info("looking for what is due again")
    return True


def _take_over() -> None:
    """Bring private servers back whose owner was killed."""
    try:
        await_servers()
    except EmbeddedServersError as error:
        log.warning("the embedded servers do not start", error=str(error))
