from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dexxy.cli.tests.running import Running
from dexxy.embedded.tests.conftest import data_dir, disk, place, use

__all__ = ["data_dir", "disk", "place", "running", "use"]


@pytest.fixture
def running(place: Path) -> Iterator[Callable[..., Running]]:
    """Run commands that are killed at the end if they have not stopped."""
    started: list[Running] = []

    def start(*arguments: str, env: dict[str, str]) -> Running:
        started.append(Running(*arguments, log=place / f"log-{len(started)}", env=env))
        return started[-1]

    yield start
    for one in started:
        one.end()
