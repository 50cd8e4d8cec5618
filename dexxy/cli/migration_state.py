"""Which migrations a database has: what this Dexxy cannot bring up to date it leaves alone."""

import time
from collections.abc import Iterator
from pathlib import Path
from pkgutil import iter_modules

import structlog
from django.apps import AppConfig, apps
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.recorder import MigrationRecorder

from dexxy.cli.errors import first_line
from dexxy.common.errors import DexxyError

log = structlog.get_logger()

_PAUSE_SECONDS = 2.0

# The second migration of each app that had one before the first release squashed them: every
# database of that time has applied these, and no later migration may take such a name.
SQUASHED = {
    ("integrations", "0002_app_and_oauth"),
    ("members", "0002_bots_are_found_by_an_index"),
    ("messages", "0002_feed_filters_and_search"),
}


class OldDataError(DexxyError):
    """The database was made before the first release."""

    code = "old_data"


class NewerDataError(DexxyError):
    """The database was migrated by a newer Dexxy."""

    code = "newer_data"


def is_up_to_date() -> bool:
    """Say whether every migration that is installed was applied to the database.

    Raises:
        OldDataError: it has migrations of before the first release.
        NewerDataError: it has migrations of a newer Dexxy.
    """
    return lacks_nothing(set(MigrationRecorder(connection).applied_migrations()))


def lacks_nothing(applied: set[tuple[str, str]]) -> bool:
    """Say whether every migration that is installed is among the APPLIED: apps and names.

    Raises:
        OldDataError, NewerDataError: as `is_up_to_date`.
    """
    installed = {(app.label, name) for app in apps.get_app_configs() for name in _names(app)}
    ours = {app.label for app in apps.get_app_configs() if app.name.startswith("dexxy.")}
    unknown = {(app, name) for app, name in applied - installed if app in ours}
    if unknown & SQUASHED:
        raise OldDataError(
            "This data is of a Dexxy before 0.1.0a1, which cannot be migrated: start with an empty"
            " DEXXY_DATA_DIR (or database) and sync again."
        )
    if unknown:
        app, name = min(unknown)
        raise NewerDataError(
            f"This data is of a newer Dexxy, which has the migration {app}.{name}: run that one, or"
            " start with an empty DEXXY_DATA_DIR (or database) and sync again."
        )
    return installed <= applied


def await_own_data() -> None:
    """Wait until the database is migrated as this Dexxy needs it; say once what is waited for.

    One that is away is no reason to wait here: whatever needs it waits by itself.
    """
    said = ""
    while lack := _lack():
        if lack != said:
            log.warning("waiting for the database", why=lack)
            said = lack
        time.sleep(_PAUSE_SECONDS)
    if said:
        log.info("the database can be used")


def _lack() -> str:
    """Say in one line what the database lacks; "" if nothing, or if that cannot be seen."""
    try:
        return "" if is_up_to_date() else "It is not up to date: run `dexxy manage migrate`."
    except (OldDataError, NewerDataError) as error:
        return str(error)
    except (DatabaseError, InterfaceError) as error:
        # Whatever needs it says so; this would be a second line about the same.
        log.debug("migrations not looked at: the database is away", error=first_line(error))
        return ""
    finally:
        connection.close()


def _names(app: AppConfig) -> Iterator[str]:
    """Return the names of an app's migrations, without loading them: that takes a while."""
    folder = Path(app.path) / "migrations"
    return (name for _, name, _ in iter_modules([str(folder)]) if name[0] not in "_~")
