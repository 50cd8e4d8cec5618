"""Whatever dies while webhooks stream in, the database ends up equal to GitHub."""

import signal
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random

import pytest
from django.db.models import F
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from dexxy.cli.tests.running import free_port
from dexxy.embedded import ensure_servers
from dexxy.embedded.tests.conftest import make_place, remove_place
from dexxy.embedded.tests.observing import wait_until, wait_until_deserted
from dexxy.integrations.models import (
    Credential,
    DeliveryState,
    GitHubApp,
    GitHubRepository,
    WebhookDelivery,
)
from dexxy.messages.models import Message, Thread
from dexxy_simulator.model import Repository
from dexxy_simulator.recorded.loader import recorded_world
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.webhooks.sender import Sender
from dexxy_simulator.world import World
from tests.deliveries import make_deliveries
from tests.own_installation import (
    INTERVALS,
    PATIENCE,
    OwnInstallation,
    environment_of,
    is_synced,
    manifest_of,
    repository_followed,
)
from tests.truth import assert_source_equals

pytestmark = [
    pytest.mark.slow,  # servers that were killed take half a minute to be back and caught up with
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc"),
    pytest.mark.timeout(600),
]

COUNT = 600


class Scene:
    """An installation that follows a repository, and GitHub."""

    def __init__(
        self, up: OwnInstallation, world: World, repository: Repository, followed: GitHubRepository
    ) -> None:
        self.up, self.world, self.repository = up, world, repository
        self._followed, self._random = followed, Random(2)

    @property
    def waiting(self) -> int:
        """How many deliveries GitHub still has to send."""
        return len(self.world.webhooks.pending)

    def stream(self, meanwhile: Callable[[], object]) -> None:
        """Let much happen at GitHub, and something else while GitHub tells of it."""
        make_deliveries(self.world, self.repository, self._random, COUNT)
        with Sender(self.world.webhooks, latency=0.01, threads=3):
            self.wait_for_the_rest(500)
            meanwhile()
            self.wait_for_the_rest(0)

    def wait_for_the_rest(self, count: int) -> None:
        wait_until(lambda: self.waiting <= count, f"all but {count} are sent", PATIENCE)

    def send_without(self, server: str) -> None:
        """Let a third of the deliveries come while a server is away."""
        with self.up.without(server):
            self.wait_for_the_rest(300)

    def refused(self) -> int:
        """Return how many of the last deliveries GitHub counts as failed."""
        last = list(self.world.webhooks.log)[-COUNT:]
        return sum(not delivery.attempt.is_success for delivery in last if delivery.attempt)

    def assert_converges(self) -> None:
        """Let a few minutes go by; then the truth is stored, and nothing waits."""
        sent = {delivery.guid for delivery in self.world.webhooks.log}
        with self.up.database():
            try:
                self.up.wait_until(lambda: sent == _worked_off(), "all are worked off", PATIENCE)
            except AssertionError as error:
                error.add_note(_what_waits(sent))
                raise
            _minutes_pass()
            GitHubRepository.objects.update(
                next_sync_at=timezone.now(), next_sweep_at=timezone.now()
            )
            self.up.wait_until(_is_compared, "all is compared with GitHub", PATIENCE)
            assert_source_equals(self._followed.source, self.repository)
            assert not WebhookDelivery.objects.filter(state=DeliveryState.FAILED).exists()
            assert Message.objects.filter(is_archived=False).count() > COUNT / 2


def _worked_off() -> set[str]:
    """Return the deliveries that are done with; nobody waits any longer for who was killed."""
    now = timezone.now()
    soon = now + timedelta(seconds=15)
    Credential.objects.filter(woken_at__lt=now - timedelta(seconds=15)).update(woken_at=None)
    GitHubApp.objects.filter(log_lease_until__lt=now + timedelta(seconds=100)).update(
        log_lease_until=None
    )
    GitHubApp.objects.filter(log_due_at__gt=soon).update(log_due_at=now)
    WebhookDelivery.objects.filter(next_attempt_at__gt=soon).update(next_attempt_at=now)
    ended = [DeliveryState.DONE, DeliveryState.IGNORED]
    return set(WebhookDelivery.objects.filter(state__in=ended).values_list("guid", flat=True))


def _what_waits(sent: set[str]) -> str:
    stored = {one.guid: one for one in WebhookDelivery.objects.all()}
    ended = _worked_off()
    waiting = [stored[guid] for guid in sorted(sent - ended) if guid in stored]
    fields = ("guid", "event", "state", "attempts", "next_attempt_at", "error")
    rows = [{field: getattr(one, field) for field in fields} for one in waiting[:5]]
    apps = list(GitHubApp.objects.values("log_due_at", "log_read_until", "log_lease_until"))
    return (
        f"{len(sent)} were sent, {len(sent - stored.keys())} of them are not in the inbox,"
        f" {len(waiting)} wait there: {rows}; {len(ended - sent)} were never sent; {apps}"
    )


def _minutes_pass() -> None:
    """Let GitHub's replicas catch up with its webhooks, and compare everything with GitHub."""
    past = timedelta(minutes=5)
    Thread.objects.update(hinted_at=F("hinted_at") - past, refetch_at=F("refetch_at") - past)
    GitHubRepository.objects.update(next_sync_at=timezone.now(), next_sweep_at=timezone.now())


def _is_compared() -> bool:
    swept = GitHubRepository.objects.filter(next_sweep_at__gt=timezone.now())
    return swept.exists() and not Thread.objects.filter(refetch_at__isnull=False).exists()


@pytest.fixture(scope="module")
def scene(django_db_blocker: DjangoDbBlocker) -> Iterator[Scene]:
    """A repository with a past, which a whole Dexxy has read through its App."""
    world, port, place = recorded_world(), free_port(), make_place()
    colony = world.add_actor("colony", "Organization")
    hill = world.add_repository(colony, "hill")
    app = world.register_app(colony, manifest_of(port))
    servers = ensure_servers(place / "data")
    with SimulatorServer(world) as github:
        given = {**INTERVALS, **environment_of(app, github)}
        up = OwnInstallation(place / "data", port, servers, **given)
        try:
            up.wait_until_ready()
            world.install(app, colony)
            world.webhooks.deliver()
            make_deliveries(world, hill, Random(1), 100)
            world.webhooks.drop(logged=False)
            with django_db_blocker.unblock():
                with up.database():
                    followed = repository_followed(world, app, hill)
                    up.wait_until(lambda: is_synced(followed), "the past is read", PATIENCE)
                yield Scene(up, world, hill, followed)
            assert up.stop(signal.SIGTERM) == 0
        finally:
            up.end()
            servers.close()
            wait_until_deserted(place / "data")
            remove_place(place)


@pytest.mark.parametrize("server", ["valkey", "postgres"])
def test_a_server_that_is_away_for_a_while_loses_no_webhook(scene: Scene, server: str) -> None:
    scene.stream(lambda: scene.send_without(server))

    # Without a queue webhooks are kept all the same; without a database GitHub keeps them.
    assert (scene.refused() > COUNT / 10) is (server == "postgres")
    scene.assert_converges()


def test_workers_that_are_killed_at_work_lose_no_webhook(scene: Scene) -> None:
    def kill_workers() -> None:
        for rest, whole in ((400, True), (300, False), (200, True)):
            scene.wait_for_the_rest(rest)
            scene.up.kill_at_work(" worker deliveries", whole=whole)
            scene.up.kill_at_work(" worker sync", whole=whole)

    scene.stream(kill_workers)

    assert scene.refused() == 0
    scene.assert_converges()
