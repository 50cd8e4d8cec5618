"""What is left of a workspace whose time is over: nothing, and nothing of another one is gone."""

# Fixtures that stand in another file are names of this one, too.

from datetime import timedelta
from functools import partial

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks
from structlog.testing import capture_logs

from dexxy.accounts.models import User, Workspace
from dexxy.integrations import tasks
from dexxy.integrations.models import GitHubInstallation
from dexxy.integrations.services import workspace_deletion
from dexxy.integrations.services.workspace_deletion import _owned, workspaces_delete_due
from dexxy.integrations.tasks import delete_what_is_old
from tests.everything import alice, db, everything, fill, workspace
from tests.factories import make_installation, make_source, make_workspace

__all__ = ["alice", "db", "everything", "workspace"]


def rows_of(workspace: Workspace) -> dict[str, int]:
    """Count what a workspace has, in each table that has anything of it."""
    found = {
        model._meta.label: model._base_manager.filter(**{path: workspace}).count()
        for model, path in _owned()
    }
    return {label: count for label, count in found.items() if count}


def test_nothing_is_left_and_the_neighbour_keeps_all(alice: User, workspace: Workspace) -> None:
    other = make_workspace(name="Neighbour", admin=alice)
    fill(alice, other, make_source(workspace=other, name="owner/other"))
    theirs = rows_of(other)
    assert len(rows_of(workspace)) > 25
    Workspace.objects.filter(pk=workspace.pk).update(delete_at=timezone.now())
    Workspace.objects.filter(pk=other.pk).update(delete_at=timezone.now() + timedelta(days=1))

    assert workspaces_delete_due() == 1

    # Whatever still points to what is gone is found here.
    connection.check_constraints()
    assert rows_of(workspace) == {}
    assert not Workspace.objects.filter(pk=workspace.pk).exists()
    assert rows_of(other) == theirs
    assert workspaces_delete_due() == 0


def test_a_personal_token_goes_with_its_workspace(alice: User) -> None:
    other = make_workspace(admin=alice)
    made = make_installation(workspace=other, token="ghp_whole")
    Workspace.objects.filter(pk=other.pk).update(delete_at=timezone.now())

    assert workspaces_delete_due() == 1
    assert not GitHubInstallation.objects.filter(pk=made.pk).exists()


def test_one_that_cannot_be_deleted_keeps_no_other(alice: User, workspace: Workspace) -> None:
    other, before = make_workspace(admin=alice), rows_of(workspace)
    connection.check_constraints()
    with connection.cursor() as cursor:
        # Nothing that Dexxy knows of.
        cursor.execute(
            "CREATE TABLE foreign_to_us (workspace bigint REFERENCES accounts_workspace)"
        )
        cursor.execute("INSERT INTO foreign_to_us VALUES (%s)", [workspace.pk])
    Workspace.objects.filter(pk__in=[workspace.pk, other.pk]).update(delete_at=timezone.now())

    with capture_logs() as told:
        assert workspaces_delete_due() == 1

    assert rows_of(workspace) == before
    assert not Workspace.objects.filter(pk=other.pk).exists()
    [error] = [one for one in told if one["log_level"] == "error"]
    assert (error["event"], error["workspace"]) == ("workspace not deleted", workspace.slug)
    assert error["exc_info"]


def test_a_storage_that_is_away_keeps_no_workspace(
    alice: User,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    def fail(_names: list[str]) -> None:
        raise OSError("away")

    monkeypatch.setattr(workspace_deletion, "files_forget", fail)
    other = make_workspace(admin=alice)
    Workspace.objects.filter(pk=other.pk).update(delete_at=timezone.now())

    with django_capture_on_commit_callbacks(execute=True):
        assert workspaces_delete_due() == 1


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("failing", ["old_rows_delete", "workspaces_delete_due"])
def test_neither_kind_of_what_is_old_waits_for_the_other(
    failing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise DatabaseError("first line\nsecond line")

    done: list[str] = []
    for name in ("old_rows_delete", "workspaces_delete_due"):
        monkeypatch.setattr(tasks, name, fail if name == failing else partial(done.append, name))

    with capture_logs() as told:
        delete_what_is_old()

    assert len(done) == 1
    assert [one["error"] for one in told] == ["first line"]


@pytest.mark.usefixtures("db")
def test_every_table_that_refers_to_a_row_of_a_workspace_is_looked_at() -> None:
    looked_at = {model._meta.db_table for model, _ in _owned()}
    with connection.cursor() as cursor:
        # Of partitions the table that they are of speaks.
        cursor.execute(
            "SELECT conrelid::regclass::text FROM pg_constraint"
            " WHERE contype = 'f' AND conparentid = 0 AND confrelid::regclass::text = ANY(%s)",
            [[*looked_at, Workspace._meta.db_table]],
        )
        refer = {name for (name,) in cursor.fetchall()}

    # Of an App it stays, without the workspace.
    assert refer - looked_at == {GitHubInstallation._meta.db_table}


@pytest.mark.usefixtures("db")
def test_every_table_that_names_a_workspace_is_looked_at() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns"
            " WHERE column_name = 'workspace_id' AND table_schema = current_schema()"
            " AND NOT (SELECT relispartition FROM pg_class WHERE oid = table_name::regclass)"
        )
        named = {name for (name,) in cursor.fetchall()}
    # Of an App it stays, without the workspace.
    looked_at = {model._meta.db_table for model, _ in _owned()} | {
        "integrations_githubinstallation"
    }

    assert named <= looked_at
