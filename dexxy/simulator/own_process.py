"""Runs the simulator in a process of its own, for what is measured or killed."""

from __future__ import annotations

import subprocess
import sys
from types import TracebackType


class SimulatorProcess:
    """A simulator in a process of its own. Use it as a context manager.

    Args:
        arguments: those of `python -m dexxy.simulator`.

    Raises:
        RuntimeError: when entered, if it does not start.
    """

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self.url = ""

    @property
    def graphql_url(self) -> str:
        """Where queries go."""
        return f"{self.url}/graphql"

    def __enter__(self) -> SimulatorProcess:
        command = [sys.executable, "-m", "dexxy.simulator", *self._arguments]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        if not ready.startswith("simulator ready "):
            self.__exit__(None, None, None)
            raise RuntimeError(f"the simulator did not start: {command}")
        self.url = ready.split()[-1]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.terminate()
        self._process.communicate()
