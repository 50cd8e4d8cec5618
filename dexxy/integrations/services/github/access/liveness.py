"""Whether the process that holds something is alive, as far as its own host can tell.

Of a process on another host nothing can be said, and what it held runs out by itself. Nothing is
written to a disk for this: a process may run where it can write nothing.
"""

import os
import socket
from functools import cache
from pathlib import Path

# What stands in the place of a beginning: the process has ended, and nobody has taken note yet.
_ENDED = "ended"


def holder_name() -> str:
    """Return the name of this process that `has_died` is asked with."""
    return name_of(os.getpid())


def name_of(pid: int) -> str:
    """Return the name of a process on this host, as it calls itself by `holder_name`."""
    return f"{_host()}|{pid}|{_began(pid)}"


def has_died(holder: str) -> bool:
    """Tell whether HOLDER, a name from `holder_name`, is known to be dead."""
    host, _, process = holder.partition("|")
    number, _, began = process.partition("|")
    if host != _host() or not number.isdecimal():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # another user's
        pass
    # The number may be another process's by now.
    return _began(int(number)) not in {"", began}


def _began(pid: int) -> str:
    """Return when a process began, in ticks since the boot; '' where that cannot be told.

    https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    """
    try:
        # The name in parentheses may hold anything, spaces and parentheses too.
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return ""
    state, began = fields[0], fields[19]
    return _ENDED if state in "ZX" else began


@cache
def _host() -> str:
    """Name this host, its current boot, and what its process numbers count in.

    After a reboot no holder of before can live; two containers on one host may have one name, and
    count their processes each for itself.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        numbers = os.readlink("/proc/self/ns/pid")
    except OSError:
        boot = numbers = ""
    return f"{socket.gethostname()}/{boot}/{numbers}"
