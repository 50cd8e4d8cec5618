"""A whole Dexxy of a test's own: `dexxy up` with servers that may be killed, and an App."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import dj_database_url
from django.conf import settings as own
from django.db import connections

from dexxy.accounts.services import first_admin_ensure, workspace_ensure
from dexxy.cli.tests.running import Running, answers, children_of, environment
from dexxy.embedded import Servers
from dexxy.embedded.tests.observing import kill, owner_of, server_of, wait_until
from dexxy.integrations.models import Credential, GitHubApp, GitHubRepository
from dexxy.integrations.services.github.connecting.app_registration import EVENTS, PERMISSIONS
from dexxy.integrations.services.github.connecting.installation_link import installation_link
from dexxy.integrations.services.github.connecting.repositories import repository_connect_available
from dexxy_simulator.model import App, Repository
from dexxy_simulator.rest_json.apps import conversion
from dexxy_simulator.rest_json.urls import GITHUB
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.world import World
from tests.github_app import described

# Seconds; half a dozen processes share what the machine has.
PATIENCE = 120.0
# Seconds; what would come within minutes comes while a test waits for it.
INTERVALS = {
    "DEXXY_SYNC_INTERVAL": "3",
    "DEXXY_DELIVERY_LOG_INTERVAL": "5",
    "DEXXY_SWEEP_INTERVAL": "3600",
}


class OwnInstallation(Running):
    """`dexxy up`, from its start.

    Args:
        servers: those of DATA_DIR: the test uses them, too.
        settings: more of its environment.
    """

    def __init__(self, data_dir: Path, port: int, servers: Servers, **settings: str) -> None:
        self.data_dir, self._port, self._servers = data_dir, port, servers
        # What the test stores, encrypted, the processes read.
        env = environment(data_dir, DEXXY_SECRET_KEY=own.SECRET_KEY, **settings)
        log = data_dir.with_name("up.log")
        super().__init__("up", "--port", str(port), log=log, env=env)

    def wait_until_ready(self) -> None:
        self.wait_until(lambda: "Ctrl-C stops" in self.said(), "it is ready", 3 * PATIENCE)

    @contextmanager
    def database(self) -> Iterator[None]:
        """Let this thread's models and services work on the database of this installation."""
        of_tests = connections["default"]
        connections["default"] = other = of_tests.copy()
        other.settings_dict |= dj_database_url.parse(str(self._servers.database_url))
        try:
            yield
        finally:
            other.close()
            connections["default"] = of_tests

    @contextmanager
    def without(self, server: str) -> Iterator[None]:
        """Kill a server, `postgres` or `valkey`, and keep it from coming back for so long."""
        owner, victim = owner_of(self.data_dir, server), server_of(self.data_dir, server)
        os.kill(owner, signal.SIGSTOP)
        try:
            kill(victim)
            yield
        finally:
            os.kill(owner, signal.SIGCONT)
        self.wait_until(lambda: answers(self._port, "/readyz"), f"{server} is back", PATIENCE)

    def kill_at_work(self, words: str, *, whole: bool) -> None:
        """Kill the worker whose command line has these WORDS while it does a job.

        Args:
            whole: else only the process that does the job.
        """
        worker = self.child(words)
        horses: dict[int, str] = {}

        def is_at_work() -> bool:
            horses.update(children_of(worker))
            return bool(horses)

        wait_until(is_at_work, f"{words} has a job", PATIENCE)
        for victim in (worker,) if whole else horses:
            with suppress(ProcessLookupError):
                kill(victim)


def environment_of(app: App, github: SimulatorServer) -> dict[str, str]:
    """Return the environment that names an App, and where GitHub is."""
    shown = conversion(GITHUB, app)
    return {
        "DEXXY_GITHUB_API_URL": github.url,
        "DEXXY_GITHUB_GRAPHQL_URL": github.graphql_url,
        "DEXXY_GITHUB_WEB_URL": github.url,
        "DEXXY_GITHUB_APP_ID": str(shown["id"]),
        "DEXXY_GITHUB_CLIENT_ID": shown["client_id"],
        "DEXXY_GITHUB_CLIENT_SECRET": shown["client_secret"],
        "DEXXY_GITHUB_PRIVATE_KEY": shown["pem"],
        "DEXXY_GITHUB_WEBHOOK_SECRET": shown["webhook_secret"],
    }


def manifest_of(port: int) -> dict[str, Any]:
    """Return what an App of a Dexxy at this port is registered with."""
    return {
        "name": "Dexxy of the tests",
        "url": "https://dexxy.example",
        "hook_attributes": {"url": f"http://127.0.0.1:{port}/webhooks/github/", "active": True},
        "default_permissions": PERMISSIONS,
        "default_events": EVENTS,
    }


def repository_followed(world: World, app: App, repository: Repository) -> GitHubRepository:
    """Connect an installation and a repository, as if an admin had come back from GitHub."""
    [installation] = app.installations.values()
    admin = first_admin_ensure()
    workspace = workspace_ensure(slug="default", admin=admin)
    known = GitHubApp.objects.get(app_id=app.database_id)
    installation_link(viewer=admin, workspace=workspace, app=known, data=described(installation))
    return repository_connect_available(
        viewer=admin, workspace=workspace, github_id=repository.database_id
    )


def is_synced(followed: GitHubRepository) -> bool:
    """Say whether a repository was read to its end, and let a worker be woken for it."""
    # The worker that was woken is not one of this installation.
    Credential.objects.filter(lease_token=None).update(woken_at=None)
    followed.refresh_from_db()
    return followed.last_synced_at is not None
