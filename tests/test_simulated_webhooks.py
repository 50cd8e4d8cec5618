"""What the simulator sends by webhooks, Dexxy's own door takes."""

from random import Random

import pytest
from pytest_django import Settings

from dexxy.integrations.models import GitHubApp, WebhookDelivery
from dexxy_simulator.live import LiveActivity
from dexxy_simulator.model import Actor, App, Installation, Repository
from dexxy_simulator.world import World
from tests.simulated import to_dexxy


@pytest.fixture(autouse=True)
def public_address(settings: Settings) -> None:
    """Without one the App has no webhooks."""
    settings.DEXXY_BASE_URL = "https://dexxy.example"


@pytest.fixture
def busy(world: World, installed: Installation, hill: Repository) -> World:
    """Thirty things that happened in a repository of the App, told to nobody yet."""
    world.webhooks.transport = to_dexxy
    live = LiveActivity(world, 3, hill)
    for _ in range(30):
        live.step()
    return world


def test_every_delivery_is_taken_once_in_whatever_order_it_comes(
    github_app: GitHubApp, busy: World
) -> None:
    sent = busy.webhooks.deliver(shuffled=Random(5), times=2)

    assert {one.attempt.status_code for one in busy.webhooks.log if one.attempt} == {202}
    rows = WebhookDelivery.objects.values_list("guid", "event", "app_id")
    assert sorted(rows) == sorted((one.guid, one.event, github_app.pk) for one in sent)


def test_a_delivery_of_an_app_that_dexxy_does_not_know_is_refused(
    github_app: GitHubApp, busy: World, simulated_app: App, colony: Actor
) -> None:
    simulated_app.hook.secret = "another"

    busy.webhooks.deliver(1)

    (lost,) = busy.webhooks.log
    assert lost.attempt is not None
    assert lost.attempt.is_success is False
    assert WebhookDelivery.objects.count() == 0
