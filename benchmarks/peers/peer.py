"""What a peer is: how it is installed, pointed at a GitHub, run, and what it obtained."""

import json
import os
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from dexxy_simulator.tokens import DEMO_TOKEN

TOKEN = DEMO_TOKEN
ENVIRONMENTS = Path(".cache/peers")
# Read by Python when it starts: it sends requests to api.github.com elsewhere.
REDIRECTION = Path(__file__).parent / "redirection"


@dataclass(frozen=True)
class Command:
    """One command of a run, and the file to which its output is appended."""

    arguments: list[str]
    output: str = "output"


class Peer(ABC):
    """One program that reads GitHub. Everything of a run is in one folder."""

    name: ClassVar[str]
    package: ClassVar[str]
    requirement: ClassVar[str]
    home: ClassVar[str]
    # How it is pointed at another GitHub, what is chosen, and how it goes on; for the page.
    address: ClassVar[str]
    choice: ClassVar[str]
    goes_on: ClassVar[str]
    is_redirected: ClassVar[bool] = False
    # Whether PostgreSQL and Valkey work for it.
    has_servers: ClassVar[bool] = False
    # Whether it is installed from PyPI for this.
    is_installed: ClassVar[bool] = True

    @property
    def environment_folder(self) -> Path:
        """Where it is installed."""
        return (ENVIRONMENTS / self.package).resolve()

    def program(self, name: str) -> str:
        """Return the path of one of its programs."""
        return str(self.environment_folder / "bin" / name)

    def environment(self, url: str) -> dict[str, str]:
        """Return the variables with which it runs."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        if not self.is_redirected:
            return kept
        return {**kept, "PYTHONPATH": str(REDIRECTION), "PEER_GITHUB": url}

    def arrange(self, folder: Path, url: str) -> list[Command]:
        """Write its settings, and return what is run before, uncounted."""
        return []

    def arranged(self, folder: Path) -> None:  # noqa: B027
        """Do what follows the commands of `arrange`."""

    @abstractmethod
    def commands(self, folder: Path, url: str, *, again: bool) -> list[Command]:
        """Return the commands of a run, one after the other; `again` after a kill."""

    @abstractmethod
    def count(self, folder: Path) -> Counter[str]:
        """Count what it obtained, by kind; what came twice counts once."""


def rows_of(path: Path) -> Iterator[dict[str, Any]]:
    """Read JSON lines; a line that a kill cut off is none."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if not line.startswith("{"):
                continue
            try:
                yield json.loads(line)
            except ValueError:
                continue


def distinct(found: Iterator[tuple[str, Any]]) -> Counter[str]:
    """Count pairs of a kind and an id, each once."""
    return Counter(kind for kind, _ in set(found))
