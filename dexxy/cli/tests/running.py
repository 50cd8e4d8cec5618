"""Running `dexxy` as its users do: as a process, with an environment of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.request import urlopen

from dexxy.cli.ports import usable_port
from dexxy.embedded.tests.observing import DEADLINE_SECONDS, wait_until

COMMAND = [sys.executable, "-P", "-m", "dexxy.cli.main"]
KEY = "a key of the tests that protects nothing"


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """Return an environment in which nothing of ours is set but this."""
    ours = ("DEXXY_", "DATABASE_", "REDIS_URL", "DJANGO_", "GITHUB_")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    # Warnings of libraries are not what these tests are about, single lines are.
    clean |= {"PYTHONWARNINGS": "ignore", "DEXXY_SECRET_KEY": KEY}
    return clean | {"DEXXY_DATA_DIR": str(data_dir), **settings}


def dexxy(*arguments: str, data_dir: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, for a minute at most."""
    return dexxy_within(60, *arguments, data_dir=data_dir, **settings)


def dexxy_within(
    seconds: float, *arguments: str, data_dir: Path, **settings: str
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end, for so many seconds at most."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(data_dir, **settings),
        capture_output=True,
        text=True,
        timeout=seconds,
    )


def free_port() -> int:
    port = usable_port("127.0.0.1")
    assert port is not None
    return port


def answers(port: int, path: str = "/healthz") -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def parent_of(pid: int) -> int:
    # The name in parentheses may hold anything, spaces and parentheses too.
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def children_of(pid: int) -> dict[int, str]:
    """Return the command lines of the processes that this one started and that live."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if parent_of(int(entry.name)) == pid:
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    found[int(entry.name)] = line
            except (FileNotFoundError, ProcessLookupError):
                continue
    return {child: line for child, line in found.items() if line}


def is_alive(pid: int) -> bool:
    """Say whether a process runs; one that ended and was not reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Running:
    """A command that runs until it is stopped.

    Args:
        program: what runs it, where that is not what runs the tests.
    """

    def __init__(
        self, *arguments: str, log: Path, env: dict[str, str], program: Sequence[str] = COMMAND
    ) -> None:
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [*program, *arguments], env=env, stdout=output, stderr=subprocess.STDOUT
            )

    def said(self) -> str:
        return self.log.read_text()

    def wait_until(
        self, condition: Callable[[], object], what: str, seconds: float = DEADLINE_SECONDS
    ) -> None:
        def met_or_over() -> object:
            assert self.process.poll() is None, f"it ended: {self.said()}"
            return condition()

        try:
            wait_until(met_or_over, what, seconds)
        except AssertionError as error:
            self.end()  # a fixture that fails while it begins would not
            raise AssertionError(f"{error}; it said: {self.said()}") from None

    def child(self, words: str) -> int:
        """Return the child whose command line has these words in it."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            for pid, line in children_of(self.process.pid).items():
                if words in line:
                    return pid
            time.sleep(0.02)
        raise AssertionError(f"no {words} among {children_of(self.process.pid)}")

    def stop(self, number: int) -> int:
        """Send a signal; return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(DEADLINE_SECONDS)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
