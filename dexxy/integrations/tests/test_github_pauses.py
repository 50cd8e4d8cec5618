"""What a person or GitHub stops, stops at once, says so, and goes on where it was."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import (
    Credential,
    GitHubInstallation,
    GitHubRepository,
    RunState,
    RunTrigger,
    SyncRun,
    SyncStatus,
)
from dexxy.integrations.selectors import repository_overviews
from dexxy.integrations.services.github.access.lease import lease_taken
from dexxy.integrations.services.github.access.readable import SyncNotPossibleError
from dexxy.integrations.services.github.access.repository_state import access_lost
from dexxy.integrations.services.github.api.errors import RateLimitedError
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
from dexxy.integrations.services.github.scheduling.runs import run_fail, run_finish, run_open
from dexxy.integrations.services.github.scheduling.schedule import enqueue_due, interrupted_release
from dexxy.integrations.services.github_sync import credential_work, repository_sync
from dexxy.messages.models import Thread
from dexxy_simulator.faults import Fault, patched
from dexxy_simulator.generated import Size, add_generated_repository
from dexxy_simulator.model import Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World
from tests.simulated import refused_at_first
from tests.truth import assert_source_equals


def sync(
    repository: GitHubRepository, on_page: Callable[[SyncRun], None] = lambda run: None
) -> SyncRun:
    return repository_sync(repository_id=repository.pk, trigger=RunTrigger.COMMAND, on_page=on_page)


def pause(_: object = None) -> None:
    GitHubRepository.objects.update(sync_status=SyncStatus.PAUSED)


def resume() -> None:
    GitHubRepository.objects.update(sync_status=SyncStatus.PENDING)


def disconnect(_: object = None) -> None:
    GitHubInstallation.objects.update(workspace=None, access_token="")


def lose_access(_: object = None) -> None:
    GitHubRepository.objects.update(sync_status=SyncStatus.DISABLED)


def requests_of_a_page(world: World) -> int:
    """Return how often the first page is asked for: again where single fields are refused."""
    return 1 + refused_at_first(world.dialect)


def test_a_pause_ends_the_run_before_its_next_request(
    connected: GitHubRepository, simulator: SimulatorServer, world: World, ants: Repository
) -> None:
    with pytest.raises(SyncNotPossibleError, match="is paused"):
        sync(connected, pause)

    connected.refresh_from_db()
    run = SyncRun.objects.get()
    assert connected.sync_status == SyncStatus.PAUSED
    assert (run.state, run.finished_at, run.error) == ("paused", None, "")
    assert simulator.requests.count("graphql") == requests_of_a_page(world)

    resume()
    assert sync(connected) == run
    run.refresh_from_db()
    assert run.state == "done"
    assert_source_equals(connected.source, ants)


def test_a_disconnected_repository_is_not_read_any_further(
    connected: GitHubRepository, simulator: SimulatorServer, world: World
) -> None:
    with pytest.raises(SyncNotPossibleError, match="Connect it again"):
        sync(connected, disconnect)

    run = SyncRun.objects.get()
    assert run.state == RunState.STOPPED
    assert run.finished_at is not None
    assert simulator.requests.count("graphql") == requests_of_a_page(world)


def test_access_that_is_lost_during_a_run_stays_lost(connected: GitHubRepository) -> None:
    with pytest.raises(SyncNotPossibleError, match="Give it access again"):
        sync(connected, lose_access)

    connected.refresh_from_db()
    assert connected.sync_status == SyncStatus.DISABLED
    assert SyncRun.objects.get().state == RunState.STOPPED


@pytest.mark.django_db(transaction=True)
def test_nothing_is_stored_that_was_on_its_way_when_a_person_paused(
    connected: GitHubRepository, simulator: SimulatorServer
) -> None:
    def pause_meanwhile(_: object) -> None:
        pause()
        connection.close()

    simulator.faults.add(Fault(patched(pause_meanwhile), on="graphql", times=1))

    with pytest.raises(SyncNotPossibleError):
        sync(connected)

    assert not Thread.objects.exists()


def test_access_that_is_lost_while_a_run_ends_stays_lost(connected: GitHubRepository) -> None:
    run = run_open(connected, RunTrigger.SCHEDULE)
    access_lost(GitHubRepository.objects.all(), "It was taken out.")

    run_finish(run)

    connected.refresh_from_db()
    assert (connected.sync_status, connected.sync_error) == (
        SyncStatus.DISABLED,
        "It was taken out.",
    )
    assert connected.next_sync_at is None


def test_a_pause_wins_against_a_run_that_begins_ends_or_fails(
    connected: GitHubRepository,
) -> None:
    run = run_open(connected, RunTrigger.SCHEDULE)
    pause()

    with pytest.raises(SyncNotPossibleError):
        run_open(connected, RunTrigger.SCHEDULE)
    run_finish(run)
    run_fail(run, RateLimitedError("No.", timezone.now()))

    connected.refresh_from_db()
    assert connected.sync_status == SyncStatus.PAUSED


@pytest.fixture
def neighbour(
    world: World, workspace: Workspace, github: GitHubServer, connected: GitHubRepository
) -> GitHubRepository:
    """Another repository on the credential of `connected`, begun and not yet read to its end."""
    add_generated_repository(world, "neighbour", 1, Size(threads=5, giants=0))
    neighbour = repository_connect_by_token(
        workspace=workspace, full_name="colony/neighbour", token=DEMO_TOKEN, server=github
    )
    run_open(neighbour, RunTrigger.SCHEDULE)
    return neighbour


@pytest.fixture
def used_up(world: World) -> Iterator[None]:
    """No points are left, until the test ends."""
    bucket = world.bucket(world.token(DEMO_TOKEN), "graphql")
    bucket.spend(bucket.remaining)
    yield
    bucket.used = 0


@pytest.mark.usefixtures("used_up")
def test_a_rate_limit_pauses_every_open_run_of_the_credential_and_says_until_when(
    connected: GitHubRepository, neighbour: GitHubRepository, bob: User, workspace: Workspace
) -> None:
    with pytest.raises(RateLimitedError) as caught:
        sync(connected)

    overviews = repository_overviews(bob, workspace)
    assert [one.run.state for one in overviews if one.run] == ["paused", "paused"]
    assert [one.paused_until for one in overviews] == [caught.value.retry_at] * 2
    assert not any(one.is_moving for one in overviews)


def test_after_a_rate_limit_all_go_on_by_themselves(
    connected: GitHubRepository, neighbour: GitHubRepository, world: World
) -> None:
    bucket = world.bucket(world.token(DEMO_TOKEN), "graphql")
    bucket.spend(bucket.remaining)
    with pytest.raises(RateLimitedError):
        sync(connected)
    assert enqueue_due() == 0
    bucket.used = 0
    Credential.objects.update(paused_until=timezone.now())
    GitHubRepository.objects.update(next_sync_at=timezone.now())

    assert enqueue_due() == 1
    credential_work(credential_id=connected.installation.credential_id or 0, seconds=60)

    assert [run.state for run in SyncRun.objects.all()] == ["done", "done"]


@pytest.fixture
def interrupted(connected: GitHubRepository) -> GitHubRepository:
    """A repository whose worker died before its first page."""
    run_open(connected, RunTrigger.SCHEDULE)
    later = timezone.now() + timedelta(hours=1)
    GitHubRepository.objects.update(next_sync_at=later)
    return connected


@pytest.mark.parametrize("last_synced_at", [None, timezone.now()])
def test_a_run_whose_worker_died_is_due_again_and_does_not_stay_syncing(
    interrupted: GitHubRepository, last_synced_at: object
) -> None:
    GitHubRepository.objects.update(last_synced_at=last_synced_at)

    interrupted_release()

    interrupted.refresh_from_db()
    assert interrupted.sync_status == SyncStatus.PENDING
    assert interrupted.next_sync_at is not None
    assert interrupted.next_sync_at <= timezone.now()
    assert SyncRun.objects.get().state == RunState.PAUSED


def test_a_run_whose_worker_lives_or_that_is_due_or_paused_is_left_alone(
    interrupted: GitHubRepository,
) -> None:
    credential = Credential.objects.get()

    with lease_taken(credential):
        interrupted_release()
    Credential.objects.update(paused_until=timezone.now() + timedelta(hours=1))
    interrupted_release()
    Credential.objects.update(paused_until=None)
    GitHubRepository.objects.update(next_sync_at=timezone.now())
    interrupted_release()

    interrupted.refresh_from_db()
    assert interrupted.sync_status == SyncStatus.SYNCING
