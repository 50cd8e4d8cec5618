"""Who may do what has one answer, whether a page, the API or the administration is asked."""

import json
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client

from dexxy.accounts.addresses import address_prove
from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.invitations import invitation_create, invitation_revoke
from dexxy.accounts.models import (
    ApiToken,
    AuditEntry,
    Invitation,
    ListPage,
    Membership,
    Role,
    TokenScope,
    User,
    Workspace,
)
from dexxy.accounts.saved_views import saved_view_save
from tests.doors import Action, Names, Outcome, assert_one_outcome, name_of
from tests.factories import make_user, make_workspace

LAST = "A workspace needs an administrator: make somebody else one first."
# Alice administers the workspace and runs this Dexxy; who else there is stands in `names` below.
ACTIONS = [
    Action(
        "make a token",
        page="settings/tokens/?name=nightly&scope=full&days=",
        api='apiTokenCreate(input: {workspaceId: $workspace, name: "nightly", scope: FULL})',
        audit=["api_token.created new"],
        has_token=False,
    ),
    Action(
        "make a token without a name",
        page="settings/tokens/?name= &scope=read&days=",
        api='apiTokenCreate(input: {workspaceId: $workspace, name: " "})',
        refusal="Give the token a name of up to 100 characters.",
        has_token=False,
    ),
    Action(
        "revoke one's own token",
        page="settings/tokens/$his/revoke/",
        api="apiTokenRevoke(tokenId: $his)",
        audit=["api_token.revoked $his"],
        has_token=False,
    ),
    Action(
        "revoke another's token",
        page="settings/tokens/$hers/revoke/",
        api="apiTokenRevoke(tokenId: $hers)",
        refusal="NOT_FOUND",
        has_token=False,
    ),
    Action(
        "revoke another's token as an administrator",
        page="settings/tokens/$his/revoke/",
        api="apiTokenRevoke(tokenId: $his)",
        by="alice",
        audit=["api_token.revoked $his"],
        has_token=False,
    ),
    Action(
        "keep a view",
        page="views/?page=threads&name=Bugs&query=label%3Dbug&pinned=yes",
        api=(
            'savedViewSave(input: {workspaceId: $workspace, page: THREADS, name: "Bugs",'
            ' query: "label=bug", isPinned: true})'
        ),
    ),
    Action(
        "keep a view for everybody",
        page="views/?page=threads&name=Bugs&query=label%3Dbug&shared=yes",
        api=(
            'savedViewSave(input: {workspaceId: $workspace, page: THREADS, name: "Bugs",'
            ' query: "label=bug", isShared: true})'
        ),
        audit=["saved_view.saved new"],
    ),
    Action(
        "choose the columns of threads",
        page="threads/columns/?column=author",
        api="viewerUpdate(input: {threadColumns: [AUTHOR]})",
        has_token=False,
    ),
    Action(
        "keep a view without a name",
        page="views/?page=threads&name= &query=",
        api='savedViewSave(input: {workspaceId: $workspace, page: THREADS, name: " ", query: ""})',
        refusal="Give the view a name of up to 60 characters.",
    ),
    Action(
        "delete everybody's view that an admin made",
        page="views/$view/delete/?",
        api="savedViewDelete(viewId: $view)",
        refusal="FORBIDDEN",
    ),
    Action(
        "delete everybody's view that one made",
        page="views/$view/delete/?",
        api="savedViewDelete(viewId: $view)",
        by="alice",
        audit=["saved_view.deleted $view"],
    ),
    Action(
        "accept an invitation",
        page="/invitations/$code/",
        api='invitationAccept(code: "$code")',
        by="charlie",
        audit=["invitation.accepted $invitation"],
        has_token=False,
    ),
    Action(
        "accept an invitation of somebody else",
        page="/invitations/$their_code/",
        api='invitationAccept(code: "$their_code")',
        by="charlie",
        refusal=(
            "The invitation is for dora@example.com, and you are signed in as charlie@example.com:"
            " sign out and open the link again, or ask whoever invited you for a link that names no"
            " address."
        ),
        has_token=False,
    ),
    Action(
        "accept an invitation that was revoked",
        page="/invitations/$revoked_code/",
        api='invitationAccept(code: "$revoked_code")',
        by="charlie",
        refusal="NOT_FOUND",
        has_token=False,
    ),
    Action(
        "accept an invitation to where one is",
        page="/invitations/$code/",
        api='invitationAccept(code: "$code")',
        has_token=False,
    ),
    Action(
        "invite somebody",
        page="settings/people/?role=admin&email=erin@example.com",
        api="invitationCreate(input:"
        ' {workspaceId: $workspace, role: ADMIN, email: "erin@example.com"})',
        by="alice",
        audit=["invitation.created new"],
        has_token=False,
    ),
    Action(
        "invite nobody",
        page="settings/people/?role=member&email=erin",
        api='invitationCreate(input: {workspaceId: $workspace, email: "erin"})',
        by="alice",
        refusal="That is no e-mail address.",
        has_token=False,
    ),
    Action(
        "invite somebody for a month",
        page="settings/people/?role=member&email=&days=30",
        api="invitationCreate(input: {workspaceId: $workspace, days: 30})",
        by="alice",
        audit=["invitation.created new"],
        has_token=False,
    ),
    Action(
        "invite somebody for ever",
        page="settings/people/?role=member&email=&days=36500",
        api="invitationCreate(input: {workspaceId: $workspace, days: 36500})",
        by="alice",
        refusal="An invitation lasts for 1, 7 or 30 days.",
        has_token=False,
    ),
    Action(
        "invite oneself",
        page="settings/people/?role=member&email=Alice@example.com",
        api='invitationCreate(input: {workspaceId: $workspace, email: "Alice@example.com"})',
        by="alice",
        refusal="You are in this workspace already.",
        has_token=False,
    ),
    Action(
        "invite a member",
        page="settings/people/?role=admin&email=bob@example.com",
        api='invitationCreate(input: {workspaceId: $workspace, email: "bob@example.com"})',
        by="alice",
        refusal="Bob is in this workspace already: change their role in the list.",
        has_token=False,
    ),
    Action(
        "invite somebody of another workspace, and of another script",
        page="settings/people/?role=member&email=dora@bücher.example",
        api='invitationCreate(input: {workspaceId: $workspace, email: "dora@bücher.example"})',
        by="alice",
        audit=["invitation.created new"],
        has_token=False,
    ),
    Action(
        "invite somebody as a member",
        page="settings/people/?role=admin&email=",
        api="invitationCreate(input: {workspaceId: $workspace, role: ADMIN})",
        refusal="FORBIDDEN",
        has_token=False,
    ),
    Action(
        "revoke an invitation",
        page="settings/invitations/$invitation/revoke/",
        api="invitationRevoke(invitationId: $invitation)",
        by="alice",
        audit=["invitation.revoked $invitation"],
    ),
    Action(
        "make an administrator as a member",
        page="settings/people/$of_bob/role/?role=admin",
        api="membershipSetRole(membershipId: $of_bob, role: ADMIN)",
        refusal="FORBIDDEN",
        has_token=False,
    ),
    Action(
        "make an administrator",
        page="settings/people/$of_bob/role/?role=admin",
        admin="accounts/membership/$of_bob/change/?role=admin",
        api="membershipSetRole(membershipId: $of_bob, role: ADMIN)",
        by="alice",
        audit=["membership.role_changed $of_bob"],
        has_token=False,
    ),
    Action(
        "leave the role as it is",
        page="settings/people/$of_bob/role/?role=member",
        admin="accounts/membership/$of_bob/change/?role=member",
        api="membershipSetRole(membershipId: $of_bob, role: MEMBER)",
        by="alice",
        has_token=False,
    ),
    Action(
        "make the last administrator a member",
        page="settings/people/$of_alice/role/?role=member",
        admin="accounts/membership/$of_alice/change/?role=member",
        api="membershipSetRole(membershipId: $of_alice, role: MEMBER)",
        by="alice",
        refusal=LAST,
        has_token=False,
    ),
    Action(
        "take somebody out",
        page="settings/people/$of_bob/remove/",
        admin="accounts/membership/$of_bob/delete/?post=yes",
        api="membershipRemove(membershipId: $of_bob)",
        by="alice",
        audit=["membership.removed $of_bob"],
    ),
    Action(
        "take the last administrator out",
        page="settings/people/$of_alice/remove/",
        admin="accounts/membership/$of_alice/delete/?post=yes",
        api="membershipRemove(membershipId: $of_alice)",
        by="alice",
        refusal=LAST,
    ),
]
# Bob administers it, too, and has a token and an invitation that nobody has accepted.
OF_AN_ADMIN = [
    Action(
        "make an administrator a member",
        page="settings/people/$of_bob/role/?role=member",
        admin="accounts/membership/$of_bob/change/?role=member",
        api="membershipSetRole(membershipId: $of_bob, role: MEMBER)",
        by="alice",
        audit=["membership.role_changed $of_bob"],
        has_token=False,
    ),
    Action(
        "take an administrator out",
        page="settings/people/$of_bob/remove/",
        admin="accounts/membership/$of_bob/delete/?post=yes",
        api="membershipRemove(membershipId: $of_bob)",
        by="alice",
        audit=["membership.removed $of_bob"],
    ),
]


@pytest.fixture
def cast(alice: User, bob: User, charlie: User) -> dict[str, User]:
    alice.is_staff = alice.is_superuser = True
    alice.save()
    return {"alice": alice, "bob": bob, "charlie": charlie}


@pytest.fixture
def names(workspace: Workspace, cast: dict[str, User]) -> dict[str, object]:
    """Alice and Bob with a token each, and three invitations that Charlie has the links of."""
    alice, bob = cast["alice"], cast["bob"]
    for person in (alice, bob):
        address_prove(person)
    hers, _ = api_token_create(viewer=alice, workspace=workspace, name="hers")
    his, _ = api_token_create(viewer=bob, workspace=workspace, name="his")
    invitation, link = invitation_create(viewer=alice, workspace=workspace, role=Role.ADMIN)
    _, theirs = invitation_create(viewer=alice, workspace=workspace, email="dora@example.com")
    gone, revoked = invitation_create(viewer=alice, workspace=workspace)
    invitation_revoke(viewer=alice, invitation_id=gone.pk)
    view = saved_view_save(
        viewer=alice,
        workspace=workspace,
        page=ListPage.THREADS,
        name="Everybody's",
        query="",
        is_shared=True,
    )
    return {
        "workspace": workspace.pk,
        "slug": workspace.slug,
        "hers": hers.pk,
        "view": view.pk,
        "his": his.pk,
        "invitation": invitation.pk,
        "code": code_of(link),
        "their_code": code_of(theirs),
        "revoked_code": code_of(revoked),
        "of_alice": workspace.memberships.get(user=alice).pk,
        "of_bob": workspace.memberships.get(user=bob).pk,
    }


def code_of(link: str) -> str:
    return link.rstrip("/").rpartition("/")[2]


@pytest.mark.parametrize("action", ACTIONS, ids=name_of)
def test_an_action_has_one_outcome_whichever_door_it_comes_through(
    client: Client,
    cast: dict[str, User],
    workspace: Workspace,
    names: Names,
    action: Action,
) -> None:
    viewer = cast[action.by]

    assert_one_outcome(client, action, with_secret(names, viewer), viewer)


@pytest.mark.parametrize("action", OF_AN_ADMIN, ids=name_of)
def test_who_administers_no_more_loses_token_and_invitation_whichever_door_it_comes_through(
    client: Client,
    cast: dict[str, User],
    workspace: Workspace,
    names: Names,
    action: Action,
) -> None:
    alice, bob = cast["alice"], cast["bob"]
    Membership.objects.filter(pk=str(names["of_bob"])).update(role=Role.ADMIN)
    his_invitation, _ = invitation_create(viewer=bob, workspace=workspace)

    outcome = assert_one_outcome(client, action, with_secret(names, alice), alice)

    # Those of Alice stay.
    assert ended(outcome, ApiToken) == [names["his"]]
    assert ended(outcome, Invitation) == [his_invitation.pk]
    [entry] = rows_of(outcome, AuditEntry)
    told = entry["details"]
    assert (entry["actor_id"], told["tokens"], told["invitations"]) == (alice.pk, 1, 1)


def with_secret(names: Names, viewer: User) -> Names:
    """Return NAMES with the `$secret` of a program of VIEWER's."""
    own = viewer.memberships.earliest("pk").workspace
    _, secret = api_token_create(viewer=viewer, workspace=own, name="a", scope=TokenScope.FULL)
    return {**names, "secret": secret}


def rows_of(outcome: Outcome, model: type[Model]) -> list[dict[str, Any]]:
    """Return the rows of MODEL that are new, or not as they were."""
    return [json.loads(row) for row in outcome.new.get(model._meta.db_table, [])]


def ended(outcome: Outcome, model: type[Model]) -> list[int]:
    return [row["id"] for row in rows_of(outcome, model) if row["revoked_at"]]


def test_who_runs_dexxy_puts_somebody_into_a_workspace_in_which_they_are_not_themselves(
    client: Client, cast: dict[str, User]
) -> None:
    alice, dora = cast["alice"], make_user(email="dora@example.com")
    other = make_workspace(admin=cast["charlie"])
    client.force_login(alice)

    form = {"workspace": other.pk, "user": dora.pk, "role": Role.MEMBER}
    client.post("/admin/accounts/membership/add/", form)

    membership = Membership.objects.get(user=dora)
    assert (membership.workspace, membership.role) == (other, Role.MEMBER)
    entry = AuditEntry.objects.get()
    assert (entry.workspace, entry.actor, entry.action) == (other, alice, "membership.added")
    assert (entry.target_id, entry.details) == (
        str(membership.pk),
        {"user": "dora@example.com", "role": "member"},
    )
