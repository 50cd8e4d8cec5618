"""Whatever becomes of webhooks on their way, the database ends up equal to GitHub."""

from datetime import timedelta
from random import Random

import pytest
from django.db.models import F
from pytest_django import Settings

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import (
    DeliveryState,
    GitHubApp,
    GitHubInstallation,
    GitHubRepository,
    RunTrigger,
    WebhookDelivery,
)
from dexxy.integrations.services.github.connecting.repositories import repository_connect_available
from dexxy.integrations.services.github.webhooks.delivery_log import delivery_log_read
from dexxy.integrations.services.github.webhooks.drain import deliveries_drain
from dexxy.integrations.services.github_sync import repository_sync
from dexxy.messages.models import Message, Thread
from dexxy_simulator.dialects import Dialect
from dexxy_simulator.model import Repository
from dexxy_simulator.world import World
from tests.deliveries import deliver_badly, make_deliveries
from tests.simulated import to_dexxy
from tests.truth import assert_source_equals


@pytest.fixture(autouse=True)
def public_address(settings: Settings) -> None:
    """Without one the App has no webhooks."""
    settings.DEXXY_BASE_URL = "https://dexxy.example"


@pytest.fixture
def followed(
    world: World, hill: Repository, linked: GitHubInstallation, workspace: Workspace, alice: User
) -> GitHubRepository:
    """A repository with a past, read once through the App."""
    world.webhooks.transport = to_dexxy
    make_deliveries(world, hill, Random(1), 400)
    world.webhooks.drop(logged=False)
    followed = repository_connect_available(
        viewer=alice, workspace=workspace, github_id=hill.database_id
    )
    sync(followed)
    assert_source_equals(followed.source, hill)
    return followed


def sync(repository: GitHubRepository, *, sweep: bool = False) -> None:
    repository_sync(repository_id=repository.pk, trigger=RunTrigger.COMMAND, sweep=sweep)


def drain() -> None:
    deliveries_drain(seconds=60)


def two_minutes_pass() -> None:
    """Let GitHub's replicas catch up with its webhooks, and what is due be due."""
    two_minutes = timedelta(minutes=2)
    Thread.objects.update(
        hinted_at=F("hinted_at") - two_minutes, refetch_at=F("refetch_at") - two_minutes
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("seed", "count"),
    [pytest.param(1, 10_000, marks=pytest.mark.slow), (2, 400)],
)
def test_webhooks_dropped_doubled_and_shuffled_end_in_the_truth(
    seed: int,
    count: int,
    followed: GitHubRepository,
    github_app: GitHubApp,
    world: World,
    hill: Repository,
) -> None:
    random = Random(seed)
    world.dialect = Dialect.draw(random)
    make_deliveries(world, hill, random, count)

    fates = deliver_badly(world, random, every=count // 10, meanwhile=drain)
    delivery_log_read(github_app.pk)
    drain()
    two_minutes_pass()
    sync(followed)
    sync(followed, sweep=True)

    assert fates["logged"] + fates["nowhere"] == pytest.approx(count / 3, abs=count / 50)
    assert not WebhookDelivery.objects.filter(
        state__in=[DeliveryState.PENDING, DeliveryState.FAILED]
    )
    assert_source_equals(followed.source, hill)
    assert not Thread.objects.filter(refetch_at__isnull=False).exists()
    assert Message.objects.filter(is_archived=False).count() > count // 10
