"""What is done with a connection and with webhooks has one outcome, through each of its doors."""

import pytest
from django.test import Client

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.models import TokenScope, User, Workspace
from dexxy.integrations.models import DeliveryState
from tests.doors import Action, Names, assert_one_outcome, assert_refused, name_of
from tests.factories import (
    make_app,
    make_delivery,
    make_installation,
    make_repository,
    make_source,
)

DELIVERIES = "settings/deliveries/"
# Alice administers the workspace, which the App reads; Charlie one that nothing reads.
ACTIONS = [
    Action(
        "sync all repositories",
        page="repositories/sync/",
        api="githubSyncRepos(workspaceId: $workspace)",
        audit=["github_repository.all_sync_requested $workspace"],
    ),
    Action(
        "disconnect",
        page="github/disconnect/",
        api="githubDisconnectInstallation(workspaceId: $workspace)",
        by="alice",
        audit=["github_installation.disconnected $installation"],
    ),
    Action(
        "disconnect as a member",
        page="github/disconnect/",
        api="githubDisconnectInstallation(workspaceId: $workspace)",
        refusal="FORBIDDEN",
    ),
    Action(
        "disconnect what is not connected",
        page="/w/$idle_slug/github/disconnect/",
        api="githubDisconnectInstallation(workspaceId: $idle)",
        by="charlie",
        refusal="GitHub is not connected to this workspace.",
    ),
    Action(
        "set out to connect",
        page="/integrations/github/connect/?workspace=$workspace",
        api="githubStartOauth(workspaceId: $workspace)",
        has_token=False,
    ),
    Action(
        "set out to connect another's workspace",
        page="/integrations/github/connect/?workspace=$idle",
        api="githubStartOauth(workspaceId: $idle)",
        refusal="NOT_FOUND",
        has_token=False,
    ),
    Action(
        "apply a webhook again",
        page=f"{DELIVERIES}$failed/again/",
        api="githubDeliveryRedeliver(workspaceId: $workspace, deliveryId: $failed)",
        by="alice",
        audit=["webhook_delivery.redelivered $failed"],
    ),
    Action(
        "apply what waits for its turn",
        page=f"{DELIVERIES}$waiting/again/",
        api="githubDeliveryRedeliver(workspaceId: $workspace, deliveryId: $waiting)",
        by="alice",
    ),
    Action(
        "apply what was applied",
        page=f"{DELIVERIES}$applied/again/",
        api="githubDeliveryRedeliver(workspaceId: $workspace, deliveryId: $applied)",
        by="alice",
        refusal="This webhook was applied already.",
    ),
    Action(
        "apply a webhook again as a member",
        page=f"{DELIVERIES}$failed/again/",
        api="githubDeliveryRedeliver(workspaceId: $workspace, deliveryId: $failed)",
        refusal="FORBIDDEN",
    ),
    Action(
        "look for webhooks that never arrived",
        page=f"{DELIVERIES}missed/",
        api="githubDeliveriesRecover(workspaceId: $workspace)",
        by="alice",
        audit=["webhook_delivery.recovered $app"],
    ),
]


@pytest.fixture
def cast(alice: User, bob: User, charlie: User) -> dict[str, User]:
    return {"alice": alice, "bob": bob, "charlie": charlie}


@pytest.fixture
def names(workspace: Workspace, cast: dict[str, User]) -> Names:
    app = make_app()
    installation = make_installation(workspace=workspace, app=app)
    for _ in range(2):
        repository = make_repository(source=make_source(workspace=workspace))
        repository.installation = installation
        repository.save()
    failed, waiting, applied = (make_delivery(installation=installation) for _ in range(3))
    failed.state, applied.state = DeliveryState.FAILED, DeliveryState.DONE
    failed.save()
    applied.save()
    idle = cast["charlie"].memberships.get().workspace
    return {
        "workspace": workspace.pk,
        "slug": workspace.slug,
        "idle": idle.pk,
        "idle_slug": idle.slug,
        "app": app.pk,
        "installation": installation.pk,
        "failed": failed.pk,
        "waiting": waiting.pk,
        "applied": applied.pk,
    }


def with_token(names: Names, viewer: User) -> Names:
    _, secret = api_token_create(
        viewer=viewer,
        workspace=viewer.memberships.earliest("pk").workspace,
        name="program",
        scope=TokenScope.FULL,
    )
    return {**names, "secret": secret}


@pytest.mark.parametrize("action", ACTIONS, ids=name_of)
def test_it_has_one_outcome_whichever_door_it_comes_through(
    client: Client, cast: dict[str, User], names: Names, action: Action
) -> None:
    viewer = cast[action.by]

    assert_one_outcome(client, action, with_token(names, viewer), viewer)


@pytest.mark.parametrize("action", [one for one in ACTIONS if not one.refusal], ids=name_of)
def test_whoever_is_not_in_the_workspace_finds_nothing_behind_any_door(
    client: Client, cast: dict[str, User], names: Names, action: Action
) -> None:
    charlie = cast["charlie"]

    assert_refused("NOT_FOUND", client, action, with_token(names, charlie), charlie)
