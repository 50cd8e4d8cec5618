"""Backups of the tests' own database, and restores into it."""

from collections.abc import Sequence
from pathlib import Path

from dexxy.cli.private_file import written_atomically
from dexxy.embedded.binaries import postgres_client_programs
from dexxy.members.erasure.lists import ErasureList
from dexxy.safekeeping.backup_file import backup_opened
from dexxy.safekeeping.making import backup_make
from dexxy.safekeeping.restoring import Restored, restore

# What a restore changes on purpose: who reads, when to look again, and the epoch of followers; and
# what Django makes again after it, which is not there where a test has emptied all tables.
CHANGED = {
    *("auth_permission", "django_content_type"),
    "messages_epoch",
    *("integrations_githubapp.log_due_at", "integrations_githubinstallation.reconcile_at"),
    *("integrations_githubrepository.next_sync_at", "integrations_githubrepository.next_sweep_at"),
    "integrations_githubrepository.is_due_by_time",
}


def back_up(path: Path, *, passphrase: str = "") -> Path:
    with written_atomically(path) as output:
        backup_make(output, passphrase=passphrase, brought=postgres_client_programs())
    return path


def bring_back(
    path: Path,
    *,
    force: bool = True,
    keys: Sequence[str] = (),
    erasures: Sequence[ErasureList] = (),
) -> Restored:
    with backup_opened(path) as backup:
        return restore(
            backup,
            force=force,
            keys=keys,
            erasures=erasures,
            brought=postgres_client_programs(),
        )
