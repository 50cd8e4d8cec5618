"""What `dexxy partition` says and refuses, and what names it elsewhere."""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from dexxy.cli.tests.running import dexxy
from dexxy.cli.tests.test_upgrade import OLDER
from dexxy.embedded.tests.conftest import data_dir, place
from dexxy.messages.partitions.copying import copy_begin
from dexxy.messages.partitions.partitioning import _LOCK, tables_partition
from dexxy.messages.partitions.tables import BIG_TABLES, partitions_of
from tests.partitioned import MESSAGES, database
from tests.servers import new_database

__all__ = ["data_dir", "database", "place"]

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(database: str, data_dir: Path) -> Run:
    """Run a command of Dexxy's; returns its exit code, what it said, and its complaint."""

    def run(*arguments: str, url: str = database) -> tuple[int, str, str]:
        settings = {"DATABASE_URL": url, "REDIS_URL": os.environ["REDIS_URL"]}
        done = dexxy(*arguments, data_dir=data_dir, **settings)
        return done.returncode, done.stdout, done.stderr

    return run


def parts() -> list[int]:
    return [len(partitions_of(table.name)) for table in BIG_TABLES]


def taken(name: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_total_relation_size(%s::regclass) + coalesce((SELECT"
            " sum(pg_total_relation_size(inhrelid)) FROM pg_inherits"
            " WHERE inhparent = %s::regclass), 0)::bigint",
            [name, name],
        )
        [size] = cursor.fetchone()
    return int(size)


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_check_says_what_the_tables_take_and_changes_nothing(run: Run) -> None:
    messages, words = (taken(table.name) for table in BIG_TABLES)

    code, said, complained = run("partition", "--check", "--parts", "4")

    assert (code, complained) == (2, "")
    assert messages > words > 100_000
    assert said.splitlines() == [
        f"messages_message: one table, {messages:,} bytes, would be copied into 4 partitions",
        f"messages_searchentry: one table, {words:,} bytes, would be copied into 4 partitions",
        f"Disk: up to {messages:,} bytes more for a while",
    ]
    assert parts() == [0, 0]


def test_partitioned_tables_take_what_their_partitions_do(run: Run) -> None:
    tables_partition(4, lambda line: None)

    code, said, _ = run("partition", "--check", "--parts", "4")

    assert code == 0
    assert said.splitlines() == [
        f"{table.name}: in 4 partitions, {taken(table.name):,} bytes, nothing to do"
        for table in BIG_TABLES
    ]
    assert taken("messages_message") > 100_000


def test_what_is_in_the_way_is_named_by_the_check_and_by_the_command(run: Run) -> None:
    execute("CREATE VIEW ours AS SELECT body FROM messages_message")

    checked = run("partition", "--check")
    done = run("partition")

    assert checked[0] == done[0] == 1
    assert checked[1].splitlines()[0].endswith("; in the way: the view ours")
    assert done[1:] == (
        "",
        "dexxy: messages_message has what is not Dexxy's, and would be lost: the view ours."
        " Drop it, and make it again once this is done.\n",
    )
    assert parts() == [0, 0]


@pytest.mark.slow
def test_a_second_run_beside_the_first_is_refused(run: Run, database: str) -> None:
    with closing(psycopg.connect(database)) as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])

        refused = [run("partition"), run("partition", "--undo")]

    says = "dexxy: The tables are being partitioned by another process.\n"
    assert refused == [(1, "", says)] * 2


@pytest.mark.slow
def test_what_an_unfinished_run_left_is_named_by_the_doctor_and_removed(run: Run) -> None:
    copy_begin(BIG_TABLES[0], 4)

    _, found, _ = run("doctor")
    _, checked, _ = run("partition", "--check", "--parts", "4")
    other_number = run("partition", "--parts", "8")
    undone, again = run("partition", "--undo"), run("partition", "--undo")

    assert "`dexxy partition --undo` to remove the copy" in found
    assert "; 0% is copied into 4 partitions" in checked.splitlines()[0]
    assert other_number[0] == 1
    assert "`--parts 4`" in other_number[2]
    nothing = "Nothing is left of an unfinished run.\n"
    assert undone == (0, f"messages_message: its copy is removed\n{nothing}", "")
    assert again == (0, nothing, "")
    assert parts() == [0, 0]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--parts", "1"), "1 is no number of partitions: give one from 2 to 1024"),
        (("--parts", "1025"), "1025 is no number of partitions: give one from 2 to 1024"),
        (("--parts", "many"), "many is no number of partitions"),
        (("--check", "--undo"), "--undo: not allowed with argument --check"),
        (("messages_message",), "messages_message"),
    ],
)
def test_what_cannot_be_asked_is_wrong_use(
    data_dir: Path, arguments: tuple[str, ...], says: str
) -> None:
    done = dexxy("partition", *arguments, data_dir=data_dir)

    assert (done.returncode, done.stdout) == (2, "")
    assert says.lower() in done.stderr.lower()
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
def test_a_database_without_tables_is_refused(run: Run) -> None:
    with new_database(f"empty_{os.getpid()}") as url:
        refused = [run("partition", *given, url=url) for given in ((), ("--check",), ("--undo",))]

    says = "dexxy: The database is empty: `dexxy up` or `dexxy sync` sets it up.\n"
    assert refused == [(1, "", says)] * 3


@pytest.mark.slow
def test_a_partitioned_database_is_upgraded(run: Run, place: Path) -> None:
    tables_partition(4, lambda line: None)
    execute(OLDER)

    checked = run("upgrade", "--check")
    done = run("upgrade", "--backup", str(place / "before"))
    after = run("upgrade", "--check")

    assert checked[0] == 2
    assert checked[1].splitlines()[3] == "  mail.0001_initial: nobody waits"
    assert (done[0], done[2]) == (0, "")
    assert done[1].startswith(f"Backed up to {place / 'before'}.\nDone: ")
    assert (after[0], after[1].splitlines()[-1]) == (
        0,
        "Migrations: none, the database is up to date",
    )
    assert parts() == [4, 4]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM messages_message")
        assert cursor.fetchone() == (MESSAGES,)
