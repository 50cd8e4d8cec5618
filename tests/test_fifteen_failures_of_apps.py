"""Those of the fifteen failures that only an App can have; see test_fifteen_failures.py."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from pytest_django import Settings

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import (
    DeliveryState,
    GitHubApp,
    GitHubInstallation,
    GitHubRepository,
    RunTrigger,
    SyncStatus,
    WebhookDelivery,
)
from dexxy.integrations.services.github.access.app import app_client
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
from dexxy.integrations.services.github.connecting.repositories import repository_connect_available
from dexxy.integrations.services.github.webhooks.delivery_log import delivery_log_read
from dexxy.integrations.services.github.webhooks.drain import deliveries_drain
from dexxy.integrations.services.github_sync import credential_work, repository_sync
from dexxy.messages.models import Message
from dexxy_simulator.model import Actor, Installation, Issue, Repository
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World
from tests.github_app import Traveller, query_of, reconcile
from tests.simulated import RECORDED, to_dexxy
from tests.truth import assert_source_equals

CONNECT = "/integrations/github/connect/"
Follow = Callable[[Repository], GitHubRepository]


@pytest.fixture(autouse=True)
def public_address(settings: Settings) -> None:
    """Without one the App has no webhooks."""
    settings.DEXXY_BASE_URL = "https://dexxy.example"


@pytest.fixture
def follow(linked: GitHubInstallation, workspace: Workspace, alice: User, world: World) -> Follow:
    """Follow a repository through the App, and read it once."""
    world.webhooks.transport = to_dexxy

    def follow(repository: Repository) -> GitHubRepository:
        followed = repository_connect_available(
            viewer=alice, workspace=workspace, github_id=repository.database_id
        )
        repository_sync(repository_id=followed.pk, trigger=RunTrigger.COMMAND)
        world.webhooks.drop(logged=False)
        return followed

    return follow


@pytest.fixture
def leak(nest: Repository) -> Issue:
    """The one issue of the organisation's private repository."""
    return next(iter(nest.issues.values()))


def work(followed: GitHubRepository) -> str:
    """Let a worker do what is due; return how the repository is then."""
    credential = followed.installation.credential
    assert credential is not None
    GitHubRepository.objects.filter(pk=followed.pk).update(next_sync_at=datetime.now(UTC))
    credential_work(credential_id=credential.pk, seconds=30)
    followed.refresh_from_db()
    return followed.sync_status


def test_failure_01_a_webhook_that_never_arrived_is_read_back_from_the_log(
    follow: Follow, nest: Repository, leak: Issue, world: World, github_app: GitHubApp
) -> None:
    follow(nest)
    world.comment(leak, world.actor("worker"), "It still leaks")
    world.webhooks.drop(logged=True)

    delivery_log_read(github_app.pk)
    deliveries_drain(seconds=5)

    assert Message.objects.filter(body="It still leaks").count() == 1


def test_failure_03_a_stranger_s_installation_cannot_be_hijacked_by_its_number(
    travel: Callable[..., Traveller],
    github_app: GitHubApp,
    installed: Installation,
    workspace: Workspace,
    alice: User,
    world: World,
) -> None:
    world.add_actor("mallory")
    mallory = travel(alice, "mallory")
    form = {"workspace": workspace.pk, "installation_id": installed.database_id}

    authorize = mallory.client.post(CONNECT, form)["location"]
    back = mallory.client.get(mallory.back(mallory.at_github(authorize, "authorize")))
    forged = f"?installation_id={installed.database_id}&setup_action=install"
    bare = mallory.client.get(f"/integrations/github/callback/{forged}")

    assert back.status_code in {302, 403}
    assert bare.status_code in {200, 302, 400, 403}
    assert not GitHubInstallation.objects.filter(workspace__isnull=False).exists()


def test_failure_03_whoever_may_only_read_an_organisation_cannot_link_it(
    travel: Callable[..., Traveller],
    github_app: GitHubApp,
    installed: Installation,
    workspace: Workspace,
    bob: User,
) -> None:
    worker = travel(bob, "worker")
    form = {"workspace": workspace.pk, "installation_id": installed.database_id}

    authorize = worker.client.post(CONNECT, form)["location"]
    assert query_of(authorize)["state"]
    page = worker.client.get(worker.back(worker.at_github(authorize, "authorize")))

    assert page.status_code == 403
    assert not GitHubInstallation.objects.filter(workspace__isnull=False).exists()


@pytest.mark.parametrize("seconds", [-50, 50])
def test_failure_11_a_clock_that_is_a_little_off_still_signs_for_the_app(
    github_app: GitHubApp, world: World, seconds: int
) -> None:
    world.clock = lambda: datetime.now(UTC) + timedelta(seconds=seconds)

    with app_client(github_app) as client:
        assert client.get("app").data["id"] == github_app.app_id


def test_failure_11_a_token_that_github_does_not_know_everywhere_yet_stops_no_sync(
    linked: GitHubInstallation, nest: Repository, world: World, follow: Follow
) -> None:
    world.token_lag = timedelta(seconds=1)

    followed = follow(nest)

    assert_source_equals(followed.source, nest)


def test_failure_13_a_suspended_installation_stops_itself_and_nobody_else(
    follow: Follow,
    nest: Repository,
    installed: Installation,
    world: World,
    charlie: User,
    at_github: GitHubServer,
) -> None:
    followed = follow(nest)
    other = repository_connect_by_token(
        workspace=Workspace.objects.get(memberships__user=charlie),
        full_name=RECORDED,
        token=DEMO_TOKEN,
        server=at_github,
    )
    world.suspend(installed)

    assert work(followed) == SyncStatus.DISABLED
    assert "suspended" in followed.sync_error
    assert work(other) == SyncStatus.ACTIVE

    world.unsuspend(installed)
    world.webhooks.deliver()
    deliveries_drain(seconds=5)
    assert work(followed) == SyncStatus.ACTIVE
    assert_source_equals(followed.source, nest)


def test_failure_13_a_removed_app_says_so_and_keeps_what_was_read(
    follow: Follow, nest: Repository, installed: Installation, world: World
) -> None:
    followed = follow(nest)
    before = Message.objects.filter(is_archived=False).count()
    world.uninstall(installed)

    assert work(followed) == SyncStatus.DISABLED
    assert "removed from colony" in followed.sync_error
    assert Message.objects.filter(is_archived=False).count() == before > 0


def test_failure_14_of_many_pages_of_repositories_none_is_taken_for_the_end(
    follow: Follow,
    linked: GitHubInstallation,
    colony: Actor,
    nest: Repository,
    world: World,
) -> None:
    followed = follow(nest)
    for number in range(205):
        world.add_repository(colony, f"chamber-{number}")

    reconcile(linked)

    followed.refresh_from_db()
    assert followed.sync_status == SyncStatus.ACTIVE


def test_failure_14_a_repository_that_is_taken_out_and_put_back_goes_on_where_it_was(
    follow: Follow,
    linked: GitHubInstallation,
    nest: Repository,
    hill: Repository,
    installed: Installation,
    world: World,
) -> None:
    followed = follow(nest)
    world.select_repositories(installed, [hill])
    reconcile(linked)
    followed.refresh_from_db()
    assert followed.sync_status == SyncStatus.DISABLED

    world.select_repositories(installed, [hill, nest])
    reconcile(linked)

    assert work(followed) == SyncStatus.ACTIVE
    assert_source_equals(followed.source, nest)


def test_failure_15_a_signature_is_checked_over_the_bytes_as_they_came(
    follow: Follow, nest: Repository, leak: Issue, world: World
) -> None:
    follow(nest)
    world.comment(leak, world.actor("worker"), "Grüße 🐜 \u2028 </script>")

    (delivery,) = world.webhooks.deliver()

    assert delivery.attempt is not None
    assert delivery.attempt.status_code == 202
    assert "🐜".encode() in delivery.body


def test_failure_15_a_delivery_that_comes_twice_is_done_once(
    follow: Follow, nest: Repository, leak: Issue, world: World
) -> None:
    follow(nest)
    world.comment(leak, world.actor("worker"), "Once is enough")

    world.webhooks.deliver(times=2)
    deliveries_drain(seconds=5)
    for delivery in list(world.webhooks.log):
        world.webhooks.redeliver(delivery)
    world.webhooks.deliver()
    deliveries_drain(seconds=5)

    assert Message.objects.filter(body="Once is enough").count() == 1
    (row,) = WebhookDelivery.objects.all()
    assert (row.state, row.times_received) == (DeliveryState.DONE, 4)
