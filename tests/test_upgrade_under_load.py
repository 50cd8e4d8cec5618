"""From the last release to this checkout, while webhooks come in and people read.

The processes of the release serve until the migrations have run, then today's take over; what is
stored at the end is what GitHub shows. And back: a backup of before, restored by the release.
"""

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from random import Random
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from django.conf import settings as own
from pytest_django import DjangoDbBlocker

from dexxy.accounts.services import FIRST_ADMIN_EMAIL
from dexxy.cli.tests.running import answers, environment, free_port
from dexxy.embedded import Servers, ensure_servers
from dexxy.embedded.tests.conftest import make_place, remove_place
from dexxy.embedded.tests.observing import wait_until, wait_until_deserted
from dexxy.integrations.models import GitHubRepository
from dexxy_simulator.model import App, Repository
from dexxy_simulator.recorded.loader import recorded_world
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.webhooks.sender import Sender
from tests.deliveries import make_deliveries
from tests.github_app import described
from tests.own_installation import INTERVALS, PATIENCE, environment_of, manifest_of
from tests.own_scene import Scene
from tests.released import released_python
from tests.servers import using

pytestmark = [
    pytest.mark.slow,  # the release is installed, and two versions of all processes start
    pytest.mark.timeout(1200),
]

COUNT = 60
# What an admin does who comes back from GitHub, by the services of the release.
FOLLOW = """
import json, sys, django
django.setup()
from dexxy.accounts.services import first_admin_ensure, workspace_ensure
from dexxy.integrations.models import GitHubApp
from dexxy.integrations.services.github.connecting.installation_link import installation_link
from dexxy.integrations.services.github.connecting.repositories import repository_connect_available
given = json.load(sys.stdin)
admin = first_admin_ensure()
workspace = workspace_ensure(slug="default", admin=admin)
app = GitHubApp.objects.get(app_id=given["app"])
installation_link(viewer=admin, workspace=workspace, app=app, data=given["installation"])
repository_connect_available(viewer=admin, workspace=workspace, github_id=given["repository"])
"""
_SYNCED = "SELECT count(*) FROM integrations_githubrepository WHERE last_synced_at IS NOT NULL"
_WAKE = "UPDATE integrations_credential SET woken_at = NULL WHERE lease_token IS NULL"


@dataclass
class Fleet:
    """The processes of one version, each alone as on a server.

    Args:
        python: of the environment that the version is installed in.
    """

    python: str
    place: Path
    port: int
    env: dict[str, str]
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def command(self, *arguments: str) -> list[str]:
        return [self.python, "-P", "-m", "dexxy.cli.main", *arguments]

    def run(self, *arguments: str) -> str:
        """Run a command to its end; return what it said."""
        done = subprocess.run(
            self.command(*arguments), env=self.env, cwd="/", capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        for number, arguments in enumerate(
            (("web", "--port", str(self.port)), ("worker",), ("scheduler",))
        ):
            with (self.place / f"log-{self.port}-{number}-{time.monotonic()}").open("wb") as log:
                self.running.append(
                    subprocess.Popen(
                        self.command(*arguments), env=self.env, cwd="/", stdout=log, stderr=log
                    )
                )
        wait_until(lambda: answers(self.port, "/readyz"), "web is ready", PATIENCE)

    def are_alive(self) -> bool:
        return [one.poll() for one in self.running] == [None] * 3

    def stop(self) -> list[int]:
        for one in self.running:
            one.send_signal(signal.SIGTERM)
        codes = [one.wait(PATIENCE) for one in self.running]
        self.running.clear()
        return codes

    def kill(self) -> None:
        for one in self.running:
            one.kill()
            one.wait()


class _Here:
    """What a `Scene` asks of an installation."""

    def __init__(self, url: str) -> None:
        self._url = url

    @contextmanager
    def database(self) -> Iterator[None]:
        with using(self._url):
            yield

    def wait_until(self, condition: Callable[[], object], what: str, seconds: float) -> None:
        wait_until(condition, what, seconds)


@dataclass
class Stage:
    """A repository that the release follows, and who may follow it next."""

    url: str
    old: Fleet
    new: Fleet
    github: SimulatorServer
    repository: Repository


@contextmanager
def stage() -> Iterator[Stage]:
    """Let the release run, on a repository that it has read."""
    old_python, world, port, place = (
        str(released_python()),
        recorded_world(),
        free_port(),
        make_place(),
    )
    colony = world.add_actor("colony", "Organization")
    hill = world.add_repository(colony, "hill")
    app = world.register_app(colony, manifest_of(port))
    servers = ensure_servers(place / "data")
    with SimulatorServer(world) as github:
        env = _environment(place, servers, app, github)
        old, new = (Fleet(python, place, port, env) for python in (old_python, sys.executable))
        try:
            old.run("manage", "migrate")
            old.start()
            world.install(app, colony)
            world.webhooks.deliver()
            make_deliveries(world, hill, Random(1), 20)
            world.webhooks.drop(logged=False)
            _follow(old, app, hill)
            _wait_until_read(str(servers.database_url))
            yield Stage(str(servers.database_url), old, new, github, hill)
        finally:
            old.kill()
            new.kill()
            servers.close()
            wait_until_deserted(place / "data")
            remove_place(place)


def _environment(
    place: Path, servers: Servers, app: App, github: SimulatorServer
) -> dict[str, str]:
    return environment(
        place / "unused",
        DEXXY_SECRET_KEY=own.SECRET_KEY,
        DATABASE_URL=str(servers.database_url),
        REDIS_URL=str(servers.redis_url),
        DJANGO_SETTINGS_MODULE="dexxy.config.settings",
        **INTERVALS,
        **environment_of(app, github),
    )


def _follow(old: Fleet, app: App, repository: Repository) -> None:
    [installation] = app.installations.values()
    given = {
        "app": app.database_id,
        "installation": described(installation),
        "repository": repository.database_id,
    }
    done = subprocess.run(
        [old.python, "-P", "-c", FOLLOW],
        input=json.dumps(given),
        env=old.env,
        cwd="/",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def _wait_until_read(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as one:

        def is_read() -> bool:
            one.execute(_WAKE)
            return one.execute(_SYNCED).fetchone() == (1,)

        wait_until(is_read, "the past is read", PATIENCE)


@contextmanager
def reader(fleet: Fleet) -> Iterator[list[str]]:
    """Read as somebody who is signed in, again and again; yields the pages that failed."""
    over, failed = Event(), list[str]()
    link = re.findall(r"http://\S+", fleet.run("sign-in-link", FIRST_ADMIN_EMAIL))[0]
    here = f"http://127.0.0.1:{fleet.port}"
    with httpx.Client(follow_redirects=True, timeout=60) as browser:
        address = here + urlsplit(link)._replace(scheme="", netloc="").geturl()
        page = browser.get(address).text
        fields = re.findall(r'name="(csrfmiddlewaretoken)" value="([^"]*)"', page)
        browser.post(address, data=dict(fields), headers={"Referer": address})
        home = browser.get(f"{here}/w/default/")
        assert home.url.path == "/w/default/", home.url
        # Whatever pages this version has.
        links = dict.fromkeys(re.findall(r'href="(/w/default/[^"?#]*)"', home.text))
        assert len(links) > 3

        def read() -> None:
            paths = cycle(links)
            while not over.wait(0.1):
                answer = browser.get(here + next(paths))
                if answer.status_code != 200 or not answer.url.path.startswith("/w/default/"):
                    failed.append(f"{answer.url}: {answer.status_code}")

        reading = Thread(target=read)
        reading.start()
        try:
            yield failed
        finally:
            over.set()
            reading.join()


def test_the_release_serves_until_today_takes_over_and_nothing_is_lost(
    django_db_blocker: DjangoDbBlocker,
) -> None:
    with django_db_blocker.unblock(), stage() as at:
        make_deliveries(at.github.world, at.repository, Random(2), COUNT)
        scene_waits = at.github.world.webhooks.pending
        with Sender(at.github.world.webhooks, latency=0.05, threads=2):
            wait_until(lambda: len(scene_waits) < COUNT * 5 // 6, "some are sent", PATIENCE)
            with reader(at.old) as failed:
                said = at.new.run("upgrade", "--no-backup")
                make_deliveries(at.github.world, at.repository, Random(3), COUNT // 2)
                wait_until(lambda: len(scene_waits) < COUNT // 3, "more are sent", PATIENCE)
            assert at.old.are_alive()
            stopped = at.old.stop()
            at.new.start()
            wait_until(lambda: not scene_waits, "all are sent", PATIENCE)

        assert "Start the processes of Dexxy" in said
        assert failed == [], "people read while the migrations ran"
        assert stopped == [0, 0, 0]
        with using(at.url):
            followed = GitHubRepository.objects.get()
            _followed_by(at, followed).assert_converges()
        assert at.new.stop() == [0, 0, 0]


def _followed_by(at: Stage, followed: GitHubRepository) -> Scene:
    return Scene(_Here(at.url), at.github, at.repository, followed)  # type: ignore[arg-type]


def test_the_release_goes_on_with_the_backup_that_was_made_before(
    django_db_blocker: DjangoDbBlocker,
) -> None:
    with django_db_blocker.unblock(), stage() as at:
        before = _threads(at.url)
        at.old.stop()
        backup = at.old.place / "before.backup"
        at.new.run("upgrade", "--backup", str(backup))

        at.old.run("restore", "--force", str(backup))
        at.old.start()

        assert _threads(at.url) == before
        assert before > 0
        # What came in after the backup is read again, by the release.
        make_deliveries(at.github.world, at.repository, Random(4), 10)
        at.github.world.webhooks.deliver()
        wait_until(lambda: _titles(at.url) == _titles_of(at.repository), "it reads on", PATIENCE)
        with reader(at.old) as failed:
            time.sleep(2)
        assert failed == []
        assert at.old.stop() == [0, 0, 0]


def _titles(url: str) -> list[str]:
    with psycopg.connect(url) as one:
        one.execute(_WAKE)
        rows = one.execute(
            "SELECT title FROM messages_thread WHERE NOT is_archived ORDER BY kind, number"
        )
        return [title for (title,) in rows]


def _titles_of(repository: Repository) -> list[str]:
    """Return what GitHub shows of it."""
    return [
        *(one.title for _, one in sorted(repository.discussions.items())),
        *(one.title for _, one in sorted(repository.issues.items())),
        *(one.title for _, one in sorted(repository.pull_requests.items())),
    ]


def _threads(url: str) -> int:
    with psycopg.connect(url) as one:
        row: tuple[Any, ...] | None = one.execute("SELECT count(*) FROM messages_thread").fetchone()
    assert row is not None
    return int(row[0])
