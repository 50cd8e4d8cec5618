"""A disk that is full is said in one line, and what was read before stays."""

import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from dexxy.cli.tests.running import dexxy
from dexxy.common.sql import is_disk_full
from dexxy_simulator.generated import Size, add_generated_repository
from dexxy_simulator.recorded import recorded_world
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN

MEGABYTE = 1024 * 1024


@pytest.mark.slow  # a cluster is made, filled, and recovers
def test_a_sync_that_fills_the_disk_says_so_and_goes_on_when_there_is_room(
    disk: Callable[[int], Path],
) -> None:
    world, folder = recorded_world(), disk(300)
    add_generated_repository(world, "large", 1, Size(threads=2000, giants=0))
    with SimulatorServer(world) as github:
        given = {"DEXXY_GITHUB_API_URL": github.url, "GITHUB_TOKEN": DEMO_TOKEN}
        data_dir, filler = folder / "data", folder / "filler"
        assert dexxy("manage", "migrate", data_dir=data_dir).returncode == 0
        room = shutil.disk_usage(folder).free - 10 * MEGABYTE
        with filler.open("wb") as file:
            file.write(b"x" * room)

        stopped = dexxy("sync", "colony/large", data_dir=data_dir, **given)
        filler.unlink()
        done = dexxy("sync", "colony/large", data_dir=data_dir, **given)

    assert stopped.returncode == 1
    assert "Traceback" not in stopped.stderr
    assert stopped.stderr.splitlines()[-1] == (
        f"dexxy: The disk that holds {data_dir} is full: free some space there and start again."
    )
    assert done.returncode == 0, done.stderr


def test_what_the_database_says_of_its_disk_is_found_below_what_came_of_it() -> None:
    class DiskFull(Exception):
        """Not the one that is meant."""

    full, other = ValueError("x"), ValueError("y")
    full.__cause__ = RuntimeError("z")
    full.__cause__.__context__ = psycopg.errors.DiskFull("No space left on device")
    other.__cause__ = DiskFull()

    assert (is_disk_full(full), is_disk_full(other)) == (True, False)
