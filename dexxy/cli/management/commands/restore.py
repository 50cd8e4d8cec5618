"""`dexxy restore FILE`: bring everything back from a backup."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

from dexxy.cli.command import DexxyCommand
from dexxy.cli.migration_state import migrations_unknown
from dexxy.config.backups import backup_passphrase
from dexxy.embedded.binaries import postgres_client_programs
from dexxy.members.erasure.lists import ErasureList, journal_read
from dexxy.safekeeping.backup_file import Backup, backup_opened
from dexxy.safekeeping.manifest import KEYS, NewerBackupError
from dexxy.safekeeping.restoring import Restored, restore


class Command(DexxyCommand):
    def handle(self, *args: Any, **options: Any) -> None:
        with backup_opened(options["file"]) as backup:
            _newer_refuse(backup)
            keys = _keys(backup)
            erasures = [one for path in options["erasures"] for one in _erasures(path)]
            done = restore(
                backup,
                force=options["force"],
                keys=keys,
                erasures=erasures,
                brought=postgres_client_programs(),
            )
            for line in _told(backup, done, has_keys=bool(keys)):
                self.stdout.write(line)


def _newer_refuse(backup: Backup) -> None:
    """Refuse a backup with tables that this Dexxy does not know.

    Raises:
        NewerBackupError: it is one.
    """
    unknown = migrations_unknown((app, name) for app, name in backup.manifest.migrations)
    if unknown:
        app, name = min(unknown)
        raise NewerBackupError(
            f"This backup is of a newer Dexxy ({backup.manifest.dexxy}), which has the migration"
            f" {app}.{name}: restore it with that one. Nothing was touched."
        )


def _keys(backup: Backup) -> list[str]:
    """Return the keys that are enclosed, if the passphrase is known."""
    passphrase = backup_passphrase()
    if KEYS not in backup or not passphrase:
        return []
    return backup.keys(passphrase)


def _erasures(path: Path) -> Iterator[ErasureList]:
    """Return the erasures in a journal, or in another backup."""
    if not is_zipfile(path):
        yield from journal_read(path)
        return
    with backup_opened(path) as other:
        yield from other.erasures()


def _told(backup: Backup, done: Restored, *, has_keys: bool) -> Iterator[str]:
    yield (
        f"Restored the backup of {backup.manifest.made_at}. Secrets encrypted with this place's"
        f" key: {done.renewed:,}. Accounts erased again: {done.erased:,}."
    )
    if KEYS in backup and not has_keys:
        yield (
            "Its keys are enclosed, but DEXXY_BACKUP_PASSPHRASE is not set: they were not used. To"
            " use them, set it and restore again with --force."
        )
    for slug in done.unreadable:
        yield (
            f"The erasures of workspace {slug} in the database that was replaced could not be"
            " read: look into its audit log, and erase again."
        )
    yield from done.missing
    if not done.is_queue_empty:
        yield "The queue cannot be reached, so jobs of before may still be in it: they do no harm."
    yield "Start Dexxy: everything will be compared with GitHub again."
