"""Killed, out of disk, restored and upgraded in the middle of a sync, Dexxy ends at the truth."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import F
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from dexxy.accounts.models import Workspace
from dexxy.cli.tests.running import answers, dexxy, free_port
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
from dexxy.messages.feed.search import search_words
from dexxy.messages.models import SearchEntry, Thread
from dexxy_simulator.model import App, Repository
from dexxy_simulator.recorded.loader import recorded_world
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.webhooks.sender import Sender
from dexxy_simulator.world import World
from tests.deliveries import make_deliveries
from tests.needs import missing
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
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, mounts a tmpfs"),
    pytest.mark.timeout(600),
]

COUNT = 500
DISK = "600m"


class Operated:
    """An installation whose disk is small, with an operator who does things to it."""

    def __init__(self, data_dir: Path, port: int, servers: Servers, given: dict[str, str]) -> None:
        self.data_dir, self._port, self._servers, self.given = data_dir, port, servers, given
        self.start()

    def start(self) -> None:
        self.up = OwnInstallation(self.data_dir, self._port, self._servers, **self.given)
        self.up.wait_until_ready()

    def stop(self) -> None:
        assert self.up.stop(signal.SIGTERM) == 0

    def kill(self) -> None:
        self.up.process.kill()
        self.up.process.wait()

    def run(self, *arguments: str) -> str:
        given = {**self.given, "DEXXY_SECRET_KEY": settings.SECRET_KEY}
        done = dexxy(*arguments, data_dir=self.data_dir, **given)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        """Leave no byte on the disk for so long."""
        ballast = self.data_dir / "ballast"
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:  # whatever the database frees meanwhile, too
                file.write(bytes(64 * 1024))
        assert shutil.disk_usage(self.data_dir).free < 64 * 1024
        yield
        ballast.unlink()
        self.up.wait_until(lambda: answers(self._port, "/readyz"), "it goes on", PATIENCE)

    def become_older(self) -> None:
        """Let the database be of a Dexxy that sent no mail: nothing depends on those tables."""
        with self.up.database(), connection.cursor() as cursor:
            cursor.execute("DROP TABLE mail_told, mail_outgoingmail, mail_mailpreference")
            cursor.execute("DELETE FROM django_migrations WHERE app = 'mail'")


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A folder that is a file system of its own."""
    place = make_place()
    folder = place / "data"
    folder.mkdir(mode=0o711)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=711", "none", str(folder)]
    if subprocess.run(mount).returncode:
        remove_place(place)
        missing("a tmpfs cannot be mounted: run this test as root")
    yield folder
    subprocess.run(["umount", folder], check=True)
    remove_place(place)


def test_it_ends_at_the_truth(small_disk: Path, django_db_blocker: DjangoDbBlocker) -> None:
    world, port = recorded_world(), free_port()
    colony = world.add_actor("colony", "Organization")
    hill = world.add_repository(colony, "hill")
    app = world.register_app(colony, manifest_of(port))
    servers = ensure_servers(small_disk)
    try:
        with SimulatorServer(world) as github, django_db_blocker.unblock():
            # So that the first sync is under way while all of this happens.
            github.latency = 0.1
            given = {**INTERVALS, **environment_of(app, github)}
            one = Operated(small_disk, port, servers, given)
            try:
                _misfortunes(one, world, app, hill)
            finally:
                one.up.end()
    finally:
        servers.close()
        wait_until_deserted(small_disk)


def _misfortunes(one: Operated, world: World, app: App, hill: Repository) -> None:
    world.install(app, hill.owner)
    world.webhooks.deliver()
    make_deliveries(world, hill, Random(1), 300)
    world.webhooks.drop(logged=False)
    with one.up.database():
        followed = repository_followed(world, app, hill)
    make_deliveries(world, hill, Random(2), COUNT)
    backup = one.data_dir.with_name("dexxy.backup")

    with Sender(world.webhooks, latency=0.02, threads=2):
        one.run("backup", str(backup))
        _rest(world, 400)
        one.kill()
        _rest(world, 360)
        one.start()
        _rest(world, 300)
        with one.full_disk():
            _rest(world, 240)
        _rest(world, 180)
        one.stop()
        told = one.run("restore", str(backup), "--force")
        assert told.startswith("Restored the backup of ")
        one.start()
        _rest(world, 100)
        one.become_older()
        one.stop()
        one.start()
        assert "was backed up to" in one.up.said()
        _rest(world, 0)
    issue = world.open_issue(hill, hill.owner, "Afterwards", body="a quintessential word")
    world.webhooks.deliver()

    with one.up.database():
        one.up.wait_until(lambda: is_synced(followed) and _is_worked_off(), "all is read", PATIENCE)
        _minutes_pass()
        one.up.wait_until(_is_compared, "all is compared with GitHub", PATIENCE)
        assert_source_equals(followed.source, hill)
        assert not WebhookDelivery.objects.filter(state=DeliveryState.FAILED).exists()
        one.up.wait_until(lambda: _found("quintessential") == [issue.number], "it is found")
    one.stop()


def _rest(world: World, count: int) -> None:
    wait_until(lambda: len(world.webhooks.pending) <= count, f"all but {count} are sent", PATIENCE)


def _is_worked_off() -> bool:
    """Say whether the inbox is empty; nobody waits any longer for who was killed."""
    now = timezone.now()
    Credential.objects.filter(woken_at__lt=now - timedelta(seconds=15)).update(woken_at=None)
    GitHubApp.objects.filter(log_lease_until__lt=now + timedelta(seconds=100)).update(
        log_lease_until=None
    )
    pending = WebhookDelivery.objects.filter(state=DeliveryState.PENDING)
    pending.filter(next_attempt_at__gt=now + timedelta(seconds=15)).update(next_attempt_at=now)
    return not pending.exists()


def _minutes_pass() -> None:
    """Let GitHub's replicas catch up with its webhooks, and compare everything with GitHub."""
    past = timedelta(minutes=5)
    Thread.objects.update(hinted_at=F("hinted_at") - past, refetch_at=F("refetch_at") - past)
    GitHubRepository.objects.update(next_sync_at=timezone.now(), next_sweep_at=timezone.now())


def _is_compared() -> bool:
    swept = GitHubRepository.objects.filter(next_sweep_at__gt=timezone.now())
    return swept.exists() and not Thread.objects.filter(refetch_at__isnull=False).exists()


def _found(word: str) -> list[int]:
    """Return the numbers of the threads in which a word is found."""
    words = search_words(Workspace.objects.get(), word)
    found = SearchEntry.objects.filter(words__contains=words)
    return list(found.values_list("message__thread__number", flat=True))
