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
# A process that lived this long can live. One that never did will not, so we give up; one that
# did is in want of something that may come back, a database for instance, so we do not.
_WELL_SECONDS = 10.0
_MOST_DEATHS = 5
_SHORTEST_DELAY, _LONGEST_DELAY = 0.25, 10.0
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
    was_well: bool = False

    def look_after(self) -> None:
        """Start it if it does not run, after a while if it died; the while doubles.

        Raises:
            ProcessKeepsDyingError: it dies each time right after its start.
        """
        if self.popen is not None and self.popen.poll() is not None:
            self._bury(self.popen.returncode)
        if self.popen is None and time.monotonic() >= self.start_again_at:
            self._start()

    def _start(self) -> None:
        command = [sys.executable, "-P", "-m", "dexxy.cli.lifetime", str(os.getpid())]
        self.started_at = time.monotonic()
        self.popen = subprocess.Popen(  # noqa: S603
            [*command, self.process.module, *self.process.arguments],
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if self.process.is_quiet else None,
            process_group=0,  # Ctrl-C in the terminal is for us, who stop the others in order
        )

    def _bury(self, code: int) -> None:
        how = f"exit code {code}" if code >= 0 else f"signal {-code}"
        lived = time.monotonic() - self.started_at
        self.popen = None
        self.was_well = self.was_well or lived > _WELL_SECONDS
        self.deaths = 1 if lived > _WELL_SECONDS else self.deaths + 1
        if self.deaths >= _MOST_DEATHS and not self.was_well:
            raise ProcessKeepsDyingError(
                f"{self.process.name} keeps ending right after its start ({how}): "
                "the lines above this one say why."
            )
        sys.stderr.write(f"dexxy: {self.process.name} ended ({how}), starting it again\n")
        delay = min(_SHORTEST_DELAY * 2 ** (self.deaths - 1), _LONGEST_DELAY)
        self.start_again_at = time.monotonic() + delay


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

    @property
    def running(self) -> list[str]:
        """The names of the processes that run."""
        children = [child for child in self._children if child.popen is not None]
        return [c.process.name for c in children if c.popen and c.popen.poll() is None]

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
