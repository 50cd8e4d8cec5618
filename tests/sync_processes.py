"""Syncs in processes of their own, which may be killed."""

import os
import subprocess
import sys
from typing import Self

from dexxy.integrations.models import GitHubRepository
from tests.servers import own_database


class SyncRunner:
    """Starts syncs of one repository in processes of their own, and kills them."""

    def __init__(self, repository: GitHubRepository) -> None:
        self._repository = repository
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.sync_runner"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **own_database()},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=30)

    def start(self, *, sweep: bool) -> int:
        """Start a sync and return its process id."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{self._repository.pk} {int(sweep)}\n")
        self._process.stdin.flush()
        return int(self._line())

    def end(self) -> tuple[int, float]:
        """Wait for the end of the sync.

        Returns: its exit status, or minus its signal; and the most memory that it had, in MB.
        """
        status, memory = self._line().split()
        return int(status), int(memory) / 1024

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()
