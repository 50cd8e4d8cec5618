"""A queue whose files cannot be read is set aside, and said: nobody misses what was in it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from redis import Redis

from dexxy.embedded import EmbeddedServersError, Servers, ensure_servers
from dexxy.embedded.folder import open_data_folder
from dexxy.embedded.valkey import Valkey


def files(data_dir: Path) -> Path:
    return data_dir / "servers" / "valkey"


def base(data_dir: Path) -> Path:
    [found] = files(data_dir).glob("appendonlydir/*.base.rdb")
    return found


def increment(data_dir: Path) -> Path:
    [found] = files(data_dir).glob("appendonlydir/*.incr.aof")
    return found


def _scrambled(data_dir: Path) -> None:
    content = bytearray(increment(data_dir).read_bytes())
    content[20:60] = b"\xff" * 40
    increment(data_dir).write_bytes(content)


def _of_a_newer_version(data_dir: Path) -> None:
    content = base(data_dir).read_bytes()
    base(data_dir).write_bytes(content[:5] + b"9999" + content[9:])


def _cut(data_dir: Path) -> None:
    base(data_dir).write_bytes(base(data_dir).read_bytes()[:20])


def _without_a_part(data_dir: Path) -> None:
    base(data_dir).unlink()


def _without_its_list(data_dir: Path) -> None:
    [manifest] = files(data_dir).glob("appendonlydir/*.manifest")
    manifest.write_text("nonsense\n")


def _a_file_in_the_place_of_the_folder(data_dir: Path) -> None:
    files(data_dir).rename(files(data_dir).with_name("elsewhere"))
    files(data_dir).write_text("")


def _unreadable(data_dir: Path) -> None:
    (files(data_dir) / "appendonlydir").rename(files(data_dir) / "elsewhere")
    (files(data_dir) / "appendonlydir").write_text("")


@pytest.fixture
def written(data_dir: Path) -> Path:
    """A data folder whose queue holds a thousand jobs."""
    servers = ensure_servers(data_dir, postgres=False, durable=False)
    with _queue(servers) as redis:
        redis.rpush("jobs", *range(1000))
    servers.close()
    return data_dir


def _queue(servers: Servers) -> Redis:
    assert servers.redis_url is not None
    return Redis.from_url(servers.redis_url)


@pytest.mark.parametrize(
    "damage",
    [
        _scrambled,
        _of_a_newer_version,
        _cut,
        _without_a_part,
        _without_its_list,
        _a_file_in_the_place_of_the_folder,
        _unreadable,
    ],
)
def test_damaged_files_are_set_aside_and_said_once(
    written: Path, capfd: pytest.CaptureFixture[str], damage: Callable[[Path], None]
) -> None:
    damage(written)

    first = ensure_servers(written, postgres=False, durable=False)
    second = ensure_servers(written, postgres=False, durable=False)
    with _queue(first) as redis:
        redis.rpush("jobs", "new")
        assert redis.lrange("jobs", 0, -1) == [b"new"]
    second.close()
    first.close()

    aside = files(written).with_name("valkey.damaged")
    assert aside.exists()
    [line] = capfd.readouterr().err.splitlines()
    assert line.startswith(
        f"dexxy: Note: the queue's files were damaged, and are in {aside} now. The queue begins"
        " empty: nothing is lost."
    )


def test_a_file_that_ends_too_early_is_read_up_to_there(
    written: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    content = increment(written).read_bytes()
    increment(written).write_bytes(content + b"*3\r\n$5\r\nRPUSH\r\n$4\r\nj")

    servers = ensure_servers(written, postgres=False, durable=False)

    with _queue(servers) as redis:
        assert redis.llen("jobs") == 1000
    servers.close()
    assert capfd.readouterr().err == ""


def test_files_that_are_not_to_blame_stay(written: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = increment(written).read_bytes()
    monkeypatch.setattr(Valkey, "command", lambda _: ["/bin/false"])

    with pytest.raises(EmbeddedServersError, match="Valkey did not start"):
        Valkey(open_data_folder(written), durable=False).start()

    assert increment(written).read_bytes() == before
    assert not files(written).with_name("valkey.damaged").exists()
