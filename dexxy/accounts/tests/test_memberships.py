from datetime import timedelta

import pytest
from django.utils import timezone

from dexxy.accounts.api_tokens import InvalidTokenError, api_token_create, api_token_user
from dexxy.accounts.invitations import (
    InvitationError,
    InvitationNotFoundError,
    invitation_accept,
    invitation_create,
    invitation_revoke,
    invitation_total,
    invitations,
)
from dexxy.accounts.memberships import (
    LastAdminError,
    MembershipNotFoundError,
    membership_remove,
    membership_set_role,
)
from dexxy.accounts.models import AuditEntry, Invitation, Membership, Role, User, Workspace
from dexxy.accounts.selectors import AdminOnlyError, WorkspaceNotFoundError


def code_of(link: str) -> str:
    return link.rstrip("/").rpartition("/")[2]


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


def test_an_invitation_lets_one_person_in(
    alice: User, bob: User, charlie: User, workspace: Workspace
) -> None:
    invitation, link = invitation_create(viewer=alice, workspace=workspace, role=Role.ADMIN)
    assert code_of(link) not in str(Invitation.objects.values().get())

    membership = invitation_accept(viewer=charlie, secret=code_of(link))

    assert (membership.user, membership.workspace, membership.role) == (
        charlie,
        workspace,
        Role.ADMIN,
    )
    with pytest.raises(InvitationNotFoundError):
        invitation_accept(viewer=bob, secret=code_of(link))
    assert invitations(alice, workspace).items == []
    assert actions() == ["invitation.created", "invitation.accepted"]
    invitation.refresh_from_db()
    assert invitation.accepted_at is not None


def test_an_invitation_for_somebody_is_for_nobody_else(
    alice: User, charlie: User, workspace: Workspace
) -> None:
    _, other = invitation_create(viewer=alice, workspace=workspace, email="dora@example.com")
    _, theirs = invitation_create(viewer=alice, workspace=workspace, email="Charlie@Example.com")

    with pytest.raises(InvitationNotFoundError):
        invitation_accept(viewer=charlie, secret=code_of(other))
    assert invitation_accept(viewer=charlie, secret=code_of(theirs)).role == Role.MEMBER


def test_who_is_in_already_stays_what_they_are_and_spends_nothing(
    alice: User, bob: User, workspace: Workspace
) -> None:
    _, link = invitation_create(viewer=alice, workspace=workspace, role=Role.ADMIN)

    assert invitation_accept(viewer=bob, secret=code_of(link)).role == Role.MEMBER
    assert invitation_total(alice, workspace) == 1


def test_an_invitation_that_is_over_opens_nothing(
    alice: User, charlie: User, workspace: Workspace
) -> None:
    revoked, gone = invitation_create(viewer=alice, workspace=workspace)
    invitation_revoke(viewer=alice, invitation_id=revoked.pk)
    expired, late = invitation_create(viewer=alice, workspace=workspace)
    Invitation.objects.filter(pk=expired.pk).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )

    for secret in (code_of(gone), code_of(late), "", "nothing"):
        with pytest.raises(InvitationNotFoundError):
            invitation_accept(viewer=charlie, secret=secret)
    with pytest.raises(InvitationNotFoundError):
        invitation_revoke(viewer=alice, invitation_id=revoked.pk)


def test_only_administrators_invite(
    alice: User, bob: User, charlie: User, workspace: Workspace
) -> None:
    invitation, _ = invitation_create(viewer=alice, workspace=workspace)

    with pytest.raises(AdminOnlyError):
        invitation_create(viewer=bob, workspace=workspace)
    with pytest.raises(WorkspaceNotFoundError):
        invitation_create(viewer=charlie, workspace=workspace)
    with pytest.raises(AdminOnlyError):
        invitation_revoke(viewer=bob, invitation_id=invitation.pk)
    with pytest.raises(InvitationNotFoundError):
        invitation_revoke(viewer=charlie, invitation_id=invitation.pk)
    with pytest.raises(InvitationError):
        invitation_create(viewer=alice, workspace=workspace, email="nobody")
    assert Invitation.objects.count() == 1


def test_a_workspace_is_never_without_an_administrator(
    alice: User, bob: User, workspace: Workspace
) -> None:
    hers, his = workspace.memberships.get(user=alice), workspace.memberships.get(user=bob)

    with pytest.raises(LastAdminError):
        membership_set_role(viewer=alice, membership_id=hers.pk, role=Role.MEMBER)
    with pytest.raises(LastAdminError):
        membership_remove(viewer=alice, membership_id=hers.pk)
    membership_set_role(viewer=alice, membership_id=his.pk, role=Role.ADMIN)
    membership_remove(viewer=alice, membership_id=hers.pk)

    assert list(workspace.memberships.values_list("user", "role")) == [(bob.pk, Role.ADMIN)]
    assert actions() == ["membership.role_changed", "membership.removed"]


def test_a_member_may_leave_but_not_send_others_away(
    alice: User, bob: User, charlie: User, workspace: Workspace
) -> None:
    hers, his = workspace.memberships.get(user=alice), workspace.memberships.get(user=bob)

    with pytest.raises(AdminOnlyError):
        membership_remove(viewer=bob, membership_id=hers.pk)
    with pytest.raises(AdminOnlyError):
        membership_set_role(viewer=bob, membership_id=his.pk, role=Role.ADMIN)
    with pytest.raises(MembershipNotFoundError):
        membership_remove(viewer=charlie, membership_id=his.pk)
    membership_remove(viewer=bob, membership_id=his.pk)

    assert not Membership.objects.filter(pk=his.pk).exists()


def test_whoever_goes_takes_no_token_along(alice: User, bob: User, workspace: Workspace) -> None:
    _, secret = api_token_create(viewer=bob, workspace=workspace, name="script")

    membership_remove(viewer=alice, membership_id=workspace.memberships.get(user=bob).pk)

    with pytest.raises(InvalidTokenError):
        api_token_user(secret)
