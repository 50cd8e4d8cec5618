"""Whatever is killed with -9, nothing is orphaned, nothing is lost and the next start works."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from dexxy.embedded import Servers, ensure_servers, locks
from dexxy.embedded.account import server_account
from dexxy.embedded.tests.observing import (
    Client,
    kill,
    owner_of,
    processes_of,
    server_of,
    wait_until,
    wait_until_deserted,
)

Use = Callable[[Path], Servers]
Start = Callable[..., Client]

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
    pytest.mark.slow,
]


def test_a_killed_owner_takes_its_server_along(data_dir: Path, client: Start) -> None:
    client(data_dir).urls()

    kill(owner_of(data_dir, "postgres"))
    kill(owner_of(data_dir, "valkey"))

    for server in ("postgres", "valkey"):
        lock = data_dir / "lock" / f"{server}.server"
        wait_until(partial(_is_free, lock), f"{server} stops with its owner")


def test_a_process_that_lives_on_takes_over_from_a_killed_owner(data_dir: Path, use: Use) -> None:
    servers = use(data_dir)
    _write(servers)
    owners = {owner_of(data_dir, server) for server in ("postgres", "valkey")}
    for owner in owners:
        kill(owner)
    wait_until(lambda: owners.isdisjoint(processes_of(data_dir)), "the owners are gone")

    assert servers.ensure() is True

    assert owners.isdisjoint(owner_of(data_dir, server) for server in ("postgres", "valkey"))
    _assert_kept(servers)


@pytest.mark.parametrize("server", ["postgres", "valkey"])
def test_the_owner_starts_a_killed_server_again(data_dir: Path, use: Use, server: str) -> None:
    servers = use(data_dir)
    _write(servers)
    victim = server_of(data_dir, server)

    kill(victim)
    log = data_dir / "log" / "owner.log"
    wait_until(lambda: f"{server} died" in log.read_text(), "the owner notices")

    assert servers.ensure() is False
    _assert_kept(servers)


def test_a_server_that_is_killed_while_it_starts_is_started_again(data_dir: Path, use: Use) -> None:
    servers = use(data_dir)
    _write(servers)
    owner, log = owner_of(data_dir, "postgres"), data_dir / "log" / "owner.log"

    [file] = data_dir.rglob("postmaster.pid")
    first = server_of(data_dir, "postgres")
    kill(first)
    # It is written before the server answers, which takes it longer than we look.
    while (second := _number_in(file)) in (None, first):
        pass
    kill(second or 0)

    wait_until(lambda: log.read_text().count("postgres died") == 2, "both are noticed")
    wait_until(lambda: "is up" in log.read_text().rpartition("postgres died")[2], "it is up again")
    assert owner_of(data_dir, "postgres") == owner
    _assert_kept(servers)


def test_after_everything_was_killed_at_once_the_next_start_recovers(
    data_dir: Path, client: Start, use: Use
) -> None:
    first = client(data_dir)
    _write_to(*first.urls())

    for pid in processes_of(data_dir):
        kill(pid)
    wait_until_deserted(data_dir)

    _assert_kept(use(data_dir))


def test_an_owner_killed_while_it_makes_the_cluster_leaves_no_half_of_one(
    data_dir: Path, client: Start, use: Use
) -> None:
    client(data_dir)
    unfinished = data_dir / "servers" / "postgres.new"
    wait_until(unfinished.exists, "the cluster is being made")
    for pid in processes_of(data_dir):
        kill(pid)

    servers = use(data_dir)

    _write(servers)
    assert not unfinished.exists()


def test_a_stale_pid_file_that_names_a_stranger_harms_neither(data_dir: Path, use: Use) -> None:
    ensure_servers(data_dir, durable=False).close()
    with _stranger() as stranger:
        pid_file = data_dir / "servers" / "postgres" / "postmaster.pid"
        pid_file.write_text(f"{stranger.pid}\n{pid_file.parent}\n1700000000\n5432\n")
        socket_lock = data_dir / "servers" / "run" / ".s.PGSQL.5432.lock"
        socket_lock.write_text(f"{stranger.pid}\n")

        use(data_dir)

        assert stranger.poll() is None


def test_only_those_who_have_the_lock_file_open_are_killed_for_it(place: Path) -> None:
    lock = place / "lock"
    fd = locks.acquire(lock, exclusive=True)
    assert fd is not None
    holder = subprocess.Popen(["sleep", "60"], pass_fds=[fd])
    os.close(fd)
    with _stranger() as stranger:
        locks.kill_holders(lock)

        assert holder.wait(10) == -signal.SIGKILL
        assert stranger.poll() is None
    assert not locks.is_held_exclusively(lock)


def test_a_server_that_does_not_stop_after_its_owner_is_ended_by_the_next(
    data_dir: Path, client: Start, monkeypatch: pytest.MonkeyPatch, place: Path
) -> None:
    from dexxy.embedded import server as server_module
    from dexxy.embedded.folder import open_data_folder
    from dexxy.embedded.valkey import Valkey

    client(data_dir).urls()
    stuck = server_of(data_dir, "valkey")
    os.kill(stuck, signal.SIGSTOP)
    kill(owner_of(data_dir, "valkey"))
    monkeypatch.setattr(server_module, "_LEFTOVER_SECONDS", 0.0)
    valkey = Valkey(open_data_folder(data_dir), durable=False)

    valkey.start()

    assert stuck not in processes_of(data_dir)
    valkey.stop()


@contextmanager
def _stranger() -> Iterator["subprocess.Popen[bytes]"]:
    """A process of the same user as the servers, which has nothing to do with them."""
    account = server_account()
    process = subprocess.Popen(["sleep", "60"], user=account.uid if account.drops else None)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _is_free(lock: Path) -> bool:
    return not locks.holders(lock)


def _number_in(file: Path) -> int | None:
    """Return the process id of the PostgreSQL that has written this file; None while it writes."""
    with suppress(FileNotFoundError, IndexError, ValueError):
        return int(file.read_text().split()[0])
    return None


def _write(servers: Servers) -> None:
    assert servers.database_url is not None
    assert servers.redis_url is not None
    _write_to(servers.database_url, servers.redis_url)


def _write_to(database_url: str, redis_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'kept' AS word")
    with Redis.from_url(redis_url) as redis:
        redis.set("word", "kept")


def _assert_kept(servers: Servers) -> None:
    assert servers.database_url is not None
    assert servers.redis_url is not None
    with psycopg.connect(servers.database_url) as connection:
        assert connection.execute("SELECT word FROM kept").fetchone() == ("kept",)
    with Redis.from_url(servers.redis_url) as redis:
        assert redis.get("word") == b"kept"
