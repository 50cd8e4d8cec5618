"""The data folder: what lies where in it, and who may enter.

DATA_DIR/servers/postgres   the cluster            DATA_DIR/log    what the servers say
DATA_DIR/servers/valkey     the append-only file   DATA_DIR/lock   who uses what
DATA_DIR/servers/run        the sockets            DATA_DIR/bin    binaries, see copies.py
"""

import os
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dexxy.embedded import locks
from dexxy.embedded.account import Account, server_account
from dexxy.embedded.errors import EmbeddedServersError, explained

# The kernel takes 107 bytes for a socket's path on Linux and 103 on macOS.
_LONGEST_SOCKET_PATH = 103
_LONGEST_SOCKET_NAME = len("/.s.PGSQL.5432.lock")


@dataclass(frozen=True)
class DataFolder:
    """A data folder that is ready for use, and the account that its servers run as."""

    path: Path
    sockets: Path
    account: Account

    @property
    def servers(self) -> Path:
        return self.path / "servers"

    @property
    def binaries(self) -> Path:
        return self.path / "bin"

    def lock(self, server: str, purpose: str) -> Path:
        return self.path / "lock" / f"{server}.{purpose}"

    def log(self, name: str) -> Path:
        return self.path / "log" / f"{name}.log"


def open_data_folder(path: Path) -> DataFolder:
    """Make the data folder if it is missing, and what belongs into it.

    Raises:
        EmbeddedServersError: it is somebody else's, cannot be written, or is closed to the
            account that the servers run as.
    """
    with explained(path):
        path = path.expanduser().resolve()
        account = server_account(path / "servers")
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            _make(path, 0o711 if account.drops else 0o700)
        _check(path, account)
        _make(path / "lock", 0o700)
        _make(path / "log", 0o700)
        # Two commands may arrive here together.
        lock = locks.acquire(path / "lock" / "folder", exclusive=True, timeout=10.0)
        try:
            _make_guarded(path / "servers", account)
            return DataFolder(path, _socket_folder(path, account), account)
        finally:
            if lock is not None:
                os.close(lock)


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def make_private(folder: Path, account: Account) -> None:
    """Make a folder that the servers' account owns and nobody else enters."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if account.drops:
        os.chown(folder, account.uid, account.gid)


def _make(folder: Path, mode: int) -> None:
    if not folder.exists():
        folder.mkdir(mode=mode, exist_ok=True)
        folder.chmod(mode)  # whatever the umask took away


def _make_guarded(folder: Path, account: Account) -> None:
    """Make a folder of our own; besides us, only the servers' group may pass through it."""
    if not folder.exists():
        folder.mkdir(mode=0o700)
        if account.drops:
            os.chown(folder, 0, account.gid)
            folder.chmod(0o710)


def _check(path: Path, account: Account) -> None:
    if not path.is_dir():
        raise EmbeddedServersError(
            f"{path} is not a folder: name a folder for the data in DEXXY_DATA_DIR."
        )
    owner = path.stat().st_uid
    if owner != os.geteuid():
        raise EmbeddedServersError(
            f"The data folder {path} belongs to another user (number {owner}): run dexxy as that "
            "user, or name another folder in DEXXY_DATA_DIR."
        )
    if barrier := account.barrier(path):
        raise EmbeddedServersError(
            f"The folder {barrier} is closed to the user {account.name}, whom the database runs "
            "as: name another data folder in DEXXY_DATA_DIR, or open it with "
            f"`chmod o+x {barrier}`."
        )


def _socket_folder(path: Path, account: Account) -> Path:
    folder = path / "servers" / "run"
    fits = len(os.fsencode(folder)) + _LONGEST_SOCKET_NAME <= _LONGEST_SOCKET_PATH
    # Valkey lists its clients with the socket's path in a line that is split at spaces.
    if fits and not any(letter.isspace() for letter in str(folder)):
        make_private(folder, account)
        return folder
    return _short_socket_folder(path / "servers" / "short", account)


def _short_socket_folder(link: Path, account: Account) -> Path:
    """Return the short folder that `link` points to, so that every start finds the same one."""
    if not (link.is_symlink() and _is_ours(link.readlink())):
        link.unlink(missing_ok=True)
        guard = Path(tempfile.mkdtemp(prefix="dexxy-", dir=_runtime_folder(account)))
        if account.drops:
            os.chown(guard, 0, account.gid)
            guard.chmod(0o710)
        link.symlink_to(guard)
    folder = link.readlink() / "run"
    make_private(folder, account)
    return folder


def _is_ours(folder: Path) -> bool:
    """Say whether nobody but us can have made this folder, which may lie in /tmp."""
    try:
        status = folder.lstat()
    except FileNotFoundError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()


def _runtime_folder(account: Account) -> str:
    candidate = "/run" if account.drops else os.environ.get("XDG_RUNTIME_DIR", "")
    if candidate and os.access(candidate, os.W_OK | os.X_OK) and len(candidate) < 40:
        return candidate
    # mkdtemp makes a private folder in it; TMPDIR can be too long.
    return "/tmp"  # noqa: S108  # nosec B108
