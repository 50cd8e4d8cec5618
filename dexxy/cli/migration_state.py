"""Which migrations a database has: what this Dexxy cannot bring up to date it leaves alone."""

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


def is_up_to_date() -> bool:
    """Say whether every migration that is installed was applied to the database.

    Raises:
        OldDataError: it has migrations of before 0.1.0a2.
        NewerDataError: it has migrations of a newer Dexxy.
    """
    applied = set(MigrationRecorder(connection).applied_migrations())
    installed = {(app.label, name) for app in apps.get_app_configs() for name in _names(app)}
    ours = {app.label for app in apps.get_app_configs() if app.name.startswith("dexxy.")}
    unknown = {(app, name) for app, name in applied - installed if app in ours}
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
    return installed <= applied


def refuse_foreign_data() -> None:
    """Refuse a database that is not of this Dexxy, where it can be reached.

    One that is away is no reason not to start: a process waits for it.

    Raises:
        OldDataError, NewerDataError: as `is_up_to_date`.
    """
    try:
        is_up_to_date()
    except (DatabaseError, InterfaceError) as error:
        # Whatever needs it says so; this would be a second line about the same.
        log.debug("migrations not looked at: the database is away", error=first_line(error))
    finally:
        connection.close()


def _names(app: AppConfig) -> Iterator[str]:
    """Return the names of an app's migrations, without loading them: that takes a while."""
    folder = Path(app.path) / "migrations"
    return (name for _, name, _ in iter_modules([str(folder)]) if name[0] not in "_~")
