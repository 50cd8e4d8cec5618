"""What `dexxy upgrade` would do to the database."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from dexxy.cli.composition import has_own_database
from dexxy.cli.migration_state import DatabaseState, database_state
from dexxy.cli.upgrading.locking import Waiting, waiting
from dexxy.cli.upgrading.released import last_release
from dexxy.common.sql import database_server
from dexxy.config.data_dir import data_dir


@dataclass(frozen=True)
class Step:
    """One migration that the database lacks.

    Args:
        name: its app and its name.
        waiting: who waits while it runs.
    """

    name: str
    waiting: Waiting


@dataclass(frozen=True)
class Forecast:
    """What an upgrade would do.

    Args:
        may_go_on: whether processes of the last release may run beside it; those of an older one
            may not.
        bytes: the size of the database; a backup is smaller.
        free: how many bytes there are where the backup would be written; None where that is up to
            whoever names the file.
    """

    state: DatabaseState
    postgresql: str
    steps: list[Step]
    may_go_on: bool
    bytes: int
    free: int | None


def forecast_make() -> Forecast:
    """Look at the database, and change nothing.

    Raises:
        OldDataError, NewerDataError, UnfinishedRestoreError: as `database_state`.
    """
    state = database_state()
    server = database_server()
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    applied = set(MigrationRecorder(connection).applied_migrations())
    return Forecast(
        state=state,
        postgresql=server.version,
        steps=[Step(f"{one.app_label}.{one.name}", waiting(one)) for one, _ in plan],
        may_go_on=last_release().migrations <= applied,
        bytes=server.bytes,
        free=_free(data_dir()) if has_own_database() else None,
    )


def _free(folder: Path) -> int:
    return shutil.disk_usage(folder).free
