"""A database whose migrations this Dexxy does not have is refused, and nothing in it changes."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from dexxy.cli.migration_state import (
    REPLACED,
    NewerDataError,
    OldDataError,
    is_up_to_date,
    state_of,
)
from dexxy.cli.startup import database_prepare, database_require
from dexxy.cli.tests.running import Running, dexxy, environment, free_port
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
