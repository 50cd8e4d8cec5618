"""Who signs in and who is invited, as the settings show them."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dexxy.accounts.models import Invitation, User, Workspace
from dexxy.members.models import Member
from dexxy.messages.team.own import own_member_set
from tests.factories import make_identity


@pytest.fixture
def path(workspace: Workspace) -> str:
    return f"/w/{workspace.slug}/settings/people/"


def invite(alice: User, workspace: Workspace, count: int) -> None:
    ends = timezone.now() + timedelta(days=1)
    Invitation.objects.bulk_create(
        Invitation(
            workspace=workspace,
            email=f"guest{number}@example.com",
            token_hash=str(number),
            invited_by=alice,
            expires_at=ends,
        )
        for number in range(count)
    )


def test_every_invitation_can_be_found_and_revoked(
    client: Client, alice: User, workspace: Workspace, path: str
) -> None:
    invite(alice, workspace, 51)
    client.force_login(alice)

    newest = client.get(path)
    page = newest.context["invitations"]

    assert "guest0@example.com" not in newest.content.decode()
    assert f'href="?invitations={page.end}#invitations"' in newest.content.decode()
    oldest = client.get(path, {"invitations": page.end}).content.decode()
    first = Invitation.objects.get(email="guest0@example.com")
    revoke = f"/w/{workspace.slug}/settings/invitations/{first.pk}/revoke/"
    assert f'action="{revoke}"' in oldest
    client.post(revoke)
    first.refresh_from_db()
    assert first.revoked_at is not None


def test_an_invitation_without_an_address_is_in_the_language_of_its_reader(
    client: Client, alice: User, workspace: Workspace, path: str
) -> None:
    invite(alice, workspace, 1)
    Invitation.objects.update(email="")
    User.objects.filter(pk=alice.pk).update(language="de")
    client.force_login(alice)

    page = client.get(path).content.decode()

    assert "Whoever has the link" not in page
    assert "Wer den Link hat" in page


def test_who_they_are_in_the_community_is_beside_each_and_admins_see_when_they_were_here(
    client: Client, alice: User, bob: User, workspace: Workspace, path: str
) -> None:
    member: Member = make_identity(workspace=workspace).home_member
    own_member_set(actor=bob, workspace=workspace, member_id=member.pk)
    client.force_login(bob)
    client.get(path)
    of_member = client.get(path).content.decode()

    client.force_login(alice)
    of_admin = client.get(path).content.decode()

    profile = f'href="/w/{workspace.slug}/people/{member.pk}/"><bdi class="clip">{member}'
    assert profile in of_member
    assert profile in of_admin
    assert "Say who you are" not in of_member
    assert "Say who you are" in of_admin
    assert "Last seen" not in of_member
    assert "Last seen" in of_admin
    row = of_admin.partition(f'id="m{bob.memberships.get().pk}"')[2].partition("</tr>")[0]
    assert "never" not in row
