"""What is left of a workspace whose time is over: nothing, and nothing of another one is gone."""

# Fixtures that stand in another file are names of this one, too.

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import GitHubInstallation
from dexxy.integrations.services.workspace_deletion import _owned, workspaces_delete_due
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
