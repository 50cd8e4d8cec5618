"""As whom a tool answers: a token opens what its owner may see, while they may."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dexxy.accounts.api_tokens import InvalidTokenError, api_token_create, api_token_revoke
from dexxy.accounts.memberships import membership_remove
from dexxy.accounts.models import ApiToken, TokenScope, User, Workspace
from dexxy.mcp.calling import token_viewer, tool_call
from dexxy.mcp.tests.conftest import BASE, Use
from dexxy.messages.models import Thread


def test_a_token_that_may_only_read_is_enough(
    use: Use, bob: User, workspace: Workspace, waiting: Thread
) -> None:
    scopes = (TokenScope.READ, TokenScope.FULL)
    for scope in scopes:
        _, token = api_token_create(viewer=bob, workspace=workspace, name="mine", scope=scope)
        assert use("get_workspace", token=token)["signed_in_as"] == str(bob)


def test_an_outsider_sees_their_own_workspace_alone(
    use: Use, charlie: User, waiting: Thread
) -> None:
    own = charlie.memberships.get().workspace
    _, token = api_token_create(viewer=charlie, workspace=own, name="mine")

    told = use("get_workspace", token=token)

    assert told["name"] == "Charlie's own"
    assert told["repositories"] == []
    assert told["waiting"]["total"] == 0
    for find in ("threads", "messages"):
        found = use("search", token=token, query="", find=find)
        assert found.keys() == {"notice"}


def test_a_token_opens_one_of_several_workspaces(
    use: Use, alice: User, charlie: User, workspace: Workspace, waiting: Thread
) -> None:
    elsewhere = charlie.memberships.get().workspace
    elsewhere.memberships.create(user=alice)
    _, token = api_token_create(viewer=alice, workspace=elsewhere, name="other")

    assert use("get_workspace")["name"] == "Team"
    assert use("get_workspace", token=token)["name"] == "Charlie's own"
    assert use("search", token=token, query="").keys() == {"notice"}


def test_a_token_ends_when_it_is_revoked_or_expires_or_its_owner_goes(
    use: Use, alice: User, bob: User, workspace: Workspace
) -> None:
    revoked, first = api_token_create(viewer=alice, workspace=workspace, name="revoked")
    expired, second = api_token_create(viewer=alice, workspace=workspace, name="expired")
    _, third = api_token_create(viewer=bob, workspace=workspace, name="former")
    viewer = token_viewer(third)
    api_token_revoke(viewer=alice, token_id=revoked.pk)
    past = timezone.now() - timedelta(minutes=1)
    ApiToken.objects.filter(pk=expired.pk).update(expires_at=past)
    membership = workspace.memberships.get(user=bob)
    membership_remove(viewer=alice, membership_id=membership.pk)

    for token in (first, second, third, "", "nonsense"):
        with pytest.raises(InvalidTokenError):
            use("get_workspace", token=token or "dxy_")
    # Who was let in a moment before is not either.
    with pytest.raises(InvalidTokenError, match="its owner is in it no more"):
        tool_call(viewer, "get_workspace", {}, BASE)
