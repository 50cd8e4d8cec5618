"""`python -m benchmarks.credentials`: how fast one worker reads with many credentials at once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from time import monotonic

from benchmarks.processor import PROCESSES
from benchmarks.servers import own_servers

CREDENTIALS, ISSUES, PER_PAGE = 40, 20, 10
# Seconds of each answer of GitHub's.
LATENCY = 0.3
THREADS = (1, 20)
# By how much the most threads must be faster.
LEAST = 8.0


def main() -> None:
    if "BENCH_CREDENTIALS" in os.environ:
        _measure()
        return
    with own_servers() as environment:
        command = [sys.executable, "-m", "benchmarks.credentials"]
        given = {**environment, "BENCH_CREDENTIALS": "1"}
        sys.exit(subprocess.run(command, env=given).returncode)  # noqa: S603


def _measure() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from benchmarks.credential_rows import connect, many_repositories, read_again
    from dexxy.integrations.services.github.api.server import GitHubServer
    from dexxy_simulator.server import SimulatorServer
    from dexxy_simulator.world import World

    call_command("migrate", verbosity=0)
    world = World()
    found = many_repositories(world, CREDENTIALS, issues=ISSUES)
    seconds = {}
    with SimulatorServer(world) as server:
        connect(found, GitHubServer(server.url, server.graphql_url, server.url))
        server.latency = LATENCY
        for threads in THREADS:
            read_again(per_page=PER_PAGE)
            server.requests.clear()
            seconds[threads], memory, processor = _read_with(threads)
            sys.stdout.write(
                f"--concurrency {threads}: {seconds[threads]:.1f} s for"
                f" {server.requests.count()} requests with {CREDENTIALS} credentials,"
                f" {memory:.0f} MB at most, {processor:.1f} s of processor time\n"
            )
    times = seconds[THREADS[0]] / seconds[THREADS[-1]]
    sys.stdout.write(f"{times:.1f} times as fast (at least {LEAST:.0f})\n")
    sys.exit(times < LEAST)


def _read_with(threads: int) -> tuple[float, float, float]:
    """Let a worker read all; return seconds, the most memory in MB, and seconds of processor time.

    The time is from the first lease to the last run. With one thread the memory is that of the
    worker and of the process of its job together.
    """
    from benchmarks.credential_rows import has_begun, is_read
    from dexxy.integrations.services.github.scheduling.schedule import enqueue_due

    enqueue_due()
    command = ["-m", "dexxy.cli.main", "worker", "sync", "--concurrency", str(threads)]
    worker = subprocess.Popen([sys.executable, *command])  # noqa: S603
    most = 0.0
    while not has_begun():
        time.sleep(0.02)
    began = monotonic()
    while not is_read():
        most = max(most, _memory(worker.pid))
        time.sleep(0.2)
    seconds = monotonic() - began
    worker.send_signal(signal.SIGTERM)
    _, _, used = os.wait4(worker.pid, 0)
    return seconds, most, used.ru_utime + used.ru_stime


def _memory(pid: int) -> float:
    """Return the memory of a process and its children, what they share counted once, in MB."""
    total = 0
    for process in (PROCESSES / str(pid), *_children(pid)):
        try:
            rollup = (process / "smaps_rollup").read_text()
        except OSError:  # it ended
            continue
        total += next(int(line.split()[1]) for line in rollup.splitlines() if "Pss:" in line)
    return total / 1024


def _children(pid: int) -> list[Path]:
    try:
        children = (PROCESSES / str(pid) / "task" / str(pid) / "children").read_text()
    except OSError:
        return []
    return [PROCESSES / child for child in children.split()]


if __name__ == "__main__":
    main()
