"""A repository that a whole Dexxy follows through its App, while processes of it are killed."""

import signal
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from random import Random

import psycopg
from django.db import OperationalError, connections
from django.db.models import F
from django.utils import timezone

from dexxy.cli.tests.running import free_port
from dexxy.embedded import Servers, ensure_servers
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
from dexxy_simulator.dialects import USUAL, Dialect
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
from tests.template import DATABASE, copy_cluster
from tests.truth import account_differences, assert_source_equals
from tests.truth_beside_threads import Shown, differences_beside


class Scene:
    """An installation that follows a repository, and GitHub."""

    def __init__(
        self,
        up: OwnInstallation,
        github: SimulatorServer,
        repository: Repository,
        followed: GitHubRepository,
    ) -> None:
        self.up, self.github, self.world = up, github, github.world
        self.repository, self._followed = repository, followed
        [self._installation] = self.world.covering(repository)
        self._permissions = dict(self._installation.permissions)

    @property
    def waiting(self) -> int:
        """How many deliveries GitHub still has to send."""
        return len(self.world.webhooks.pending)

    def stream(
        self,
        random: Random,
        count: int,
        meanwhile: Callable[[], object],
        make: Callable[[World, Repository, Random, int], None] = make_deliveries,
    ) -> None:
        """Let much happen at GitHub, and something else while GitHub tells of it.

        Args:
            count: of the deliveries, a sixth of which is sent before that.
            make: makes so much happen that so many wait.
        """
        make(self.world, self.repository, random, count)
        with Sender(self.world.webhooks, latency=0.01, threads=3):
            self.wait_for_the_rest(count * 5 // 6)
            meanwhile()
            self.wait_for_the_rest(0)

    def permit(self, without: Collection[str] = ()) -> None:
        """Let the App do what it might do at first, WITHOUT some of that."""
        app = self._installation.app
        kept = {name: how for name, how in self._permissions.items() if name not in without}
        with self.world.lock:
            self.world.change_app(app, permissions=kept)
            self.world.accept_permissions(self._installation)

    def wait_for_the_rest(self, count: int) -> None:
        wait_until(lambda: self.waiting <= count, f"all but {count} are sent", PATIENCE)

    def assert_converges(self) -> None:
        """Let a few minutes go by; then the truth is stored, and nothing waits."""
        sent = {delivery.guid for delivery in self.world.webhooks.log}
        with self.up.database():
            # It may have been killed last of all.
            self.up.wait_until(_is_database_back, "the database is back", PATIENCE)
            try:
                self.up.wait_until(lambda: sent == _worked_off(), "all are worked off", PATIENCE)
            except AssertionError as error:
                error.add_note(_what_waits(sent))
                raise
            _minutes_pass()
            self.up.wait_until(_is_compared, "all is compared with GitHub", PATIENCE)
            source = self._followed.source
            assert_source_equals(source, self.repository)
            # The App reads no contents.
            shown = Shown(releases=False, commits=False)
            assert differences_beside(source, self.repository, shown) == {}
            emails = self.world.dialect.apps_read_emails == "shown"
            followed = [(source, self.repository)]
            assert account_differences(followed, shows_emails=emails) == {}
            assert not WebhookDelivery.objects.filter(state=DeliveryState.FAILED).exists()
            assert Message.objects.filter(is_archived=False).count() > len(sent) / 4


def _is_database_back() -> bool:
    try:
        connections["default"].ensure_connection()
    except OperationalError:
        return False
    return True


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


def migrated_servers(data_dir: Path) -> Servers:
    """Start the servers of a data folder, with a database that is migrated already."""
    copy_cluster(data_dir)
    servers = ensure_servers(data_dir)
    server, _, name = str(servers.database_url).rpartition("/")
    with closing(psycopg.connect(f"{server}/postgres", autocommit=True)) as connection:
        connection.execute(f'DROP DATABASE "{name}"')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {DATABASE}')
    return servers


@contextmanager
def own_scene(dialect: Dialect = USUAL, past: int = 100) -> Iterator[Scene]:
    """Run a whole Dexxy that has read a repository with a PAST of so many deliveries.

    The database of the tests must not be blocked.
    """
    world, port, place = recorded_world(), free_port(), make_place()
    world.dialect = dialect
    colony = world.add_actor("colony", "Organization")
    hill = world.add_repository(colony, "hill")
    world.add_category(hill, "Ideas")
    world.add_category(hill, "Q&A", answerable=True)
    app = world.register_app(colony, manifest_of(port))
    servers = migrated_servers(place / "data")
    with SimulatorServer(world) as github:
        given = {**INTERVALS, **environment_of(app, github)}
        up = OwnInstallation(place / "data", port, servers, **given)
        try:
            up.wait_until_ready()
            world.install(app, colony)
            world.webhooks.deliver()
            make_deliveries(world, hill, Random(1), past)
            world.webhooks.drop(logged=False)
            with up.database():
                followed = repository_followed(world, app, hill)
                up.wait_until(lambda: is_synced(followed), "the past is read", PATIENCE)
            yield Scene(up, github, hill, followed)
            assert up.stop(signal.SIGTERM) == 0
        finally:
            up.end()
            servers.close()
            wait_until_deserted(place / "data")
            remove_place(place)
