"""What is kept of a private database before it is migrated."""

from datetime import UTC, datetime

from dexxy.cli.private_file import written_atomically
from dexxy.config.backups import backup_passphrase
from dexxy.config.data_dir import data_dir
from dexxy.embedded.binaries import postgres_client_programs
from dexxy.safekeeping.making import backup_make

# Of the backups that upgrades made.
KEPT = 3
_PATTERN = "before-upgrade-*.dexxy"


def backup_before_upgrade() -> str:
    """Back the database up into the data folder, and keep the last few of such backups.

    Returns: a line that says where it is.

    Raises:
        DexxyError, OSError: as `backup_make`; then nothing may be migrated.
    """
    folder = data_dir() / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / _PATTERN.replace("*", f"{datetime.now(UTC):%Y%m%dT%H%M%S}")
    with written_atomically(path) as output:
        backup_make(output, passphrase=backup_passphrase(), brought=postgres_client_programs())
    for old in sorted(folder.glob(_PATTERN))[:-KEPT]:
        old.unlink()
    return f"The database is of an older Dexxy: it was backed up to {path}, and is migrated now."
