"""`dexxy upgrade`, and `--check`."""

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, migrations, models

from dexxy.cli.management.commands.migrate import _patient
from dexxy.cli.tests.running import dexxy
from dexxy.cli.tests.test_major_upgrade import fill
from dexxy.cli.tests.test_upgrade import OLDER
from dexxy.cli.upgrading.locking import Waiting, waiting
from dexxy.embedded.tests.observing import wait_until, wait_until_deserted
from tests.servers import migrated_database, new_database

MAIL = "mail.0001_initial"


@pytest.fixture
def older() -> Iterator[str]:
    """The address of a database of its own that lacks the tables of mail."""
    template = migrated_database()
    if template is None:
        pytest.skip("the server of DATABASE_URL has no migrated database to copy")
    with new_database(f"older_{os.getpid()}", template=template) as url:
        with closing(psycopg.connect(url, autocommit=True)) as database:
            database.execute(OLDER)
        yield url


@pytest.fixture
def upgrade(older: str, data_dir: Path) -> Callable[..., tuple[int, str, str]]:
    """Run `dexxy upgrade`; returns its exit code, what it said, and what it complained about."""

    def run(*arguments: str) -> tuple[int, str, str]:
        done = dexxy(
            *("upgrade", *arguments),
            data_dir=data_dir,
            DATABASE_URL=older,
            REDIS_URL=os.environ["REDIS_URL"],
        )
        return done.returncode, done.stdout, done.stderr

    return run


Upgrade = Callable[..., tuple[int, str, str]]


def has_mail(url: str) -> bool:
    with closing(psycopg.connect(url)) as one:
        row = one.execute("SELECT to_regclass('mail_outgoingmail') IS NOT NULL").fetchone()
    return bool(row and row[0])


def test_a_check_says_what_would_be_done_and_does_nothing(upgrade: Upgrade, older: str) -> None:
    code, said, complained = upgrade("--check")

    assert (code, complained) == (2, "")
    lines = said.splitlines()
    assert lines[0].startswith("Dexxy: 0.")
    assert lines[1].startswith("PostgreSQL: ")
    assert re.fullmatch(r"Migrations: [1-9]\d*", lines[2])
    assert lines[3] == f"  {MAIL}: nobody waits"
    assert lines[-2].startswith("Backup: less than ")
    assert lines[-1].endswith(" may run until they are replaced")
    assert not has_mail(older)


def test_a_check_can_be_read_by_programs(upgrade: Upgrade) -> None:
    code, said, _ = upgrade("--check", "--json")

    told = json.loads(said)
    assert (code, told["state"], told["may_go_on"]) == (2, "BEHIND", True)
    assert told["steps"][0] == {"name": MAIL, "waiting": "nobody waits"}


def test_nothing_is_done_until_it_is_said_where_the_backup_goes(
    upgrade: Upgrade, older: str
) -> None:
    code, _, complained = upgrade()

    assert (code, complained) == (
        2,
        "dexxy: Say where the backup is written, --backup FILE, or that there is one already,"
        " --no-backup. Nothing was changed.\n",
    )
    assert not has_mail(older)


@pytest.mark.slow
def test_an_upgrade_backs_up_and_migrates_once(upgrade: Upgrade, older: str, place: Path) -> None:
    code, said, complained = upgrade("--backup", str(place / "file"))
    again = upgrade("--backup", str(place / "second"))
    checked = upgrade("--check")

    assert (code, complained) == (0, "")
    assert said.startswith(f"Backed up to {place / 'file'}.\nDone: ")
    assert has_mail(older)
    assert again[0] == checked[0] == 0
    assert again[1].startswith("The database is up to date with Dexxy 0.")
    assert checked[1].splitlines()[-1] == "Migrations: none, the database is up to date"
    assert not (place / "second").exists()


_WAITS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'ALTER TABLE%'
"""


@pytest.mark.slow  # the transaction lasts for seconds
def test_a_long_transaction_delays_a_migration_and_nobody_else(
    upgrade: Upgrade, older: str
) -> None:
    over, waited, ended = Event(), [0.0], list[tuple[int, str, str]]()

    def write() -> None:
        with closing(psycopg.connect(older, autocommit=True)) as one:
            while not over.is_set():
                began = time.monotonic()
                one.execute("UPDATE accounts_membership SET role = role")
                waited.append(time.monotonic() - began)
                time.sleep(0.05)

    writer = Thread(target=write)
    migrating = Thread(target=lambda: ended.append(upgrade("--no-backup")))
    with closing(psycopg.connect(older)) as long, closing(psycopg.connect(older)) as looking:
        looking.autocommit = True
        # Whoever makes a key to this table waits for who writes to it.
        long.execute("LOCK TABLE accounts_membership IN ROW EXCLUSIVE MODE")
        writer.start()
        migrating.start()
        wait_until(lambda: looking.execute(_WAITS).fetchone() == (1,), "it waits for its lock")
        time.sleep(3.0)
        was_kept_waiting = not has_mail(older)
        long.rollback()
        migrating.join()
    over.set()
    writer.join()

    assert ended[0][0] == 0, ended
    assert was_kept_waiting
    assert has_mail(older)
    assert 0.5 < max(waited) < 2.9, "a migration waits for its lock, and gives it up after 2 s"


@pytest.mark.slow  # a cluster is made, and all migrations run
def test_the_private_database_comes_to_the_postgresql_of_this_dexxy(data_dir: Path) -> None:
    fill(data_dir)
    queue = os.environ["REDIS_URL"]

    checked = dexxy("upgrade", "--check", data_dir=data_dir, REDIS_URL=queue)
    refused = dexxy("export", "threads", data_dir=data_dir, REDIS_URL=queue)
    done = dexxy("upgrade", data_dir=data_dir, REDIS_URL=queue)
    again = dexxy("upgrade", "--check", data_dir=data_dir, REDIS_URL=queue)
    wait_until_deserted(data_dir)

    assert (checked.returncode, checked.stderr) == (2, "")
    assert checked.stdout.startswith("PostgreSQL: the database is of 15, and this Dexxy brings 18:")
    assert (refused.returncode, "run `dexxy upgrade`" in refused.stderr) == (1, True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "The database is in PostgreSQL 18 now. The old one is kept in " in done.stdout
    assert (again.returncode, again.stderr) == (0, "")


@pytest.mark.parametrize(
    ("operation", "atomic", "expected"),
    [
        (migrations.AddField("member", "word", models.TextField(null=True)), True, Waiting.MOMENT),
        (
            migrations.AddIndex("member", models.Index(fields=["bio"], name="i")),
            True,
            Waiting.WRITERS,
        ),
        (migrations.RunSQL("UPDATE members_member SET bio = ''"), True, Waiting.ROWS),
        (migrations.RunSQL("UPDATE members_member SET bio = ''"), False, Waiting.BATCHES),
        (migrations.CreateModel("Thing", []), True, Waiting.NOBODY),
        (
            migrations.SeparateDatabaseAndState(
                state_operations=[migrations.RemoveField("member", "bio")]
            ),
            True,
            Waiting.NOBODY,
        ),
    ],
)
def test_who_waits_is_told_from_what_a_migration_does(
    operation: migrations.operations.base.Operation, atomic: bool, expected: Waiting
) -> None:
    parts = {"operations": [operation], "atomic": atomic}
    migration = type("Migration", (migrations.Migration,), parts)("made_up", "members")

    assert waiting(migration) is expected


@pytest.mark.slow
def test_an_index_that_fails_half_way_is_built_anew(older: str) -> None:
    failures = [psycopg.errors.DeadlockDetected("deadlock detected")]

    def execute(sql: str, params: Any, many: bool, context: Any) -> None:
        with closing(psycopg.connect(older, autocommit=True)) as one:
            if failures and sql.startswith("CREATE"):
                # What PostgreSQL leaves behind: an index of this name.
                one.execute(sql.replace(" CONCURRENTLY", ""))
                raise OperationalError from failures.pop()
            one.execute(sql)

    _patient(
        execute, 'CREATE INDEX CONCURRENTLY "made_up" ON accounts_user (email)', None, False, {}
    )

    with closing(psycopg.connect(older)) as one:
        built = one.execute(
            "SELECT indisvalid FROM pg_index WHERE indexrelid = 'made_up'::regclass"
        ).fetchall()
    assert (built, failures) == ([(True,)], [])
