import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dexxy.embedded import Servers, ensure_servers
from dexxy.embedded.tests.observing import Client, wait_until_deserted
from dexxy.embedded.tests.ordinary import Ordinary, copy_for_others, find_ordinary


def make_place() -> Path:
    """Make a folder that every user may enter, which pytest's own is not when root runs it."""
    folder = Path(tempfile.mkdtemp(prefix="dxt-", dir="/tmp"))
    folder.chmod(0o711)
    return folder


def remove_place(folder: Path) -> None:
    for link in folder.glob("**/servers/short"):
        shutil.rmtree(link.readlink())
    shutil.rmtree(folder)


@pytest.fixture
def place() -> Iterator[Path]:
    folder = make_place()
    yield folder
    remove_place(folder)


@pytest.fixture
def data_dir(place: Path) -> Path:
    return place / "data"


@pytest.fixture
def use(place: Path) -> Iterator[Callable[[Path], Servers]]:
    """Use servers from this process; at the end everything must have stopped by itself."""
    used: list[tuple[Path, Servers]] = []

    def start(data_dir: Path) -> Servers:
        servers = ensure_servers(data_dir, durable=False)
        used.append((data_dir, servers))
        return servers

    yield start
    for data_dir, servers in used:
        servers.close()
        wait_until_deserted(data_dir)


@pytest.fixture
def client(place: Path) -> Iterator[Callable[..., Client]]:
    """Use servers from a process of its own, one that can be killed."""
    clients: list[tuple[Path, Client]] = []

    def start(data_dir: Path, **options: Any) -> Client:
        clients.append((data_dir, Client(data_dir, **options)))
        return clients[-1][1]

    yield start
    for _, one in clients:
        one.end()
    for data_dir, _ in clients:
        wait_until_deserted(data_dir)


@pytest.fixture(scope="session")
def ordinary() -> Iterator[Ordinary]:
    place = make_place()
    copy_for_others(place / "packages")
    yield find_ordinary(place / "packages")
    remove_place(place)


@pytest.fixture
def disk(place: Path) -> Iterator[Callable[[int], Path]]:
    """Mount a disk of so many megabytes."""
    mounted: list[Path] = []

    def mount(megabytes: int) -> Path:
        folder = place / "disk"
        folder.mkdir()
        command = [
            "mount",
            "-t",
            "tmpfs",
            "-o",
            f"size={megabytes}m,mode=711",
            "tmpfs",
            str(folder),
        ]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
            pytest.skip("a small disk cannot be mounted here")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", folder], check=True)
