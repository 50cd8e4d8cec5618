"""The processor time of processes, which other work on the machine does not change."""

from pathlib import Path

PROCESSES = Path("/proc")


def nanoseconds(process: Path) -> int:
    """Return how long a process has computed so far, in all of its threads.

    Args:
        process: its folder in PROCESSES.
    """
    total = 0
    for thread in process.glob("task/*/schedstat"):
        try:
            total += int(thread.read_text().split()[0])
        except OSError:  # it ended
            continue
    return total


def database_session() -> Path:
    """Return the folder of the process that serves this connection to the database."""
    from dexxy.common.sql import fetch_all

    [(pid,)] = fetch_all("SELECT pg_backend_pid()", {})
    return PROCESSES / str(pid)
