"""A PostgreSQL of the oldest version that Dexxy works with, where this machine has one."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from dexxy.embedded.account import Account, server_account
from dexxy.embedded.tests.observing import wait_until
from tests.needs import postgresql_15


@contextmanager
def empty_database(place: Path) -> Iterator[str]:
    """Run a server with an empty database in a folder that everybody may enter.

    Returns: the database's address.
    """
    programs, account = postgresql_15(), server_account()
    folder = place / "postgresql-15"
    folder.mkdir(mode=0o700)
    if account.drops:
        os.chown(folder, account.uid, account.gid)
    cluster, log = folder / "cluster", place / "postgresql-15.log"
    initdb: list[str | Path] = [
        programs / "initdb",
        "-D",
        cluster,
        "-U",
        "dexxy",
        "-A",
        "trust",
        "--no-sync",
    ]
    locale = ["--encoding=UTF8", "--locale=C.UTF-8"]
    with log.open("wb") as said:
        _start([*initdb, *locale], account, said.fileno()).wait(60)
        options: list[str | Path] = ["-F", "-k", folder, "-c", "listen_addresses="]
        server = _start([programs / "postgres", "-D", cluster, *options], account, said.fileno())
        try:
            pid_file = cluster / "postmaster.pid"
            wait_until(lambda: pid_file.exists() and "ready" in pid_file.read_text(), "it answers")
            yield f"postgresql://dexxy@{quote(str(folder), safe='')}/postgres"
        finally:
            server.terminate()
            server.wait(30)


def _start(command: list[str | Path], account: Account, output: int) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        command,
        stdout=output,
        stderr=output,
        cwd="/",
        user=account.uid if account.drops else None,
        group=account.gid if account.drops else None,
        extra_groups=[] if account.drops else None,
    )
