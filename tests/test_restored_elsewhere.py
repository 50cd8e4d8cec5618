"""A backup is restored into another cluster, and everything goes on there."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest
from django.conf import settings

from dexxy.cli.tests.running import dexxy
from dexxy.embedded import ensure_servers
from dexxy.embedded.tests.conftest import data_dir, place
from dexxy.embedded.tests.observing import wait_until, wait_until_deserted
from dexxy.integrations.models import GitHubRepository, RunTrigger
from dexxy.integrations.services.github_sync import repository_sync
from dexxy.messages.models import Thread
from dexxy.safekeeping.tests.making import CHANGED, back_up
from dexxy_simulator.model import Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN
from tests.postgresql_15 import empty_database
from tests.simulated import RECORDED
from tests.sync_processes import SyncRunner
from tests.tables import everything

__all__ = ["data_dir", "place"]

# Clusters are made.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@contextmanager
def another_cluster(kind: str, place: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Give an empty database, and the environment that a command finds it by."""
    if kind == "PostgreSQL 15":
        with empty_database(place) as url:
            yield url, {"DATABASE_URL": url, "REDIS_URL": os.environ["REDIS_URL"]}
        return
    data_dir = place / "data"
    servers = ensure_servers(data_dir, durable=False)
    try:
        yield str(servers.database_url), {}
    finally:
        servers.close()
        wait_until_deserted(data_dir)


@pytest.mark.parametrize("kind", ["embedded", "PostgreSQL 15"])
def test_all_of_it_is_there(connected: GitHubRepository, place: Path, kind: str) -> None:
    repository_sync(repository_id=connected.pk, trigger=RunTrigger.COMMAND)
    before = everything(but=CHANGED)
    back_up(place / "file")

    with another_cluster(kind, place) as (url, environment):
        done = dexxy(
            *("restore", str(place / "file")),
            data_dir=place / "data",
            DEXXY_SECRET_KEY=settings.SECRET_KEY,
            **environment,
        )
        after = everything(of=url, but=CHANGED)

    assert (done.returncode, done.stderr) == (0, "")
    assert after == before


def test_it_comes_back_from_the_oldest_postgresql(connected: GitHubRepository, place: Path) -> None:
    repository_sync(repository_id=connected.pk, trigger=RunTrigger.COMMAND)
    # Each restore lets everything be looked at again.
    changed = {*CHANGED, "integrations_githubrepository"}
    before = everything(but=changed)
    back_up(place / "file")
    key = {"DEXXY_SECRET_KEY": settings.SECRET_KEY}
    first, second = str(place / "file"), str(place / "second")

    with another_cluster("PostgreSQL 15", place) as (_, fifteen):
        there = place / "there"
        done = [
            dexxy("restore", first, data_dir=there, **key, **fifteen),
            dexxy("backup", second, data_dir=there, **key, **fifteen),
        ]
    with another_cluster("embedded", place) as (url, _):
        done.append(dexxy("restore", second, data_dir=place / "data", **key))
        after = everything(of=url, but=changed)

    assert [(one.returncode, one.stderr) for one in done] == [(0, "")] * 3
    assert after == before


@pytest.mark.parametrize("kind", ["embedded", "PostgreSQL 15"])
def test_a_sync_that_was_backed_up_under_way_is_finished_there(
    connected: GitHubRepository,
    simulator: SimulatorServer,
    ants: Repository,
    place: Path,
    kind: str,
) -> None:
    with SyncRunner(connected) as runner:
        simulator.latency = 0.1
        process = runner.start(sweep=False)
        wait_until(lambda: Thread.objects.exists(), "a page is stored")
        simulator.latency = 2.0
        back_up(place / "file", passphrase="correct horse battery staple")
        os.kill(process, SIGKILL)
        runner.end()
    simulator.latency = 0.0

    with another_cluster(kind, place) as (url, environment):
        given = {"DEXXY_GITHUB_API_URL": simulator.url, "GITHUB_TOKEN": DEMO_TOKEN, **environment}
        given["DEXXY_BACKUP_PASSPHRASE"] = "correct horse battery staple"
        restored = dexxy("restore", str(place / "file"), data_dir=place / "data", **given)
        where = ("--workspace", connected.source.workspace.slug)
        synced = dexxy("sync", RECORDED, *where, "--json", data_dir=place / "data", **given)
        threads = everything(of=url)["messages_thread"]

    assert (restored.returncode, restored.stderr) == (0, "")
    assert "Secrets encrypted with this place's key: 1." in restored.stdout
    report: dict[str, Any] = json.loads(synced.stdout)
    assert (report["state"], synced.stderr) == ("done", "")
    assert [one for one in report["receipt"].values() if one["here"] != one["github"]] == []
    assert report["counts"]["threads"] > 0
    assert len(threads) == len(ants.issues) + len(ants.pull_requests) + len(ants.discussions)
