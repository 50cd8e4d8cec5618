"""The program itself: what it lists, what it refuses, and how it says so."""

import os
import pkgutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import dexxy
from dexxy.cli.management import commands
from dexxy.cli.overview import COMMANDS
from dexxy.cli.tests.running import COMMAND, Running, environment, free_port
from dexxy.cli.tests.running import dexxy as run

NOWHERE = {"DATABASE_URL": "postgresql://127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1/0"}


def test_every_command_is_listed_with_one_line(data_dir: Path) -> None:
    on_disk = {module.name for module in pkgutil.iter_modules(commands.__path__)}

    assert set(COMMANDS) == on_disk | {"manage"}
    for arguments in ((), ("--help",)):
        listed = run(*arguments, data_dir=data_dir)
        assert listed.returncode == 0
        assert [line for line in listed.stdout.splitlines() if line.startswith("  dexxy ")] == [
            f"  dexxy {name:<9}   {what}" for name, what in COMMANDS.items()
        ]


def test_the_version_is_told(data_dir: Path) -> None:
    assert run("--version", data_dir=data_dir).stdout == f"{dexxy.__version__}\n"


@pytest.mark.parametrize("arguments", [("up", "--help"), ("manage",), ("manage", "help")])
def test_asking_for_help_starts_no_servers(data_dir: Path, arguments: tuple[str, ...]) -> None:
    assert run(*arguments, data_dir=data_dir).returncode == 0

    assert not (data_dir / "servers").exists()


def test_with_servers_given_none_is_started(data_dir: Path) -> None:
    given = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}

    done = run("manage", "check", "--database", "default", data_dir=data_dir, **given)

    assert (done.returncode, done.stderr) == (0, "")
    assert not (data_dir / "servers").exists()


def test_servers_can_be_given_by_files(data_dir: Path, place: Path) -> None:
    for name in ("DATABASE_URL", "REDIS_URL"):
        (place / name).write_text(f"{os.environ[name]}\n")
    given = {f"{name}_FILE": str(place / name) for name in ("DATABASE_URL", "REDIS_URL")}

    done = run("manage", "check", "--database", "default", data_dir=data_dir, **given)

    assert (done.returncode, done.stderr) == (0, "")
    assert not (data_dir / "servers").exists()


def test_only_the_server_that_is_missing_is_started(data_dir: Path) -> None:
    given = {"DATABASE_URL": os.environ["DATABASE_URL"]}

    done = run("manage", "check", data_dir=data_dir, **given)

    assert done.returncode == 0
    assert sorted(folder.name for folder in (data_dir / "servers").iterdir()) == ["run", "valkey"]


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "line"),
    [
        (("nonsense",), {}, 2, "dexxy: There is no command nonsense: `dexxy --help` lists"),
        (("web", "--port", "0"), NOWHERE, 2, "dexxy web: error: argument --port: 0 is not a port"),
        (("worker", "nonsense"), NOWHERE, 2, "dexxy: There is no queue nonsense: choose from"),
        (("web",), {"DEXXY_LOG_LEVEL": "LOUD"} | NOWHERE, 2, "dexxy: DEXXY_LOG_LEVEL=LOUD is"),
        (("web",), {"DATABASE_URL": "nonsense"}, 2, "dexxy: DATABASE_URL cannot be understood"),
        (("web",), {"REDIS_URL": "redis://h:nonsense"}, 2, "dexxy: REDIS_URL cannot be underst"),
        (("web",), {"REDIS_URL_FILE": "/nowhere"}, 2, "dexxy: REDIS_URL_FILE=/nowhere cannot be"),
        (("web", "--host", "192.0.2.1"), NOWHERE, 1, "dexxy: 192.0.2.1 is no address of this"),
        (("web", "--host", "nowhere.invalid"), NOWHERE, 1, "dexxy: The host nowhere.invalid is"),
        (("manage", "migrate"), NOWHERE, 1, "dexxy: The database cannot be used: connection"),
        (("up", "--port", str(free_port())), NOWHERE, 1, "dexxy: The database cannot be used: c"),
        (("worker",), NOWHERE, 1, "dexxy: The queue cannot be reached: Error 111 connecting to"),
        (("web",), {"DEXXY_DATA_DIR": "/etc/passwd"}, 1, "dexxy: /etc/passwd is not a folder"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_work_is_one_line_and_an_exit_code(
    data_dir: Path, arguments: tuple[str, ...], settings: dict[str, str], code: int, line: str
) -> None:
    settings = {"DEXXY_DATA_DIR": str(data_dir)} | settings

    refused = subprocess.run(
        [*COMMAND, *arguments],
        env=environment(data_dir) | settings,
        capture_output=True,
        text=True,
        timeout=60,
    )

    last = refused.stderr.splitlines()[-1]
    assert last.startswith(line)
    assert "Traceback" not in refused.stderr
    assert (refused.returncode, refused.stdout) == (code, "")


def test_a_reader_who_has_seen_enough_is_no_failure_to_talk_about(data_dir: Path) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)

    ended = subprocess.run(
        [*COMMAND, "--help"],
        env=environment(data_dir),
        stdout=write_end,
        stderr=subprocess.PIPE,
        text=True,
    )

    os.close(write_end)
    assert ended.stderr == ""


def test_the_scheduler_lives_without_a_database_and_stops_at_once(
    data_dir: Path, running: Callable[..., Running]
) -> None:
    scheduler = running("scheduler", "--every", "0.01", env=environment(data_dir, **NOWHERE))
    scheduler.wait_until(lambda: "trying again" in scheduler.said(), "it notices")

    assert scheduler.stop(15) == 0
    assert len(scheduler.said().splitlines()) == 1
