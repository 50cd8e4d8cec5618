import pytest
from django.contrib.auth.models import AnonymousUser

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import (
    UnauthenticatedError,
    Viewer,
    WorkspaceNotFoundError,
    require_membership,
    workspace_by_id,
    workspace_for,
    workspaces,
)
from tests.factories import make_user, make_workspace


def test_a_member_finds_the_workspace_by_id_slug_or_text(bob: User, workspace: Workspace) -> None:
    assert workspace_for(bob, workspace.pk) == workspace
    assert workspace_for(bob, workspace.slug) == workspace
    assert workspace_by_id(bob, str(workspace.pk)) == workspace


def test_workspaces_come_in_the_order_of_joining(alice: User) -> None:
    first, second = make_workspace(admin=alice), make_workspace(member=alice)
    make_workspace()

    assert list(workspaces(alice)) == [first, second]


def test_an_outsider_hears_the_same_of_what_exists_and_what_does_not(
    charlie: User, workspace: Workspace
) -> None:
    heard = set()
    for key in (workspace.pk, workspace.slug, 10**18, "no-such-team"):
        with pytest.raises(WorkspaceNotFoundError) as caught:
            workspace_for(charlie, key)
        heard.add(str(caught.value))
    for text in (str(workspace.pk), "", "x", "-1", "1.0", "９", "9" * 40):
        with pytest.raises(WorkspaceNotFoundError) as caught:
            workspace_by_id(charlie, text)
        heard.add(str(caught.value))

    assert heard == {"There is no such workspace."}


def test_who_runs_dexxy_is_no_member_of_every_workspace(workspace: Workspace) -> None:
    root = make_user(is_staff=True, is_superuser=True)

    with pytest.raises(WorkspaceNotFoundError):
        require_membership(root, workspace)


def test_nobody_and_whoever_was_locked_out_must_sign_in(bob: User, workspace: Workspace) -> None:
    bob.is_active = False
    nobody: list[Viewer] = [AnonymousUser(), bob]

    for viewer in nobody:
        with pytest.raises(UnauthenticatedError):
            workspaces(viewer)
        with pytest.raises(UnauthenticatedError):
            workspace_by_id(viewer, "nonsense")
        with pytest.raises(UnauthenticatedError):
            require_membership(viewer, workspace)
