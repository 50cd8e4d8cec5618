"""Measures how long a message takes from its webhook to the feed, idle and during a backfill."""

import http.client
import json
import signal
import socket
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil
from statistics import median
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

import django

django.setup()

from django.core.management import call_command  # noqa: E402

from benchmarks.watching import Watch  # noqa: E402
from dexxy.accounts.services import first_admin_ensure, workspace_ensure  # noqa: E402
from dexxy.cli.startup import web_answers  # noqa: E402
from dexxy.integrations.models import GitHubRepository  # noqa: E402
from dexxy.integrations.services.github.access.app import app_store  # noqa: E402
from dexxy.integrations.services.github.api.server import GitHubServer  # noqa: E402
from dexxy.integrations.services.github.connecting.app_registration import EVENTS, PERMISSIONS  # noqa: E402
from dexxy.integrations.services.github.connecting.available import available_repositories  # noqa: E402
from dexxy.integrations.services.github.connecting.installation_link import installation_link  # noqa: E402
from dexxy.integrations.services.github.connecting.repositories import (  # noqa: E402
    repository_connect_available,
)
from dexxy.messages.models import Thread  # noqa: E402
from dexxy_simulator.own_process import SimulatorProcess  # noqa: E402

# Of what happens: things a second, for so many seconds.
RATE, SECONDS = 5, 40
# Threads of the repository in which it happens, and of the one that is read meanwhile.
QUIET, LARGE = 40, 4000
# Seconds of each answer of GitHub's; not rendered before, for those would not show what happens.
ANSWER = "0.5"
# Seconds after which what is not seen is given up.
PATIENCE = 60
START_PATIENCE = 180

Delays = dict[str, list[float | None]]


def main() -> None:
    call_command("migrate", verbosity=0)
    call_command("flush", verbosity=0, interactive=False)
    size = ("--generated", str(QUIET), "--generated", str(LARGE), "--latency", ANSWER)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    with SimulatorProcess(*size, "--webhooks-by-hand") as github, _running(port):
        bench = Bench(github, port)
        quiet = bench.follow("colony/generated")
        _wait_for(lambda: _is_read(quiet), "the quiet repository is read")
        idle = bench.measure(quiet, seed=1)
        large = bench.follow("colony/generated-1")
        _wait_for(lambda: _is_being_read(large), "the large repository is being read")
        busy = bench.measure(quiet, seed=2)
        is_still = not _is_read(large)
    figures = {
        "rate": RATE,
        "idle": _figures(idle),
        "backfill": _figures(busy),
        "is_still_read": is_still,
    }
    sys.stdout.write(f"{json.dumps(figures)}\n")


class Bench:
    """A Dexxy that follows repositories by its App, and the GitHub where things happen."""

    def __init__(self, github: SimulatorProcess, port: int) -> None:
        self._github, self._port = github, port
        server = GitHubServer(github.url, github.graphql_url, github.url)
        known = github.register_app("colony", _manifest(port))
        app = app_store(server, known)
        self._admin = first_admin_ensure()
        self._workspace = workspace_ensure(slug="bench", admin=self._admin)
        installation_link(
            viewer=self._admin,
            workspace=self._workspace,
            app=app,
            data=github.install(known["client_id"], "colony"),
        )
        github.drop(logged=False)

    def follow(self, full_name: str) -> GitHubRepository:
        """Connect a repository, as a person does."""
        found = available_repositories(viewer=self._admin, workspace=self._workspace)
        [number] = [one.github_id for one in found.repositories if one.full_name == full_name]
        return repository_connect_available(
            viewer=self._admin, workspace=self._workspace, github_id=number
        )

    def measure(self, repository: GitHubRepository, seed: int) -> Delays:
        """Let things happen, one after the other, and wait until all of it can be seen."""
        delays: Delays = defaultdict(list)
        begun = monotonic()
        with Watch(repository.source_id) as watch:
            for number in range(RATE * SECONDS):
                sleep(max(0.0, begun + number / RATE - monotonic()))
                self._github.live(1, seed=seed * 100_000 + number)
                for delivery in self._github.drop(logged=False):
                    watch.tell(delivery["event"], json.loads(delivery["body"]))
                    self._send(delivery)
            watch.wait(PATIENCE)
            for group, delay in watch.delays():
                delays[group].append(delay)
        return delays

    def _send(self, delivery: dict[str, Any]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        path = urlsplit(delivery["url"]).path
        connection.request("POST", path, delivery["body"].encode(), delivery["headers"])
        status = connection.getresponse().status
        connection.close()
        if status != 202:
            raise SystemExit(f"A webhook was answered by {status}.")


def _manifest(port: int) -> dict[str, Any]:
    return {
        "name": "bench",
        "url": "https://dexxy.example.com",
        "hook_attributes": {"url": f"http://127.0.0.1:{port}/webhooks/github/", "active": True},
        "default_permissions": PERMISSIONS,
        "default_events": EVENTS,
    }


@contextmanager
def _running(port: int) -> Iterator[None]:
    """Run Dexxy as `dexxy up` does."""
    command = [sys.executable, "-m", "dexxy.cli.main", "up", "--port", str(port)]
    up = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603
    try:
        _wait_for(lambda: web_answers("127.0.0.1", port), "Dexxy answers")
        yield
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait()


def _is_read(repository: GitHubRepository) -> bool:
    repository.refresh_from_db()
    return repository.last_synced_at is not None


def _is_being_read(repository: GitHubRepository) -> bool:
    return Thread.objects.filter(source=repository.source_id).exists()


def _wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = monotonic() + START_PATIENCE
    while not condition():
        if monotonic() > deadline:
            raise SystemExit(f"Waited in vain: {what}.")
        sleep(0.1)


def _figures(delays: Delays) -> dict[str, dict[str, float]]:
    """Sum up the delays of each group, in seconds."""
    return {group: _summed_up(found) for group, found in delays.items()}


def _summed_up(found: list[float | None]) -> dict[str, float]:
    seen = sorted(delay for delay in found if delay is not None)
    summed = {"count": float(len(found)), "unseen": float(len(found) - len(seen))}
    if seen:
        late = seen[ceil(len(seen) * 0.95) - 1]
        summed |= {"median": median(seen), "late": late, "longest": seen[-1]}
    return summed


main()
