"""Every field of the API, by everybody: what they get, and that a refusal changes nothing."""

# Fixtures that stand in another file are names of this one, too.

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.models import TokenScope, User, Workspace
from tests.api_documents import document, object_fields, root_fields, selected_fields, variables
from tests.everything import (
    Everything,
    alice,
    bob,
    charlie,
    db,
    everything,
    stored,
    values,
    workspace,
)
from tests.factories import make_workspace

__all__ = ["alice", "bob", "charlie", "db", "everything", "values", "workspace"]

Ask = Callable[..., dict[str, Any]]

ROLES = ("nobody", "outsider", "member", "admin")
GIVEN, HIDDEN = "", "NOT_FOUND"
# The key of the App here opens nothing at GitHub: whoever gets so far was let in.
LET_IN = "GITHUB_APP_REFUSED"
# What an outsider, a member and an admin hear; nobody is always told to sign in.
EVERYBODY = (GIVEN, GIVEN, GIVEN)
MEMBERS = (HIDDEN, GIVEN, GIVEN)
ADMINS = (HIDDEN, "FORBIDDEN", GIVEN)
EXPECTED: dict[str, tuple[str, str, str]] = {
    "viewer": EVERYBODY,
    "workspaces": EVERYBODY,
    "memberships": MEMBERS,
    "apiTokens": MEMBERS,
    "invitations": ADMINS,
    "auditLog": ADMINS,
    "signInRules": ADMINS,
    "signInRuleCreate": ADMINS,
    "signInRuleDelete": ADMINS,
    "organizationRuleCreate": ADMINS,
    "members": MEMBERS,
    "memberSegments": MEMBERS,
    "memberTagMany": MEMBERS,
    "memberTagAll": MEMBERS,
    "memberExport": MEMBERS,
    "memberImport": ADMINS,
    "bulkTask": MEMBERS,
    "organizations": MEMBERS,
    "organization": MEMBERS,
    "organizationMerge": MEMBERS,
    "organizationUnmerge": MEMBERS,
    "memberNoteAdd": MEMBERS,
    "memberNoteEdit": MEMBERS,
    "memberNoteDelete": MEMBERS,
    "member": MEMBERS,
    "memberMergePreview": MEMBERS,
    "mergeSuggestions": MEMBERS,
    "mergeSuggestionCount": MEMBERS,
    "memberMerge": MEMBERS,
    "memberUnmerge": MEMBERS,
    "mergeSuggestionAccept": MEMBERS,
    "mergeSuggestionReject": MEMBERS,
    "mergeSuggestionReopen": MEMBERS,
    "memberEdit": MEMBERS,
    "memberSetLocked": MEMBERS,
    "memberSetBot": MEMBERS,
    "identityAdd": MEMBERS,
    "memberErase": ADMINS,
    "activitiesIngest": ADMINS,
    "activityFeed": MEMBERS,
    "activityItem": MEMBERS,
    "activityChanges": MEMBERS,
    "threads": MEMBERS,
    "thread": MEMBERS,
    "insights": MEMBERS,
    "growth": MEMBERS,
    "releases": MEMBERS,
    "figures": MEMBERS,
    "waiting": MEMBERS,
    "waitingSummary": MEMBERS,
    "team": MEMBERS,
    "teamRemoved": MEMBERS,
    "teamSuggested": MEMBERS,
    "threadSnooze": MEMBERS,
    "threadSetAside": MEMBERS,
    "threadAssign": MEMBERS,
    "threadNote": MEMBERS,
    "memberSetTeam": ADMINS,
    "ownMember": MEMBERS,
    "ownMemberSet": MEMBERS,
    "savedViews": MEMBERS,
    "savedViewSave": MEMBERS,
    # A view of everybody that the admin made.
    "savedViewDelete": ADMINS,
    "githubRepositories": MEMBERS,
    "githubInstallation": ADMINS,
    "availableGithubRepos": (HIDDEN, "FORBIDDEN", LET_IN),
    "syncRuns": MEMBERS,
    "githubDeliveries": ADMINS,
    "githubDeliveryRedeliver": ADMINS,
    "githubDeliveriesRecover": ADMINS,
    # What waits for its turn is not asked for: whoever hears so was let in.
    "githubDeliveryAskAgain": (HIDDEN, "FORBIDDEN", "DELIVERY_APPLIED"),
    "workspaceTakeKinds": ADMINS,
    "workspaceUpdate": ADMINS,
    "endpoints": ADMINS,
    "endpointDeliveries": ADMINS,
    "feedAddresses": MEMBERS,
    "workspaceKeepsPrivateIn": MEMBERS,
    "endpointCreate": ADMINS,
    "endpointUpdate": ADMINS,
    "endpointSetPaused": ADMINS,
    "endpointRotateKey": ADMINS,
    "endpointTest": ADMINS,
    "endpointRedeliver": ADMINS,
    "endpointDelete": ADMINS,
    "feedAddressCreate": MEMBERS,
    # A member may revoke their own, but this is the admin's.
    "feedAddressRevoke": (HIDDEN, HIDDEN, GIVEN),
    "workspaceKeepPrivateIn": ADMINS,
    # Of themselves alone.
    "mailPreferences": MEMBERS,
    "mailPreferencesSet": MEMBERS,
    "workspaceDelete": ADMINS,
    "workspaceRestore": ADMINS,
    # An outsider here administers a workspace of their own.
    "workspaceCreate": (GIVEN, "FORBIDDEN", GIVEN),
    # Of themselves alone.
    "viewerUpdate": EVERYBODY,
    "apiTokenCreate": MEMBERS,
    # A member may revoke their own tokens, but this is the admin's.
    "apiTokenRevoke": (HIDDEN, HIDDEN, GIVEN),
    "invitationCreate": ADMINS,
    "invitationRevoke": ADMINS,
    # It is a link that anybody may follow; who is in the workspace stays what they are.
    "invitationAccept": EVERYBODY,
    "membershipSetRole": ADMINS,
    "membershipRemove": ADMINS,
    "githubStartOauth": MEMBERS,
    "githubConnectRepo": (HIDDEN, "FORBIDDEN", LET_IN),
    "githubDisconnectRepo": ADMINS,
    "githubSyncRepo": MEMBERS,
    "githubSyncRepos": MEMBERS,
    "githubSetRepoSyncPaused": MEMBERS,
    "githubDisconnectInstallation": ADMINS,
    # No token looks like that: whoever hears so was let in.
    "githubConnectToken": (HIDDEN, "FORBIDDEN", "INVALID_TOKEN"),
}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", sorted(root_fields()))
def test_every_field_gives_each_role_what_is_expected(
    ask: Ask,
    alice: User,
    bob: User,
    charlie: User,
    everything: Everything,
    name: str,
    role: str,
) -> None:
    viewer = {"nobody": None, "outsider": charlie, "member": bob, "admin": alice}[role]
    expected = "UNAUTHENTICATED" if viewer is None else EXPECTED[name][ROLES.index(role) - 1]
    values = everything.values

    answer = ask(document(name), viewer, **variables(name, values))

    errors = answer.get("errors", [])
    assert {error["extensions"]["code"] for error in errors} == ({expected} - {GIVEN}), errors
    if expected != GIVEN:
        assert not any((answer["data"] or {}).values())
        assert stored() == everything.stored


@pytest.fixture
def send(client: Client) -> Callable[..., dict[str, Any]]:
    """Ask by a token alone."""

    def post(name: str, secret: str, values: dict[str, Any]) -> dict[str, Any]:
        body = {"query": document(name), "variables": variables(name, values)}
        headers = {"Authorization": f"Bearer {secret}"}
        response = client.post("/graphql/", body, content_type="application/json", headers=headers)
        answer: dict[str, Any] = response.json()
        return answer

    return post


@pytest.mark.parametrize("name", sorted(root_fields()))
def test_a_token_for_one_workspace_opens_no_other(
    send: Callable[..., dict[str, Any]], alice: User, values: dict[str, Any], name: str
) -> None:
    other = make_workspace(admin=alice)
    _, secret = api_token_create(viewer=alice, workspace=other, name="other", scope=TokenScope.FULL)
    before = stored()

    answer = send(name, secret, values)

    codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
    if name in {"viewer", "workspaces"}:
        assert codes == set()
        assert f'"{values["workspaceId"]}"' not in json.dumps(answer)
    else:
        # What is the viewer's own is for browsers' sessions.
        assert codes == {"FORBIDDEN" if name in {"viewerUpdate", "workspaceCreate"} else HIDDEN}
    assert stored() == before


@pytest.mark.parametrize("name", [n for n, (kind, _) in root_fields().items() if kind != "query"])
def test_a_token_that_reads_makes_no_change_at_all(
    send: Callable[..., dict[str, Any]],
    alice: User,
    workspace: Workspace,
    values: dict[str, Any],
    name: str,
) -> None:
    _, secret = api_token_create(viewer=alice, workspace=workspace, name="reader")
    before = stored()

    answer = send(name, secret, values)

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    assert stored() == before


def test_the_table_names_exactly_the_fields_that_there_are() -> None:
    assert set(EXPECTED) == set(root_fields())


def test_the_documents_ask_for_every_field_of_every_type() -> None:
    asked: set[tuple[str, str]] = set()
    for name in root_fields():
        asked |= selected_fields(name)

    assert object_fields() - asked == set()
