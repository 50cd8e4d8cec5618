"""A primary with a migrated database, and a streaming replica of it, both of a test's own."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from dexxy.cli.tests.running import children_of
from dexxy.embedded import binaries
from dexxy.embedded.account import server_account
from dexxy.embedded.folder import open_data_folder
from dexxy.embedded.tests.observing import wait_until
from tests import template


class Cluster:
    """A running PostgreSQL on a folder of its own; it listens at a socket in that folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        account = server_account()
        self._as_server: dict[str, Any] = {
            "cwd": "/",
            "user": account.uid if account.drops else None,
            "group": account.gid if account.drops else None,
            "extra_groups": [] if account.drops else None,
        }
        self.folder.mkdir(mode=0o700)
        if account.drops:
            os.chown(self.folder, account.uid, account.gid)
        data = open_data_folder(Path(os.environ["DEXXY_DATA_DIR"]))
        self._programs = binaries.postgres_programs(data)

    def run(self, program: str, *arguments: str) -> None:
        """Run a program of PostgreSQL to its end."""
        command: list[str | Path] = [self._programs / program, *arguments]
        subprocess.run(command, check=True, **self._as_server)

    def start(self, *options: str) -> None:
        common = ("-F", "-k", str(self.folder), "-c", "listen_addresses=", *options)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.data, *common],
                stdout=log,
                stderr=log,
                **self._as_server,
            )
        pid_file = self.data / "postmaster.pid"
        wait_until(lambda: pid_file.exists() and "ready" in pid_file.read_text(), "it answers")

    def url(self, user: str = "dexxy") -> str:
        """Return the address of the database."""
        return f"postgresql://{user}@{quote(str(self.folder), safe='')}/{template.DATABASE}"

    def ask(self, sql: str) -> Any:
        """Return what a statement of the superuser returns."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            found = connection.execute(sql)
            return found.fetchall() if found.description else None

    def signal(self, number: int) -> None:
        """Send a signal to all its processes."""
        for pid in (self.process.pid, *children_of(self.process.pid)):
            os.kill(pid, number)

    def stop(self) -> None:
        """End it, if it runs, as a crash does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(30)


@contextmanager
def primary_and_replica(place: Path) -> Iterator[tuple[Cluster, Cluster]]:
    """Run both in a folder that everybody may enter."""
    primary, replica = Cluster(place / "primary"), Cluster(place / "replica")
    template.copy_of_cluster(primary.data)
    primary.start("-c", "wal_level=replica", "-c", "max_wal_senders=4")
    try:
        user = ("-h", str(primary.folder), "-U", "postgres")
        replica.run(
            "pg_basebackup", *user, "-D", str(replica.data), "-R", "-c", "fast", "--no-sync"
        )
        replica.start("-c", "hot_standby=on")
        yield primary, replica
    finally:
        for one in (replica, primary):
            if hasattr(one, "process"):
                one.stop()
