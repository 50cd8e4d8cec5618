"""A webhook that failed here is asked for once more, and GitHub sends it through the door."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from dexxy.accounts.api_tokens import api_token_create
from dexxy.accounts.models import AuditEntry, TokenScope, User, Workspace
from dexxy.integrations.models import DeliveryState, GitHubApp, GitHubInstallation, WebhookDelivery
from dexxy.integrations.services.github.webhooks import asking_again, delivery_log
from dexxy.integrations.services.github.webhooks.drain import deliveries_drain
from dexxy_simulator.faults import Fault, status
from dexxy_simulator.model import Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.world import World
from tests.doors import Action, Names, assert_one_outcome, name_of
from tests.simulated import to_dexxy

GONE = (
    "GitHub does not have this webhook in its log any more, which goes back for three days. Apply"
    " it from what is kept of it."
)


@pytest.fixture(autouse=True)
def reachable(settings: Settings) -> None:
    """GitHub sends no webhooks to a machine that only knows itself."""
    settings.DEXXY_BASE_URL = "https://dexxy.example.com"


@pytest.fixture
def failed(linked: GitHubInstallation, world: World, hill: Repository) -> WebhookDelivery:
    """The newest of two webhooks, which failed here."""
    world.webhooks.transport = to_dexxy
    world.webhooks.drop(logged=False)
    for title in ("One", "Two"):
        world.open_issue(hill, world.actor("worker"), title)
    world.webhooks.deliver()
    deliveries_drain(seconds=10)
    delivery = WebhookDelivery.objects.filter(event="issues").latest("pk")
    WebhookDelivery.objects.update(state=DeliveryState.FAILED, attempts=8, error="It went wrong.")
    delivery.refresh_from_db()
    return delivery


@pytest.fixture
def ask(client: Client, alice: User, workspace: Workspace, failed: WebhookDelivery) -> str:
    client.force_login(alice)
    return f"/w/{workspace.slug}/settings/deliveries/{failed.pk}/ask/"


def test_what_failed_comes_once_more_and_is_applied(
    client: Client, ask: str, failed: WebhookDelivery, world: World, alice: User
) -> None:
    page = client.post(ask, follow=True).content.decode()

    assert "GitHub was asked to send it once more: it comes within a minute." in page
    [again] = world.webhooks.pending
    assert (again.guid, again.redelivery) == (failed.guid, True)
    world.webhooks.deliver()
    deliveries_drain(seconds=10)
    failed.refresh_from_db()
    # Nobody follows the repository, so it is of no use; but it was read anew.
    assert (failed.state, failed.times_received) == (DeliveryState.IGNORED, 2)
    entry = AuditEntry.objects.get(action="webhook_delivery.asked_for")
    assert (entry.actor, entry.details) == (alice, {"event": "issues", "guid": failed.guid})


def test_it_is_found_on_a_later_page_of_the_log(
    client: Client, ask: str, world: World, hill: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery_log, "PAGE", 2)
    for number in range(5):
        world.open_issue(hill, world.actor("worker"), f"Later {number}")
    world.webhooks.deliver()

    client.post(ask)

    assert [one.redelivery for one in world.webhooks.pending] == [True]


@pytest.mark.parametrize("why", ["gone there", "too far back", "old here"])
def test_what_github_has_no_more_is_said_to_be_gone(
    client: Client,
    ask: str,
    failed: WebhookDelivery,
    world: World,
    hill: Repository,
    monkeypatch: pytest.MonkeyPatch,
    why: str,
) -> None:
    if why == "gone there":
        WebhookDelivery.objects.filter(pk=failed.pk).update(guid="another")
    elif why == "old here":
        old = timezone.now() - timedelta(days=3, minutes=1)
        WebhookDelivery.objects.filter(pk=failed.pk).update(received_at=old)
    else:
        monkeypatch.setattr(delivery_log, "PAGE", 1)
        monkeypatch.setattr(asking_again, "_PAGES", 1)
        world.open_issue(hill, world.actor("worker"), "Later")
        world.webhooks.deliver()

    assert GONE in client.post(ask, follow=True).content.decode()
    assert list(world.webhooks.pending) == []


def test_so_many_are_asked_for_within_an_hour_and_then_again(
    client: Client, ask: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking_again, "MOST_AN_HOUR", 2)
    for _ in range(2):
        client.post(ask)

    page = client.post(ask, follow=True).content.decode()

    assert "GitHub was asked for 2 webhooks within the hour." in page
    assert len(world.webhooks.pending) == 2
    AuditEntry.objects.update(created_at=timezone.now() - timedelta(hours=1, minutes=1))
    client.post(ask)
    assert len(world.webhooks.pending) == 3


def test_a_github_that_fails_is_said_in_a_sentence(
    client: Client, ask: str, simulator: SimulatorServer, world: World, failed: WebhookDelivery
) -> None:
    simulator.faults.add(Fault(status(502), on="hook_redelivery"))

    page = client.post(ask, follow=True)

    assert page.status_code == 200
    assert 'role="alert"' in page.content.decode()
    assert list(world.webhooks.pending) == []
    failed.refresh_from_db()
    assert failed.state == DeliveryState.FAILED


def test_an_app_that_github_does_not_know_is_said_to_be_refused(
    client: Client, ask: str, simulator: SimulatorServer
) -> None:
    simulator.faults.add(Fault(status(401), on="hook_deliveries"))

    page = client.post(ask, follow=True).content.decode()

    assert "GitHub does not accept the App" in page


ASK = "settings/deliveries/$%s/ask/"
FIELD = "githubDeliveryAskAgain(workspaceId: $workspace, deliveryId: $%s)"
ACTIONS = [
    Action(
        "ask for what failed",
        page=ASK % "failed",
        api=FIELD % "failed",
        by="alice",
        audit=["webhook_delivery.asked_for $failed"],
    ),
    Action("ask as a member", page=ASK % "failed", api=FIELD % "failed", refusal="FORBIDDEN"),
    Action(
        "ask for what was applied",
        page=ASK % "done",
        api=FIELD % "done",
        by="alice",
        refusal="This webhook was applied already.",
    ),
    Action(
        "ask for what waits for its turn",
        page=ASK % "pending",
        api=FIELD % "pending",
        by="alice",
        refusal="This webhook waits for its turn: it is applied soon.",
    ),
    Action(
        "ask for what there is not",
        page=ASK % "nothing",
        api=FIELD % "nothing",
        by="alice",
        refusal="NOT_FOUND",
    ),
]


@pytest.fixture
def names(failed: WebhookDelivery, github_app: GitHubApp, workspace: Workspace) -> Names:
    others = {
        state: WebhookDelivery.objects.create(
            app=github_app,
            guid=state,
            event="issues",
            installation_id=failed.installation_id,
            payload={},
            state=state,
        ).pk
        for state in (DeliveryState.DONE, DeliveryState.PENDING)
    }
    return {
        "workspace": workspace.pk,
        "slug": workspace.slug,
        "failed": failed.pk,
        "done": others[DeliveryState.DONE],
        "pending": others[DeliveryState.PENDING],
        "nothing": 0,
    }


@pytest.mark.parametrize("action", ACTIONS, ids=name_of)
def test_asking_has_one_outcome_whichever_door_it_comes_through(
    client: Client, alice: User, bob: User, names: Names, action: Action
) -> None:
    viewer = {"alice": alice, "bob": bob}[action.by]
    workspace = viewer.memberships.get().workspace
    _, secret = api_token_create(
        viewer=viewer, workspace=workspace, name="a", scope=TokenScope.FULL
    )

    assert_one_outcome(client, action, {**names, "secret": secret}, viewer)
