"""Every field of the API, by everybody: what they get, and that a refusal changes nothing."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.invitations import invitation_create
from dexxy.accounts.models import ApiToken, ListPage, Role, TokenScope, User, Workspace
from dexxy.accounts.saved_views import saved_view_save
from dexxy.members.merges.suggestions import Suggested, suggestion_reject, suggestions_apply
from dexxy.members.models import Identity, MemberSummary, MergeSuggestion
from dexxy.members.summaries import summaries_due_everywhere
from dexxy.messages.ingest.settling import threads_settle
from dexxy.messages.models import MessageKind
from dexxy.messages.team.deciding import member_set_team
from dexxy.messages.team.roster import team_of
from dexxy.messages.waiting.standings import standings_recompute
from dexxy.people.merging import people_merge, people_unmerge
from dexxy.sources.growth import Counts, counts_note
from dexxy.sources.models import Source
from tests.api_documents import document, object_fields, root_fields, selected_fields, variables
from tests.factories import (
    START,
    make_app,
    make_delivery,
    make_identity,
    make_installation,
    make_message,
    make_release,
    make_repository,
    make_run,
    make_stream,
    make_thread,
    make_user,
    make_workspace,
)

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
    "members": MEMBERS,
    "memberSegments": MEMBERS,
    "memberTagMany": MEMBERS,
    "organizations": MEMBERS,
    "organization": MEMBERS,
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
    "savedViews": MEMBERS,
    "savedViewSave": MEMBERS,
    # A view of everybody that the admin made.
    "savedViewDelete": ADMINS,
    "githubRepositories": MEMBERS,
    "githubInstallation": ADMINS,
    "availableGithubRepos": (HIDDEN, "FORBIDDEN", LET_IN),
    "syncRuns": MEMBERS,
    "githubDeliveries": ADMINS,
    "workspaceUpdate": ADMINS,
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
    "githubConnectRepo": (HIDDEN, LET_IN, LET_IN),
    "githubDisconnectRepo": MEMBERS,
    "githubSyncRepo": MEMBERS,
    "githubSetRepoSyncPaused": MEMBERS,
    "githubDisconnectInstallation": ADMINS,
    # No token looks like that: whoever hears so was let in.
    "githubConnectToken": (HIDDEN, "FORBIDDEN", "INVALID_TOKEN"),
}


@pytest.fixture
def values(alice: User, workspace: Workspace, source: Source) -> dict[str, Any]:
    """Fill the workspace with one of everything, and name it as the arguments do."""
    kept, merged, alike, twin, other, parted = (
        make_identity(workspace=workspace) for _ in range(6)
    )
    merge_id = merge(alice, kept, parted)
    suggestion_id, rejected_id = suggest(alike, twin), suggest(twin, other)
    suggestion_reject(actor=alice, workspace=workspace, suggestion_id=rejected_id)
    third = make_user()
    membership = workspace.memberships.create(user=third, role=Role.MEMBER)
    author = make_identity(workspace=workspace)
    thread = make_thread(source=source, author=author, labels=["bug"])
    item = make_message(thread=thread, author=author, kind=MessageKind.REVIEW)
    make_message(thread=thread, author=make_identity(workspace=workspace))
    threads_settle([thread.pk])
    member_set_team(actor=alice, workspace=workspace, member_id=kept.member_id, is_on_team=True)
    # Who waits since before the source was connected is in another list.
    Source.objects.filter(pk=source.pk).update(created_at=START - timedelta(days=1))
    standings_recompute(workspace.pk, [thread.pk], team_of(workspace.pk))
    installation = make_installation(workspace=workspace, app=make_app())
    make_delivery(installation=installation)
    repository = make_repository(source=source)
    make_stream(repository=repository)
    make_release(source=source, author=author)
    counts_note(source.pk, Counts(1, 1), taken_at=START + timedelta(days=1), is_hint=False)
    make_run(repository=repository, counts={"threads": 1})
    token, _ = api_token_create(viewer=alice, workspace=workspace, name="script")
    invitation, link = invitation_create(viewer=alice, workspace=workspace)
    view = saved_view_save(
        viewer=alice,
        workspace=workspace,
        page=ListPage.THREADS,
        name="Bugs",
        query="label=bug",
        is_shared=True,
    )
    summaries_due_everywhere(workspace.pk)
    MemberSummary.objects.filter(member=kept.member_id).update(
        organization="Halden", organization_key="halden"
    )
    return {
        "workspaceId": str(workspace.pk),
        "key": "halden",
        "add": ["speaker"],
        "itemId": str(item.pk),
        "threadId": str(thread.pk),
        "threadIds": [str(thread.pk)],
        "userId": str(third.pk),
        "memberId": str(author.member_id),
        "memberIds": [str(author.member_id)],
        "repositoryId": str(repository.pk),
        "sourceId": str(source.pk),
        "githubId": repository.github_id,
        "tokenId": str(token.pk),
        "invitationId": str(invitation.pk),
        "viewId": str(view.pk),
        "query": "label=bug",
        "membershipId": str(membership.pk),
        "code": link.rstrip("/").rpartition("/")[2],
        "keptId": str(kept.member_id),
        "mergedId": str(merged.member_id),
        "mergeId": str(merge_id),
        "suggestionId": str(suggestion_id),
        "rejectedId": str(rejected_id),
        "isLocked": True,
        "isBot": True,
        "token": "no token",
        "platform": "discord",
        "username": "somebody",
        "name": "another",
        "note": "Ask Mei",
        "paused": True,
        "since": START.isoformat(),
        # Long enough for every message that a process makes, each a minute after the last one.
        "until": (START + timedelta(days=300)).isoformat(),
    }


def merge(actor: User, kept: Identity, merged: Identity) -> int:
    """Merge two members, with a merge that was undone before."""
    homes = {"kept_id": kept.home_member_id, "merged_id": merged.home_member_id}
    done = people_merge(actor=actor, workspace=kept.workspace, **homes)
    people_unmerge(actor=actor, workspace=kept.workspace, merge_id=done.pk)
    return people_merge(actor=actor, workspace=kept.workspace, **homes).pk


def suggest(one: Identity, other: Identity) -> int:
    evidence = [{"rule": "same_name", "weight": 3.4, "sentence": "Both are named Ada."}]
    made = Suggested(one.home_member_id, other.home_member_id, 0.9, evidence)
    suggestions_apply(one.workspace_id, made=[made], withdrawn=[])
    return MergeSuggestion.objects.latest("pk").pk


def stored() -> dict[str, str]:
    """Return a digest of every table but that of sessions."""
    digests = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT t::text FROM {connection.ops.quote_name(table)} t")  # noqa: S608
            rows = sorted(row for (row,) in cursor.fetchall())
            digests[table] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    # To be known writes when a user last signed in, and when a token was last used.
    tokens = ApiToken.objects.order_by("pk").values_list("pk", "name", "scope", "revoked_at")
    digests["accounts_apitoken"] = str(list(tokens))
    return {t: d for t, d in digests.items() if t not in {"django_session", "accounts_user"}}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", sorted(root_fields()))
def test_every_field_gives_each_role_what_is_expected(
    ask: Ask,
    alice: User,
    bob: User,
    charlie: User,
    values: dict[str, Any],
    name: str,
    role: str,
) -> None:
    viewer = {"nobody": None, "outsider": charlie, "member": bob, "admin": alice}[role]
    expected = "UNAUTHENTICATED" if viewer is None else EXPECTED[name][ROLES.index(role) - 1]
    before = stored()

    answer = ask(document(name), viewer, **variables(name, values))

    errors = answer.get("errors", [])
    assert {error["extensions"]["code"] for error in errors} == ({expected} - {GIVEN}), errors
    if expected != GIVEN:
        assert not any((answer["data"] or {}).values())
        assert stored() == before


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
        assert codes == {"FORBIDDEN" if name == "viewerUpdate" else HIDDEN}
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
