"""Looking at real processes from outside, and waiting for what they do."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from dexxy.embedded import locks
from dexxy.embedded.tests.ordinary import Ordinary

DEADLINE_SECONDS = 30.0


def wait_until(
    condition: Callable[[], object], what: str, seconds: float = DEADLINE_SECONDS
) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.02)


def owner_of(data_dir: Path, server: str) -> int:
    """Return the process id of the server's owner."""
    [pid] = [
        pid
        for pid in locks.holders(data_dir / "lock" / f"{server}.owner")
        if b"dexxy.embedded.owner" in _command(pid)
    ]
    return pid


def _command(pid: int) -> bytes:
    """Return what a process was started with; nothing of one that has just ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def server_of(data_dir: Path, server: str) -> int:
    """Return the process id of the server itself, the eldest of its processes."""
    return min(locks.holders(data_dir / "lock" / f"{server}.server"))


def processes_of(data_dir: Path) -> set[int]:
    """Return every process that has a lock of this data folder open: clients, owners, servers."""
    return {pid for lock in (data_dir / "lock").glob("*.*") for pid in locks.holders(lock)}


def wait_until_deserted(data_dir: Path) -> None:
    wait_until(lambda: not processes_of(data_dir), f"everything on {data_dir} has ended")


def kill(pid: int) -> None:
    """Kill -9, if another kill has not ended it already."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


class Client:
    """A process that uses the servers of a data folder until it is told to end."""

    PROGRAM = """
import sys
from pathlib import Path
from dexxy.embedded import EmbeddedServersError, ensure_servers
try:
    servers = ensure_servers(Path(sys.argv[1]), durable=False)
except EmbeddedServersError as error:
    sys.exit(str(error))
print(servers.database_url, servers.redis_url, flush=True)
sys.stdin.read()
"""

    def __init__(
        self,
        data_dir: Path,
        *,
        user: Ordinary | None = None,
        first_on_path: str = "",
    ) -> None:
        uid = user.uid if user else None
        path = [str(user.packages)] if user else [first_on_path, *sys.path]
        self.process = subprocess.Popen(
            [user.python if user else sys.executable, "-c", self.PROGRAM, str(data_dir)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
            env={**os.environ, "PYTHONPATH": ":".join(path)},
            user=uid,
            group=uid,
            extra_groups=[] if user else None,
        )

    def urls(self) -> tuple[str, str]:
        """Wait until it is ready; return the addresses it was given."""
        assert self.process.stdout is not None
        database_url, redis_url = self.process.stdout.readline().split()
        return database_url, redis_url

    def complaint(self) -> str:
        """Wait until it gives up; return what it said."""
        _, errors = self.process.communicate(timeout=DEADLINE_SECONDS)
        assert self.process.returncode == 1
        return errors.strip()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
