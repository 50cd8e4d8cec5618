"""Data that this Dexxy cannot bring up to date: of before the first release, or of a newer one."""

from importlib import import_module
from pkgutil import iter_modules

from django.apps import AppConfig, apps
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils.module_loading import module_has_submodule

from dexxy.common.errors import DexxyError

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


def refuse_foreign_data() -> None:
    """Refuse a database with migrations of our apps that this Dexxy does not have.

    Raises:
        OldDataError: they are of before the first release.
        NewerDataError: they are of a newer Dexxy.
    """
    ours = [app for app in apps.get_app_configs() if app.name.startswith("dexxy.")]
    labels = {app.label for app in ours}
    applied = {
        key for key in MigrationRecorder(connection).applied_migrations() if key[0] in labels
    }
    unknown = applied - {(app.label, name) for app in ours for name in _migrations(app)}
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


def _migrations(app: AppConfig) -> list[str]:
    """Return the names of an app's migrations, without loading them: that takes a while."""
    if app.module is None or not module_has_submodule(app.module, "migrations"):
        return []
    return [
        module.name for module in iter_modules(import_module(f"{app.name}.migrations").__path__)
    ]
