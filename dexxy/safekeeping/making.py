"""Make a backup, while everything runs."""

from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

import dexxy
from dexxy.common.errors import DexxyError
from dexxy.common.sql import fetch_all
from dexxy.members.erasure.lists import lists_stored
from dexxy.safekeeping.backup_file import BackupWriter
from dexxy.safekeeping.enclosed_keys import keys_enclosed
from dexxy.safekeeping.manifest import DUMP, ERASURES, KEYS, Manifest
from dexxy.safekeeping.postgres_programs import programs_for


class NothingToBackUpError(DexxyError):
    """The database is empty."""

    code = "nothing_to_back_up"


@dataclass(frozen=True)
class Made:
    """What a backup came to.

    Args:
        has_keys: whether the secret keys are enclosed.
        unreadable: the slugs of workspaces whose erasures cannot be kept apart.
    """

    has_keys: bool
    unreadable: list[str]


def backup_make(output: IO[bytes], *, passphrase: str, brought: Path | None) -> Made:
    """Write a backup of the whole database, as it is at this moment.

    Args:
        passphrase: what the secret keys are encrypted with; without one they are left out.
        brought: the folder of the `pg_dump` that Dexxy brings along, if it does.

    Raises:
        NothingToBackUpError: the database is empty.
        NoFittingProgramError: no `pg_dump` here is as new as the server.
        DumpFailedError: the database cannot be dumped.
        OSError: OUTPUT cannot be written.
    """
    migrations = sorted(MigrationRecorder(connection).applied_migrations())
    if not migrations:
        raise NothingToBackUpError("The database is empty: there is nothing to back up.")
    [(version, schema)] = fetch_all(
        "SELECT current_setting('server_version'), current_schema()", {}
    )
    programs = programs_for(int(version.split(".")[0]), brought)
    with BackupWriter(output) as writer:
        writer.add(DUMP, programs.dump(schema))
        # Later than the dump: who was erased meanwhile is erased again after a restore.
        erasures, unreadable = lists_stored()
        writer.add(ERASURES, (one.line() for one in erasures))
        if passphrase:
            keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
            writer.add(KEYS, [keys_enclosed(keys, passphrase)])
        writer.finish(
            Manifest(
                dexxy=dexxy.__version__,
                postgresql=version.split()[0],
                tools=programs.major,
                schema=schema,
                migrations=[list(one) for one in migrations],
            )
        )
    return Made(bool(passphrase), unreadable)
