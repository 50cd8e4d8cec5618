"""What encrypts the keys in a backup."""

from dexxy.config import env


def backup_passphrase() -> str:
    """Return the passphrase of backups, or "" where the keys are to be left out."""
    return env.text("DEXXY_BACKUP_PASSPHRASE")
