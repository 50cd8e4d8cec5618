"""The big tables are partitioned while people read and scripts write, and all is there after it."""
# ruff: noqa: S608
# Only names of our own tables stand in the statements.

import os
import signal
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count, cycle
from pathlib import Path
from threading import Event
from threading import Thread as Process
from time import monotonic, sleep
from typing import Any

import psycopg
import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import InterfaceError, OperationalError, connection, connections, migrations, models
from django.db.migrations.executor import MigrationExecutor
from django.test import Client
from pytest_django import DjangoDbBlocker

from dexxy.accounts.models import User, Workspace
from dexxy.cli.tests.conftest import running
from dexxy.cli.tests.running import Running, dexxy, environment
from dexxy.doctor import platform
from dexxy.doctor.finding import State
from dexxy.embedded.tests.conftest import data_dir, place
from dexxy.integrations.services.workspace_deletion import workspaces_delete_due
from dexxy.messages.feed.search import search_catch_up
from dexxy.messages.models import Message, Thread
from dexxy.messages.partitions.copying import copy_begin
from dexxy.messages.partitions.errors import PartitioningError
from dexxy.messages.partitions.operations import AddIndexConcurrently, RemoveIndexConcurrently
from dexxy.messages.partitions.partitioning import (
    is_partitioning_unfinished,
    partitioning_state,
    partitioning_undo,
    tables_partition,
)
from dexxy.messages.partitions.tables import BIG_TABLES, partitions_of
from tests.addresses import page_addresses
from tests.factories import make_message, make_user
from tests.partitioned import MESSAGES, database, filled_database
from tests.servers import using

__all__ = ["data_dir", "database", "place", "running"]

REMOVED = 900  # by the traffic, at most
PATIENCE = 2.0  # seconds


def fetch(sql: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def quiet(line: str) -> None:
    """Tell nobody how it goes."""


def contents() -> dict[str, tuple[Any, ...]]:
    """Return a digest of the rows of each big table."""
    digest = "count(*), sum(hashtextextended(t::text, 0)::numeric)"
    return {t.name: fetch(f"SELECT {digest} FROM {t.name} t")[0] for t in BIG_TABLES}


def shapes() -> dict[str, list[tuple[Any, ...]]]:
    """Return what indexes, constraints and sequences there are, by their names."""
    tables = ", ".join(f"'{table.name}'::regclass" for table in BIG_TABLES)
    return {
        "indexes": fetch(
            "SELECT indexrelid::regclass::text, regexp_replace(pg_get_indexdef(indexrelid),"
            " ' ON (ONLY )?', ' ON ') FROM pg_index"
            f" WHERE indrelid IN ({tables}) AND NOT indisprimary AND indisvalid ORDER BY 1"
        ),
        "constraints": fetch(
            "SELECT conname, contype, pg_get_constraintdef(oid) FROM pg_constraint"
            f" WHERE conrelid IN ({tables}) AND contype <> 'p' AND contype <> 'n' ORDER BY 1"
        ),
        "keys": fetch(
            "SELECT conname FROM pg_constraint"
            f" WHERE conrelid IN ({tables}) AND contype = 'p' ORDER BY 1"
        ),
        "sequences": fetch("SELECT pg_get_serial_sequence('messages_message', 'id')"),
    }


def names(of: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[str]]:
    return {kind: [row[0] for row in rows] for kind, rows in of.items()}


def leftovers() -> list[str]:
    """Return what of the copying is still there."""
    patterns = " OR ".join(
        f"relname ~ '^{table.name}_(copy|noted|copied|before)$'" for table in BIG_TABLES
    )
    names = fetch(
        f"SELECT relname FROM pg_class WHERE {patterns} OR relname ~ '^[^p].*_(before|copy)$'"
        " UNION ALL SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        " UNION ALL SELECT proname FROM pg_proc WHERE proname ~ '_noted$'"
    )
    return [name for (name,) in names]


def partitions_in_use() -> dict[str, int]:
    return {
        table.name: len(fetch(f"SELECT DISTINCT tableoid FROM {table.name}"))
        for table in BIG_TABLES
    }


def test_every_row_and_all_that_the_tables_had_is_in_the_partitions(database: str) -> None:
    execute("GRANT SELECT ON messages_message TO PUBLIC")
    before, had = contents(), shapes()

    tables_partition(4, quiet)

    assert contents() == before
    assert shapes() == had
    assert partitions_in_use() == {table.name: 4 for table in BIG_TABLES}
    assert leftovers() == []
    assert not is_partitioning_unfinished()
    first = "SELECT reloptions FROM pg_class WHERE relname = 'messages_message_4_0000'"
    assert fetch(first) == [(["fillfactor=92"],)]
    may_read = "SELECT has_table_privilege('pg_monitor', 'messages_message', 'SELECT')"
    assert fetch(may_read) == [(True,)]


def test_ids_go_on_where_they_were(database: str) -> None:
    highest = Message.objects.order_by("-pk")[0]
    tables_partition(4, quiet)

    added = make_message(thread=Thread.objects.order_by("pk")[0])

    assert added.pk == highest.pk + 1


def test_partitions_can_become_more(database: str) -> None:
    before, had = contents(), shapes()
    tables_partition(2, quiet)

    tables_partition(8, quiet)

    assert (contents(), shapes(), leftovers()) == (before, had, [])
    assert [len(partitions_of(table.name)) for table in BIG_TABLES] == [8, 8]


class Watched:
    """Counts the partitions that each statement of a page would read, by its plan."""

    def __init__(self) -> None:
        self.read: list[tuple[str, set[str]]] = []

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        names = tuple(table.name for table in BIG_TABLES)
        for one in sql.split("\n;\n"):
            if one.lstrip(" (\n").startswith(("SELECT", "WITH")) and any(n in one for n in names):
                execute(f"EXPLAIN (FORMAT JSON) {one}", params, many, context)
                [plan] = context["cursor"].fetchone()[0]
                self.read.append((one, set(relations(plan["Plan"]))))
        return execute(sql, params, many, context)


def relations(plan: dict[str, Any]) -> Iterator[str]:
    """Yield the partitions in a plan."""
    name = plan.get("Relation Name", "")
    if name.startswith(tuple(f"{table.name}_" for table in BIG_TABLES)):
        yield name
    for part in plan.get("Plans", ()):
        yield from relations(part)


# Beside one of each page that there is: what its filters make of it.
FILTERED = (
    *("feed/?q=kind:comment", "feed/?q=is:open", "feed/?q=-nothing", "feed/?q=after:2020-01-01"),
    *("feed/?q=label:bug", "feed/?q=author:person1", "feed/?unanswered=yes", "?q=label:bug"),
    *("threads/?q=something", "threads/?sort=messages", "threads/?q=author:person1+label:bug"),
    *("search/?q=something", "search/?q=%22about+something%22", "people/?segment=new"),
    *("insights/?all=1", "insights/?org=example.com&all=1"),
)
DOCUMENTS = (
    "activityFeed(workspaceId: 1, first: 5) { edges { node { id thread { title } } } }",
    "waiting(workspaceId: 1, first: 5) { edges { node { thread { title } } } }",
    "waitingSummary(workspaceId: 1) { total }",
)


def test_a_page_reads_one_partition(database: str) -> None:
    tables_partition(4, quiet)
    client, workspace = signed_in_reader(), Workspace.objects.get(pk=1)
    found = fetch("SELECT tableoid::regclass::text FROM messages_message WHERE workspace_id = 1")
    number = found[0][0].removeprefix("messages_message")
    of_workspace = {f"{table.name}{number}" for table in BIG_TABLES}
    base = f"/w/{workspace.slug}/"
    pages = [path for path in page_addresses(workspace) if base in path]

    read: dict[str, list[str]] = {}
    seen: dict[str, set[str]] = {}
    for path in [*pages, *(base + one for one in FILTERED), *DOCUMENTS]:
        watched = Watched()
        with connection.execute_wrapper(watched):
            assert shown(client, path) < 500, path
        seen[path] = set().union(*(tables for _, tables in watched.read))
        read[path] = [sql for sql, tables in watched.read if tables - of_workspace]

    assert {path: statements for path, statements in read.items() if statements} == {}
    assert sum(bool(tables) for tables in seen.values()) > 20
    assert set().union(*seen.values()) == of_workspace


def signed_in_reader() -> Client:
    """Return a browser of somebody who administers workspace 1."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(make_user(email="alice@example.com", is_superuser=True))
    Workspace.objects.get(pk=1).memberships.create(user=User.objects.get(), role="admin")
    return client


def shown(client: Client, path: str) -> int:
    """Ask for a page, or for what a document of the API names; return the status."""
    if path.startswith("/"):
        return client.get(path).status_code
    answer = client.post("/graphql/", {"query": f"{{ {path} }}"}, "application/json")
    assert "errors" not in answer.json(), answer.content
    return answer.status_code


class Traffic:
    """Reads and writes the big tables, as pages and syncs do, until it is told to stop.

    Args:
        url: the address of the database.
        pause: seconds between two writes.
    """

    def __init__(self, url: str, pause: float = 0.002) -> None:
        self._url, self._pause, self._over = url, pause, Event()
        self.longest = {"reader": 0.0, "writer": 0.0}
        self.written = 0
        self.errors: list[str] = []
        self._threads = [
            Process(target=self._run, args=("reader", self._read)),
            Process(target=self._run, args=("writer", self._write)),
        ]

    def __enter__(self) -> "Traffic":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *of_error: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, who: str, act: Callable[["psycopg.Connection[Any]", int], None]) -> None:
        try:
            with psycopg.connect(self._url, autocommit=True) as one:
                number = 0
                while not self._over.wait(self._pause):
                    began = monotonic()
                    act(one, number)
                    self.longest[who] = max(self.longest[who], monotonic() - began)
                    number += 1
        except psycopg.Error as error:
            self.errors.append(f"{who}: {error}")

    def _read(self, one: "psycopg.Connection[Any]", number: int) -> None:
        for table in BIG_TABLES:
            found = one.execute(f"SELECT 1 FROM {table.name} WHERE workspace_id = 1 LIMIT 1")
            if found.fetchone() is None:
                self.errors.append(f"reader: {table.name} was empty")

    def _write(self, one: "psycopg.Connection[Any]", number: int) -> None:
        """Add, change and remove messages and their words, each at a time of its own."""
        with one.transaction():
            one.execute(_ADD, {"name": f"new {number}"})
            one.execute("UPDATE messages_message SET body = %s WHERE id = %s", [f"{number}", 7])
            one.execute(
                "UPDATE messages_message SET body = body || '.' WHERE id = %s", [1 + number % 900]
            )
            if number < REMOVED:
                gone = [1000 + number]
                one.execute("DELETE FROM messages_searchentry WHERE message_id = %s", gone)
                one.execute("DELETE FROM messages_message WHERE id = %s", gone)
        self.written += 1


_ADD = """
WITH added AS (
    INSERT INTO messages_message (workspace_id, source_id, thread_id, thread_kind, kind,
        external_id, author_id, body, url, occurred_at, version_at, details, in_feed, is_archived,
        archived_reason, created_at, updated_at)
    SELECT workspace_id, source_id, id, kind, 'comment', %(name)s::text, author_id, %(name)s::text,
           '', now(), now(), '{}', true, false, '', now(), now()
    FROM messages_thread ORDER BY id LIMIT 1 RETURNING *
)
INSERT INTO messages_searchentry (workspace_id, message_id, occurred_at, words)
SELECT workspace_id, id, occurred_at, '{1,2}' FROM added
"""


def expected_after(traffic: Traffic, messages: int = MESSAGES) -> dict[str, int]:
    """Return how many rows each table must have after TRAFFIC, of so many MESSAGES before."""
    removed = min(traffic.written, REMOVED)
    return {table.name: messages + traffic.written - removed for table in BIG_TABLES}


def check_traffic(traffic: Traffic, messages: int = MESSAGES) -> None:
    """Check that nobody was kept waiting or refused, and that each write is there."""
    assert traffic.errors == [], traffic.errors
    assert traffic.written > 0
    counts = {t.name: fetch(f"SELECT count(*) FROM {t.name}")[0][0] for t in BIG_TABLES}
    assert counts == expected_after(traffic, messages)
    assert fetch("SELECT rtrim(body, '.') FROM messages_message WHERE id = 7") == [
        (f"{traffic.written - 1}",)
    ]
    added = "SELECT count(*), count(DISTINCT external_id) FROM messages_message"
    added += " WHERE external_id LIKE 'new %'"
    assert fetch(added) == [(traffic.written, traffic.written)]
    assert traffic.longest["reader"] < PATIENCE
    assert traffic.longest["writer"] < PATIENCE


def test_what_is_written_meanwhile_is_there_and_nobody_waits_long(database: str) -> None:
    with Traffic(database) as traffic:
        tables_partition(4, quiet)

    check_traffic(traffic)
    assert leftovers() == []


class KilledError(Exception):
    """The process would be gone here."""


def kill(left: Iterator[int], execute: Any, *of_statement: Any) -> Any:
    """Lose the connection when as many statements were run as LEFT has numbers above zero."""
    if next(left) <= 0:
        connection.connection.close()
        raise KilledError
    return execute(*of_statement)


def test_killed_at_any_statement_it_goes_on_where_it_was(database: str) -> None:
    before, had = contents(), shapes()
    number = runs = 0

    while True:
        runs += 1
        number += 9
        try:
            with connection.execute_wrapper(partial(kill, count(number, -1))):
                tables_partition(2, quiet)
        except (KilledError, InterfaceError, OperationalError):
            connection.close()
            assert contents() == before
        else:
            break

    assert runs > 8
    assert (contents(), shapes(), leftovers()) == (before, had, [])


@pytest.mark.slow
def test_a_killed_process_leaves_the_old_table_and_the_command_goes_on(
    database: str, data_dir: Path, running: Callable[..., Running]
) -> None:
    before = contents()
    settings = {"DATABASE_URL": database, "REDIS_URL": os.environ["REDIS_URL"]}
    process = running("partition", "--parts", "4", env=environment(data_dir, **settings))

    process.wait_until(lambda: "messages_message: copied" in process.said(), "a copy", 60)
    process.process.send_signal(signal.SIGKILL)
    process.process.wait()
    assert contents() == before
    checked = dexxy("partition", "--check", "--parts", "4", data_dir=data_dir, **settings)
    done = dexxy("partition", "--parts", "4", data_dir=data_dir, **settings)
    checked_after = dexxy("partition", "--check", "--parts", "4", data_dir=data_dir, **settings)

    assert checked.returncode == 2
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("messages_searchentry: is in 4 partitions now\nDone.\n")
    assert (checked_after.returncode, checked_after.stderr) == (0, "")
    assert contents() == before
    assert leftovers() == []


def test_a_run_that_is_undone_leaves_nothing(database: str) -> None:
    before, had = contents(), shapes()
    for table in BIG_TABLES:
        copy_begin(table, 4)
    assert [state.copied is None for state in partitioning_state()] == [False, False]

    assert partitioning_undo() == [table.name for table in BIG_TABLES]

    assert (contents(), shapes(), partitioning_undo()) == (before, had, [])
    assert leftovers() == ["messages_searchentry_workspace"]


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("CREATE VIEW ours AS SELECT body FROM messages_message", "the view ours"),
        (
            "CREATE TABLE ours (id bigint REFERENCES messages_message (id))",
            "the foreign key ours_id_fkey",
        ),
        (
            "CREATE FUNCTION ours() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
            " CREATE TRIGGER ours BEFORE UPDATE ON messages_message"
            " FOR EACH ROW EXECUTE FUNCTION ours()",
            "the trigger ours",
        ),
        ("CREATE POLICY ours ON messages_message USING (true)", "the policy ours"),
    ],
)
def test_what_would_be_lost_is_named_and_nothing_is_done(
    database: str, statement: str, says: str
) -> None:
    execute(statement)

    with pytest.raises(PartitioningError, match=says):
        tables_partition(4, quiet)

    assert partitioning_state()[0].hindrances == [says]
    assert not is_partitioning_unfinished()


def test_an_index_of_others_that_has_no_place_in_partitions_is_named(database: str) -> None:
    execute("CREATE UNIQUE INDEX ours ON messages_message (id, body)")

    with pytest.raises(PartitioningError, match="index ours of messages_message is none of Dexxy"):
        tables_partition(4, quiet)

    assert not is_partitioning_unfinished()


def test_an_upgrade_between_two_runs_is_noticed(database: str) -> None:
    copy_begin(BIG_TABLES[0], 4)
    execute("ALTER TABLE messages_message ADD made_up text")

    with pytest.raises(PartitioningError, match="changed by an upgrade"):
        tables_partition(4, quiet)

    assert partitioning_undo() == ["messages_message"]


def test_another_number_of_partitions_than_was_begun_is_refused(database: str) -> None:
    copy_begin(BIG_TABLES[0], 4)

    with pytest.raises(PartitioningError, match=r"go on with `--parts 4`"):
        tables_partition(8, quiet)


def test_rows_that_differ_from_their_copies_stop_it(database: str) -> None:
    table = BIG_TABLES[0]
    copy_begin(table, 4)
    execute("INSERT INTO messages_message_copy SELECT * FROM messages_message WHERE id = 5")
    execute("UPDATE messages_message_copy SET body = 'not what it was' WHERE id = 5")
    execute("UPDATE messages_message_copied SET done_to = 5")

    with pytest.raises(PartitioningError, match=r"5 rows of messages_message differ"):
        tables_partition(4, quiet)

    assert fetch("SELECT count(*) FROM messages_message") == [(MESSAGES,)]


@pytest.mark.slow  # the transaction lasts for seconds
def test_a_transaction_that_lasts_keeps_nobody_else_waiting(database: str) -> None:
    with psycopg.connect(database) as reader, Traffic(database) as traffic:
        reader.execute("SELECT count(*) FROM messages_message")
        work = Process(target=partition_in_thread, args=(database,))
        work.start()
        sleep(5)
        assert partitions_of("messages_message") == []
        reader.rollback()
        work.join(60)

    check_traffic(traffic)
    assert len(partitions_of("messages_message")) == 4


def partition_in_thread(url: str) -> None:
    with using(url):
        tables_partition(4, quiet)
        connection.close()


def apply(*operations: migrations.operations.base.Operation, is_back: bool = False) -> None:
    """Apply a migration of `messages` that exists nowhere else, or take it back."""
    migration = type(
        "Migration", (migrations.Migration,), {"operations": list(operations), "atomic": False}
    )("made_up", "messages")
    executor = MigrationExecutor(connection)
    state = executor.loader.project_state()
    executor.unapply_migration(state, migration) if is_back else executor.apply_migration(
        state, migration
    )


def indexed(name: str) -> list[tuple[Any, ...]]:
    return fetch(
        "SELECT indisvalid, (SELECT count(*) FROM pg_inherits WHERE inhparent = indexrelid)"
        f" FROM pg_index WHERE indexrelid = to_regclass('{name}')"
    )


@pytest.mark.parametrize(("parts", "built"), [(0, 0), (4, 4)])
def test_later_migrations_work_on_tables_that_are_partitioned_or_not(
    database: str, parts: int, built: int
) -> None:
    if parts:
        tables_partition(parts, quiet)
    index = models.Index(
        models.F("workspace"),
        models.F("url").desc(),
        name="made_up_by_url",
        condition=~models.Q(url=""),
    )
    constraint = models.CheckConstraint(condition=~models.Q(body="made up"), name="made_up_body")
    add = AddIndexConcurrently("message", index)

    apply(
        migrations.AddField("message", "made_up_word", models.TextField(null=True)),
        add,
        AddConstraintNotValid("message", constraint),
        ValidateConstraint("message", constraint.name),
    )
    assert indexed("made_up_by_url") == [(True, built)]
    apply(add, is_back=True)
    assert indexed("made_up_by_url") == []
    name = "messages_message_replies"
    replies = fetch(f"SELECT pg_get_indexdef('{name}'::regclass)")
    remove = RemoveIndexConcurrently("message", name)
    apply(remove)
    assert indexed(name) == []
    apply(remove, is_back=True)
    assert indexed(name) == [(True, built)]
    assert fetch(f"SELECT pg_get_indexdef('{name}'::regclass)") == replies


def test_a_workspace_can_be_deleted_and_words_are_indexed_in_partitions(database: str) -> None:
    tables_partition(4, quiet)
    thread = Thread.objects.filter(workspace=1).order_by("pk")[0]
    make_message(thread=thread, body="xylophone")
    execute("DELETE FROM messages_searchentry WHERE workspace_id = 2")

    assert search_catch_up(seconds=30) == 0
    Workspace.objects.filter(pk=3).update(delete_at="2020-01-01T00:00:00Z")
    assert workspaces_delete_due() == 1

    left = "SELECT count(*) FROM {} WHERE workspace_id = 3"
    assert [fetch(left.format(table.name)) for table in BIG_TABLES] == [[(0,)], [(0,)]]
    of_second = "SELECT (SELECT count(*) FROM messages_message WHERE workspace_id = 2),"
    of_second += " (SELECT count(*) FROM messages_searchentry WHERE workspace_id = 2)"
    [(messages, words)] = fetch(of_second)
    assert messages == words > 0


def test_the_doctor_names_a_run_that_was_not_finished(database: str) -> None:
    assert list(platform.partitions()) == []
    copy_begin(BIG_TABLES[0], 4)

    [finding] = platform.partitions()

    assert finding.state is State.NOTICE
    assert "`dexxy partition --undo`" in finding.fix


@pytest.mark.slow  # a whole backup, and a restore of it
def test_a_partitioned_database_is_backed_up_and_restored(
    database: str, data_dir: Path, tmp_path: Path
) -> None:
    tables_partition(4, quiet)
    before, had = contents(), shapes()
    settings = {"DATABASE_URL": database, "REDIS_URL": os.environ["REDIS_URL"]}
    file = tmp_path / "all.dexxy"

    made = dexxy("backup", str(file), data_dir=data_dir, **settings)
    execute("DELETE FROM messages_message WHERE workspace_id > 1")
    connection.close()
    restored = dexxy("restore", str(file), "--force", data_dir=data_dir, **settings)

    assert (made.returncode, restored.returncode) == (0, 0), made.stderr + restored.stderr
    assert contents() == before
    # A check that was read back is written in other words, which mean the same.
    assert names(shapes()) == names(had)
    assert [len(partitions_of(table.name)) for table in BIG_TABLES] == [4, 4]


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_a_million_messages_are_partitioned_while_people_read(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """DEXXY_TEST_MESSAGES=10000000 tries it with ten million."""
    messages = int(os.environ.get("DEXXY_TEST_MESSAGES", "1000000"))
    with django_db_blocker.unblock(), filled_database(messages) as url, using(url):
        client, before = signed_in_reader(), untouched()
        sizes = [database_size()]
        with Traffic(url, pause=0.01) as traffic, Pages(client) as pages:
            began = monotonic()
            tables_partition(16, lambda line: sizes.append(database_size()))
            seconds = monotonic() - began
        sizes.append(database_size())

        told = {"seconds": seconds, "bytes": [sizes[0], max(sizes), sizes[-1]]}
        told |= {**traffic.longest, "page": pages.longest, "pages": pages.number}
        sys.stdout.write(f"{messages} messages: {told}\n")
        check_traffic(traffic, messages)
        assert untouched() == before
        assert pages.errors == []
        assert pages.number > 20
        assert leftovers() == []


def untouched() -> dict[str, tuple[Any, ...]]:
    """Return a digest of the rows of each big table that the traffic leaves as they are."""
    digest, kept = "count(*), sum(hashtextextended(t::text, 0)::numeric)", 1000 + REMOVED
    return {
        "messages_message": fetch(
            f"SELECT {digest} FROM messages_message t"
            f" WHERE id > {kept} AND external_id NOT LIKE 'new %'"
        )[0],
        "messages_searchentry": fetch(
            f"SELECT {digest} FROM messages_searchentry t"
            f" WHERE message_id > {kept} AND words <> '{{1,2}}'"
        )[0],
    }


def database_size() -> int:
    """Return the bytes of the database."""
    return int(fetch("SELECT pg_database_size(current_database())")[0][0])


class Pages:
    """Reads pages as people do, one after the other, until it is told to stop."""

    def __init__(self, client: Client) -> None:
        self._client, self._over = client, Event()
        self.longest, self.number = 0.0, 0
        self.errors: list[str] = []
        self._thread = Process(target=self._run)

    def __enter__(self) -> "Pages":
        self._thread.start()
        return self

    def __exit__(self, *of_error: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        paths = ("", "feed/", "threads/", "search/?q=something", "people/")
        for path in cycle(f"/w/workspace-1/{path}" for path in paths):
            began = monotonic()
            if (status := self._client.get(path).status_code) != 200:
                self.errors.append(f"{path}: {status}")
            self.longest = max(self.longest, monotonic() - began)
            self.number += 1
            if self._over.wait(0.05):
                connections.close_all()
                return
