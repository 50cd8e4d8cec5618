"""`dexxy manage migrate`: Django's, which does not touch data that is not of this Dexxy."""

import re
import time
from collections.abc import Callable
from typing import Any

import psycopg
import structlog
from django.core.management.commands import migrate
from django.db import OperationalError, connection

from dexxy.cli.migration_state import is_up_to_date

log = structlog.get_logger()

# A migration gives up when somebody holds its table for two seconds; others get theirs meanwhile.
ATTEMPTS = 60
_PAUSE_SECONDS = 3.0
# Where it fails it leaves an index that is not valid, and in the way of the next attempt.
_BUILT_BESIDE = re.compile(r"CREATE (?:UNIQUE )?INDEX CONCURRENTLY (?:IF NOT EXISTS )?(\"?\w+\"?)")


class Command(migrate.Command):
    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate beside processes that work; what comes into their way is tried again.

        Raises:
            OldDataError, NewerDataError, UnfinishedRestoreError: as `database_state`.
            OperationalError: the locks are not to be had for minutes.
        """

        def migrated() -> None:
            is_up_to_date()
            super(Command, self).handle(*args, **options)

        with connection.execute_wrapper(_patient):
            _insist(migrated, _begin_anew)


def _insist(work: Callable[[], Any], tidy_up: Callable[[], object] = lambda: None) -> Any:
    """Do WORK, which leaves nothing behind when it fails, until its locks are to be had.

    Args:
        tidy_up: is done before each further attempt.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return work()
        except OperationalError as error:
            if not _is_locked_out(error) or attempt == ATTEMPTS:
                raise
            log.info("a migration steps back: others use what it changes", attempt=attempt)
            time.sleep(_PAUSE_SECONDS)
            tidy_up()
    raise AssertionError("the last attempt raises or returns")


def _begin_anew() -> None:
    """Leave the transaction that a migration failed in.

    Django does not, where what failed is what a migration puts off to its end, such as a key.
    """
    connection.close()
    connection.connect()


def _patient(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Try a statement again that is a transaction of its own.

    What such a migration has done before that stays, so it could not begin anew.
    """

    def once() -> Any:
        return execute(sql, params, many, context)

    def remove_what_failed() -> None:
        if built := _BUILT_BESIDE.match(str(sql)):
            execute(f"DROP INDEX CONCURRENTLY IF EXISTS {built[1]}", None, False, context)

    return once() if connection.in_atomic_block else _insist(once, remove_what_failed)


def _is_locked_out(error: OperationalError) -> bool:
    found = (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)
    return isinstance(error.__cause__, found)
