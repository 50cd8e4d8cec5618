"""Copies of the servers' binaries, for an account that cannot reach those that are installed.

Root may have Dexxy in a folder that is closed to others, and the servers do not run as root. All
data folders share the copies, so these are locked while a server that uses them runs:

CACHE/PACKAGE-VERSION-GROUP         a copy that this group may enter
CACHE/lock/PACKAGE-VERSION-GROUP    shared by those who use the copy
CACHE/lock/all                      held by who makes or removes copies
"""

import os
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from dexxy.embedded import locks
from dexxy.embedded.account import Account
from dexxy.embedded.errors import EmbeddedServersError

_LOCK_SECONDS = 120.0  # a copy is some 60 MB, and a disk may be slow
_UNFINISHED = "unfinished"

# They end with the process, which is the owner of a server.
_in_use: dict[Path, int] = {}


@dataclass(frozen=True)
class Copies:
    """The copies in one folder, for one account.

    Args:
        cache: made if it is missing; nobody but this user may be able to write there.
    """

    cache: Path
    account: Account

    def of(self, package: Path, version: str) -> Path:
        """Return a copy of a package, which stays until this process ends.

        Copies of other versions are removed unless somebody uses them.

        Args:
            package: its folder; the libraries of its wheel lie beside it.
        Returns: the folder of the package in the copy.
        Raises:
            EmbeddedServersError: somebody else keeps the folder locked.
        """
        copy = self.cache / f"{package.name}-{version}-{self.account.gid}"
        if copy not in _in_use:
            self._prepare()
            lock = _locked(self._lock("all"), exclusive=True)
            try:
                # Never waits: a copy is locked exclusively only under the lock that we hold.
                _in_use[copy] = _locked(self._lock(copy.name), exclusive=False)
                if not copy.exists():
                    self._make(package, copy)
                self._remove_unused(package.name)
            finally:
                os.close(lock)
        return copy / package.name

    def _prepare(self) -> None:
        self.cache.mkdir(parents=True, exist_ok=True)
        self.cache.chmod(0o711)  # whatever the umask took away
        self._lock("all").parent.mkdir(mode=0o700, exist_ok=True)

    def _lock(self, name: str) -> Path:
        return self.cache / "lock" / name

    def _make(self, package: Path, copy: Path) -> None:
        """Copy a package; the last step is a rename, so that a copy which exists is whole."""
        unfinished = self.cache / _UNFINISHED
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        skip = shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__")
        for source in (package, package.with_name(f"{package.name}.libs")):
            if source.is_dir():
                shutil.copytree(source, unfinished / source.name, symlinks=True, ignore=skip)
        for path in unfinished.rglob("*"):
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
        os.chown(unfinished, os.geteuid(), self.account.gid)
        unfinished.chmod(0o710)
        unfinished.rename(copy)

    def _remove_unused(self, package: str) -> None:
        for copy in self.cache.glob(f"{package}-*"):
            lock = locks.acquire(self._lock(copy.name), exclusive=True)
            if lock is not None:
                shutil.rmtree(copy, ignore_errors=True)
                self._lock(copy.name).unlink()
                os.close(lock)


def is_safe(cache: Path, account: Account) -> bool:
    """Say whether copies can be kept here: nobody else can write there, and the account gets in."""
    with suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
        status = cache.lstat()
        ours = status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        return ours and os.access(cache, os.W_OK) and account.barrier(cache.parent) is None
    return False


def _locked(path: Path, *, exclusive: bool) -> int:
    lock = locks.acquire(path, exclusive=exclusive, timeout=_LOCK_SECONDS)
    if lock is None:
        raise EmbeddedServersError(f"Somebody keeps {path} locked: end that process.")
    return lock
