from datetime import timedelta

import pytest
from django.utils import timezone

from dexxy.accounts.addresses import address_prove
from dexxy.accounts.api_tokens import InvalidTokenError, api_token_create, api_token_user
from dexxy.accounts.invitations import (
    InvitationError,
    InvitationNotFoundError,
    WrongAddressError,
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
    address_prove(charlie)
    _, other = invitation_create(viewer=alice, workspace=workspace, email="dora@example.com")
    _, theirs = invitation_create(viewer=alice, workspace=workspace, email="Charlie@Example.com")

    with pytest.raises(WrongAddressError, match=r"is for dora@example\.com, and you are signed in"):
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


@pytest.fixture
def second_admin(workspace: Workspace, bob: User) -> Membership:
    """Bob's membership, with which he administers the workspace, too."""
    workspace.memberships.filter(user=bob).update(role=Role.ADMIN)
    return workspace.memberships.get(user=bob)


def test_whoever_is_sent_away_comes_back_by_no_invitation_of_their_own(
    alice: User, bob: User, charlie: User, workspace: Workspace, second_admin: Membership
) -> None:
    _, his = invitation_create(viewer=bob, workspace=workspace, role=Role.ADMIN)
    _, hers = invitation_create(viewer=alice, workspace=workspace)
    api_token_create(viewer=bob, workspace=workspace, name="script")

    membership_remove(viewer=alice, membership_id=second_admin.pk)

    for viewer in (bob, charlie):
        with pytest.raises(InvitationNotFoundError):
            invitation_accept(viewer=viewer, secret=code_of(his))
    assert not workspace.memberships.filter(user=bob).exists()
    assert invitation_accept(viewer=charlie, secret=code_of(hers)).role == Role.MEMBER
    entry = AuditEntry.objects.get(action="membership.removed")
    assert entry.details == {"user": "bob@example.com", "tokens": 1, "invitations": 1}


def test_whoever_administers_no_more_has_no_tokens_and_invitations_of_that_time(
    alice: User, bob: User, charlie: User, workspace: Workspace, second_admin: Membership
) -> None:
    _, link = invitation_create(viewer=bob, workspace=workspace, role=Role.ADMIN)
    _, secret = api_token_create(viewer=bob, workspace=workspace, name="script")

    membership_set_role(viewer=alice, membership_id=second_admin.pk, role=Role.MEMBER)

    with pytest.raises(InvitationNotFoundError):
        invitation_accept(viewer=charlie, secret=code_of(link))
    with pytest.raises(InvalidTokenError):
        api_token_user(secret)
    entry = AuditEntry.objects.get(action="membership.role_changed")
    assert entry.details == {
        "user": "bob@example.com",
        "role": "member",
        "tokens": 1,
        "invitations": 1,
    }


@pytest.mark.parametrize("fall", ["left", "member", "inactive"])
def test_an_invitation_is_worth_what_its_maker_is(
    alice: User,
    bob: User,
    charlie: User,
    workspace: Workspace,
    second_admin: Membership,
    fall: str,
) -> None:
    """However they fell: here by a change that no service made."""
    _, link = invitation_create(viewer=bob, workspace=workspace, role=Role.ADMIN)
    if fall == "left":
        second_admin.delete()
    elif fall == "member":
        workspace.memberships.filter(user=bob).update(role=Role.MEMBER)
    else:
        User.objects.filter(pk=bob.pk).update(is_active=False)

    with pytest.raises(InvitationNotFoundError):
        invitation_accept(viewer=charlie, secret=code_of(link))

    assert invitations(alice, workspace).items == []


def test_an_administrator_who_may_not_sign_in_is_none(
    alice: User, workspace: Workspace, second_admin: Membership
) -> None:
    User.objects.filter(pk=second_admin.user_id).update(is_active=False)

    with pytest.raises(LastAdminError):
        membership_remove(viewer=alice, membership_id=workspace.memberships.get(user=alice).pk)
