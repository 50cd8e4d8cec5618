"""How processes end: at once when they are told to, and with the one that started them, also when
that one is killed with -9.

`python -m dexxy.cli.lifetime PARENT MODULE ARGUMENTS...` runs a module in that way.
"""

import ctypes
import os
import runpy
import signal
import sys
import threading
import time
from types import FrameType
from typing import NoReturn

_PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """End this process when its parent ends. To be called in the main thread, once.

    The kernel does it on Linux, when the thread that forked us ends: a process that wants its
    children to live starts them from its main thread. Elsewhere a thread looks once a second.

    Args:
        parent: the process id of the parent, which may be dead before the kernel is asked.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    else:
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def leave_at_once() -> None:
    """Let SIGINT and SIGTERM end this process with 0, wherever it is."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    os.kill(os.getpid(), signal.SIGKILL)


def _main() -> None:
    _, parent, module, *arguments = sys.argv
    die_with_parent(int(parent))
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _main()
