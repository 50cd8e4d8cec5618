import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from dexxy.accounts.api_tokens import (
    MOST_TOKENS,
    ApiTokenError,
    ApiTokenNotFoundError,
    InvalidTokenError,
    api_token_create,
    api_token_revoke,
    api_token_user,
    api_tokens,
)
from dexxy.accounts.invitations import invitation_create
from dexxy.accounts.memberships import membership_set_role
from dexxy.accounts.models import ApiToken, AuditEntry, Role, TokenScope, User, Workspace
from dexxy.accounts.selectors import (
    SessionNeededError,
    WorkspaceNotFoundError,
    is_admin,
    workspaces,
)
from tests.factories import make_workspace

Send = Callable[..., HttpResponse]
MUTATION = (
    "mutation ($invitation: ID!) { invitationRevoke(invitationId: $invitation) { __typename } }"
)


def make_token(viewer: User, workspace: Workspace, **fields: Any) -> tuple[ApiToken, str]:
    return api_token_create(viewer=viewer, workspace=workspace, name="script", **fields)


@pytest.fixture
def send(client: Client) -> Send:
    """Send a document with a bearer token, and the CSRF token of no page."""
    strict = Client(enforce_csrf_checks=True)

    def post(document: str, secret: str, **variables: Any) -> HttpResponse:
        response = strict.post(
            "/graphql/",
            json.dumps({"query": document, "variables": variables}),
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )
        assert isinstance(response, HttpResponse)
        return response

    return post


def test_a_token_opens_one_workspace_for_who_made_it(send: Send, alice: User) -> None:
    workspace, other = make_workspace(admin=alice), make_workspace(admin=alice)
    _, secret = make_token(alice, workspace)

    answer = json.loads(
        send("{ viewer { user { email } tokenScope } workspaces { id } }", secret).content
    )

    assert answer["data"] == {
        "viewer": {"user": {"email": "alice@example.com"}, "tokenScope": "READ"},
        "workspaces": [{"id": str(workspace.pk)}],
    }
    user = api_token_user(secret)
    assert list(workspaces(user)) == [workspace]
    assert not is_admin(user, other)


def test_a_token_is_kept_as_a_hash_and_its_making_written_down(
    alice: User, workspace: Workspace
) -> None:
    token, secret = make_token(alice, workspace)

    assert secret.startswith("dxy_")
    assert secret not in str(ApiToken.objects.values().get())
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.target_id) == (
        "api_token.created",
        alice,
        str(token.pk),
    )
    assert secret not in str(entry.details)


def test_a_token_that_opens_nothing_is_refused_whatever_the_reason(
    send: Send, alice: User, bob: User, workspace: Workspace
) -> None:
    _, expired = make_token(alice, workspace)
    ApiToken.objects.update(expires_at=timezone.now())
    revoked, gone = make_token(alice, workspace)
    api_token_revoke(viewer=alice, token_id=revoked.pk)
    _, locked_out = make_token(bob, workspace)
    User.objects.filter(pk=bob.pk).update(is_active=False)

    answers = [send("{ workspaces { id } }", s) for s in (expired, gone, locked_out, "", "dxy_é")]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    error = json.loads(answers[0].content)["errors"][0]
    assert error["extensions"] == {"code": "UNAUTHENTICATED"}


def test_a_token_that_reads_changes_nothing(send: Send, alice: User, workspace: Workspace) -> None:
    _, reading = make_token(alice, workspace)
    _, full = make_token(alice, workspace, scope=TokenScope.FULL)
    invitation, _ = invitation_create(viewer=alice, workspace=workspace)

    refused = json.loads(send(MUTATION, reading, invitation=invitation.pk).content)
    assert refused["errors"][0]["extensions"] == {"code": "FORBIDDEN"}
    assert workspace.invitations.filter(revoked_at=None).count() == 1

    assert "errors" not in json.loads(send(MUTATION, full, invitation=invitation.pk).content)
    assert workspace.invitations.filter(revoked_at=None).count() == 0


def test_a_token_makes_and_revokes_no_tokens(alice: User, workspace: Workspace) -> None:
    token, secret = make_token(alice, workspace, scope=TokenScope.FULL)
    viewer = api_token_user(secret)

    with pytest.raises(SessionNeededError):
        make_token(viewer, workspace)
    with pytest.raises(SessionNeededError):
        api_token_revoke(viewer=viewer, token_id=token.pk)


def test_a_token_lets_nobody_in(alice: User, bob: User, workspace: Workspace) -> None:
    _, secret = make_token(alice, workspace, scope=TokenScope.FULL)
    viewer, of_bob = api_token_user(secret), workspace.memberships.get(user=bob)

    with pytest.raises(SessionNeededError):
        invitation_create(viewer=viewer, workspace=workspace)
    with pytest.raises(SessionNeededError):
        membership_set_role(viewer=viewer, membership_id=of_bob.pk, role=Role.ADMIN)

    assert workspace.invitations.count() == 0
    assert workspace.memberships.get(user=bob).role == Role.MEMBER


def test_a_person_has_so_many_tokens_and_no_more(
    alice: User, bob: User, workspace: Workspace
) -> None:
    other = make_workspace(admin=alice)
    past = timezone.now() - timedelta(seconds=1)
    kinds: list[dict[str, Any]] = [{} for _ in range(MOST_TOKENS - 1)]
    kinds += [{"revoked_at": past}, {"expires_at": past}]
    ApiToken.objects.bulk_create(
        ApiToken(workspace=other, user=alice, name="script", token_hash=str(number), **kind)
        for number, kind in enumerate(kinds)
    )
    last, _ = make_token(alice, workspace)

    with pytest.raises(ApiTokenError, match="You have 50 tokens, which is the most: revoke one"):
        make_token(alice, workspace)

    make_token(bob, workspace)
    api_token_revoke(viewer=alice, token_id=last.pk)
    make_token(alice, workspace)


def test_the_last_use_is_written_once_a_minute(alice: User, workspace: Workspace) -> None:
    token, secret = make_token(alice, workspace)

    api_token_user(secret)
    first = ApiToken.objects.get().last_used_at
    api_token_user(secret)
    assert ApiToken.objects.get().last_used_at == first

    earlier = timezone.now() - timedelta(minutes=2)
    ApiToken.objects.update(last_used_at=earlier)
    api_token_user(secret)
    used = ApiToken.objects.get().last_used_at
    assert used is not None
    assert used > earlier
    assert token.last_used_at is None


def test_who_may_see_and_revoke_a_token(
    alice: User, bob: User, charlie: User, workspace: Workspace
) -> None:
    hers, _ = make_token(alice, workspace)
    his, _ = make_token(bob, workspace)

    assert set(api_tokens(bob, workspace).items) == {his}
    assert set(api_tokens(alice, workspace).items) == {hers, his}
    for viewer, token in ((bob, hers), (charlie, his)):
        with pytest.raises(ApiTokenNotFoundError):
            api_token_revoke(viewer=viewer, token_id=token.pk)
    api_token_revoke(viewer=alice, token_id=his.pk)
    assert set(api_tokens(alice, workspace).items) == {hers}
    with pytest.raises(ApiTokenNotFoundError):
        api_token_revoke(viewer=alice, token_id=his.pk)


def test_a_token_cannot_be_made_for_somewhere_else_or_without_a_name(
    alice: User, charlie: User, workspace: Workspace
) -> None:
    with pytest.raises(WorkspaceNotFoundError):
        make_token(charlie, workspace)
    for name in ("", "  ", "x" * 101):
        with pytest.raises(ApiTokenError):
            api_token_create(viewer=alice, workspace=workspace, name=name)
    with pytest.raises(ApiTokenError):
        make_token(alice, workspace, expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(InvalidTokenError):
        api_token_user("dxy_nothing")

    assert ApiToken.objects.count() == 0
