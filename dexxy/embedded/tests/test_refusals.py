"""What cannot work is refused with one line that says what to do; who may do it can."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from dexxy.embedded import EmbeddedServersError, Servers, ensure_servers
from dexxy.embedded.account import server_account
from dexxy.embedded.folder import open_data_folder
from dexxy.embedded.postgres import Postgres
from dexxy.embedded.tests.observing import Client, processes_of
from dexxy.embedded.tests.ordinary import Ordinary, as_root

pytestmark = pytest.mark.slow

Use = Callable[[Path], Servers]
Start = Callable[..., Client]


@as_root
def test_an_ordinary_user_runs_the_servers_as_himself(
    place: Path, client: Start, ordinary: Ordinary
) -> None:
    home = place / "home"
    home.mkdir(mode=0o700)
    os.chown(home, ordinary.uid, ordinary.uid)

    client(home / "data", user=ordinary).urls()

    owners = {Path(f"/proc/{pid}").stat().st_uid for pid in processes_of(home / "data")}
    assert owners == {ordinary.uid}


@as_root
def test_root_runs_the_servers_as_somebody_else(data_dir: Path, use: Use) -> None:
    use(data_dir)

    status = Path(f"/proc/{_postmaster(data_dir)}/status").read_text().splitlines()
    account = server_account()
    assert f"Uid:\t{account.uid}\t{account.uid}\t{account.uid}\t{account.uid}" in status
    assert "Groups:\t " in status


@as_root
def test_another_user_gets_into_neither_the_data_nor_the_database(
    data_dir: Path, use: Use, ordinary: Ordinary
) -> None:
    servers = use(data_dir)

    attempts = f"""
import os, psycopg
for folder in ("", "/postgres", "/run"):
    try:
        os.listdir({str(data_dir / "servers")!r} + folder)
    except PermissionError:
        print("closed")
try:
    psycopg.connect({servers.database_url!r})
except psycopg.OperationalError as error:
    print("Permission denied" in str(error))
"""
    output = ordinary.run(attempts).stdout
    assert output.split() == ["closed", "closed", "closed", "True"]


@as_root
def test_a_folder_of_another_user_is_refused(data_dir: Path) -> None:
    data_dir.mkdir()
    os.chown(data_dir, 4321, 4321)

    with pytest.raises(EmbeddedServersError, match="belongs to another user") as refusal:
        ensure_servers(data_dir)

    assert "DEXXY_DATA_DIR" in str(refusal.value)
    assert "\n" not in str(refusal.value)


@as_root
def test_a_folder_that_the_servers_account_cannot_enter_is_refused(place: Path) -> None:
    closed = place / "closed"
    closed.mkdir(mode=0o700)

    with pytest.raises(EmbeddedServersError, match=f"{closed} is closed to the user"):
        ensure_servers(closed / "data")


@as_root
def test_a_folder_that_cannot_be_written_is_refused(
    place: Path, client: Start, ordinary: Ordinary
) -> None:
    complaint = client(place / "data", user=ordinary).complaint()

    assert complaint.startswith(f"The data folder {place}/data cannot be used")
    assert "Permission denied" in complaint
    assert len(complaint.splitlines()) == 1


@as_root
def test_a_user_without_a_name_is_refused(place: Path, client: Start, ordinary: Ordinary) -> None:
    home = place / "home"
    home.mkdir()
    os.chown(home, 54321, 54321)

    complaint = client(home / "data", user=replace(ordinary, uid=54321)).complaint()

    assert complaint.startswith("PostgreSQL does not run as user number 54321, who has no name")
    assert len(complaint.splitlines()) == 1


def test_a_file_in_the_place_of_the_folder_is_refused(data_dir: Path) -> None:
    data_dir.write_text("")

    with pytest.raises(EmbeddedServersError, match="is not a folder"):
        ensure_servers(data_dir)


def test_a_database_of_another_major_version_is_refused(data_dir: Path) -> None:
    ensure_servers(data_dir, durable=False).close()
    (data_dir / "servers" / "postgres" / "PG_VERSION").write_text("17\n")

    with pytest.raises(EmbeddedServersError, match="was made by PostgreSQL 17 and this dexxy"):
        ensure_servers(data_dir, durable=False)

    assert processes_of(data_dir) == set()


def test_a_postgresql_started_by_hand_on_the_folder_is_left_alone(data_dir: Path) -> None:
    ensure_servers(data_dir, durable=False).close()
    folder = open_data_folder(data_dir)
    by_hand = Postgres(folder, durable=False)
    other_lock = os.open(data_dir / "lock" / "by-hand", os.O_RDWR | os.O_CREAT)
    by_hand.process = by_hand.run(by_hand.command(), other_lock, by_hand.on_owner_death)
    while not by_hand.is_ready():
        assert by_hand.is_running()

    with pytest.raises(EmbeddedServersError, match=f"process {by_hand.process.pid}"):
        ensure_servers(data_dir, durable=False)

    assert by_hand.is_running()
    by_hand.stop()
    os.close(other_lock)


def test_a_damaged_cluster_is_reported_with_its_log(data_dir: Path) -> None:
    ensure_servers(data_dir, durable=False).close()
    (data_dir / "servers" / "postgres" / "postgresql.conf").write_text("no_such_setting = 1\n")

    with pytest.raises(EmbeddedServersError, match=r"did not start: .*contains errors") as refusal:
        ensure_servers(data_dir, durable=False)

    assert str(data_dir / "log" / "postgres.log") in str(refusal.value)


def test_a_disk_too_small_for_a_database_is_named(disk: Callable[[int], Path]) -> None:
    data_dir = disk(20) / "data"

    with pytest.raises(EmbeddedServersError) as refusal:
        ensure_servers(data_dir, durable=False)

    assert str(refusal.value) == (
        f"The disk that holds {data_dir} is full: free some space there and start again."
    )


def test_a_disk_that_became_full_is_named_and_with_space_it_goes_on(
    disk: Callable[[int], Path],
) -> None:
    data_dir = disk(90) / "data"
    ensure_servers(data_dir, durable=False).close()
    with suppress(OSError), (data_dir / "ballast").open("wb", buffering=0) as ballast:
        while True:
            ballast.write(bytes(1024 * 1024))

    with pytest.raises(EmbeddedServersError, match=f"The disk that holds {data_dir} is full"):
        ensure_servers(data_dir, durable=False)

    (data_dir / "ballast").unlink()
    ensure_servers(data_dir, durable=False).close()


def _postmaster(data_dir: Path) -> int:
    return int((data_dir / "servers" / "postgres" / "postmaster.pid").read_text().split()[0])


def test_the_connection_refuses_nothing_that_django_needs(data_dir: Path, use: Use) -> None:
    servers = use(data_dir)

    assert servers.database_url is not None
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        connection.execute("CREATE DATABASE test_dexxy")
