"""What PostgreSQL and Valkey have in common: started, ready, stopped, all of it gone."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from dexxy.embedded import locks, processes
from dexxy.embedded.errors import DiskFullError, EmbeddedServersError, ServerKilledError
from dexxy.embedded.folder import DataFolder

_READY_SECONDS = 150.0
# How long the processes of a killed owner may take to stop: on Linux the kernel tells them to,
# elsewhere nothing does.
_LEFTOVER_SECONDS = 15.0 if sys.platform == "linux" else 0.0
_POLL_SECONDS = 0.01
_FULL_BYTES = 1024 * 1024
# What the note of a server that runs begins with.
NOTE = "Note: "
_FATAL = re.compile(r"(FATAL|PANIC): ")


def tells_of_full_disk(lines: Iterable[str]) -> bool:
    """Say whether a server that wrote LINES has met a full disk."""
    return any("No space left on device" in line for line in lines)


class Server(ABC):
    """One server in one data folder. Only its owner process makes one."""

    name: ClassVar[str]
    title: ClassVar[str]
    # The signals that stop it in order, the gentlest first; after the last of them comes kill -9.
    stop_signals: ClassVar[Sequence[tuple[signal.Signals, float]]]
    on_owner_death: ClassVar[signal.Signals]

    def __init__(self, folder: DataFolder, *, durable: bool) -> None:
        self.folder = folder
        self.durable = durable
        self.data = folder.servers / self.name
        self.log = folder.log(self.name)
        self.process: subprocess.Popen[bytes] | None = None
        # What whoever started it should know, although it runs.
        self.note = ""

    @abstractmethod
    def prepare(self, lock: int) -> None:
        """Make the data ready for a start; nothing of an earlier start is running now."""

    @abstractmethod
    def command(self) -> list[str | Path]:
        """Return the command line."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Say whether it answers."""

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            ServerKilledError: it was killed meanwhile, and another try may go well.
            EmbeddedServersError: it does not.
        """
        lock = self._lock_after_leftovers()
        try:
            self.prepare(lock)
            written = processes.size_of(self.log)
            self.process = self.run(self.command(), lock, self.on_owner_death)
        finally:
            os.close(lock)
        self._wait_until_ready(self.process, written)

    def run(
        self,
        argv: Sequence[str | Path],
        lock: int,
        on_owner_death: signal.Signals,
        script: bytes | None = None,
    ) -> "subprocess.Popen[bytes]":
        return processes.start(
            argv,
            account=self.folder.account,
            lock=lock,
            log=self.log,
            on_owner_death=on_owner_death,
            script=script,
        )

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Stop the server, in order if it can, and wait until it is gone."""
        process = self.process
        if process is None:
            return
        for number, seconds in (*self.stop_signals, (signal.SIGKILL, 10.0)):
            if process.poll() is None:
                process.send_signal(number)
            try:
                process.wait(seconds)
                return
            except subprocess.TimeoutExpired:
                continue

    def failure(self, written: int) -> EmbeddedServersError:
        """Return why it failed, from what its log got since it was `written` bytes long."""
        lines = processes.tail(self.log, written)
        full = shutil.disk_usage(self.folder.path).free < _FULL_BYTES
        if full or tells_of_full_disk(lines):
            return DiskFullError(self.folder.path)
        telling = [_FATAL.split(line)[-1] for line in lines if _FATAL.search(line)]
        reason = (telling or lines or ["it said nothing"])[-1].strip()
        return EmbeddedServersError(f"{self.title} did not start: {reason} (see {self.log})")

    def _wait_until_ready(self, process: "subprocess.Popen[bytes]", written: int) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not self.is_ready():
            if process.poll() == -signal.SIGKILL:
                raise ServerKilledError(f"{self.title} was killed while it started.")
            if process.poll() is not None:
                raise self.failure(written)
            if time.monotonic() > deadline:
                raise EmbeddedServersError(
                    f"{self.title} was not ready after {_READY_SECONDS:.0f} s: see {self.log}"
                )
            time.sleep(_POLL_SECONDS)

    def _lock_after_leftovers(self) -> int:
        path = self.folder.lock(self.name, "server")
        lock = locks.acquire(path, exclusive=True, timeout=_LEFTOVER_SECONDS)
        if lock is None:
            locks.kill_holders(path)
            lock = locks.acquire(path, exclusive=True, timeout=10.0)
        if lock is None:
            raise EmbeddedServersError(
                f"Another {self.title} on {self.folder.path} does not stop: stop it "
                f"(`fuser {path}` names it) and start again."
            )
        return lock
