from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dexxy.accounts.ending import GRACE
from dexxy.accounts.models import AuditEntry, User, Workspace


@pytest.fixture
def path(workspace: Workspace) -> str:
    return f"/w/{workspace.slug}/settings/danger/"


def test_a_workspace_is_deleted_in_a_week_by_who_types_its_name(
    client: Client, alice: User, bob: User, workspace: Workspace, path: str
) -> None:
    client.force_login(alice)

    wrong = client.post(path, {"name": "Another"})
    assert wrong.status_code == 422
    assert "This is not the name" in wrong.content.decode()
    for _ in range(2):
        client.post(path, {"name": workspace.name})

    workspace.refresh_from_db()
    assert workspace.delete_at is not None
    assert abs(workspace.delete_at - timezone.now() - GRACE) < timedelta(minutes=1)
    assert AuditEntry.objects.filter(action="workspace.delete_asked").count() == 1
    # Everybody is told, on every page.
    client.force_login(bob)
    assert "will be deleted on" in client.get(f"/w/{workspace.slug}/feed/").content.decode()


def test_what_was_asked_for_is_taken_back(
    client: Client, alice: User, workspace: Workspace, path: str
) -> None:
    client.force_login(alice)
    client.post(path, {"name": workspace.name})

    page = client.post(path, {"restore": "1"}, follow=True).content.decode()

    workspace.refresh_from_db()
    assert workspace.delete_at is None
    assert "will be deleted on" not in page
    assert AuditEntry.objects.filter(action="workspace.delete_taken_back").count() == 1


def test_a_member_can_leave_and_delete_nothing(
    client: Client, bob: User, workspace: Workspace, path: str
) -> None:
    client.force_login(bob)

    assert 'name="name"' not in client.get(path).content.decode()
    assert client.post(path, {"name": workspace.name}).status_code == 403
    assert client.post(path, {"restore": "1"}).status_code == 403
    workspace.refresh_from_db()
    assert workspace.delete_at is None
