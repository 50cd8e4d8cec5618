"""Locks on files, which end with the process that holds them, however it ends.

A process id in a file can outlive its process and then name a stranger's. A lock cannot.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

_POLL_SECONDS = 0.02


def acquire(path: Path, *, exclusive: bool, timeout: float = 0.0) -> int | None:
    """Lock the file, creating it if need be.

    Returns: the open descriptor that holds the lock, or None if others hold it for longer
        than `timeout` seconds.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    operation = (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(fd, operation)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(fd)
                return None
            time.sleep(_POLL_SECONDS)
        else:
            return fd


def is_held_exclusively(path: Path) -> bool:
    """Say whether somebody holds the file's exclusive lock at this moment."""
    fd = acquire(path, exclusive=False)
    if fd is None:
        return True
    os.close(fd)
    return False


def kill_holders(path: Path) -> None:
    """Kill -9 the processes that have this lock file open, and no other process."""
    for pid in holders(path):
        with suppress(ProcessLookupError, PermissionError):
            _kill_holder(pid, path)


def _kill_holder(pid: int, path: Path) -> None:
    if not hasattr(os, "pidfd_open"):
        os.kill(pid, signal.SIGKILL)
        return
    # The id may belong to another process by now. A pidfd stays with its process, so what is
    # checked after opening it holds for the process that is killed.
    pidfd = os.pidfd_open(pid)
    try:
        if _has_open(pid, path):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    finally:
        os.close(pidfd)


def holders(path: Path) -> list[int]:
    """Return the other processes that have this lock file open, as far as we may see them."""
    if sys.platform == "linux":
        pids = (int(entry) for entry in os.listdir("/proc") if entry.isdigit())
        return [pid for pid in pids if pid != os.getpid() and _has_open(pid, path)]
    found = subprocess.run(["lsof", "-t", str(path)], capture_output=True, text=True)  # noqa: S603, S607
    return [int(pid) for pid in found.stdout.split() if int(pid) != os.getpid()]


def _has_open(pid: int, path: Path) -> bool:
    folder = f"/proc/{pid}/fd"
    try:
        return any(_is_link_to(f"{folder}/{fd}", path) for fd in os.listdir(folder))
    except OSError:  # gone, or another user's
        return False


def _is_link_to(link: str, path: Path) -> bool:
    try:
        return os.readlink(link) == str(path)
    except OSError:  # closed since the folder was listed
        return False
