"""What the team decides about threads and about itself has one outcome through each door."""

import pytest
from django.test import Client

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.models import TokenScope, User, Workspace
from dexxy.members.models import IdentityKind
from dexxy.messages.models import TeamDecision, Triage
from tests.doors import Action, Names, assert_one_outcome, assert_refused, name_of
from tests.factories import START, make_identity, make_source, make_thread, make_workspace

TEAM = "settings/team/"
LONG = "x" * 2001
# `held` is snoozed, `elsewhere` is a thread of another workspace; Ada is on the team by hand.
ACTIONS = [
    Action(
        "snooze",
        page="waiting/snooze/?only=$thread&date=2100-01-04",
        api="threadSnooze(workspaceId: $workspace, threadIds: [$thread],"
        ' until: "2100-01-04T08:00:00+00:00")',
        audit=["thread.snoozed $thread"],
    ),
    Action(
        "snooze until a time that is over",
        page="waiting/snooze/?only=$thread&date=2001-01-01",
        api="threadSnooze(workspaceId: $workspace, threadIds: [$thread],"
        ' until: "2001-01-01T08:00:00+00:00")',
        refusal="Choose a time in the future.",
    ),
    Action(
        "wake",
        page="waiting/wake/?only=$held",
        api="threadSnooze(workspaceId: $workspace, threadIds: [$held])",
        audit=["thread.snoozed $held"],
    ),
    Action(
        "set aside",
        page="waiting/aside/?only=$thread",
        api="threadSetAside(workspaceId: $workspace, threadIds: [$thread], isAside: true)",
        audit=["thread.set_aside $thread"],
    ),
    Action(
        "put back",
        page="waiting/back/?only=$held",
        api="threadSetAside(workspaceId: $workspace, threadIds: [$held], isAside: false)",
        audit=["thread.taken_back $held"],
    ),
    Action(
        "set aside what is elsewhere",
        page="waiting/aside/?only=$elsewhere",
        api="threadSetAside(workspaceId: $workspace, threadIds: [$elsewhere], isAside: true)",
        refusal="NOT_FOUND",
    ),
    Action(
        "assign",
        page="waiting/assign/?only=$thread&to=$bob",
        api="threadAssign(workspaceId: $workspace, threadIds: [$thread], userId: $bob)",
        audit=["thread.assigned $thread"],
    ),
    Action(
        "assign to nobody",
        page="waiting/assign/?only=$held&to=",
        api="threadAssign(workspaceId: $workspace, threadIds: [$held])",
        audit=["thread.assigned $held"],
    ),
    Action(
        "assign to somebody who has left",
        page="waiting/assign/?only=$thread&to=$charlie",
        api="threadAssign(workspaceId: $workspace, threadIds: [$thread], userId: $charlie)",
        refusal="They are not in this workspace any more.",
    ),
    Action(
        "write a note",
        page="waiting/note/?only=$thread&note=Ask Mira.",
        api='threadNote(workspaceId: $workspace, threadId: $thread, note: "Ask Mira.")',
        audit=["thread.noted $thread"],
    ),
    Action(
        "write too long a note",
        page=f"waiting/note/?only=$thread&note={LONG}",
        api=f'threadNote(workspaceId: $workspace, threadId: $thread, note: "{LONG}")',
        refusal="A note has up to 2000 characters of plain text.",
    ),
    Action(
        "put on the team",
        page=f"{TEAM}?decision=on&member=$grace&since=2026-01-05",
        api="memberSetTeam(workspaceId: $workspace, memberId: $grace, isOnTeam: true,"
        ' since: "2026-01-05T00:00:00+00:00")',
        by="alice",
        audit=["member.team_decided $grace"],
    ),
    Action(
        "take off the team",
        page=f"{TEAM}?decision=off&member=$ada",
        api="memberSetTeam(workspaceId: $workspace, memberId: $ada, isOnTeam: false)",
        by="alice",
        audit=["member.team_decided $ada"],
    ),
    Action(
        "let their acts decide",
        page=f"{TEAM}?decision=acts&member=$ada",
        api="memberSetTeam(workspaceId: $workspace, memberId: $ada)",
        by="alice",
        audit=["member.team_decided $ada"],
    ),
    Action(
        "put a bot on the team",
        page=f"{TEAM}?decision=on&member=$robot",
        api="memberSetTeam(workspaceId: $workspace, memberId: $robot, isOnTeam: true)",
        by="alice",
        refusal="A bot does not belong to the team.",
    ),
    Action(
        "put on the team as a member",
        page=f"{TEAM}?decision=on&member=$grace",
        api="memberSetTeam(workspaceId: $workspace, memberId: $grace, isOnTeam: true)",
        refusal="FORBIDDEN",
    ),
]


@pytest.fixture
def cast(alice: User, bob: User, charlie: User) -> dict[str, User]:
    return {"alice": alice, "bob": bob, "charlie": charlie}


@pytest.fixture
def names(workspace: Workspace, cast: dict[str, User]) -> Names:
    source = make_source(workspace=workspace)
    thread, held = (make_thread(source=source) for _ in range(2))
    elsewhere = make_thread(source=make_source(workspace=make_workspace(admin=cast["alice"])))
    Triage.objects.create(
        thread=held,
        workspace=workspace,
        assignee=cast["bob"],
        snoozed_until=START,
        held_at=START,
        held_by=cast["alice"],
        seen_at=START,
    )
    ada, grace = (make_identity(workspace=workspace).member for _ in range(2))
    TeamDecision.objects.create(workspace=workspace, member=ada, is_on_team=True)
    return {
        "workspace": workspace.pk,
        "slug": workspace.slug,
        "thread": thread.pk,
        "held": held.pk,
        "elsewhere": elsewhere.pk,
        "ada": ada.pk,
        "grace": grace.pk,
        "robot": make_identity(workspace=workspace, kind=IdentityKind.BOT).member_id,
        "bob": cast["bob"].pk,
        "charlie": cast["charlie"].pk,
    }


def with_token(names: Names, viewer: User, workspace: Workspace) -> Names:
    _, secret = api_token_create(
        viewer=viewer, workspace=workspace, name="program", scope=TokenScope.FULL
    )
    return {**names, "secret": secret}


@pytest.mark.parametrize("action", ACTIONS, ids=name_of)
def test_a_decision_has_one_outcome_whichever_door_it_comes_through(
    client: Client,
    cast: dict[str, User],
    workspace: Workspace,
    names: Names,
    action: Action,
) -> None:
    names = with_token(names, cast[action.by], workspace)

    assert_one_outcome(client, action, names, cast[action.by])


@pytest.mark.parametrize("action", [one for one in ACTIONS if not one.refusal], ids=name_of)
def test_whoever_is_not_in_the_workspace_finds_nothing_behind_any_door(
    client: Client, cast: dict[str, User], names: Names, action: Action
) -> None:
    charlie = cast["charlie"]
    names = with_token(names, charlie, charlie.memberships.get().workspace)

    assert_refused("NOT_FOUND", client, action, names, charlie)
