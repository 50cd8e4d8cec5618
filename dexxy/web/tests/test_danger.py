from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dexxy.accounts.ending import GRACE
from dexxy.accounts.models import AuditEntry, Role, User, Workspace
from tests.factories import make_workspace


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

    export = f'href="/workspaces/{workspace.pk}/export/all.zip"'
    assert export in client.get(path).content.decode()
    page = client.post(path, {"restore": "1"}, follow=True).content.decode()
    assert export in page

    workspace.refresh_from_db()
    assert workspace.delete_at is None
    assert "will be deleted on" not in page
    assert AuditEntry.objects.filter(action="workspace.delete_taken_back").count() == 1


def test_who_leaves_by_the_page_is_out_and_lands_where_they_still_are(
    client: Client, alice: User, bob: User, workspace: Workspace
) -> None:
    mine = bob.memberships.get()
    other = make_workspace(member=bob)
    client.force_login(bob)

    answer = client.post(f"/w/{workspace.slug}/settings/people/{mine.pk}/remove/", follow=True)

    assert answer.redirect_chain[-1] == (f"/w/{other.slug}/", 302)
    assert not workspace.memberships.filter(user=bob).exists()
    assert client.get(f"/w/{workspace.slug}/").status_code == 404
    [entry] = AuditEntry.objects.filter(action="membership.removed")
    assert (entry.actor, entry.target_id) == (bob, str(mine.pk))


def test_an_admin_who_is_not_the_last_removes_themselves_and_the_last_stays(
    client: Client, alice: User, bob: User, workspace: Workspace
) -> None:
    workspace.memberships.filter(user=bob).update(role=Role.ADMIN)
    people = f"/w/{workspace.slug}/settings/people/"
    for admin in (alice, bob):
        client.force_login(admin)
        membership = workspace.memberships.get(user=admin)
        page = client.post(f"{people}{membership.pk}/remove/", follow=True).content.decode()

    assert "A workspace needs an administrator" in page
    assert list(workspace.memberships.values_list("user", flat=True)) == [bob.pk]
    client.force_login(alice)
    assert "You are in no workspace" in client.get("/", follow=True).content.decode()


def test_a_member_can_delete_nothing(
    client: Client, bob: User, workspace: Workspace, path: str
) -> None:
    client.force_login(bob)

    assert 'name="name"' not in client.get(path).content.decode()
    assert client.post(path, {"name": workspace.name}).status_code == 403
    assert client.post(path, {"restore": "1"}).status_code == 403
    workspace.refresh_from_db()
    assert workspace.delete_at is None
