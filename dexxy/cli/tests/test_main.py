"""The program itself: what it lists, what it refuses, and how it says so."""

import os
import pkgutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest.mock import patch

import pytest
from django.db import connection, transaction

import dexxy
from dexxy.cli import composition
from dexxy.cli.command_line import COMMANDS
from dexxy.cli.main import main
from dexxy.cli.management import commands
from dexxy.cli.private_file import written_atomically
from dexxy.cli.tests.running import COMMAND, Running, environment
from dexxy.cli.tests.running import dexxy as run
from dexxy.config.version import version_told
from tests.servers import own_database

NOWHERE = {"DATABASE_URL": "postgresql://127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1/0"}


def test_every_command_is_listed_with_one_line(data_dir: Path) -> None:
    files = {module.name for module in pkgutil.iter_modules(commands.__path__)}
    on_disk = {name.replace("_", "-") for name in files}
    width = max(map(len, COMMANDS))

    # `migrate` is Django's, which asks ours first: `dexxy manage migrate`.
    assert set(COMMANDS) == (on_disk - {"migrate"}) | {"manage"}
    for arguments in ((), ("--help",)):
        listed = run(*arguments, data_dir=data_dir)
        assert listed.returncode == 0
        assert [line for line in listed.stdout.splitlines() if line.startswith("  dexxy ")] == [
            f"  dexxy {name:<{width}}   {command.summary}" for name, command in COMMANDS.items()
        ]


def test_the_version_is_told(data_dir: Path) -> None:
    told = run("--version", data_dir=data_dir).stdout

    assert told == f"{version_told()}\n"
    assert told.startswith(dexxy.__version__)


@pytest.fixture
def nothing_set(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> Iterator[pytest.MonkeyPatch]:
    """This process as one that has just been started, with nothing but the data folder set."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("DEXXY_DATA_DIR", str(data_dir))
    yield monkeypatch
    composition.release_servers()


def exit_code(*arguments: str) -> int:
    """Run a command in this process, which saves loading Django once more."""
    # What it puts into the environment is not for the tests that come after.
    with (
        patch.dict(os.environ),
        patch.object(sys, "argv", ["dexxy", *arguments]),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    assert isinstance(ended.value.code, int)
    return ended.value.code


@pytest.mark.usefixtures("nothing_set")
@pytest.mark.parametrize("arguments", [("up", "--help"), ("manage",), ("manage", "help")])
def test_asking_for_help_starts_no_servers(data_dir: Path, arguments: tuple[str, ...]) -> None:
    assert exit_code(*arguments) == 0

    assert not data_dir.exists()


def test_with_servers_given_none_is_started(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEXXY_DATA_DIR", str(data_dir))

    composition.provide_servers()

    assert not data_dir.exists()
    assert composition.environment_for_children() == dict(os.environ)


def test_servers_can_be_given_by_files(
    data_dir: Path, place: Path, nothing_set: pytest.MonkeyPatch
) -> None:
    for name, url in NOWHERE.items():
        (place / name).write_text(f"{url}\n")
        nothing_set.setenv(f"{name}_FILE", str(place / name))

    composition.provide_servers()

    assert not data_dir.exists()


def test_only_the_server_that_is_missing_is_started(
    data_dir: Path, nothing_set: pytest.MonkeyPatch
) -> None:
    nothing_set.setenv("DATABASE_URL", NOWHERE["DATABASE_URL"])

    composition.provide_servers()
    composition.await_servers()

    assert sorted(folder.name for folder in (data_dir / "servers").iterdir()) == ["run", "valkey"]
    assert os.environ["DATABASE_URL"] == NOWHERE["DATABASE_URL"]
    assert os.environ["REDIS_URL"].endswith("/servers/run/valkey.sock?db=0")
    assert "REDIS_URL" not in composition.environment_for_children()


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (("nonsense",), 2, "dexxy: There is no command nonsense: `dexxy --help` lists"),
        (("web", "--port", "0"), 2, "dexxy: Argument --port: 0 is not a port"),
        (("scheduler", "--every", "-1"), 2, "dexxy: Argument --every: -1 is no time: give seconds"),
        (("scheduler", "--every", "nan"), 2, "dexxy: Argument --every: nan is no time: give"),
        (("scheduler", "--every", "soon"), 2, "dexxy: Argument --every: soon is no time: give"),
        (("worker", "nonsense"), 2, "dexxy: There is no queue nonsense: choose from"),
        (("web", "--host", "192.0.2.1"), 1, "dexxy: 192.0.2.1 is no address of this machine"),
        (("up", "--host", "nowhere.invalid"), 1, "dexxy: The host nowhere.invalid is unknown"),
    ],
)
def test_what_cannot_be_is_refused(
    arguments: tuple[str, ...], code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(*arguments) == code

    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.splitlines()[-1].startswith(line)


@pytest.mark.usefixtures("nothing_set")
@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("restore", "no such file"), "There is no file no such file."),
        (("restore", "/proc"), "/proc is a folder: name a file."),
        (("restore", "/dev/null"), "/dev/null is a pipe or a device: name a file, for it is read"),
        (("restore", __file__, "--erasures", "/nowhere"), "There is no file /nowhere."),
        (("import-members", "/nowhere.csv"), "There is no file /nowhere.csv."),
        (("backup", "/nowhere/dexxy.backup"), "There is no folder /nowhere."),
        (("backup", "/proc"), "/proc is a folder: name a file in it."),
        (("export", "members", "--output", "/nowhere/x"), "There is no folder /nowhere."),
    ],
)
def test_a_file_that_cannot_be_is_refused_before_anything_starts(
    arguments: tuple[str, ...], line: str, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(*arguments) == 2

    said = capsys.readouterr().err
    assert said.startswith(f"dexxy: {line}")
    assert said.count("\n") == 1
    assert not data_dir.exists()


def test_a_file_that_cannot_be_made_is_named_as_it_was_given(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"

    with pytest.raises(FileNotFoundError) as refused, written_atomically(path):
        pass

    assert refused.value.filename == str(path)


def test_a_name_may_be_as_long_as_names_can_be(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 255)

    with written_atomically(path) as output:
        output.write(b"whole")

    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.django_db(transaction=True)
def test_a_backup_that_is_asked_to_stop_leaves_nothing_behind(
    tmp_path: Path, data_dir: Path
) -> None:
    env = environment(data_dir, REDIS_URL=NOWHERE["REDIS_URL"], **own_database())
    # It waits for this table, with its file begun.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("LOCK TABLE messages_message IN ACCESS EXCLUSIVE MODE")
        backup = Running("backup", str(tmp_path / "b"), log=data_dir.with_name("log"), env=env)
        backup.wait_until(lambda: list(tmp_path.iterdir()), "it has begun its file")

        assert backup.stop(signal.SIGTERM) == 143

    assert list(tmp_path.iterdir()) == []
    assert backup.said() == ""


def test_a_command_says_to_the_database_who_it_is(data_dir: Path) -> None:
    show = "from dexxy.common.sql import fetch_all; print(fetch_all('SHOW application_name', {}))"

    said = run("manage", "shell", "--no-imports", "-c", show, data_dir=data_dir, **own_database())

    assert said.stdout == "[('dexxy manage',)]\n"


@pytest.mark.parametrize(
    ("settings", "code", "line"),
    [
        ({"DATABASE_URL": "nonsense"}, 2, "dexxy: DATABASE_URL cannot be understood: write"),
        ({"REDIS_URL": "redis://host:nonsense"}, 2, "dexxy: REDIS_URL cannot be understood"),
        ({"REDIS_URL_FILE": "/nowhere"}, 2, "dexxy: REDIS_URL_FILE=/nowhere cannot be read"),
        ({"DEXXY_DATA_DIR": "/etc/passwd"}, 1, "dexxy: /etc/passwd is not a folder: name a"),
    ],
)
def test_what_cannot_be_set_is_refused(
    nothing_set: pytest.MonkeyPatch,
    settings: dict[str, str],
    code: int,
    line: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in settings.items():
        nothing_set.setenv(name, value)

    assert exit_code("web") == code

    assert capsys.readouterr().err.startswith(line)


@pytest.mark.parametrize(
    ("arguments", "settings", "code", "line"),
    [
        (("web",), {"DEXXY_LOG_LEVEL": "LOUD"}, 2, "dexxy: DEXXY_LOG_LEVEL=LOUD is unknown. "),
        (("manage", "migrate"), {}, 1, "dexxy: The database cannot be used: connection failed: "),
    ],
)
def test_what_cannot_work_is_one_line_and_no_traceback(
    data_dir: Path, arguments: tuple[str, ...], settings: dict[str, str], code: int, line: str
) -> None:
    refused = run(*arguments, data_dir=data_dir, **NOWHERE, **settings)

    assert (refused.returncode, refused.stdout) == (code, "")
    assert refused.stderr.startswith(line)
    assert len(refused.stderr.splitlines()) == 1


def test_a_worker_without_a_queue_says_so_in_one_line(data_dir: Path) -> None:
    refused = run("worker", data_dir=data_dir, **{**NOWHERE, **own_database()})

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("dexxy: The queue cannot be reached: Error 111 connecting")
    assert len(refused.stderr.splitlines()) == 1


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


@pytest.mark.parametrize("arguments", [("worker",), ("scheduler", "--every", "0.01")])
def test_a_process_waits_for_a_database_says_so_once_and_stops_at_once(
    data_dir: Path, running: Callable[..., Running], arguments: tuple[str, ...]
) -> None:
    process = running(*arguments, env=environment(data_dir, **NOWHERE))
    process.wait_until(lambda: "waiting for the database" in process.said(), "it notices")

    assert process.stop(15) == 0
    assert len(process.said().splitlines()) == 1
