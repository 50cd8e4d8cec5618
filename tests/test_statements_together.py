"""Statements that are sent together do what they would have done one by one."""

import pytest
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext

from dexxy.accounts.models import Workspace
from dexxy.common.sql import (
    Statement,
    copy_into,
    execute_later,
    fetch_all,
    gathering,
    row_columns,
    rows_read,
    run_together,
    save_later,
)

pytestmark = pytest.mark.django_db

NAME = "UPDATE accounts_workspace SET name = %(name)s WHERE id = %(id)s"
NAMES = "SELECT name FROM accounts_workspace WHERE id = %(id)s -- the last line"


@pytest.fixture
def workspace() -> Workspace:
    return Workspace.objects.create(slug="here", name="Here")


def test_each_statement_sees_what_those_before_it_did(workspace: Workspace) -> None:
    with CaptureQueriesContext(connection) as messages:
        before, done, after = run_together(
            [
                Statement(NAMES, {"id": workspace.pk}),
                Statement(NAME, {"id": workspace.pk, "name": "100 %; DROP TABLE x"}),
                Statement(NAMES, {"id": workspace.pk}),
            ]
        )

    assert (before.rows, before.count) == ([("Here",)], 1)
    assert (done.rows, done.count) == ([], 1)
    assert after.rows == [("100 %; DROP TABLE x",)]
    assert len(messages) == 1


def test_nothing_together_asks_nothing() -> None:
    with CaptureQueriesContext(connection) as messages:
        assert run_together([]) == []

    assert len(messages) == 0


def test_what_waits_is_sent_with_the_next_statement_and_before_it(workspace: Workspace) -> None:
    with CaptureQueriesContext(connection) as messages, gathering():
        execute_later(NAME, {"id": workspace.pk, "name": "There"})
        found = fetch_all(NAMES, {"id": workspace.pk})

    assert found == [("There",)]
    assert len(messages) == 1


def test_what_waits_is_sent_before_a_query_of_django_and_before_a_copy(
    workspace: Workspace,
) -> None:
    with gathering():
        execute_later(NAME, {"id": workspace.pk, "name": "There"})
        assert Workspace.objects.get().name == "There"
        execute_later("DELETE FROM accounts_workspace WHERE id = %(id)s", {"id": workspace.pk})
        columns = ("id", "slug", "name", "created_at", "updated_at")
        now = str(workspace.created_at)
        copy_into("accounts_workspace", columns, [(workspace.pk, "here", "Copied", now, now)])

    assert Workspace.objects.get().name == "Copied"


def test_what_waits_at_the_end_is_sent(workspace: Workspace) -> None:
    with gathering(), gathering():
        execute_later(NAME, {"id": workspace.pk, "name": "There"})

    workspace.refresh_from_db()
    assert workspace.name == "There"


def test_nothing_waits_outside_of_a_gathering(workspace: Workspace) -> None:
    execute_later(NAME, {"id": workspace.pk, "name": "There"})

    workspace.refresh_from_db()
    assert workspace.name == "There"


def test_what_waits_when_something_fails_is_never_sent(workspace: Workspace) -> None:
    def fail() -> None:
        with transaction.atomic(), gathering():
            execute_later(NAME, {"id": workspace.pk, "name": "There"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with gathering():
        assert fetch_all(NAMES, {"id": workspace.pk}) == [("Here",)]


def test_a_statement_that_fails_fails_with_its_own_error(workspace: Workspace) -> None:
    def fail() -> None:
        with transaction.atomic(), gathering():
            execute_later("SELECT 'long'::text", {})
            execute_later(NAME, {"id": workspace.pk, "name": "x" * 5000})

    with pytest.raises(DataError, match="too long"):
        fail()

    workspace.refresh_from_db()
    assert workspace.name == "Here"


def test_a_row_is_stored_later_as_it_is_saved(workspace: Workspace) -> None:
    before = workspace.updated_at
    workspace.slug, workspace.name = "elsewhere", "It's %s"

    save_later(workspace, ["name", "updated_at"])

    workspace.refresh_from_db()
    assert (workspace.slug, workspace.name) == ("here", "It's %s")
    assert workspace.updated_at > before


def test_rows_are_read_as_django_reads_them(workspace: Workspace) -> None:
    columns = ", ".join(row_columns(Workspace))
    rows = fetch_all(f"SELECT {columns} FROM accounts_workspace", {})  # noqa: S608  # our names

    [read] = rows_read(Workspace, rows)

    expected = Workspace.objects.get()
    names = [field.attname for field in Workspace._meta.concrete_fields]
    assert [getattr(read, name) for name in names] == [getattr(expected, name) for name in names]
    assert not read._state.adding
