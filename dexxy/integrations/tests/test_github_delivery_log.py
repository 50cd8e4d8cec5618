"""What never arrived is found in GitHub's log of deliveries, or read again."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.utils import timezone
from django_rq import get_queue
from pytest_django import Settings
from structlog.testing import capture_logs

from dexxy.integrations.models import (
    DeliveryState,
    GitHubApp,
    GitHubInstallation,
    GitHubRepository,
    WebhookDelivery,
)
from dexxy.integrations.services.github.access.app import AppRefusedError
from dexxy.integrations.services.github.access.liveness import holder_name
from dexxy.integrations.services.github.webhooks import delivery_log
from dexxy.integrations.services.github.webhooks.delivery_log import (
    JOB,
    delivery_log_read,
    delivery_logs_due,
    delivery_logs_enqueue,
    delivery_logs_expire,
)
from dexxy.integrations.services.github.webhooks.drain import deliveries_drain
from dexxy.integrations.tasks import read_delivery_log
from dexxy.messages.models import Thread
from dexxy.sources.models import Source, SourceKind
from dexxy_simulator.faults import Fault, status
from dexxy_simulator.model import Installation, Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.world import World
from tests.factories import make_repository
from tests.simulated import to_dexxy

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def reachable(settings: Settings) -> None:
    """GitHub sends no webhooks to a machine that only knows itself."""
    settings.DEXXY_BASE_URL = "https://dexxy.example.com"


@pytest.fixture
def followed(linked: GitHubInstallation, world: World, hill: Repository) -> GitHubRepository:
    """The repository of the App, followed; nothing waits to be delivered."""
    assert linked.workspace is not None
    source = Source.objects.create(
        workspace=linked.workspace,
        kind=SourceKind.GITHUB_REPOSITORY,
        server=linked.server,
        external_id=str(hill.database_id),
        name="colony/hill",
        url="https://github.com/colony/hill",
    )
    repository = make_repository(source=source)
    later = timezone.now() + timedelta(hours=1)
    GitHubRepository.objects.update(next_sync_at=later, last_synced_at=timezone.now())
    world.webhooks.transport = to_dexxy
    world.webhooks.drop(logged=False)
    return repository


def happen(world: World, hill: Repository, count: int) -> None:
    for number in range(count):
        world.open_issue(hill, world.actor("worker"), f"Issue {number}")


def read_until(app: GitHubApp) -> datetime | None:
    app.refresh_from_db()
    return app.log_read_until


def test_what_was_lost_is_taken_from_the_log_once(
    github_app: GitHubApp, followed: GitHubRepository, world: World, hill: Repository
) -> None:
    happen(world, hill, 5)
    world.webhooks.deliver(2)
    lost = [one.guid for one in world.webhooks.drop()]

    assert delivery_log_read(github_app.pk) == 3
    assert delivery_log_read(github_app.pk) == 0

    taken = WebhookDelivery.objects.order_by("pk").values_list("guid", flat=True)
    assert list(taken)[2:] == lost
    deliveries_drain(seconds=10)
    assert Thread.objects.count() == 5


def test_redeliveries_and_repetitions_are_the_same_delivery(
    github_app: GitHubApp, followed: GitHubRepository, world: World, hill: Repository
) -> None:
    happen(world, hill, 3)
    first, *_ = world.webhooks.drop()
    world.webhooks.redeliver(first)
    world.webhooks.drop()

    assert delivery_log_read(github_app.pk) == 3


def test_a_log_of_many_pages_is_read_whole(
    github_app: GitHubApp,
    followed: GitHubRepository,
    world: World,
    hill: Repository,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery_log, "PAGE", 4)
    happen(world, hill, 10)
    world.webhooks.drop()

    assert delivery_log_read(github_app.pk) == 10


def test_the_log_is_read_back_to_where_it_was_read_before(
    github_app: GitHubApp,
    followed: GitHubRepository,
    world: World,
    hill: Repository,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery_log, "PAGE", 2)
    happen(world, hill, 6)
    world.webhooks.drop()
    GitHubApp.objects.update(log_read_until=timezone.now() + timedelta(hours=1))

    assert delivery_log_read(github_app.pk) == 0


def test_what_is_in_the_inbox_is_left_to_it(
    github_app: GitHubApp, followed: GitHubRepository, world: World, hill: Repository
) -> None:
    happen(world, hill, 1)
    world.webhooks.deliver()
    WebhookDelivery.objects.update(state=DeliveryState.FAILED)

    assert delivery_log_read(github_app.pk) == 0
    assert WebhookDelivery.objects.get().state == DeliveryState.FAILED


@pytest.mark.parametrize(("days", "is_lost"), [(2, False), (4, True)])
def test_a_gap_longer_than_the_log_makes_everything_due(
    github_app: GitHubApp, followed: GitHubRepository, days: int, is_lost: bool
) -> None:
    GitHubApp.objects.update(log_read_until=timezone.now() - timedelta(days=days))

    with capture_logs() as logs:
        delivery_log_read(github_app.pk)

    followed.refresh_from_db()
    now = timezone.now()
    assert followed.next_sync_at is not None
    assert (followed.next_sync_at <= now, followed.next_sweep_at is not None) == (is_lost, is_lost)
    assert any("read again" in line["event"] for line in logs) is is_lost
    until = read_until(github_app)
    assert until is not None
    assert now - until < timedelta(minutes=1)


def test_what_the_log_does_not_show_makes_its_repository_due(
    github_app: GitHubApp,
    followed: GitHubRepository,
    world: World,
    hill: Repository,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    happen(world, hill, 1)
    world.webhooks.drop()
    forget = world.webhooks.log[0]
    original = delivery_log._unknown

    def unknown(*args: Any) -> Any:
        found = list(original(*args))
        world.webhooks.log.remove(forget)
        return found

    monkeypatch.setattr(delivery_log, "_unknown", unknown)

    assert delivery_log_read(github_app.pk) == 0

    followed.refresh_from_db()
    assert followed.next_sync_at is not None
    assert followed.next_sync_at <= timezone.now()


def test_one_delivery_that_github_cannot_show_hides_no_other(
    github_app: GitHubApp,
    followed: GitHubRepository,
    world: World,
    hill: Repository,
    simulator: SimulatorServer,
) -> None:
    happen(world, hill, 3)
    world.webhooks.drop()
    simulator.faults.add(Fault(status(502), on="hook_delivery", times=1))

    assert delivery_log_read(github_app.pk) == 2

    followed.refresh_from_db()
    assert followed.next_sync_at is not None
    assert followed.next_sync_at <= timezone.now()


def test_an_app_that_github_does_not_know_says_what_to_do_and_is_due_again(
    github_app: GitHubApp, world: World
) -> None:
    world.apps.clear()

    with pytest.raises(AppRefusedError, match="clock"):
        delivery_log_read(github_app.pk)

    assert read_until(github_app) is None
    assert github_app.log_lease_until is None
    assert github_app.log_due_at > timezone.now()


def test_one_process_reads_a_log(github_app: GitHubApp, followed: GitHubRepository) -> None:
    GitHubApp.objects.update(log_lease_until=timezone.now() + timedelta(minutes=1))
    assert (delivery_logs_due(), delivery_log_read(github_app.pk)) == ([], 0)
    assert read_until(github_app) is None

    GitHubApp.objects.update(log_lease_until=timezone.now() - timedelta(seconds=1))
    assert delivery_logs_due() == [github_app.pk]
    delivery_log_read(github_app.pk)
    assert read_until(github_app) is not None


def test_a_reader_that_died_on_this_host_is_followed_at_once(
    github_app: GitHubApp, followed: GitHubRepository
) -> None:
    until = timezone.now() + timedelta(minutes=2)
    GitHubApp.objects.update(log_lease_until=until, log_lease_holder=holder_name())
    assert (delivery_logs_due(), delivery_log_read(github_app.pk)) == ([], 0)
    # One of the same number was here before us.
    host, number, _ = holder_name().split("|")
    GitHubApp.objects.update(log_lease_holder=f"{host}|{number}|0")

    assert delivery_logs_due() == [github_app.pk]
    delivery_log_read(github_app.pk)

    assert read_until(github_app) is not None
    github_app.refresh_from_db()
    assert (github_app.log_lease_until, github_app.log_lease_holder) == (None, "")


def test_a_log_is_due_every_few_minutes_and_after_each_start(
    github_app: GitHubApp, followed: GitHubRepository
) -> None:
    read_delivery_log(github_app.pk)
    assert delivery_logs_due() == []

    delivery_logs_expire()
    assert delivery_logs_due() == [github_app.pk]


def test_an_app_without_webhooks_has_no_log(github_app: GitHubApp) -> None:
    GitHubApp.objects.update(webhook_secret="")

    assert delivery_logs_due() == []


@pytest.mark.django_db(transaction=True)
def test_the_scheduler_wakes_a_worker_for_a_log_that_is_due(github_app: GitHubApp) -> None:
    queue = get_queue("sync")
    queue.empty()  # type: ignore[no-untyped-call]

    assert [delivery_logs_enqueue(), delivery_logs_enqueue()] == [1, 0]

    assert [job.func_name for job in queue.jobs] == [JOB]
    queue.empty()  # type: ignore[no-untyped-call]


def test_a_third_lost_and_all_shuffled_ends_as_if_nothing_had_happened(
    github_app: GitHubApp, followed: GitHubRepository, world: World, hill: Repository
) -> None:
    random = Random(7)
    happen(world, hill, 30)
    for issue in list(hill.issues.values())[:15]:
        world.comment(issue, world.actor("queen"), "Seen.")
    random.shuffle(world.webhooks.pending)
    world.webhooks.drop(15)
    world.webhooks.deliver(shuffled=random, times=2)

    delivery_log_read(github_app.pk)
    deliveries_drain(seconds=30)

    assert Thread.objects.count() == 30
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"done"}
    assert sum(Thread.objects.values_list("message_count", flat=True)) == 45


def test_the_installation_is_due_as_well_when_webhooks_were_lost(
    github_app: GitHubApp, followed: GitHubRepository, installed: Installation
) -> None:
    GitHubInstallation.objects.update(reconcile_at=None)
    GitHubApp.objects.update(log_read_until=timezone.now() - timedelta(days=4))

    delivery_log_read(github_app.pk)

    assert GitHubInstallation.objects.get().reconcile_at is not None
