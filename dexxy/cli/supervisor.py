"""Runs processes, starts them again when they die, and stops them all in order."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from dexxy.cli.errors import ProcessKeepsDyingError

_POLL_SECONDS = 0.1
_WATCH_SECONDS = 1.0
# A process that lived this long was well: its next death counts as the first.
_WELL_SECONDS = 10.0
_MOST_DEATHS = 5
_FIRST_DELAY = 0.25
# Asked to stop, asked again (RQ then lets go of its job), killed. Work goes on where it was.
_STOPPING = ((signal.SIGTERM, 5.0), (signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))


@dataclass(frozen=True)
class Process:
    """What to run: a module with its arguments.

    `is_quiet` drops what it says on its standard output.
    """

    name: str
    module: str
    arguments: Sequence[str]
    is_quiet: bool = False


@dataclass
class _Child:
    process: Process
    environment: Mapping[str, str]
    popen: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    deaths: int = 0

    def start(self) -> None:
        runner = [sys.executable, "-m", "dexxy.cli.lifetime", str(os.getpid())]
        self.started_at = time.monotonic()
        self.popen = subprocess.Popen(  # noqa: S603
            [*runner, self.process.module, *self.process.arguments],
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if self.process.is_quiet else None,
            process_group=0,  # Ctrl-C in the terminal is for us, who stop the others in order
        )

    def look_after(self) -> None:
        """Start it again if it died, later each time.

        Raises:
            ProcessKeepsDyingError: it died too often at once.
        """
        now = time.monotonic()
        if self.popen is not None and self.popen.poll() is not None:
            self.deaths = 1 if now - self.started_at > _WELL_SECONDS else self.deaths + 1
            if self.deaths == _MOST_DEATHS:
                raise ProcessKeepsDyingError(
                    f"The process {self.process.name} keeps ending right after its start "
                    f"({_how(self.popen.returncode)}): what it said above tells why."
                )
            self.popen = None
            self.start_again_at = now + _FIRST_DELAY * 2 ** (self.deaths - 1)
        if self.popen is None and now >= self.start_again_at:
            self.start()


@dataclass
class Supervisor:
    """Keeps processes running until it is asked to stop.

    Args:
        environment: of the processes.
        watch: called every second; for what else must be kept alive.
    """

    processes: Iterable[Process]
    environment: Mapping[str, str]
    watch: Callable[[], None] = lambda: None
    is_asked_to_stop: bool = field(default=False, init=False)
    _children: list[_Child] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._children = [_Child(process, self.environment) for process in self.processes]
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)

    def run(self, when_ready: Callable[[], None], is_ready: Callable[[], bool]) -> None:
        """Start the processes in their order, call `when_ready` once, and look after them until
        we are asked to stop; then stop them in the reverse order.

        Raises:
            ProcessKeepsDyingError: one of them cannot be kept running.
        """
        try:
            ready, watched_at = False, 0.0
            while not self.is_asked_to_stop:
                for child in self._children:
                    child.look_after()
                if not ready and is_ready():
                    ready = True
                    when_ready()
                if time.monotonic() - watched_at > _WATCH_SECONDS:
                    self.watch()
                    watched_at = time.monotonic()
                time.sleep(_POLL_SECONDS)
        finally:
            self._stop()

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.is_asked_to_stop = True

    def _stop(self) -> None:
        left = [child.popen for child in reversed(self._children) if child.popen is not None]
        for number, seconds in _STOPPING:
            for popen in left:
                popen.send_signal(number)
            deadline = time.monotonic() + seconds
            left = [popen for popen in left if not _ends_before(popen, deadline)]


def _ends_before(popen: "subprocess.Popen[bytes]", deadline: float) -> bool:
    try:
        popen.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {-code}"
