"""The ordinary life of the private servers: started, shared, stopped with the last user."""

import stat
from collections.abc import Callable
from pathlib import Path

import dj_database_url
import psycopg
import pytest
from redis import Redis

from dexxy.embedded import Servers, account, ensure_servers
from dexxy.embedded.tests.observing import Client, processes_of, server_of, wait_until_deserted
from dexxy.embedded.tests.ordinary import as_root

Use = Callable[[Path], Servers]
Start = Callable[..., Client]


def test_both_servers_answer_at_the_addresses_they_give(data_dir: Path, use: Use) -> None:
    servers = use(data_dir)

    assert servers.database_url is not None
    assert servers.redis_url is not None
    with psycopg.connect(servers.database_url) as connection:
        row = connection.execute(
            "SELECT current_database(), current_user, lower('ÄÖ'), usesuper, version()"
            " FROM pg_user WHERE usename = current_user"
        ).fetchone()
    assert row is not None
    assert row[:4] == ("dexxy", "dexxy", "äö", False)
    assert row[4].startswith("PostgreSQL 18.")
    with Redis.from_url(servers.redis_url) as redis:
        assert redis.config_get("appendonly") == {"appendonly": "yes"}


def test_django_understands_the_address_of_the_database(place: Path, use: Use) -> None:
    servers = use(place / 'Data"of"Ünal,100%')

    assert servers.database_url is not None
    parsed = dj_database_url.parse(servers.database_url)
    assert parsed["HOST"] == f'{place}/Data"of"Ünal,100%/servers/run'
    assert parsed["NAME"] == "dexxy"


def test_no_server_listens_on_the_network(data_dir: Path, use: Use) -> None:
    servers = use(data_dir)

    assert servers.database_url is not None
    assert servers.redis_url is not None
    with psycopg.connect(servers.database_url) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    with Redis.from_url(servers.redis_url) as redis:
        assert redis.config_get("port") == {"port": "0"}


def test_only_the_server_that_was_asked_for_is_started(data_dir: Path) -> None:
    servers = ensure_servers(data_dir, postgres=False, durable=False)

    assert servers.database_url is None
    assert server_of(data_dir, "valkey")
    assert not (data_dir / "servers" / "postgres").exists()
    servers.close()
    assert processes_of(data_dir) == set()


def test_the_servers_stop_with_the_last_user_and_not_before(data_dir: Path) -> None:
    first = ensure_servers(data_dir, durable=False)
    second = ensure_servers(data_dir, durable=False)
    postgres = server_of(data_dir, "postgres")

    first.close()

    assert server_of(data_dir, "postgres") == postgres
    assert second.ensure() is False
    second.close()
    assert processes_of(data_dir) == set()


def test_what_was_written_is_there_after_the_next_start(data_dir: Path, use: Use) -> None:
    servers = ensure_servers(data_dir)
    _write(servers)
    servers.close()

    assert _read(use(data_dir)) == ("kept", b"kept")


@as_root
def test_servers_stay_those_of_their_account_when_a_better_one_is_made(
    data_dir: Path, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "_PREFERRED_USERS", ("none-such", "nobody"))
    ensure_servers(data_dir, durable=False).close()
    wait_until_deserted(data_dir)

    monkeypatch.setattr(account, "_PREFERRED_USERS", ("daemon", "nobody"))
    servers = use(data_dir)

    with psycopg.connect(str(servers.database_url)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_two_data_folders_live_side_by_side(place: Path, use: Use) -> None:
    one, other = use(place / "one"), use(place / "other")

    _write(one)

    assert _read(one) == ("kept", b"kept")
    assert other.database_url is not None
    with psycopg.connect(other.database_url) as connection:
        assert connection.execute("SELECT to_regclass('kept')").fetchone() == (None,)


def test_commands_that_start_at_once_share_one_pair_of_servers(
    data_dir: Path, client: Start
) -> None:
    clients = [client(data_dir) for _ in range(3)]

    assert len({one.urls() for one in clients}) == 1
    log = (data_dir / "log" / "owner.log").read_text()
    assert (log.count("postgres is up"), log.count("valkey is up")) == (1, 1)


def test_a_command_that_comes_while_the_servers_stop_waits_and_starts_them_again(
    data_dir: Path, client: Start, use: Use
) -> None:
    first = client(data_dir)
    _write_to(*first.urls())
    first.process.kill()

    assert _read(use(data_dir)) == ("kept", b"kept")


def test_a_path_too_long_for_a_socket_gets_a_short_folder_that_stays(place: Path, use: Use) -> None:
    long = place / ("long" * 30)
    servers = ensure_servers(long, durable=False)
    _write(servers)
    servers.close()

    again = use(long)

    assert again.database_url == servers.database_url
    assert again.redis_url is not None
    assert len(again.redis_url) < 100
    assert _read(again) == ("kept", b"kept")


def test_the_sockets_are_in_a_private_folder_and_no_other_is_changed(
    place: Path, data_dir: Path, use: Use
) -> None:
    data_dir.mkdir(mode=0o755)

    use(data_dir)

    assert stat.S_IMODE((data_dir / "servers" / "run").stat().st_mode) == 0o700
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o755
    assert stat.S_IMODE(place.stat().st_mode) == 0o711


def test_clients_can_be_listed_in_a_folder_with_a_space_in_its_name(place: Path) -> None:
    servers = ensure_servers(place / "with a space", postgres=False)

    assert servers.redis_url is not None
    with Redis.from_url(servers.redis_url) as valkey:
        assert len(valkey.client_list()) == 1

    servers.close()


def test_a_user_who_is_killed_takes_the_servers_along(data_dir: Path, client: Start) -> None:
    one = client(data_dir)
    one.urls()

    one.process.kill()
    one.process.wait()

    wait_until_deserted(data_dir)


def _write(servers: Servers) -> None:
    assert servers.database_url is not None
    assert servers.redis_url is not None
    _write_to(servers.database_url, servers.redis_url)


def _write_to(database_url: str, redis_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'kept' AS word")
    with Redis.from_url(redis_url) as redis:
        redis.set("word", "kept")


def _read(servers: Servers) -> tuple[object, object]:
    assert servers.database_url is not None
    assert servers.redis_url is not None
    with psycopg.connect(servers.database_url) as connection:
        row = connection.execute("SELECT word FROM kept").fetchone()
    assert row is not None
    with Redis.from_url(servers.redis_url) as redis:
        return row[0], redis.get("word")
