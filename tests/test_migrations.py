"""What comes after the first release migrates a full database while people read it."""

import os
from collections.abc import Iterator

import psycopg
import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import connection, migrations, models
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from pytest_django import DjangoDbBlocker

from tests.migration_rules import (
    BASELINE,
    LAST_BEFORE_PARTITIONS,
    NEWER_APPS,
    alive,
    faults,
    fill,
    forbidden,
    later_migrations,
    unfit_for_partitions,
)
from tests.servers import new_database, using


@pytest.fixture(scope="module")
def filled(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A database of its own, at the baseline, with 100,000 messages."""
    with django_db_blocker.unblock(), new_database(f"migrations_{os.getpid()}") as url:
        with using(url):
            executor = MigrationExecutor(connection)
            others = [key for key in executor.loader.graph.leaf_nodes() if not is_ours(key)]
            executor.migrate([*others, *BASELINE.items()])
        with psycopg.connect(url, autocommit=True) as database:
            fill(database)
        yield url


def is_ours(key: tuple[str, str]) -> bool:
    return key[0] in {*BASELINE, *NEWER_APPS}


def apply(*operations: migrations.operations.base.Operation, atomic: bool = True) -> None:
    """Apply a migration of `messages` that exists nowhere else."""
    parts = {"operations": list(operations), "atomic": atomic}
    migration = type("Migration", (migrations.Migration,), parts)("made_up", "messages")
    executor = MigrationExecutor(connection)
    executor.apply_migration(executor.loader.project_state(list(BASELINE.items())), migration)


def index(name: str) -> models.Index:
    return models.Index(fields=["url"], name=name)


@pytest.fixture
def migrated(filled: str, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    with django_db_blocker.unblock(), using(filled):
        yield filled


@pytest.mark.slow  # each is applied while somebody reads
def test_migrations_after_the_baseline_neither_block_readers_nor_rewrite_a_table(
    migrated: str,
) -> None:
    executor = MigrationExecutor(connection)

    found = faults(migrated, lambda: executor.migrate(executor.loader.graph.leaf_nodes()))

    assert found == []


def test_a_rewritten_table_is_found(migrated: str) -> None:
    rewriting = "ALTER TABLE messages_message ADD made_up uuid NOT NULL DEFAULT gen_random_uuid()"

    found = faults(migrated, lambda: apply(migrations.RunSQL(rewriting)))

    assert "messages_message was rewritten" in found


@pytest.mark.slow
def test_readers_that_wait_too_long_are_found(migrated: str) -> None:
    locking = "LOCK TABLE messages_thread; SELECT pg_sleep(4)"

    found = faults(migrated, lambda: apply(migrations.RunSQL(locking)))

    assert found == ["messages_thread could not be read for 2s"]


def test_a_column_an_index_and_a_constraint_can_be_added_within_the_rule(migrated: str) -> None:
    constraint = models.CheckConstraint(condition=~models.Q(body="made up"), name="made_up_body")
    operations = [
        migrations.AddField("message", "made_up_word", models.TextField(null=True)),
        AddIndexConcurrently("message", index("made_up_by_url")),
        AddConstraintNotValid("message", constraint),
    ]

    found = faults(migrated, lambda: apply(*operations, atomic=False))

    assert found == []


def test_every_app_with_migrations_has_a_baseline_that_exists() -> None:
    known = MigrationLoader(None).disk_migrations or {}

    ours = {app for app, _ in known if known[app, _].__module__.startswith("dexxy.")}
    assert ours == set(BASELINE) | NEWER_APPS
    assert set(BASELINE.items()) <= set(known)


def test_migrations_after_the_baseline_do_nothing_forbidden() -> None:
    found = {path.name: forbidden(path.read_text("utf-8")) for path in later_migrations()}

    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize(
    ("operation", "instead"),
    [
        ("migrations.AddIndex('message', index)", "AddIndexConcurrently of"),
        ("migrations.AddIndex(model_name='message', index=index)", "AddIndexConcurrently of"),
        ("AddConstraint('message', constraint)", "AddConstraintNotValid and"),
    ],
)
def test_an_operation_that_keeps_writers_away_is_forbidden(operation: str, instead: str) -> None:
    [fault] = forbidden(f"operations = [\n    {operation},\n]")

    name = operation.removeprefix("migrations.").partition("(")[0]
    assert fault.startswith(f"line 2: {name} keeps writers from the table: use {instead}")


@pytest.mark.parametrize(
    "operations",
    [
        "AddIndexConcurrently('message', index)",
        "AddConstraintNotValid('message', constraint)",
        "migrations.CreateModel(name='Note'), migrations.AddIndex(model_name='note', index=index)",
    ],
)
def test_what_lets_writers_go_on_is_allowed(operations: str) -> None:
    assert forbidden(f"operations = [{operations}]") == []


def test_migrations_after_the_baseline_import_nothing_that_may_change() -> None:
    found = {path.name: alive(path.read_text("utf-8")) for path in later_migrations()}

    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("from dexxy.accounts.addresses import address_compared", True),
        ("import dexxy.accounts.addresses", True),
        ("import dexxy.common.crypto", False),
        ("from django.db import migrations", False),
    ],
)
def test_what_a_migration_imports_of_dexxy_is_found(statement: str, found: bool) -> None:
    assert bool(alive(statement)) == found


def test_migrations_after_partitions_came_work_on_them() -> None:
    of_messages = [one for one in later_migrations() if one.parent.parent.name == "messages"]
    newer = [one for one in of_messages if one.stem[:4] > LAST_BEFORE_PARTITIONS]

    found = {path.name: unfit_for_partitions(path.read_text("utf-8")) for path in newer}

    assert {name: faults for name, faults in found.items() if faults} == {}


@pytest.mark.parametrize(
    ("source", "is_fit"),
    [
        ("AddIndexConcurrently('message', index)", False),
        ("operations.RemoveIndexConcurrently(model_name='SearchEntry', name='one')", False),
        ("AddIndexConcurrently('thread', index)", True),
        (
            "from dexxy.messages.partitions.operations import AddIndexConcurrently\n"
            "AddIndexConcurrently('message', index)",
            True,
        ),
    ],
)
def test_indexes_of_tables_that_may_be_partitioned_have_operations_of_their_own(
    source: str, is_fit: bool
) -> None:
    assert (unfit_for_partitions(source) == []) is is_fit
