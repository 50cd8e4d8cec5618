"""Runs commands, measures the memory of all their processes, and kills them. Linux only."""

import os
import resource
import signal
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from benchmarks.peers.peer import Command

# Seconds between two looks at a process.
LOOK = 0.05


@dataclass
class Run:
    """How a run of commands went: seconds, and the most memory in MB, alone and with servers.

    `cpu` are seconds of processors, without those of servers.
    """

    seconds: float = 0.0
    cpu: float = 0.0
    memory: float = 0.0
    memory_with_servers: float = 0.0
    status: int = 0
    is_killed: bool = False
    is_late: bool = False


def run(
    commands: Iterable[Command],
    folder: Path,
    environment: Mapping[str, str],
    *,
    servers: Iterable[int] = (),
    patience: float = 3600,
    is_enough: Callable[[], bool] = lambda: False,
) -> Run:
    """Run commands one after the other, until one fails.

    Args:
        servers: processes that work for it, whose memory is told with its own.
        patience: seconds after which everything is killed.
        is_enough: asked all the time; everything is killed when it says so.
    """
    told, began, cpu = Run(), monotonic(), _cpu_of_the_ended()
    for command in commands:
        _end_line(folder / command.output)
        with (folder / command.output).open("ab") as output, (folder / "log").open("ab") as log:
            process = subprocess.Popen(  # noqa: S603
                command.arguments,
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=log,
                start_new_session=True,
            )
            try:
                _watch(process, told, tuple(servers), is_enough, began + patience)
            finally:  # also when this program is interrupted
                _kill(process)
        told.status = process.returncode
        told.seconds, told.cpu = monotonic() - began, _cpu_of_the_ended() - cpu
        if told.status or told.is_killed or told.is_late:
            break
    return told


def _cpu_of_the_ended() -> float:
    """Return the seconds of processors that all commands took which have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill what a command started, too, whatever of it still runs."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _end_line(output: Path) -> None:
    """End the line that a kill cut off, so that the next one is whole."""
    if output.exists() and not output.read_bytes().endswith(b"\n"):
        with output.open("ab") as lines:
            lines.write(b"\n")


def _watch(
    process: subprocess.Popen[bytes],
    told: Run,
    servers: tuple[int, ...],
    is_enough: Callable[[], bool],
    deadline: float,
) -> None:
    looked = 0.0
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(LOOK / 10)
            return
        told.is_killed, told.is_late = is_enough(), monotonic() > deadline
        if told.is_killed or told.is_late:
            return
        if monotonic() - looked > LOOK:
            looked = monotonic()
            own = memory_of([process.pid])
            told.memory = max(told.memory, own)
            served = own + (memory_of(servers) if servers else 0)
            told.memory_with_servers = max(told.memory_with_servers, served)


def memory_of(roots: Iterable[int]) -> float:
    """Sum up the memory of processes and all that they started, in MB.

    What processes share counts once: https://www.kernel.org/doc/Documentation/filesystems/proc.rst
    """
    children = defaultdict(list)
    for entry in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            after_name = entry.read_text(encoding="utf-8", errors="replace").rpartition(")")[2]
            children[int(after_name.split()[1])].append(int(entry.parent.name))
    waiting, seen = list(roots), set[int]()
    while waiting:
        number = waiting.pop()
        if number not in seen:
            seen.add(number)
            waiting += children[number]
    return sum(map(_proportional_kilobytes, seen)) / 1024


def processes_of(folder: str) -> list[int]:
    """Return the servers whose files are in a folder, by what their command lines name."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if folder.encode() in entry.read_bytes():
                found.append(int(entry.parent.name))
    return found


def _proportional_kilobytes(number: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{number}/smaps_rollup").read_text(encoding="utf-8").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0
