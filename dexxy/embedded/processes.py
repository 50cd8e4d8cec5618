"""Starting the processes of a server, so that none outlives its owner."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from dexxy.embedded.account import Account

_PR_SET_PDEATHSIG = 1
_LONGEST_TAIL = 64 * 1024  # bytes
_ENVIRONMENT = ("PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def start(
    argv: Sequence[str | Path],
    *,
    account: Account,
    lock: int,
    log: Path,
    on_owner_death: signal.Signals,
    script: bytes | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a program as the servers' account.

    Args:
        lock: a locked descriptor that the program and all its children hold as long as they
            live, which is how we know later that none is left.
        on_owner_death: the signal it gets when this process ends in whatever way (Linux).
        script: what it reads on its standard input.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603
            argv,
            stdin=subprocess.DEVNULL if script is None else subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
            | {"LC_ALL": "C"},
            cwd="/",
            pass_fds=[lock],
            preexec_fn=_dying_with(os.getpid(), on_owner_death),
            user=account.uid if account.drops else None,
            group=account.gid if account.drops else None,
            extra_groups=[] if account.drops else None,
        )
    if process.stdin is not None:
        with process.stdin as pipe:
            pipe.write(script or b"")
    return process


def _dying_with(owner: int, number: signal.Signals) -> Callable[[], None] | None:
    """Return what the child must do, after it has changed its user and before it runs."""
    if sys.platform != "linux":
        return None  # the next owner finds the lock held and ends the holders
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask_the_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != owner:  # it died before the kernel was asked
            os._exit(1)

    return ask_the_kernel


def size_of(log: Path) -> int:
    """Return how many bytes were written to a log; 0 if there is none yet."""
    return log.stat().st_size if log.exists() else 0


def tail(log: Path, start: int) -> list[str]:
    """Return what was written to a log since it was `start` bytes long, without blank lines.

    Of very much the end; of a log that was begun anew since, all.
    """
    size = size_of(log)
    with log.open("rb") as file:
        file.seek(max(start if start <= size else 0, size - _LONGEST_TAIL))
        text = file.read().decode(errors="replace")
    return [line.strip() for line in text.splitlines() if line.strip()]
