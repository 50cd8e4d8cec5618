"""A database whose migrations this Dexxy does not have is refused, and nothing in it changes."""

import os
import time
from collections.abc import Callable, Iterator, MutableMapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from structlog.testing import capture_logs

from dexxy.cli import migration_state
from dexxy.cli.migration_state import (
    REPLACED,
    NewerDataError,
    OldDataError,
    await_own_data,
    is_up_to_date,
    state_of,
)
from dexxy.cli.startup import database_prepare, database_require
from dexxy.cli.tests.running import Running, dexxy, environment, free_port
from dexxy.embedded.tests.observing import wait_until
from tests.servers import own_database

Record = Callable[[str, str], None]

OLD = (
    "This data is of a Dexxy before 0.1.0a2, which cannot be migrated: start with an empty"
    " DEXXY_DATA_DIR (or database) and sync again."
)


@pytest.fixture
def record() -> Iterator[Record]:
    """Note a migration as applied, for as long as the test takes."""
    recorder = MigrationRecorder(connection)
    recorded: list[tuple[str, str]] = []

    def note(app: str, name: str) -> None:
        recorder.record_applied(app, name)
        recorded.append((app, name))

    yield note
    for app, name in recorded:
        recorder.record_unapplied(app, name)


@pytest.mark.django_db
@pytest.mark.parametrize("look", [database_prepare, database_require, is_up_to_date])
@pytest.mark.parametrize("migration", ["0001_initial", "0002_feed_filters_and_search"])
def test_data_that_nothing_leads_on_from_is_refused(
    record: Record, migration: str, look: Callable[[], object]
) -> None:
    # Its other migrations have the names of today's.
    record("messages", migration)

    with pytest.raises(OldDataError) as refusal:
        look()

    assert str(refusal.value) == OLD


@pytest.mark.parametrize("migration", sorted(REPLACED), ids=".".join)
def test_each_migration_that_was_replaced_tells_that_the_data_is_old(
    migration: tuple[str, str],
) -> None:
    # Beside one that is newer than this Dexxy, too: of old data that says more.
    with pytest.raises(OldDataError) as refusal:
        state_of({migration, ("messages", "9999_of_tomorrow")})

    assert str(refusal.value) == OLD


@pytest.mark.django_db
def test_data_of_a_newer_dexxy_is_refused(record: Record) -> None:
    record("messages", "9999_of_tomorrow")

    with pytest.raises(NewerDataError, match=r"has the migration messages\.9999_of_tomorrow"):
        is_up_to_date()


@pytest.mark.django_db
def test_data_of_this_dexxy_and_migrations_of_others_are_welcome(record: Record) -> None:
    record("account", "9999_of_a_newer_allauth")

    assert is_up_to_date()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("command", ["manage migrate", "up --port {port}"])
def test_a_command_says_it_in_one_line(data_dir: Path, record: Record, command: str) -> None:
    record("messages", "9999_of_tomorrow")
    environment = {"REDIS_URL": os.environ["REDIS_URL"], **own_database()}

    refused = dexxy(*command.format(port=free_port()).split(), data_dir=data_dir, **environment)

    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("dexxy: This data is of a newer Dexxy, which has the migr")
    assert len(refused.stderr.splitlines()) == 1


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


BEHIND = (
    "UPDATE django_migrations SET app = 'x' WHERE app = 'mail'",
    "UPDATE django_migrations SET app = 'mail' WHERE app = 'x'",
    "It is not up to date: run `dexxy upgrade`.",
)


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Return what is said by what waits as a worker and a scheduler do before they work."""
    monkeypatch.setattr(migration_state, "_PAUSE_SECONDS", 0.01)
    said: list[str] = []

    def note(_logger: Any, _name: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        said.append(line.get("why", "go"))
        return line

    with capture_logs([note]):
        yield said


@contextmanager
def awaited() -> Iterator["Future[None]"]:
    with ThreadPoolExecutor(1) as thread:
        yield thread.submit(await_own_data)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (
            "INSERT INTO django_migrations VALUES (9999, 'messages', '9999_x', now())",
            "DELETE FROM django_migrations WHERE id = 9999",
            "This data is of a newer Dexxy, which has the migration messages.9999_x",
        ),
        BEHIND,
        (
            "CREATE TABLE dexxy_unfinished_restore (erasure text NOT NULL)",
            "DROP TABLE dexxy_unfinished_restore",
            "run `dexxy restore FILE --force` again",
        ),
    ],
    ids=["ahead", "behind", "half restored"],
)
def test_whoever_works_waits_for_a_database_of_today(
    waiting: list[str], before: str, after: str, why: str
) -> None:
    execute(before)
    try:
        with awaited() as done:
            wait_until(lambda: waiting, "it says why")
            time.sleep(0.05)
            assert not done.done()
            execute(after)
            done.result(10)
    finally:
        execute(after.replace("DROP TABLE", "DROP TABLE IF EXISTS"))

    assert [why in waiting[0], waiting[1:]] == [True, ["go"]]


@pytest.mark.django_db(transaction=True)
def test_whoever_works_waits_for_a_database_that_is_away_and_comes_back_behind(
    waiting: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after, why = BEHIND
    execute(before)
    try:
        with monkeypatch.context() as away, ExitStack() as stack:
            away.setitem(connection.settings_dict, "HOST", "/nowhere")
            done = stack.enter_context(awaited())
            wait_until(lambda: waiting, "it says that it is away")
            away.undo()
            wait_until(lambda: why in waiting, "it says that it is behind")
            assert not done.done()
            execute(after)
            done.result(10)
    finally:
        execute(after)

    assert waiting[0].startswith("It cannot be used: ")
    assert waiting[1:] == [why, "go"]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("command", ["worker", "scheduler"])
def test_a_process_waits_for_data_of_this_dexxy_and_says_so_once(
    data_dir: Path, record: Record, running: Callable[..., Running], command: str
) -> None:
    record("messages", "9999_of_tomorrow")
    settings = {"REDIS_URL": os.environ["REDIS_URL"], **own_database()}

    waiting = running(command, env=environment(data_dir, **settings))
    waiting.wait_until(lambda: "of a newer Dexxy" in waiting.said(), "it says so")
    MigrationRecorder(connection).record_unapplied("messages", "9999_of_tomorrow")
    waiting.wait_until(lambda: "the database can be used" in waiting.said(), "it goes on")

    assert waiting.said().count("waiting for the database") == 1
