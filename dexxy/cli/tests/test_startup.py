"""Bringing the tables up to date, which a command does only where they are not."""

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import CaptureQueriesContext

from dexxy.cli import startup
from dexxy.cli.migration_state import is_up_to_date


@pytest.mark.django_db
def test_tables_that_are_up_to_date_cost_one_look_at_what_is_recorded() -> None:
    with CaptureQueriesContext(connection) as asked:
        startup.database_require()

    # Whether a restore was not finished, whether there is such a table, and what is in it.
    assert len(asked) == 3
    assert 'FROM "django_migrations"' in asked[-1]["sql"]


@pytest.mark.django_db
def test_a_migration_that_is_not_recorded_is_seen() -> None:
    recorded = MigrationRecorder(connection).migration_qs
    recorded.filter(app="accounts", name="0001_initial").delete()

    assert not is_up_to_date()
