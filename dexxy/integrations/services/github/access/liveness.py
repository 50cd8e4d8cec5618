"""Whether the process that holds something is alive, as far as its own host can tell.

A holder locks a file of its own. Beside it, a file that is free again is that of a process that
died; from another host nothing can be said, and what it held runs out by itself.
"""

import fcntl
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import time
from typing import IO
from uuid import uuid4

from django.conf import settings

# Seconds: a file that is younger may not be locked yet.
_YOUNG = 60


@contextmanager
def living() -> Iterator[str]:
    """Hold a file while something else is held. Returns the name that `has_died` is asked with."""
    path = _folder() / f"{uuid4()}.lock"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield f"{_host()}|{path}"
        finally:
            path.unlink(missing_ok=True)


def has_died(holder: str) -> bool:
    """Tell whether HOLDER, a name from `living`, is known to be dead."""
    host, _, path = holder.partition("|")
    if not holder or host != _host():
        return False
    try:
        with Path(path).open() as file:
            return _lock_if_free(file)
    except OSError:
        # A folder that is not ours to see: what it holds will run out by itself.
        return False


def remove_left_behind(holders: Collection[str]) -> None:
    """Remove the files of processes that were killed, but for those of HOLDERS."""
    named = {holder.partition("|")[2] for holder in holders}
    for path in _folder().glob("*.lock"):
        with suppress(OSError), path.open() as file:
            is_old = path.stat().st_mtime < time() - _YOUNG
            if is_old and str(path) not in named and _lock_if_free(file):
                path.unlink()


def _lock_if_free(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _folder() -> Path:
    folder = Path(settings.DEXXY_DATA_DIR) / "leases"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _host() -> str:
    """Name this host and its current boot: after a reboot no holder of before can live."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    return f"{socket.gethostname()}/{boot.read_text().strip() if boot.exists() else ''}"
