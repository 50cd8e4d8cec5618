"""What webhooks did not tell is found by comparing with GitHub."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import GitHubInstallation, GitHubRepository, SyncStatus
from dexxy.integrations.services.github.access.lease import lease_taken
from dexxy.integrations.services.github.access.repository_state import access_lost
from dexxy.integrations.services.github.api import errors
from dexxy.integrations.services.github.connecting.repositories import (
    repository_connect_available,
    repository_set_paused,
)
from dexxy.integrations.services.github.scheduling.reconcile import (
    EVERY,
    RETRY_LATER,
    IncompleteListError,
)
from dexxy.integrations.services.github.scheduling.schedule import enqueue_due
from dexxy.integrations.services.github_sync import credential_work
from dexxy.integrations.tasks import reconcile_github_installation
from dexxy_simulator.faults import Fault, patched, secondary_limit
from dexxy_simulator.faults import status as status_fault
from dexxy_simulator.model import Actor, Installation, Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.world import World
from tests.github_app import reconcile


@pytest.fixture
def followed(
    linked: GitHubInstallation, workspace: Workspace, alice: User, nest: Repository
) -> GitHubRepository:
    return repository_connect_available(
        viewer=alice, workspace=workspace, github_id=nest.database_id
    )


def status(repository: GitHubRepository) -> str:
    repository.refresh_from_db()
    return repository.sync_status


def due_in(installation: GitHubInstallation) -> timedelta:
    installation.refresh_from_db()
    assert installation.reconcile_at is not None
    return installation.reconcile_at - timezone.now()


def test_what_is_missing_from_a_complete_list_is_disabled_until_it_is_back(
    followed: GitHubRepository,
    linked: GitHubInstallation,
    installed: Installation,
    world: World,
    hill: Repository,
) -> None:
    world.select_repositories(installed, [hill])
    reconcile(linked)
    assert status(followed) == SyncStatus.DISABLED
    assert "may not read it" in followed.sync_error

    world.select_repositories(installed, None)
    reconcile(linked)
    assert (status(followed), followed.sync_error) == (SyncStatus.PENDING, "")
    assert EVERY - timedelta(minutes=1) < due_in(linked) <= EVERY


def test_a_list_says_nothing_new_of_what_was_lost_before(
    followed: GitHubRepository,
    linked: GitHubInstallation,
    installed: Installation,
    world: World,
    hill: Repository,
) -> None:
    access_lost(GitHubRepository.objects.filter(pk=followed.pk), "It was deleted.")
    world.select_repositories(installed, [hill])

    reconcile(linked)

    assert (status(followed), followed.sync_error) == (SyncStatus.DISABLED, "It was deleted.")


def test_what_a_person_paused_says_as_long_as_it_is_so_that_it_is_lost(
    followed: GitHubRepository,
    linked: GitHubInstallation,
    installed: Installation,
    world: World,
    hill: Repository,
    alice: User,
) -> None:
    repository_set_paused(viewer=alice, repository_id=followed.pk, paused=True)
    world.select_repositories(installed, [hill])
    reconcile(linked)
    assert status(followed) == SyncStatus.PAUSED
    assert "may not read it" in followed.sync_error

    world.select_repositories(installed, None)
    reconcile(linked)
    assert (status(followed), followed.sync_error) == (SyncStatus.PAUSED, "")


def test_a_list_of_many_pages_is_read_to_its_end(
    followed: GitHubRepository,
    linked: GitHubInstallation,
    world: World,
    colony: Actor,
    simulator: SimulatorServer,
) -> None:
    for number in range(250):
        world.add_repository(colony, f"r{number}")
    simulator.requests.clear()

    reconcile(linked)

    assert status(followed) == SyncStatus.PENDING
    assert simulator.requests.count("installation_repositories") == 3


def test_a_rename_of_account_and_repository_is_followed(
    followed: GitHubRepository,
    linked: GitHubInstallation,
    colony: Actor,
    nest: Repository,
) -> None:
    colony.login, nest.name = "anthill", "hive"

    reconcile(linked)

    followed.refresh_from_db()
    linked.refresh_from_db()
    assert (followed.full_name, linked.account_login) == ("anthill/hive", "anthill")
    assert followed.source.name == "anthill/hive"


def test_a_suspension_that_no_webhook_told_of_is_found_and_its_end_too(
    followed: GitHubRepository,
    linked: GitHubInstallation,
    installed: Installation,
    world: World,
) -> None:
    world.suspend(installed)
    reconcile(linked)
    linked.refresh_from_db()
    assert (linked.is_suspended, status(followed)) == (True, SyncStatus.DISABLED)

    world.unsuspend(installed)
    reconcile(linked)
    linked.refresh_from_db()
    assert (linked.is_suspended, status(followed)) == (False, SyncStatus.PENDING)


def test_a_deleted_installation_is_found_and_not_looked_for_any_more(
    followed: GitHubRepository,
    linked: GitHubInstallation,
    installed: Installation,
    world: World,
) -> None:
    world.uninstall(installed)

    reconcile(linked)

    linked.refresh_from_db()
    assert (linked.deleted_at is not None, linked.reconcile_at) == (True, None)
    assert status(followed) == SyncStatus.DISABLED


def test_new_permissions_are_found(linked: GitHubInstallation, installed: Installation) -> None:
    installed.permissions = {"metadata": "read"}

    reconcile(linked)

    linked.refresh_from_db()
    assert linked.permissions == {"metadata": "read"}


@pytest.mark.django_db(transaction=True)
def test_what_becomes_due_while_it_runs_stays_due(
    linked: GitHubInstallation, simulator: SimulatorServer
) -> None:
    asked_for = timezone.now()

    def changed_meanwhile(body: dict[str, Any]) -> None:
        GitHubInstallation.objects.update(reconcile_at=asked_for)
        connections.close_all()

    simulator.faults.add(Fault(patched(changed_meanwhile), on="installation_repositories"))

    reconcile(linked)

    linked.refresh_from_db()
    assert linked.reconcile_at == asked_for


def test_a_failure_loses_nothing_and_is_tried_again_soon(
    followed: GitHubRepository, linked: GitHubInstallation, simulator: SimulatorServer
) -> None:
    simulator.faults.add(Fault(status_fault(503), on="installation_repositories"))

    with pytest.raises(errors.GitHubServerError):
        reconcile(linked)

    assert status(followed) == SyncStatus.PENDING
    assert due_in(linked) <= RETRY_LATER


def test_a_list_that_lacks_something_disables_nothing(
    followed: GitHubRepository, linked: GitHubInstallation, simulator: SimulatorServer
) -> None:
    def one_short(body: dict[str, Any]) -> dict[str, Any]:
        return {**body, "repositories": body["repositories"][:0]}

    simulator.faults.add(Fault(patched(one_short), on="installation_repositories"))

    with pytest.raises(IncompleteListError):
        reconcile(linked)

    assert status(followed) == SyncStatus.PENDING


@pytest.mark.usefixtures("linked")
def test_the_scheduler_wakes_one_worker_for_what_is_due() -> None:
    assert [enqueue_due(), enqueue_due()] == [1, 0]


def test_nothing_is_asked_while_another_process_reads_with_the_credential(
    linked: GitHubInstallation, simulator: SimulatorServer
) -> None:
    assert linked.credential is not None
    with lease_taken(linked.credential):
        reconcile_github_installation(linked.pk)
        assert enqueue_due() == 0

    assert simulator.requests.count("installation_repositories") == 0
    assert due_in(linked) <= timedelta(0)


def test_whoever_reads_with_the_credential_compares_what_becomes_due(
    linked: GitHubInstallation, followed: GitHubRepository
) -> None:
    assert linked.credential is not None

    credential_work(credential_id=linked.credential.pk, seconds=10)

    assert due_in(linked) > RETRY_LATER
    assert status(followed) == SyncStatus.ACTIVE


def test_a_limit_that_it_meets_pauses_the_credential(
    linked: GitHubInstallation, followed: GitHubRepository, simulator: SimulatorServer
) -> None:
    assert linked.credential is not None
    simulator.faults.add(Fault(secondary_limit(), on="installation_repositories"))

    credential_work(credential_id=linked.credential.pk, seconds=10)

    linked.refresh_from_db()
    assert linked.credential is not None
    assert linked.credential.paused_until is not None
    assert linked.reconcile_at is not None
    assert linked.credential.paused_until >= linked.reconcile_at > timezone.now()
    assert simulator.requests.count("graphql") == 0


def test_the_job_writes_down_a_failure_and_ends(
    linked: GitHubInstallation, installed: Installation, world: World
) -> None:
    reconcile_github_installation(linked.pk)
    reconcile_github_installation(0)

    assert due_in(linked) > RETRY_LATER
