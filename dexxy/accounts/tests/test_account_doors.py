"""What somebody chooses for themselves, and what ends a workspace, has one outcome through each
door."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from tests.doors import Action, Names, assert_one_outcome, name_of
from tests.factories import make_workspace

ACCOUNT = "/account/?name=%s&language=%s&time_zone=%s"
DANGER = "settings/danger/"
# No program does any of these. Alice administers the workspace, of which Bob is a member.
ACTIONS = [
    Action(
        "choose one's name, language and time zone",
        page=ACCOUNT % ("Robert", "de", "Europe/Berlin"),
        api='viewerUpdate(input: {name: "Robert", language: "de", timeZone: "Europe/Berlin"})',
        has_token=False,
    ),
    Action(
        "choose what the browser asks for",
        page=ACCOUNT % ("Bob", "", ""),
        api='viewerUpdate(input: {name: "Bob", language: "", timeZone: ""})',
        has_token=False,
    ),
    Action(
        "choose a language that there is not",
        page=ACCOUNT % ("Bob", "xx", ""),
        api='viewerUpdate(input: {name: "Bob", language: "xx", timeZone: ""})',
        refusal="Choose a language from the list.",
        has_token=False,
    ),
    Action(
        "choose a time zone that there is not",
        page=ACCOUNT % ("Bob", "", "Europe/Atlantis"),
        api='viewerUpdate(input: {name: "Bob", language: "", timeZone: "Europe/Atlantis"})',
        refusal="Choose a time zone from the list, such as Europe/Berlin.",
        has_token=False,
    ),
    Action(
        "let the workspace be deleted as a member",
        page=f"{DANGER}?name=$name",
        api="workspaceDelete(workspaceId: $workspace)",
        refusal="FORBIDDEN",
        has_token=False,
    ),
    Action(
        "let another workspace be deleted",
        page="/w/$ending_slug/settings/danger/?name=$ending_name",
        api="workspaceDelete(workspaceId: $ending)",
        by="alice",
        refusal="NOT_FOUND",
        has_token=False,
    ),
    Action(
        "ask twice for a workspace to be deleted",
        page="/w/$ending_slug/settings/danger/?name=$ending_name",
        api="workspaceDelete(workspaceId: $ending)",
        by="charlie",
        has_token=False,
    ),
    Action(
        "keep a workspace that was to be deleted",
        page="/w/$ending_slug/settings/danger/?restore=1",
        api="workspaceRestore(workspaceId: $ending)",
        by="charlie",
        audit=["workspace.delete_taken_back $ending"],
        has_token=False,
    ),
    Action(
        "keep a workspace that nobody deletes",
        page=f"{DANGER}?restore=1",
        api="workspaceRestore(workspaceId: $workspace)",
        by="alice",
        has_token=False,
    ),
]


@pytest.fixture
def cast(alice: User, bob: User, charlie: User) -> dict[str, User]:
    return {"alice": alice, "bob": bob, "charlie": charlie}


@pytest.fixture
def names(workspace: Workspace, charlie: User) -> Names:
    """Charlie's workspace is to be deleted in a day."""
    ending = make_workspace(admin=charlie)
    Workspace.objects.filter(pk=ending.pk).update(delete_at=timezone.now() + timedelta(days=1))
    return {
        "workspace": workspace.pk,
        "slug": workspace.slug,
        "name": workspace.name,
        "ending": ending.pk,
        "ending_slug": ending.slug,
        "ending_name": ending.name,
    }


@pytest.mark.parametrize("action", ACTIONS, ids=name_of)
def test_it_has_one_outcome_whichever_door_it_comes_through(
    client: Client, cast: dict[str, User], names: Names, action: Action
) -> None:
    assert_one_outcome(client, action, names, cast[action.by])
