"""A link by which an admin lets somebody in who forgot their password."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client

from dexxy.accounts.memberships import ResetRefusedError, membership_reset_link
from dexxy.accounts.models import AuditEntry, Membership, Role, User, Workspace
from dexxy.accounts.selectors import AdminOnlyError
from tests.factories import PASSWORD, make_workspace


def membership_of(user: User, workspace: Workspace) -> int:
    return Membership.objects.get(user=user, workspace=workspace).pk


def path_of(link: str) -> str:
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}"


def test_the_link_signs_in_once_and_the_old_password_is_over(
    client: Client, alice: User, bob: User, workspace: Workspace
) -> None:
    theirs = Client()
    theirs.force_login(bob)
    client.force_login(alice)
    page = f"/w/{workspace.slug}/settings/people/"

    client.post(f"{page}{membership_of(bob, workspace)}/reset-link/")
    link = client.get(page).context["reset_link"]

    assert theirs.get("/account/").status_code == 302  # signed out
    assert not theirs.login(email=bob.email, password=PASSWORD)
    theirs.post(path_of(link))
    assert theirs.session["_auth_user_id"] == str(bob.pk)
    assert theirs.get("/accounts/password/set/").status_code == 200
    assert client.get(page).context["reset_link"] == ""  # shown once
    entry = AuditEntry.objects.get(action="user.reset_link_made")
    assert (entry.actor, entry.details) == (alice, {"user": bob.email})


def test_nobody_gets_into_another_workspace_by_it(
    alice: User, bob: User, workspace: Workspace, charlie: User
) -> None:
    elsewhere = make_workspace(name="Another", admin=charlie, member=bob)

    with pytest.raises(ResetRefusedError):
        membership_reset_link(viewer=alice, membership_id=membership_of(bob, workspace))

    bob.refresh_from_db()
    assert bob.check_password(PASSWORD)
    Membership.objects.create(workspace=elsewhere, user=alice, role=Role.MEMBER)
    with pytest.raises(ResetRefusedError):
        membership_reset_link(viewer=alice, membership_id=membership_of(bob, workspace))


@pytest.mark.parametrize("changed", [{"is_staff": True}, {"is_active": False}])
def test_nobody_becomes_who_runs_this_dexxy_by_it(
    alice: User, bob: User, workspace: Workspace, changed: dict[str, Any]
) -> None:
    User.objects.filter(pk=bob.pk).update(**changed)

    with pytest.raises(ResetRefusedError):
        membership_reset_link(viewer=alice, membership_id=membership_of(bob, workspace))


def test_a_member_makes_none(alice: User, bob: User, workspace: Workspace) -> None:
    with pytest.raises(AdminOnlyError):
        membership_reset_link(viewer=bob, membership_id=membership_of(alice, workspace))
