"""What is chosen in the settings and the first run has one outcome, through each of its doors."""

import pytest
from django.test import Client

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.models import TokenScope, User, Workspace
from tests.doors import Action, Names, assert_one_outcome, name_of
from tests.factories import make_user, make_workspace

MAIL = "settings/notifications/mail/"
GENERAL = "settings/general/?name=$name&time_zone=UTC&language="
WORKSPACE = "accounts/workspace/$workspace/change/?name=$name&attention_after=7&late_after=30"
TAKEN = "There is a workspace taken already: choose another slug."
NO_KIND = "Choose at least one kind: else nothing would be read."
NO_WEBHOOKS = "GitHub sends no webhooks here: this needs a GitHub App with a webhook secret."
NO_TOKEN = "The token has characters that no token has. Copy it once more, as a whole."
ACTIONS = [
    Action(
        "choose a weekly digest and when to be told",
        page=f"{MAIL}?digest=weekly&weekday=2&hour=7&waits_hours=4&tells_assigned=on",
        api="mailPreferencesSet(input: {workspaceId: $workspace, digest: WEEKLY, weekday: 2,"
        " hour: 7, tellsAssigned: true, waitsHours: 4})",
    ),
    Action(
        "choose a digest at an hour that is none",
        page=f"{MAIL}?digest=daily&weekday=0&hour=24",
        api="mailPreferencesSet(input: {workspaceId: $workspace, digest: DAILY, hour: 24})",
        refusal="Choose a number from 0 to 23.",
    ),
    Action(
        "be told after longer than anybody waits",
        page=f"{MAIL}?digest=never&weekday=0&hour=8&waits_hours=99999",
        api="mailPreferencesSet(input: {workspaceId: $workspace, waitsHours: 99999})",
        refusal="Choose a number from 0 to 8760.",
    ),
    Action(
        "choose a digest of a workspace that one is not in",
        page=f"{MAIL}?digest=daily&weekday=0&hour=8",
        api="mailPreferencesSet(input: {workspaceId: $workspace, digest: DAILY})",
        by="charlie",
        refusal="NOT_FOUND",
    ),
    Action(
        "move the workspace",
        page=f"{GENERAL}&slug=hill",
        admin=f"{WORKSPACE}&time_zone=UTC&slug=hill",
        api='workspaceUpdate(input: {workspaceId: $workspace, slug: "hill"})',
        by="alice",
        audit=["workspace.updated $workspace"],
    ),
    Action(
        "move the workspace to where another one is",
        page=f"{GENERAL}&slug=taken",
        admin=f"{WORKSPACE}&time_zone=UTC&slug=taken",
        api='workspaceUpdate(input: {workspaceId: $workspace, slug: "taken"})',
        by="alice",
        refusal=TAKEN,
    ),
    Action(
        "choose a time zone that is none",
        page="settings/general/?name=$name&time_zone=Mars&language=",
        admin=f"{WORKSPACE}&time_zone=Mars&slug=$slug",
        api='workspaceUpdate(input: {workspaceId: $workspace, timeZone: "Mars"})',
        by="alice",
        refusal="Choose a time zone from the list, such as Europe/Berlin.",
    ),
    Action(
        "move the workspace as a member",
        page=f"{GENERAL}&slug=hill",
        api='workspaceUpdate(input: {workspaceId: $workspace, slug: "hill"})',
        refusal="FORBIDDEN",
    ),
    Action(
        "leave kinds out",
        page="settings/general/?do=kinds&kind=issue",
        api="workspaceTakeKinds(workspaceId: $workspace, kinds: [ISSUE])",
        by="alice",
        audit=["workspace.kinds_taken $workspace"],
    ),
    Action(
        "leave all kinds out",
        page="settings/general/?do=kinds",
        api="workspaceTakeKinds(workspaceId: $workspace, kinds: [])",
        by="alice",
        refusal=NO_KIND,
    ),
    Action(
        "leave kinds out as a member",
        page="settings/general/?do=kinds&kind=issue",
        api="workspaceTakeKinds(workspaceId: $workspace, kinds: [ISSUE])",
        refusal="FORBIDDEN",
    ),
    Action(
        "look for webhooks where none come",
        page="settings/deliveries/missed/",
        api="githubDeliveriesRecover(workspaceId: $workspace)",
        by="alice",
        refusal=NO_WEBHOOKS,
    ),
    Action(
        "look for webhooks as a member",
        page="settings/deliveries/missed/",
        api="githubDeliveriesRecover(workspaceId: $workspace)",
        refusal="FORBIDDEN",
    ),
    Action(
        "paste what is no token of GitHub",
        page="settings/github/?token=two words",
        api='githubConnectToken(input: {workspaceId: $workspace, token: "two words"})',
        by="alice",
        refusal=NO_TOKEN,
        has_token=False,
    ),
    Action(
        "paste a token of GitHub as a member",
        page="settings/github/?token=ghp_whole",
        api='githubConnectToken(input: {workspaceId: $workspace, token: "ghp_whole"})',
        refusal="FORBIDDEN",
        has_token=False,
    ),
    Action(
        "begin the first workspace",
        page="/start/workspace/?name=Bees&time_zone=UTC",
        admin="accounts/workspace/add/?name=Bees&slug=bees",
        api='workspaceCreate(input: {name: "Bees"})',
        command="workspace-create Bees --admin $olga",
        by="olga",
        audit=["workspace.created new"],
        has_token=False,
    ),
    Action(
        "begin a workspace with a name that is taken",
        page="/start/workspace/?name=Taken&time_zone=UTC",
        api='workspaceCreate(input: {name: "Taken"})',
        command="workspace-create Taken --admin $olga",
        by="olga",
        audit=["workspace.created new"],
        has_token=False,
    ),
    Action(
        "begin a workspace whose name is in another script",
        page="/start/workspace/?name=Пчёлы&time_zone=UTC",
        api='workspaceCreate(input: {name: "Пчёлы"})',
        command="workspace-create Пчёлы --admin $olga",
        by="olga",
        audit=["workspace.created new"],
        has_token=False,
    ),
    Action(
        "begin a workspace with a slug that is taken",
        api='workspaceCreate(input: {name: "Bees", slug: "taken"})',
        command="workspace-create Bees --slug taken --admin $olga",
        by="olga",
        refusal="There is a workspace taken already: choose another slug.",
        has_token=False,
    ),
    Action(
        "begin a workspace without a name",
        page="/start/workspace/?name= &time_zone=UTC",
        api='workspaceCreate(input: {name: " "})',
        command="workspace-create ' ' --admin $olga",
        by="olga",
        refusal=": This field cannot be blank.",
        has_token=False,
    ),
    Action(
        "begin a workspace as a member",
        page="/start/workspace/?name=Bees&time_zone=UTC",
        api='workspaceCreate(input: {name: "Bees"})',
        refusal="FORBIDDEN",
        has_token=False,
    ),
    Action(
        "close what is left of the first run",
        page="checklist/close/",
        by="alice",
        audit=["workspace.set_up $workspace"],
    ),
    Action("close it as a member", page="checklist/close/", refusal="FORBIDDEN"),
]


@pytest.fixture
def cast(alice: User, bob: User, charlie: User) -> dict[str, User]:
    """Alice administers the workspace, Bob is in it; Olga runs this Dexxy and is in none.

    Alice comes into the administration, too.
    """
    alice.is_staff = alice.is_superuser = True
    alice.save()
    olga = make_user(is_staff=True, is_superuser=True)
    return {"alice": alice, "bob": bob, "charlie": charlie, "olga": olga}


@pytest.fixture
def names(workspace: Workspace, charlie: User, cast: dict[str, User]) -> Names:
    other = make_workspace(admin=charlie)
    Workspace.objects.filter(pk=other.pk).update(slug="taken")
    Workspace.objects.filter(pk=workspace.pk).update(is_set_up=False)
    return {
        "workspace": workspace.pk,
        "slug": workspace.slug,
        "name": workspace.name,
        "olga": cast["olga"].email,
    }


@pytest.mark.parametrize("action", ACTIONS, ids=name_of)
def test_a_choice_has_one_outcome_whichever_door_it_comes_through(
    client: Client, cast: dict[str, User], names: Names, action: Action
) -> None:
    viewer = cast[action.by]
    if action.has_token:
        own = viewer.memberships.earliest("pk").workspace
        _, secret = api_token_create(viewer=viewer, workspace=own, name="a", scope=TokenScope.FULL)
        names = {**names, "secret": secret}

    assert_one_outcome(client, action, names, viewer)
