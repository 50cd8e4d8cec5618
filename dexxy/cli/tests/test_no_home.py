"""With the servers and the key given, no process needs a home or a folder to write into."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from redis import Redis

from dexxy.cli.errors import NoTemporaryFolderError
from dexxy.cli.http_server import buffers_allowed
from dexxy.cli.tests.running import COMMAND, answers, free_port
from dexxy.embedded.account import server_account
from dexxy.embedded.tests.observing import wait_until
from dexxy.integrations.models import GitHubRepository, SyncStatus
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN
from tests.needs import missing
from tests.servers import new_database, own_database

# Whoever has nothing but this capability reads every file, and writes none.
_READS_ONLY = "dac_read_search"


def as_nobody(uid: int, gid: int) -> list[str]:
    """Return the beginning of a command line that runs as somebody who owns no folder."""
    if os.geteuid() != 0:
        return []
    if not Path("/usr/bin/setpriv").exists():
        missing("setpriv is missing: it is in the package util-linux")
    capabilities = [f"--{kind}-caps=+{_READS_ONLY}" for kind in ("inh", "ambient")]
    who = [f"--reuid={uid}", f"--regid={gid}", "--clear-groups"]
    return ["/usr/bin/setpriv", *who, *capabilities, f"--bounding-set=-all,+{_READS_ONLY}"]


def given(**settings: str) -> dict[str, str]:
    """Return an environment that names servers and a key, and no folder."""
    servers = {"REDIS_URL": os.environ["REDIS_URL"], **own_database()}
    return {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **servers, **settings}


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def dexxy(simulator: SimulatorServer) -> Iterator[Start]:
    """Start commands as the account of the tests' servers, whom they let in."""
    account, started = server_account(), list[subprocess.Popen[str]]()
    github = {"DEXXY_GITHUB_API_URL": simulator.url, "GITHUB_TOKEN": DEMO_TOKEN}

    def start(*arguments: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [*as_nobody(account.uid, account.gid), *COMMAND, *arguments],
            env=given(DEXXY_SECRET_KEY=settings.SECRET_KEY, **github),
            cwd="/",
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.slow  # three processes start, and read a repository
@pytest.mark.django_db(transaction=True)
def test_what_runs_all_day_works(dexxy: Start, connected: GitHubRepository) -> None:
    port = free_port()
    web, *others = dexxy("web", "--port", str(port)), dexxy("worker"), dexxy("scheduler")

    wait_until(lambda: answers(port, "/readyz"), "web is ready")
    synced = GitHubRepository.objects.exclude(last_synced_at=None)
    wait_until(synced.exists, "the worker has read the repository")
    for process in (web, *others):
        process.send_signal(signal.SIGTERM)
    said = [process.communicate(timeout=20) for process in (web, *others)]

    assert [process.returncode for process in (web, *others)] == [0, 0, 0], said
    assert "Traceback" not in str(said)
    connected.refresh_from_db()
    assert (connected.sync_status, connected.sync_error) == (SyncStatus.ACTIVE, "")


@pytest.mark.slow  # all migrations run, twice
def test_tables_a_backup_and_its_restore_need_no_home_either(place: Path) -> None:
    account, file = server_account(), place / "file"

    def run(*arguments: str, url: str, into: int = subprocess.PIPE) -> None:
        done = subprocess.run(
            [*as_nobody(account.uid, account.gid), *COMMAND, *arguments],
            env=given(DEXXY_SECRET_KEY=settings.SECRET_KEY, DATABASE_URL=url),
            cwd="/",
            stdout=into,
            stderr=subprocess.PIPE,
        )
        assert (done.returncode, done.stderr) == (0, b"")

    with new_database(f"homeless_{os.getpid()}") as url:
        run("upgrade", "--no-backup", url=url)
        run("user-create", "ada@example.com", "--staff", url=url)
        with file.open("wb") as output:
            run("backup", "-", url=url, into=output.fileno())
        run("restore", "--force", str(file), url=url)
        run("sign-in-link", "ada@example.com", url=url)


@pytest.mark.slow  # a process of its own
@pytest.mark.django_db(transaction=True)
def test_assistants_are_answered_without_a_home(dexxy: Start) -> None:
    port = free_port()
    mcp = dexxy("mcp", "--http", "--port", str(port))

    wait_until(lambda: answers(port, "/readyz"), "it is ready")
    mcp.send_signal(signal.SIGTERM)

    assert mcp.communicate(timeout=20) == ("", "")
    assert mcp.returncode == 0


def test_web_says_in_a_line_each_what_little_room_it_has(disk: Callable[[int], Path]) -> None:
    small = disk(8)
    env = given(DEXXY_SECRET_KEY=settings.SECRET_KEY, DEXXY_WEB_PROCESSES="1", TMPDIR=str(small))
    limited = ["sh", "-c", 'ulimit -n 300 && exec "$@"', "sh", *COMMAND]

    with subprocess.Popen(
        [*limited, "web", "--port", str(free_port())], env=env, stderr=subprocess.PIPE, text=True
    ) as web:
        assert web.stderr is not None
        said = [web.stderr.readline() for _ in range(2)]
        web.send_signal(signal.SIGTERM)

    assert said == [
        "dexxy: Each web process keeps 4 MiB for slow clients, and a webhook may have 26: give"
        f" {small} more room, or TMPDIR another folder.\n",
        "dexxy: Each web process serves 83 connections at once instead of 2000: let it open more"
        " files (ulimit -n).\n",
    ]


def test_without_a_folder_for_temporary_files_it_is_said_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/proc/nothing"])

    with pytest.raises(NoTemporaryFolderError, match=r"can be written.* name one in TMPDIR\.$"):
        buffers_allowed(1)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_what_is_run_by_hand_works(dexxy: Start, connected: GitHubRepository) -> None:
    slug = connected.source.workspace.slug
    # A worker of another test that was killed is still on the list for a while.
    with Redis.from_url(os.environ["REDIS_URL"]) as redis:
        redis.delete(*redis.keys("rq:workers*") or ["rq:workers"])

    for arguments, code, words in (
        (("sync", connected.full_name, "--workspace", slug), 0, "read 79 threads"),
        (("export", "threads", "--workspace", slug), 0, connected.full_name),
        (("doctor",), 1, "Start one: `dexxy worker sync`"),
    ):
        process = dexxy(*arguments)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, "Traceback" in err) == (code, False), err
        assert words in out


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ((), ""),
        (("DEXXY_SECRET_KEY",), "name a folder in DEXXY_DATA_DIR."),
        (("DATABASE_URL", "REDIS_URL"), "name a folder in DEXXY_DATA_DIR."),
    ],
)
def test_a_user_without_home_and_name_is_told_in_one_line_what_is_missing(
    missing: tuple[str, ...], says: str
) -> None:
    env = given(DEXXY_SECRET_KEY=settings.SECRET_KEY)
    for name in ("HOME", *missing):
        del env[name]

    done = subprocess.run(
        [*as_nobody(12345, 12345), *COMMAND, "manage", "check"],
        env=env,
        capture_output=True,
        text=True,
        cwd="/",
    )

    if says and os.geteuid() == 0:
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
        assert says in done.stderr
    else:
        assert done.returncode == 0, done.stderr
