"""Two hosts with all processes of Dexxy, behind nginx and PgBouncer; one of them is cut off."""

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from threading import Thread as Running
from time import monotonic, sleep

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from pytest_django import DjangoDbBlocker

from dexxy.accounts.models import User
from dexxy.cli.tests.running import environment
from dexxy.embedded.tests.conftest import make_place, remove_place
from dexxy.integrations.models import Credential
from dexxy_simulator.recorded.loader import recorded_world
from dexxy_simulator.server import SimulatorServer
from tests import machines
from tests.deliveries import make_deliveries
from tests.factories import make_user
from tests.machines import HUB, WEB, Host, Machines, answers
from tests.own_installation import (
    INTERVALS,
    PATIENCE,
    environment_of,
    is_synced,
    manifest_of,
    repository_followed,
)
from tests.own_scene import Scene

# Seconds: a lease runs out, and a stop is waited for.
LEASE, IN_TIME = 60.0, 20.0


@contextmanager
def scene_of_machines(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Scene, Machines]]:
    """Run it all; it has read a repository with a past."""
    monkeypatch.setattr("dexxy_simulator.server.HOST", HUB)
    world, place = recorded_world(), make_place()
    colony = world.add_actor("colony", "Organization")
    hill = world.add_repository(colony, "hill")
    hook = {"url": f"http://{WEB}/webhooks/github/", "active": True}
    app = world.register_app(colony, {**manifest_of(8080), "hook_attributes": hook})
    try:
        given = environment(place / "data", DEXXY_SECRET_KEY=settings.SECRET_KEY)
        # The simulator's port is known when it runs, and it listens at the hub's address.
        hub = Machines(place, given)
        with hub.connected(), SimulatorServer(world) as github:
            for host in hub.hosts:
                host.settings |= INTERVALS | environment_of(app, github)
            hub.start()
            world.install(app, colony)
            world.webhooks.deliver()
            make_deliveries(world, hill, Random(1), 60)
            world.webhooks.drop(logged=False)
            with hub.database():
                followed = repository_followed(world, app, hill)
                hub.wait_until(lambda: is_synced(followed), "the past is read", PATIENCE)
            yield Scene(hub, github, hill, followed), hub  # type: ignore[arg-type]
    finally:
        remove_place(place)


def holder_of(hub: Machines) -> Host | None:
    """Return the host that reads GitHub just now."""
    with hub.database():
        holder = Credential.objects.get().lease_holder
    return next((host for host in hub.hosts if holder.startswith(f"{host.name}/")), None)


def stop_under_load(scene: Scene, hub: Machines) -> None:
    """Stop all processes in the middle of webhooks and a sync: some webhooks find nobody."""
    scene.github.latency = 0.3
    make_deliveries(scene.world, scene.repository, Random(3), 30)
    delivering = Running(target=scene.world.webhooks.deliver)
    delivering.start()
    while holder_of(hub) is None:
        sleep(0.02)
    for one in hub.hosts:
        assert set(one.stop(IN_TIME).values()) == {0}
    delivering.join()
    scene.github.latency = 0


@pytest.mark.slow  # many processes start, and a lease runs out
@pytest.mark.timeout(600)
def test_a_host_that_is_cut_off_in_a_job_writes_nothing_more(
    monkeypatch: pytest.MonkeyPatch, django_db_blocker: DjangoDbBlocker
) -> None:
    machines.require()
    with django_db_blocker.unblock(), scene_of_machines(monkeypatch) as (scene, hub):
        scene.github.latency = 0.3
        cut: list[Host] = []

        def cut_off_whoever_reads() -> None:
            deadline = monotonic() + PATIENCE
            while (host := holder_of(hub)) is None:
                assert monotonic() < deadline, "nobody reads"
                sleep(0.02)
            host.cut_off()
            cut.append(host)
            began = monotonic()
            with hub.database():
                lost = Credential.objects.get().lease_token

                def is_taken_over() -> bool:
                    now = Credential.objects.get()
                    return now.lease_token not in {None, lost}

                hub.wait_until(is_taken_over, "the other host reads", PATIENCE)
            assert monotonic() - began < LEASE + 30
            # Pages and webhooks go to the other one.
            assert answers(WEB)

        scene.stream(Random(2), 60, cut_off_whoever_reads)
        [host] = cut
        host.come_back()
        scene.github.latency = 0
        scene.assert_converges()
        stop_under_load(scene, hub)
        hub.start()
        scene.assert_converges()
        [other] = [one for one in hub.hosts if one is not host]
        assert "Traceback" not in other.said()


@pytest.mark.slow  # servers start
def test_a_transaction_of_a_host_that_is_gone_lets_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machines.require()
    short = machines.snippet("sql").replace("30s", "2s")
    monkeypatch.setattr(
        machines, "snippet", lambda kind, of=machines.snippet: short if kind == "sql" else of(kind)
    )
    place = make_place()
    hub = Machines(place, environment(place / "data"))
    try:
        with hub.connected(), psycopg.connect(hub.database_url) as gone:
            # Whoever is cut off between two statements ends nothing, and PgBouncer waits for them.
            gone.execute("SELECT FROM django_migrations ORDER BY id LIMIT 1 FOR UPDATE")
            with psycopg.connect(hub.database_url) as other:
                began = monotonic()
                other.execute("SELECT FROM django_migrations ORDER BY id LIMIT 1 FOR UPDATE")
                assert 1 < monotonic() - began < 10
            with pytest.raises(psycopg.Error):
                gone.execute("SELECT 1")
    finally:
        remove_place(place)


@pytest.mark.django_db(transaction=True)
def test_no_cursor_stays_open_between_transactions() -> None:
    make_user()
    make_user()

    users = User.objects.iterator(chunk_size=1)
    next(users)

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors WHERE name LIKE '_django%'")
        assert cursor.fetchone() == (0,)
    assert len(list(users)) == 1
