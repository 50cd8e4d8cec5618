"""The private PostgreSQL."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from dexxy.embedded import binaries
from dexxy.embedded.errors import DiskFullError, EmbeddedServersError
from dexxy.embedded.folder import make_private
from dexxy.embedded.processes import size_of
from dexxy.embedded.server import Server

_SUPERUSER = "postgres"
# A cluster that an upgrade to another major version has finished, and that only waits for its name.
FINISHED = "postgres-finished"
_NEEDED_BYTES = 64 * 1024 * 1024  # a new cluster is 40 MB

# Written once into postgresql.conf, where an operator may change them.
_SETTINGS = {
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",  # our queries are short; compiling them takes longer than running them
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}

# `dexxy` owns its database and is no superuser, so that SQL injected into a query of ours
# could not read files or run programs. CREATEDB is for the test database.
_SCRIPT = b"CREATE ROLE dexxy LOGIN CREATEDB;\nCREATE DATABASE dexxy OWNER dexxy;\n"


class Postgres(Server):
    name = "postgres"
    title = "PostgreSQL"
    # Fast shutdown (clients are disconnected), then immediate (recovers at the next start).
    stop_signals = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0))
    # Immediate at once: nobody is left to insist, and PostgreSQL 18 can hang in a fast shutdown
    # that it is asked for while it recovers from the crash of one of its processes.
    on_owner_death = signal.SIGQUIT
    port: ClassVar[int] = 5432  # only names the socket

    @property
    def programs(self) -> Path:
        return binaries.postgres_programs(self.folder)

    @property
    def socket(self) -> Path:
        return self.folder.sockets / f".s.PGSQL.{self.port}"

    def prepare(self, lock: int) -> None:
        if not self.data.exists():
            finished = self.data.with_name(FINISHED)
            if finished.exists():  # an upgrade was killed between its last two steps
                finished.rename(self.data)
            else:
                self._create(lock)
        self._check_version()
        self._refuse_a_foreign_postmaster()
        # The server that wrote these is gone: its children would still hold the lock that we hold.
        # PostgreSQL itself looks only at the id in them, which may be a stranger's by now.
        for stale in (self.data / "postmaster.pid", Path(f"{self.socket}.lock"), self.socket):
            stale.unlink(missing_ok=True)

    def command(self) -> list[str | Path]:
        sockets = str(self.folder.sockets).replace('"', '""')
        settings = {
            "port": str(self.port),
            "listen_addresses": "",
            "unix_socket_directories": f'"{sockets}"',
            "unix_socket_permissions": "0700",
            "logging_collector": "off",
        }
        if not self.durable:
            settings |= {"fsync": "off", "full_page_writes": "off"}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        return [self.programs / "postgres", "-D", self.data, *options]

    def is_ready(self) -> bool:
        """Read the status line that PostgreSQL keeps in its pid file, as pg_ctl does."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except (FileNotFoundError, UnicodeDecodeError):
            return False
        return len(lines) >= 8 and lines[7].strip() == "ready"

    def _create(self, lock: int) -> None:
        """Make the cluster in a folder beside its final one, and rename it when it is complete."""
        if shutil.disk_usage(self.folder.path).free < _NEEDED_BYTES:
            # Asked before, for initdb cleans up after itself, and its log lies on the full disk.
            raise DiskFullError(self.folder.path)
        _check_has_name(self.folder.account.uid)
        unfinished = self.data.with_name("postgres.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        make_private(unfinished, self.folder.account)
        self._run_to_end(lock, self._initdb(unfinished))
        single = ["--single", "-D", str(unfinished), "-c", "exit_on_error=on", "template1"]
        self._run_to_end(lock, [self.programs / "postgres", *single], _SCRIPT)
        unfinished.rename(self.data)

    def _initdb(self, target: Path) -> list[str | Path]:
        # With a libc locale instead, lower() and pg_trgm would see only ASCII under LC_ALL=C.
        locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--lc-ctype=C.UTF-8")
        settings = [part for k, v in _SETTINGS.items() for part in ("-c", f"{k}={v}")]
        return [
            self.programs / "initdb",
            *("-D", target, "-U", _SUPERUSER, "-A", "trust", "--encoding=UTF8"),
            *locale,
            *settings,
            *(() if self.durable else ("--no-sync",)),
            "--no-instructions",
        ]

    def _run_to_end(self, lock: int, argv: list[str | Path], script: bytes | None = None) -> None:
        written = size_of(self.log)
        if self.run(argv, lock, signal.SIGKILL, script).wait() != 0:
            raise self.failure(written)

    def _check_version(self) -> None:
        made_by = (self.data / "PG_VERSION").read_text().strip()
        ours = binaries.postgres_major()
        if int(made_by) > int(ours):
            raise EmbeddedServersError(
                f"The database in {self.data} was made by PostgreSQL {made_by} and this dexxy "
                f"brings PostgreSQL {ours}, which is older: run the dexxy that made it."
            )
        if made_by != ours:
            raise EmbeddedServersError(
                f"The database in {self.data} was made by PostgreSQL {made_by} and this dexxy "
                f"brings PostgreSQL {ours}: run `dexxy upgrade`, which brings it over."
            )

    def _refuse_a_foreign_postmaster(self) -> None:
        """Refuse to start beside a PostgreSQL that somebody started by hand on our cluster."""
        with suppress(FileNotFoundError, ValueError, IndexError):
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            if _works_in(pid, self.data):
                raise EmbeddedServersError(
                    f"The data folder {self.folder.path} is in use by a PostgreSQL that dexxy "
                    f"did not start (process {pid}): stop that one and start again."
                )


def _check_has_name(uid: int) -> None:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedServersError(
            f"PostgreSQL does not run as user number {uid}, who has no name on this machine: run "
            "dexxy as a user of /etc/passwd, or set DATABASE_URL to a server of your own."
        ) from None


def _works_in(pid: int, folder: Path) -> bool:
    """Say whether this process is a PostgreSQL on this cluster, its working directory."""
    if sys.platform != "linux":
        command = ["ps", "-o", "command=", "-p", str(pid)]
        found = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
        return "postgres" in found.stdout and str(folder) in found.stdout
    process = Path(f"/proc/{pid}")
    try:
        return (process / "comm").read_text() == "postgres\n" and os.readlink(
            process / "cwd"
        ) == str(folder)
    except OSError:  # no such process, or a stranger's
        return False
