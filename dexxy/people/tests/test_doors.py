"""What the team does about people has one outcome, through whichever door it comes."""

import pytest
from django.test import Client

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.models import TokenScope, User, Workspace
from dexxy.members.erasure.digests import erased_people_begun
from dexxy.members.merges.suggestion_answers import Suggested, suggestion_reject, suggestions_apply
from dexxy.members.models import (
    Identity,
    IdentityKind,
    Member,
    MemberSummary,
    MergeSuggestion,
)
from dexxy.members.notes import note_add
from dexxy.members.organization_merges import organization_merge
from dexxy.people.merging import people_merge
from dexxy.web.directory import bulk
from tests.doors import Action, Names, assert_one_outcome, assert_refused, name_of
from tests.factories import make_identity, make_workspace

# Who is who stands in `names` below.
ACTIONS = [
    Action(
        "merge",
        page="people/$ada/merge/?with=$countess",
        api="memberMerge(workspaceId: $workspace, keptId: $ada, mergedId: $countess)",
        audit=["member.merged $ada"],
    ),
    Action(
        "merge with the id of before",
        page="people/$part/merge/?with=$ada",
        api="memberMerge(workspaceId: $workspace, keptId: $part, mergedId: $ada)",
        audit=["member.merged $part"],
    ),
    Action(
        "merge with oneself",
        page="people/$ada/merge/?with=$ada",
        api="memberMerge(workspaceId: $workspace, keptId: $ada, mergedId: $ada)",
        refusal="They are one member already.",
    ),
    Action(
        "merge with a bot",
        page="people/$ada/merge/?with=$robot",
        api="memberMerge(workspaceId: $workspace, keptId: $ada, mergedId: $robot)",
        refusal="A person is never one with a bot or an organization.",
    ),
    Action(
        "merge with a locked one",
        page="people/$ada/merge/?with=$outer",
        api="memberMerge(workspaceId: $workspace, keptId: $ada, mergedId: $outer)",
        refusal="inner is locked. Unlock the member first.",
    ),
    Action(
        "merge with one of elsewhere",
        page="people/$ada/merge/?with=$elsewhere",
        api="memberMerge(workspaceId: $workspace, keptId: $ada, mergedId: $elsewhere)",
        refusal="NOT_FOUND",
    ),
    Action(
        "merge with what is no id",
        page="people/$ada/merge/?with=x",
        api='memberMerge(workspaceId: $workspace, keptId: $ada, mergedId: "x")',
        refusal="NOT_FOUND",
    ),
    Action(
        "unmerge",
        page="merges/$merge/undo/",
        api="memberUnmerge(workspaceId: $workspace, mergeId: $merge)",
        audit=["member.unmerged $whole"],
    ),
    Action(
        "unmerge a locked one",
        page="merges/$locked_merge/undo/",
        api="memberUnmerge(workspaceId: $workspace, mergeId: $locked_merge)",
        refusal="inner is locked. Unlock the member first.",
    ),
    Action(
        "unmerge what is none",
        page="merges/0/undo/",
        api="memberUnmerge(workspaceId: $workspace, mergeId: 0)",
        refusal="NOT_FOUND",
    ),
    Action(
        "say who one is",
        page="settings/team/?decision=me&member=$ada",
        api="ownMemberSet(workspaceId: $workspace, memberId: $ada)",
        audit=["member.owned $ada"],
    ),
    Action(
        "say that one is a bot",
        page="settings/team/?decision=me&member=$robot",
        api="ownMemberSet(workspaceId: $workspace, memberId: $robot)",
        refusal="A bot does not belong to the team.",
    ),
    Action(
        "accept a suggestion",
        page="people/suggestions/$suggestion/accept/",
        api="mergeSuggestionAccept(workspaceId: $workspace, suggestionId: $suggestion)",
        audit=["member.merged $ada"],
    ),
    Action(
        "reject a suggestion",
        page="people/suggestions/$suggestion/reject/",
        api="mergeSuggestionReject(workspaceId: $workspace, suggestionId: $suggestion)",
        audit=["member.held_apart $ada"],
    ),
    Action(
        "suggest again what was rejected",
        page="people/suggestions/$rejected/reopen/",
        api="mergeSuggestionReopen(workspaceId: $workspace, rejectedId: $rejected)",
        audit=["member.not_held_apart $ada"],
    ),
    Action(
        "suggest again what was not rejected",
        page="people/suggestions/$suggestion/reopen/",
        api="mergeSuggestionReopen(workspaceId: $workspace, rejectedId: $suggestion)",
        refusal="NOT_FOUND",
    ),
    Action(
        "reject what is none",
        page="people/suggestions/0/reject/",
        api="mergeSuggestionReject(workspaceId: $workspace, suggestionId: 0)",
        refusal="NOT_FOUND",
    ),
    Action(
        "lock",
        page="people/$ada/lock/",
        api="memberSetLocked(workspaceId: $workspace, memberId: $ada, isLocked: true)",
        audit=["member.locked $ada"],
    ),
    Action(
        "lock with the id of before",
        page="people/$part/lock/",
        api="memberSetLocked(workspaceId: $workspace, memberId: $part, isLocked: true)",
        audit=["member.locked $whole"],
    ),
    Action(
        "lock again",
        page="people/$outer/lock/",
        api="memberSetLocked(workspaceId: $workspace, memberId: $outer, isLocked: true)",
    ),
    Action(
        "unlock",
        page="people/$outer/unlock/",
        api="memberSetLocked(workspaceId: $workspace, memberId: $outer, isLocked: false)",
        audit=["member.unlocked $outer"],
    ),
    Action(
        "unlock with the id of before",
        page="people/$inner/unlock/",
        api="memberSetLocked(workspaceId: $workspace, memberId: $inner, isLocked: false)",
        audit=["member.unlocked $outer"],
    ),
    Action(
        "unlock again",
        page="people/$ada/unlock/",
        api="memberSetLocked(workspaceId: $workspace, memberId: $ada, isLocked: false)",
    ),
    Action(
        "lock one of elsewhere",
        page="people/$elsewhere/lock/",
        api="memberSetLocked(workspaceId: $workspace, memberId: $elsewhere, isLocked: true)",
        refusal="NOT_FOUND",
    ),
    Action(
        "mark as a bot",
        page="people/$ada/bot/",
        api="memberSetBot(workspaceId: $workspace, memberId: $ada, isBot: true)",
        audit=["member.marked_bot $ada"],
    ),
    Action(
        "mark as a person",
        page="people/$robot/person/",
        api="memberSetBot(workspaceId: $workspace, memberId: $robot, isBot: false)",
        audit=["member.marked_person $robot"],
    ),
    Action(
        "mark a merged one as a bot",
        page="people/$whole/bot/",
        api="memberSetBot(workspaceId: $workspace, memberId: $whole, isBot: true)",
        refusal="Others are merged with this member. Take that back first.",
    ),
    Action(
        "edit",
        page="people/$ada/edit/?display_name=Lady&tags=vip,math",
        api='memberEdit(input: {workspaceId: $workspace, memberId: $ada, displayName: "Lady",'
        ' tags: ["vip", "math"]})',
        audit=["member.edited $ada"],
    ),
    Action(
        "write a note",
        page="people/$ada/notes/?do=add&text=Likes engines.",
        api='memberNoteAdd(workspaceId: $workspace, memberId: $ada, text: "Likes engines.")',
        audit=["member.noted $ada"],
    ),
    Action(
        "change a note",
        page="people/$ada/notes/?do=edit&note=$note&text=Hates engines.",
        api='memberNoteEdit(workspaceId: $workspace, noteId: $note, text: "Hates engines.")',
        audit=["member.note_edited $ada"],
    ),
    Action(
        "delete a note",
        page="people/$ada/notes/?do=delete&note=$note",
        api="memberNoteDelete(workspaceId: $workspace, noteId: $note)",
        audit=["member.note_deleted $ada"],
    ),
    Action(
        "merge organizations",
        page="organizations/halden/merge/?with=trondheim",
        api='organizationMerge(workspaceId: $workspace, keptKey: "halden", mergedKey: "trondheim")',
        audit=["organization.merged new"],
    ),
    Action(
        "merge an organization with itself",
        page="organizations/halden/merge/?with=halden",
        api='organizationMerge(workspaceId: $workspace, keptKey: "halden", mergedKey: "halden")',
        refusal="They are one organization already.",
    ),
    Action(
        "unmerge organizations",
        page="organization-merges/$joined/undo/",
        api="organizationUnmerge(workspaceId: $workspace, organizationMergeId: $joined)",
        audit=["organization.unmerged $joined"],
    ),
    Action(
        "edit too long a name",
        page=f"people/$ada/edit/?display_name={'x' * 201}",
        api="memberEdit(input: {workspaceId: $workspace, memberId: $ada,"
        f' displayName: "{"x" * 201}"}})',
        refusal="The name is longer than 200 characters.",
    ),
    Action(
        "add an account",
        page="people/$ada/add/?platform=discord&username=Ada&email=ada@example.com",
        api='identityAdd(input: {workspaceId: $workspace, memberId: $ada, platform: "discord",'
        ' username: "Ada", email: "ada@example.com"})',
        audit=["member.merged $ada"],
    ),
    Action(
        "add an account of GitHub",
        page="people/$ada/add/?platform=github&username=Ada",
        api='identityAdd(input: {workspaceId: $workspace, memberId: $ada, platform: "github",'
        ' username: "Ada"})',
        refusal="Accounts of GitHub come with what they write: merge the two members.",
    ),
    Action(
        "tag people",
        page="people/bulk/?do=tag&member=$ada&tag=vip",
        api='memberTagMany(workspaceId: $workspace, memberIds: [$ada], add: ["vip"])',
        audit=["members.tagged $workspace"],
    ),
    Action(
        "export nobody",
        page="people/bulk/?do=csv",
        api="memberExport(workspaceId: $workspace, memberIds: [])",
        refusal="Select somebody first.",
    ),
    Action(
        "tag people with nothing",
        page="people/bulk/?do=tag&member=$ada&tag= ",
        api='memberTagMany(workspaceId: $workspace, memberIds: [$ada], add: [" "])',
        refusal="Name a tag first.",
    ),
    Action(
        "erase",
        page="people/$ada/erase/?name=ada&bodies=yes",
        api="memberErase(workspaceId: $workspace, memberId: $ada, withBodies: true)",
        by="alice",
        audit=["member.erased $ada"],
    ),
    Action(
        "erase with the id of before",
        page="people/$part/erase/?name=whole",
        api="memberErase(workspaceId: $workspace, memberId: $part)",
        by="alice",
        refusal="NOT_FOUND",
    ),
    Action(
        "erase as a member",
        page="people/$ada/erase/?name=ada",
        api="memberErase(workspaceId: $workspace, memberId: $ada)",
        refusal="FORBIDDEN",
    ),
]

# A page with few people tags them at once.
OF_MANY = [
    Action(
        "tag everybody",
        page="people/bulk/?do=tag&all=1&tag=vip",
        api='memberTagAll(workspaceId: $workspace, add: ["vip"], filters: {isBot: false})',
    ),
]


def join(actor: User, kept: Identity, merged: Identity) -> int:
    homes = {"kept_id": kept.home_member_id, "merged_id": merged.home_member_id}
    return people_merge(actor=actor, workspace=kept.workspace, **homes).pk


@pytest.fixture
def cast(alice: User, bob: User, charlie: User) -> dict[str, User]:
    return {"alice": alice, "bob": bob, "charlie": charlie}


@pytest.fixture
def names(workspace: Workspace, alice: User) -> dict[str, object]:
    """A workspace in which everything can be done: `part` was merged into `whole`, `inner`, which
    is locked, into `outer`, and Ada may be the countess."""
    people = {
        name: make_identity(workspace=workspace, username=name)
        for name in ("ada", "countess", "whole", "part", "outer", "inner")
    }
    robot = make_identity(workspace=workspace, username="robot", kind=IdentityKind.BOT)
    elsewhere = make_identity(workspace=make_workspace(admin=alice))
    merges = {
        "merge": join(alice, people["whole"], people["part"]),
        "locked_merge": join(alice, people["outer"], people["inner"]),
    }
    Member.objects.filter(pk=people["inner"].home_member_id).update(is_locked=True)
    pair = people["ada"].home_member_id, people["countess"].home_member_id
    apart = people["ada"].home_member_id, people["whole"].home_member_id
    made = [Suggested(*pair, 0.9, []), Suggested(*apart, 0.8, [])]
    suggestions_apply(workspace.pk, made=made, withdrawn=[])
    suggestion, rejected = MergeSuggestion.objects.order_by("-score")
    suggestion_reject(actor=alice, workspace=workspace, suggestion_id=rejected.pk)
    note = note_add(actor=alice, workspace=workspace, member_id=pair[0], text="Likes engines.")
    work_at(people["ada"], "Halden")
    work_at(people["countess"], "Trondheim")
    work_at(people["whole"], "Fjord")
    joined = organization_merge(actor=alice, workspace=workspace, kept="halden", merged="fjord")
    # By its secret, which is made once and by chance, it is known who was erased.
    erased_people_begun(workspace.pk)
    homes = {name: account.home_member_id for name, account in people.items()}
    return {
        **homes,
        **merges,
        "robot": robot.home_member_id,
        "elsewhere": elsewhere.home_member_id,
        "suggestion": suggestion.pk,
        "rejected": rejected.pk,
        "note": note.pk,
        "joined": joined.pk,
        "workspace": workspace.pk,
        "slug": workspace.slug,
    }


def work_at(account: Identity, organization: str) -> None:
    MemberSummary.objects.create(
        workspace=account.workspace,
        member=account.member,
        organization=organization,
        organization_key=organization.lower(),
    )


def with_token(names: Names, viewer: User, workspace: Workspace) -> Names:
    _, secret = api_token_create(
        viewer=viewer, workspace=workspace, name="program", scope=TokenScope.FULL
    )
    return {**names, "secret": secret}


@pytest.mark.parametrize("action", ACTIONS, ids=name_of)
def test_an_action_has_one_outcome_whichever_door_it_comes_through(
    client: Client,
    cast: dict[str, User],
    workspace: Workspace,
    names: Names,
    action: Action,
) -> None:
    names = with_token(names, cast[action.by], workspace)

    assert_one_outcome(client, action, names, cast[action.by])


@pytest.mark.parametrize("action", OF_MANY, ids=name_of)
def test_what_is_done_with_many_is_left_to_a_worker_by_each_door(
    monkeypatch: pytest.MonkeyPatch,
    client: Client,
    bob: User,
    workspace: Workspace,
    names: Names,
    action: Action,
) -> None:
    monkeypatch.setattr(bulk, "MOST_SELECTED", 1)

    assert_one_outcome(client, action, with_token(names, bob, workspace), bob)


@pytest.mark.parametrize("action", ACTIONS, ids=name_of)
def test_whoever_is_not_in_the_workspace_finds_nothing_behind_any_door(
    client: Client, cast: dict[str, User], names: Names, action: Action
) -> None:
    charlie = cast["charlie"]
    names = with_token(names, charlie, charlie.memberships.get().workspace)

    assert_refused("NOT_FOUND", client, action, names, charlie)


@pytest.mark.parametrize("action", ACTIONS, ids=name_of)
def test_nobody_is_told_to_sign_in_at_every_door(
    client: Client, names: Names, action: Action
) -> None:
    assert_refused("UNAUTHENTICATED", client, action, names, None)


def test_what_a_member_was_merged_from_does_not_keep_it_locked(
    client: Client, bob: User, names: Names
) -> None:
    client.force_login(bob)
    unlock = f"""mutation {{ memberSetLocked(
      workspaceId: {names["workspace"]}, memberId: {names["outer"]}, isLocked: false
    ) {{ profile {{ member {{ isLocked }} }} }} }}"""

    answer = client.post("/graphql/", {"query": unlock}, content_type="application/json").json()

    assert answer["data"]["memberSetLocked"]["profile"] == {"member": {"isLocked": False}}
