"""What becomes of a database that is empty, or of an older Dexxy."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from dexxy.cli.command_line import COMMANDS
from dexxy.cli.errors import DatabaseNotReadyError
from dexxy.cli.tests.running import Running, dexxy, environment, free_port
from dexxy.embedded import ensure_servers
from dexxy.embedded.tests.observing import wait_until_deserted
from tests import template
from tests.servers import own_database

# Nothing depends on these tables, so a database without them is what an older Dexxy left.
OLDER = (
    "DROP TABLE mail_told, mail_outgoingmail, mail_mailpreference;"
    "DELETE FROM django_migrations WHERE app = 'mail'"
)


@pytest.fixture
def older(transactional_db: None) -> Iterator[None]:
    """Let the database be of an older Dexxy, which had no sessions."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept AS SELECT * FROM django_migrations WHERE app='sessions'")
        cursor.execute("ALTER TABLE django_session RENAME TO sessions_of_today")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
    yield
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations OVERRIDING SYSTEM VALUE TABLE kept")
        cursor.execute("ALTER TABLE sessions_of_today RENAME TO django_session")
        cursor.execute("DROP TABLE kept")


def applied() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM django_migrations")
        return int(cursor.fetchone()[0])


@pytest.mark.parametrize(
    "command", ["up --port {port}", "export threads", "import-members {file}", "rotate-keys"]
)
def test_a_command_says_in_one_line_what_to_do_about_an_older_database(
    data_dir: Path, older: None, tmp_path: Path, command: str
) -> None:
    (tmp_path / "people.csv").write_text("name\nAda\n")
    before = applied()

    refused = dexxy(
        *command.format(port=free_port(), file=tmp_path / "people.csv").split(),
        data_dir=data_dir,
        REDIS_URL=os.environ["REDIS_URL"],
        **own_database(),
    )

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "dexxy: The database is of an older Dexxy: run `dexxy upgrade --backup FILE`, which backs"
        " it up and brings it up to date (`dexxy upgrade --check` says how).\n"
    )
    assert applied() == before


# Each command with what it takes, or why it does not refuse an older database.
NEEDS_TODAYS = {
    "sync": ["owner/repo", "--token", "ghp_x"],
    "import-members": ["people.csv"],
    "ingest": ["activities.jsonl"],
    "export": ["threads"],
    "sign-in-link": ["ada@example.com"],
    "user-create": ["ada@example.com"],
    "workspace-create": ["Team", "--admin", "ada@example.com"],
    "rotate-keys": [],
    "partition": ["--parts", "4"],
    "mcp": [],
}
TAKES_ANY = {
    **dict.fromkeys(("up", "demo", "upgrade"), "brings it up to date"),
    **dict.fromkeys(("web", "worker", "scheduler"), "waits for it"),
    **dict.fromkeys(("backup", "restore"), "is for any"),
    **dict.fromkeys(("doctor", "manage"), "says it, or is asked to"),
    "probe": "has none",
}


def test_of_every_command_it_is_known_what_it_does_about_an_older_database() -> None:
    assert sorted([*NEEDS_TODAYS, *TAKES_ANY]) == sorted(COMMANDS)


def test_every_command_that_needs_todays_database_refuses_an_older_one(
    older: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DEXXY_API_TOKEN", "dxy_x")
    monkeypatch.chdir(tmp_path)
    Path("people.csv").write_text("name\nAda\n")
    Path("activities.jsonl").write_text("")
    before = applied()

    for command, arguments in NEEDS_TODAYS.items():
        with pytest.raises(DatabaseNotReadyError) as refusal:
            call_command(command.replace("-", "_"), *arguments)
        assert "is of an older Dexxy: run `dexxy upgrade" in str(refusal.value), command

    assert applied() == before


def test_an_older_database_can_be_backed_up(data_dir: Path, older: None, tmp_path: Path) -> None:
    done = dexxy(
        *("backup", str(tmp_path / "file")),
        data_dir=data_dir,
        REDIS_URL=os.environ["REDIS_URL"],
        **own_database(),
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Backed up to {tmp_path / 'file'} (")


def migrated(data_dir: Path, *statements: str) -> None:
    """Give a data folder a migrated database of its own, and change it."""
    template.copy_cluster(data_dir)
    servers = ensure_servers(data_dir, valkey=False, durable=False)
    server, _, _ = str(servers.database_url).rpartition("/")
    with closing(psycopg.connect(f"{server}/postgres", autocommit=True)) as one:
        one.execute("DROP DATABASE dexxy")
        one.execute(f"ALTER DATABASE {template.DATABASE} RENAME TO dexxy")
    with closing(psycopg.connect(str(servers.database_url), autocommit=True)) as one:
        for statement in statements:
            one.execute(statement)
    servers.close()


@pytest.mark.slow
def test_up_backs_a_private_database_up_before_it_migrates_it(
    data_dir: Path, running: Callable[..., Running]
) -> None:
    migrated(data_dir, OLDER)
    (data_dir / "backups").mkdir()
    for day in range(1, 5):
        (data_dir / "backups" / f"before-upgrade-2020010{day}T000000.dexxy").touch()

    up = running("up", "--port", str(free_port()), env=environment(data_dir))
    up.wait_until(lambda: "Ctrl-C stops" in up.said(), "it is ready")
    up.stop(signal.SIGINT)
    wait_until_deserted(data_dir)

    [_, _, backup] = sorted((data_dir / "backups").iterdir())
    assert (
        f"The database is of an older Dexxy: it was backed up to {backup}, and is migrated now.\n"
        in up.said()
    )
    again = dexxy("restore", str(backup), "--force", data_dir=data_dir)
    assert (again.returncode, again.stderr) == (0, "")
    wait_until_deserted(data_dir)


@pytest.mark.slow
def test_a_command_that_needs_data_says_that_there_are_none(data_dir: Path, tmp_path: Path) -> None:
    template.copy_cluster(data_dir)
    servers = ensure_servers(data_dir, valkey=False, durable=False)
    said = {
        command: dexxy(*(command, *rest), data_dir=data_dir, REDIS_URL=os.environ["REDIS_URL"])
        for command, *rest in (
            ("export", "threads"),
            ("rotate-keys",),
            ("backup", str(tmp_path / "file")),
            ("doctor",),
        )
    }
    servers.close()
    wait_until_deserted(data_dir)

    assert {command: one.returncode for command, one in said.items()} == dict.fromkeys(said, 1)
    first, second, third, doctor = said.values()
    assert (
        first.stderr
        == second.stderr
        == ("dexxy: The database is empty: `dexxy up` or `dexxy sync` sets it up.\n")
    )
    assert third.stderr == "dexxy: The database is empty: there is nothing to back up.\n"
    assert "answers, and the database is empty" in doctor.stdout
    assert not list(tmp_path.iterdir())
