"""What is done with endpoints and feeds has one outcome, through whichever door it comes."""

import pytest
from django.test import Client

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.models import ListPage, TokenScope, User, Workspace
from dexxy.accounts.saved_views import saved_view_save
from dexxy.outgoing.feed_addresses import MOST_ADDRESSES
from dexxy.outgoing.models import DeliveryState, EndpointKind, FeedAddress
from tests.doors import Action, Names, assert_one_outcome, assert_refused, name_of
from tests.factories import make_endpoint, make_outgoing

PAGE = "settings/notifications/"
PAUSED = "Nothing is sent there now: resume it first."
HEARS = 'url: "https://hooks.example.com/x", events: ["thread.opened"]'
ACTIONS = [
    Action(
        "add an endpoint",
        page=f"{PAGE}?kind=webhook&name=Ours&url=https://hooks.example.com/x&event=thread.opened",
        api='endpointCreate(workspaceId: $workspace, kind: WEBHOOK, input: {name: "Ours",'
        f" {HEARS}}})",
        by="alice",
        audit=["endpoint.created new"],
        has_token=False,
    ),
    Action(
        "add an endpoint without a name",
        page=f"{PAGE}?kind=webhook&name= &url=https://hooks.example.com/x&event=thread.opened",
        api='endpointCreate(workspaceId: $workspace, kind: WEBHOOK, input: {name: " ",'
        f" {HEARS}}})",
        by="alice",
        refusal="Give the endpoint a name of up to 100 characters.",
        has_token=False,
    ),
    Action(
        "change an endpoint",
        page=f"{PAGE}endpoints/$endpoint/?name=Theirs&url=https://hooks.example.com/x"
        "&event=thread.opened",
        api=f'endpointUpdate(endpointId: $endpoint, input: {{name: "Theirs", {HEARS}}})',
        by="alice",
        audit=["endpoint.updated $endpoint"],
        has_token=False,
    ),
    Action(
        "exchange the secret of an endpoint",
        page=f"{PAGE}endpoints/$endpoint/rotate/",
        api="endpointRotateKey(endpointId: $endpoint)",
        by="alice",
        audit=["endpoint.secret_rotated $endpoint"],
        has_token=False,
    ),
    Action(
        "add an endpoint in a network of our own",
        page=f"{PAGE}?kind=webhook&name=Ours&url=https://10.0.0.7/x&event=thread.opened",
        api='endpointCreate(workspaceId: $workspace, kind: WEBHOOK, input: {name: "Ours",'
        ' url: "https://10.0.0.7/x", events: ["thread.opened"]})',
        by="alice",
        refusal="The address is in a network of our own: DEXXY_OUTSIDE_ALLOWED can name it.",
        has_token=False,
    ),
    Action(
        "add an endpoint as a member",
        page=f"{PAGE}?kind=webhook&name=Ours&url=https://hooks.example.com/x&event=thread.opened",
        api='endpointCreate(workspaceId: $workspace, kind: WEBHOOK, input: {name: "Ours",'
        f" {HEARS}}})",
        refusal="FORBIDDEN",
        has_token=False,
    ),
    Action(
        "let an endpoint hear of nothing",
        page=f"{PAGE}endpoints/$endpoint/?name=Theirs&url=https://hooks.example.com/x&event=",
        api='endpointUpdate(endpointId: $endpoint, input: {name: "Theirs", url: "", events: [""]})',
        by="alice",
        refusal="Choose at least one event, of those that there are.",
        has_token=False,
    ),
    Action(
        "change an endpoint as a member",
        page=f"{PAGE}endpoints/$endpoint/?name=Theirs&url=https://hooks.example.com/x"
        "&event=thread.opened",
        api=f'endpointUpdate(endpointId: $endpoint, input: {{name: "Theirs", {HEARS}}})',
        refusal="FORBIDDEN",
        has_token=False,
    ),
    Action(
        "exchange the secret of a chat",
        page=f"{PAGE}endpoints/$chat/rotate/",
        api="endpointRotateKey(endpointId: $chat)",
        by="alice",
        refusal="What a chat gets is not signed: it has no secret.",
        has_token=False,
    ),
    Action(
        "make an address of a colleague's own view",
        page=f"{PAGE}feeds/?of=$view",
        api="feedAddressCreate(workspaceId: $workspace, viewId: $view)",
        refusal="NOT_FOUND",
        has_token=False,
    ),
    Action(
        "make an address too many",
        page=f"{PAGE}feeds/?of=feed",
        api="feedAddressCreate(workspaceId: $workspace)",
        by="alice",
        refusal="You have 20 feed addresses, which is the most: revoke one first.",
        has_token=False,
    ),
    Action(
        "send a test",
        page=f"{PAGE}endpoints/$endpoint/test/",
        api="endpointTest(endpointId: $endpoint)",
        by="alice",
        audit=["endpoint.tested $endpoint"],
    ),
    Action(
        "make an address of the feed",
        page=f"{PAGE}feeds/?of=feed",
        api="feedAddressCreate(workspaceId: $workspace, page: FEED)",
        audit=["feed_address.created new"],
        has_token=False,
    ),
    Action(
        "pause",
        page=f"{PAGE}endpoints/$endpoint/pause/",
        api="endpointSetPaused(endpointId: $endpoint, paused: true)",
        by="alice",
        audit=["endpoint.paused $endpoint"],
    ),
    Action(
        "pause what is paused",
        page=f"{PAGE}endpoints/$paused/pause/",
        api="endpointSetPaused(endpointId: $paused, paused: true)",
        by="alice",
    ),
    Action(
        "resume",
        page=f"{PAGE}endpoints/$paused/resume/",
        api="endpointSetPaused(endpointId: $paused, paused: false)",
        by="alice",
        audit=["endpoint.resumed $paused"],
    ),
    Action(
        "pause as a member",
        page=f"{PAGE}endpoints/$endpoint/pause/",
        api="endpointSetPaused(endpointId: $endpoint, paused: true)",
        refusal="FORBIDDEN",
    ),
    Action(
        "send a test to what is paused",
        page=f"{PAGE}endpoints/$paused/test/",
        api="endpointTest(endpointId: $paused)",
        by="alice",
        refusal=PAUSED,
    ),
    Action(
        "send again",
        page=f"{PAGE}deliveries/$delivery/redeliver/",
        api="endpointRedeliver(endpointDeliveryId: $delivery)",
        by="alice",
        audit=["endpoint.redelivered $endpoint"],
    ),
    Action(
        "send again what is emptied",
        page=f"{PAGE}deliveries/$emptied/redeliver/",
        api="endpointRedeliver(endpointDeliveryId: $emptied)",
        by="alice",
        refusal="What it said is gone: it named somebody who was erased.",
    ),
    Action(
        "send again as a member",
        page=f"{PAGE}deliveries/$delivery/redeliver/",
        api="endpointRedeliver(endpointDeliveryId: $delivery)",
        refusal="FORBIDDEN",
    ),
    Action(
        "delete",
        page=f"{PAGE}endpoints/$endpoint/delete/",
        api="endpointDelete(endpointId: $endpoint)",
        by="alice",
        audit=["endpoint.deleted $endpoint"],
    ),
    Action(
        "keep private repositories in",
        page=f"{PAGE}private/?keeps=yes",
        api="workspaceKeepPrivateIn(workspaceId: $workspace, keeps: true)",
        by="alice",
        audit=["workspace.private_kept_in $workspace"],
    ),
    Action(
        "keep private repositories in as a member",
        page=f"{PAGE}private/?keeps=yes",
        api="workspaceKeepPrivateIn(workspaceId: $workspace, keeps: true)",
        refusal="FORBIDDEN",
    ),
    Action(
        "revoke one's feed",
        page=f"{PAGE}feeds/$feed/revoke/",
        api="feedAddressRevoke(feedAddressId: $feed)",
        audit=["feed_address.revoked $feed"],
    ),
    Action(
        "revoke a member's feed as an admin",
        page=f"{PAGE}feeds/$feed/revoke/",
        api="feedAddressRevoke(feedAddressId: $feed)",
        by="alice",
        audit=["feed_address.revoked $feed"],
    ),
    Action(
        "revoke an admin's feed as a member",
        page=f"{PAGE}feeds/$admins/revoke/",
        api="feedAddressRevoke(feedAddressId: $admins)",
        refusal="NOT_FOUND",
    ),
]


@pytest.fixture
def cast(alice: User, bob: User, charlie: User) -> dict[str, User]:
    return {"alice": alice, "bob": bob, "charlie": charlie}


@pytest.fixture
def names(cast: dict[str, User], workspace: Workspace) -> Names:
    endpoint, paused = (make_endpoint(workspace=workspace) for _ in range(2))
    paused.is_paused = True
    paused.save()
    chat = make_endpoint(workspace=workspace, kind=EndpointKind.SLACK)
    emptied, delivery = make_outgoing(endpoint=endpoint), make_outgoing(endpoint=endpoint)
    emptied.payload, delivery.state = {}, DeliveryState.FAILED
    emptied.save()
    delivery.save()
    feeds = {
        name: FeedAddress.objects.create(
            membership=workspace.memberships.get(user=cast[user]), page="feed", secret_hash=name
        ).pk
        for name, user in (("feed", "bob"), ("admins", "alice"))
    }
    admin = workspace.memberships.get(user=cast["alice"])
    FeedAddress.objects.bulk_create(
        FeedAddress(membership=admin, page="feed", secret_hash=str(number))
        for number in range(MOST_ADDRESSES - 1)
    )
    view = saved_view_save(
        viewer=cast["alice"], workspace=workspace, page=ListPage.FEED, name="Own", query=""
    )
    return {
        **feeds,
        "chat": chat.pk,
        "view": view.pk,
        "endpoint": endpoint.pk,
        "paused": paused.pk,
        "emptied": emptied.pk,
        "delivery": delivery.pk,
        "workspace": workspace.pk,
        "slug": workspace.slug,
    }


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


@pytest.mark.parametrize("action", ACTIONS, ids=name_of)
def test_whoever_is_not_in_the_workspace_finds_nothing_behind_any_door(
    client: Client, cast: dict[str, User], names: Names, action: Action
) -> None:
    charlie = cast["charlie"]
    names = with_token(names, charlie, charlie.memberships.get().workspace)

    assert_refused("NOT_FOUND", client, action, names, charlie)


@pytest.mark.parametrize(
    "made",
    [
        'endpointCreate(workspaceId: $workspace, kind: WEBHOOK, input: {name: "x",'
        ' url: "https://a.example.com/", events: ["thread.opened"]}) { signingKey }',
        'endpointUpdate(endpointId: $endpoint, input: {name: "x",'
        ' url: "https://a.example.com/", events: ["thread.opened"]}) { endpoint { id } }',
        "endpointRotateKey(endpointId: $endpoint) { signingKey }",
        "feedAddressCreate(workspaceId: $workspace, page: FEED) { address }",
    ],
)
def test_a_token_sends_nothing_elsewhere_and_makes_no_address(
    client: Client, cast: dict[str, User], workspace: Workspace, names: Names, made: str
) -> None:
    secret = with_token(names, cast["alice"], workspace)["secret"]
    for name in ("workspace", "endpoint"):
        made = made.replace(f"${name}", str(names[name]))

    answer = client.post(
        "/graphql/",
        {"query": f"mutation {{ {made} }}"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {secret}"},
    ).json()

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
