"""Which migrations a database has: what this Dexxy cannot bring up to date it leaves alone."""

import time
from collections.abc import Iterable, Iterator
from enum import Enum, auto
from pathlib import Path
from pkgutil import iter_modules

import structlog
from django.apps import AppConfig, apps
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.recorder import MigrationRecorder

from dexxy.cli.errors import first_line
from dexxy.common.errors import DexxyError
from dexxy.safekeeping.unfinished import unfinished_refuse

log = structlog.get_logger()

_PAUSE_SECONDS = 2.0

# Migrations that a later state replaced: every database of that time has applied one of these, and
# no later migration may take such a name.
REPLACED = {
    ("integrations", "0002_app_and_oauth"),
    ("members", "0002_bots_are_found_by_an_index"),
    ("messages", "0002_feed_filters_and_search"),
    ("messages", "0001_initial"),
}


class OldDataError(DexxyError):
    """The database was made by a state of Dexxy that nothing leads on from."""

    code = "old_data"


class NewerDataError(DexxyError):
    """The database was migrated by a newer Dexxy."""

    code = "newer_data"


class DatabaseState(Enum):
    """What a database needs."""

    EMPTY = auto()
    BEHIND = auto()
    CURRENT = auto()


def database_state() -> DatabaseState:
    """Say whether the database has any migration, and whether it has all that are installed.

    Raises:
        OldDataError: it has migrations of before 0.1.0a2.
        NewerDataError: it has migrations of a newer Dexxy.
        UnfinishedRestoreError: a restore into it was not finished.
    """
    unfinished_refuse()
    return state_of(set(MigrationRecorder(connection).applied_migrations()))


def state_of(applied: set[tuple[str, str]]) -> DatabaseState:
    """Say what a database with these migrations needs.

    Args:
        applied: pairs of an app and the name of a migration.

    Raises:
        OldDataError, NewerDataError: as `database_state`.
    """
    unknown = migrations_unknown(applied)
    if unknown & REPLACED:
        raise OldDataError(
            "This data is of a Dexxy before 0.1.0a2, which cannot be migrated: start with an empty"
            " DEXXY_DATA_DIR (or database) and sync again."
        )
    if unknown:
        app, name = min(unknown)
        raise NewerDataError(
            f"This data is of a newer Dexxy, which has the migration {app}.{name}: run that one, or"
            " start with an empty DEXXY_DATA_DIR (or database) and sync again."
        )
    if not applied:
        return DatabaseState.EMPTY
    return DatabaseState.CURRENT if _installed() <= applied else DatabaseState.BEHIND


def is_up_to_date() -> bool:
    """Say whether every migration that is installed was applied to the database.

    Raises:
        OldDataError, NewerDataError, UnfinishedRestoreError: as `database_state`.
    """
    return database_state() is DatabaseState.CURRENT


def migrations_unknown(applied: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those of some migrations that would be ours and that this Dexxy does not have."""
    ours = {app.label for app in apps.get_app_configs() if app.name.startswith("dexxy.")}
    return {(app, name) for app, name in set(applied) - _installed() if app in ours}


def refuse_foreign_data() -> None:
    """Refuse a database that is not of this Dexxy, where it can be reached.

    One that is away is no reason not to start: a process waits for it.

    Raises:
        OldDataError, NewerDataError, UnfinishedRestoreError: as `database_state`.
    """
    try:
        is_up_to_date()
    except (DatabaseError, InterfaceError) as error:
        # Whatever needs it says so; this would be a second line about the same.
        log.debug("migrations not looked at: the database is away", error=first_line(error))
    finally:
        connection.close()


def await_own_data() -> None:
    """Wait until the database is migrated as this Dexxy needs it; say once what is waited for.

    One that is away may be of another Dexxy when it comes back.
    """
    told = ""
    while lack := _lack():
        if lack != told:
            log.warning("waiting for the database", why=lack)
            told = lack
        time.sleep(_PAUSE_SECONDS)
    if told:
        log.info("the database can be used")


def _lack() -> str:
    """Say in one line what the database lacks; "" if nothing."""
    try:
        return "" if is_up_to_date() else "It is not up to date: run `dexxy upgrade`."
    except DexxyError as error:
        return str(error)
    except (DatabaseError, InterfaceError) as error:
        return f"It cannot be used: {first_line(error)}."
    finally:
        connection.close()


def _installed() -> set[tuple[str, str]]:
    return {(app.label, name) for app in apps.get_app_configs() for name in _names(app)}


def _names(app: AppConfig) -> Iterator[str]:
    """Return the names of an app's migrations, without loading them: that takes a while."""
    folder = Path(app.path) / "migrations"
    return (name for _, name, _ in iter_modules([str(folder)]) if name[0] not in "_~")
