"""The demo has a folder, servers and a GitHub of its own, and none of the real ones."""

import os
import socket
from pathlib import Path

import pytest
from pytest_django import Settings

from dexxy.accounts.models import User
from dexxy.cli import demonstration
from dexxy.cli.errors import PortUnavailableError
from dexxy.cli.management.commands.demo import connect_the_demo
from dexxy.cli.tests.running import free_port
from dexxy.integrations.models import GitHubRepository
from dexxy_simulator.model import Repository
from dexxy_simulator.server import SimulatorServer

REAL = {
    "DATABASE_URL": "postgresql://real",
    "REDIS_URL_FILE": "/run/secrets/redis",
    "DEXXY_BASE_URL": "https://real.example.org",
}


@pytest.fixture
def demo_dir(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DEXXY_DATA_DIR", str(place / "real"))
    for name in ("REDIS_URL", "DEXXY_DEMO", "DEXXY_LOG_LEVEL", "DEXXY_SYNC_INTERVAL"):
        monkeypatch.setenv(name, "")  # so that it comes back afterwards
    for name, value in REAL.items():
        monkeypatch.setenv(name, value)
    for name in ("API", "GRAPHQL", "WEB"):
        monkeypatch.setenv(f"DEXXY_GITHUB_{name}_URL", "https://real.example.org")
    demonstration.leave_the_real_installation()
    folder = place / "real-demo"
    folder.mkdir()
    return folder


def test_nothing_of_the_real_installation_is_left_in_the_environment(demo_dir: Path) -> None:
    assert os.environ["DEXXY_DATA_DIR"] == str(demo_dir)
    assert REAL.keys().isdisjoint(os.environ)


def test_github_is_a_port_of_this_machine_and_stays_it(demo_dir: Path) -> None:
    demonstration.choose_the_simulator()
    first = demonstration.simulator_port()
    demonstration.choose_the_simulator()

    assert demonstration.simulator_port() == first
    assert os.environ["DEXXY_DEMO"] == "yes"
    assert os.environ["DEXXY_GITHUB_API_URL"] == f"http://127.0.0.1:{first}"
    assert os.environ["DEXXY_GITHUB_GRAPHQL_URL"] == f"http://127.0.0.1:{first}/graphql"
    assert os.environ["DEXXY_GITHUB_WEB_URL"] == f"http://127.0.0.1:{first}"


def test_a_simulator_port_that_others_took_is_named(demo_dir: Path) -> None:
    port = free_port()
    (demo_dir / "simulator-port").write_text(f"{port}\n")

    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(PortUnavailableError, match=f"Port {port}, .* or remove {demo_dir}"),
    ):
        demonstration.choose_the_simulator()


@pytest.mark.django_db
def test_all_repositories_are_read_by_an_app_whose_webhooks_come_here(
    simulator: SimulatorServer,
    ants: Repository,
    alice: User,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    simulator.world.add_repository(ants.owner, "recipes")
    monkeypatch.setenv("DEXXY_GITHUB_API_URL", simulator.url)
    settings.DEXXY_GITHUB_API_URL = settings.DEXXY_GITHUB_WEB_URL = simulator.url
    settings.DEXXY_GITHUB_GRAPHQL_URL = simulator.graphql_url

    connect_the_demo(alice, "http://localhost:8347")

    [app] = simulator.world.apps.values()
    assert app.hook.url == "http://localhost:8347/webhooks/github/"
    followed = GitHubRepository.objects.followed().values_list("full_name", flat=True)
    assert set(followed) == {"panjf2000/ants", "panjf2000/recipes"}
