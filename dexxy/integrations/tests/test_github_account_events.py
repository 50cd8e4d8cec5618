"""Webhooks about accounts, installations and repositories, in any order and twice."""

from typing import Any

import pytest
from django.utils import timezone

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import (
    GitHubApp,
    GitHubInstallation,
    GitHubRepository,
    SyncStatus,
)
from dexxy.integrations.services.github.access.tokens import installation_token
from dexxy.integrations.services.github.connecting.installation_link import installation_disconnect
from dexxy.integrations.services.github.connecting.repositories import (
    repository_connect_available,
    repository_set_paused,
)
from dexxy.integrations.services.github.webhooks.events import ACCOUNT_EVENTS
from dexxy.integrations.services.github.webhooks.handler_contract import Event
from dexxy.messages.models import Message
from dexxy.sources.models import Source
from dexxy_simulator.model import Installation, Repository
from tests.factories import (
    make_installation,
    make_message,
    make_repository,
    make_source,
    make_thread,
)
from tests.github_app import described

Happens = Any


@pytest.fixture
def followed(
    linked: GitHubInstallation, workspace: Workspace, alice: User, nest: Repository
) -> GitHubRepository:
    """The organisation's private repository, followed and read once."""
    repository = repository_connect_available(
        viewer=alice, workspace=workspace, github_id=nest.database_id
    )
    repository.sync_status, repository.last_synced_at = SyncStatus.ACTIVE, timezone.now()
    repository.next_sync_at = None
    repository.save()
    make_message(thread=make_thread(source=repository.source))
    return repository


@pytest.fixture
def happens(github_app: GitHubApp, installed: Installation) -> Happens:
    """Let a webhook of the App arrive twice; returns whether it was for us."""

    def happens(name: str, action: str = "", **payload: Any) -> bool:
        payload = {"installation": described(installed), "action": action, **payload}
        event = Event(github_app, name, action, payload, timezone.now())
        first, second = ACCOUNT_EVENTS[name].handle(event), ACCOUNT_EVENTS[name].handle(event)
        assert first == second
        return first

    return happens


def repository_data(repository: GitHubRepository, full_name: str = "") -> dict[str, Any]:
    full_name = full_name or repository.full_name
    return {
        "id": repository.github_id,
        "full_name": full_name,
        "html_url": f"https://github.example/{full_name}",
        "owner": {"login": full_name.partition("/")[0]},
    }


def status(repository: GitHubRepository) -> str:
    repository.refresh_from_db()
    return repository.sync_status


def test_a_new_installation_is_remembered_and_linked_to_nobody(
    happens: Happens, installed: Installation
) -> None:
    assert happens("installation", "created", repositories=[])

    row = GitHubInstallation.objects.get()
    assert (row.workspace, row.account_login) == (None, "colony")
    assert (row.installation_id, row.access_token.read()) == (installed.database_id, "")


def test_the_webhook_of_what_was_linked_already_changes_no_link(
    happens: Happens, linked: GitHubInstallation, workspace: Workspace
) -> None:
    assert happens("installation", "created", repositories=[])

    assert GitHubInstallation.objects.get().workspace == workspace


def test_a_deleted_installation_stops_and_keeps_everything(
    happens: Happens, followed: GitHubRepository, linked: GitHubInstallation
) -> None:
    installation_token(linked)

    assert happens("installation", "deleted")

    linked.refresh_from_db()
    assert linked.deleted_at is not None
    assert linked.access_token.read() == ""
    assert status(followed) == SyncStatus.DISABLED
    assert "removed from colony" in followed.sync_error
    assert Message.objects.filter(is_archived=False).count() == 1
    assert not GitHubRepository.objects.due().exists()


def test_a_suspended_installation_stops_and_is_read_whole_when_it_is_back(
    happens: Happens, followed: GitHubRepository, linked: GitHubInstallation
) -> None:
    assert happens("installation", "suspend")
    linked.refresh_from_db()
    assert (linked.is_suspended, status(followed)) == (True, SyncStatus.DISABLED)
    assert not GitHubRepository.objects.due().exists()

    assert happens("installation", "unsuspend")
    linked.refresh_from_db()
    assert (linked.is_suspended, status(followed)) == (False, SyncStatus.PENDING)
    assert followed.sync_error == ""
    assert followed.next_sweep_at is not None
    assert linked.reconcile_at is not None
    assert list(GitHubRepository.objects.due()) == [followed]


def test_an_unsuspension_whose_suspension_was_missed_makes_everything_due(
    happens: Happens, followed: GitHubRepository
) -> None:
    assert happens("installation", "unsuspend")

    assert status(followed) == SyncStatus.ACTIVE
    assert followed.next_sweep_at is not None


def test_new_permissions_are_stored_and_what_failed_is_tried_again(
    happens: Happens,
    followed: GitHubRepository,
    linked: GitHubInstallation,
    installed: Installation,
) -> None:
    GitHubRepository.objects.update(sync_status=SyncStatus.DISABLED)
    installed.permissions = {"metadata": "read", "issues": "write"}

    assert happens("installation", "new_permissions_accepted")

    linked.refresh_from_db()
    assert linked.permissions == {"metadata": "read", "issues": "write"}
    assert status(followed) == SyncStatus.PENDING


def test_a_repository_taken_out_is_disabled_and_due_when_it_is_back(
    happens: Happens, followed: GitHubRepository
) -> None:
    rows = [{"id": followed.github_id, "full_name": followed.full_name}]

    assert happens("installation_repositories", "removed", repositories_removed=rows)
    assert (status(followed), followed.next_sync_at) == (SyncStatus.DISABLED, None)

    assert happens("installation_repositories", "added", repositories_added=rows)
    assert status(followed) == SyncStatus.PENDING
    assert list(GitHubRepository.objects.due()) == [followed]


def test_what_a_person_paused_stays_paused(
    happens: Happens, followed: GitHubRepository, alice: User
) -> None:
    repository_set_paused(viewer=alice, repository_id=followed.pk, paused=True)

    assert happens("installation", "suspend")
    assert (status(followed), followed.sync_error != "") == (SyncStatus.PAUSED, True)

    assert happens("installation", "unsuspend")
    assert (status(followed), followed.sync_error) == (SyncStatus.PAUSED, "")


def test_what_a_person_disconnected_does_not_come_back_by_itself(
    happens: Happens, followed: GitHubRepository, workspace: Workspace, alice: User
) -> None:
    installation_disconnect(viewer=alice, workspace=workspace)
    rows = [{"id": followed.github_id, "full_name": followed.full_name}]

    assert happens("installation_repositories", "added", repositories_added=rows)

    followed.refresh_from_db()
    assert followed.is_archived
    assert not GitHubRepository.objects.due().exists()


def test_a_renamed_account_takes_its_repositories_along(
    happens: Happens, followed: GitHubRepository, linked: GitHubInstallation
) -> None:
    account = {"id": linked.account_id, "login": "anthill"}

    assert happens("installation_target", "renamed", account=account, changes={})

    linked.refresh_from_db()
    followed.refresh_from_db()
    assert linked.account_login == "anthill"
    assert (followed.full_name, followed.source.name) == ("anthill/nest", "anthill/nest")
    assert followed.source.url.endswith("/anthill/nest")


@pytest.mark.parametrize("action", ["renamed", "edited", "archived", "unarchived", "created"])
def test_a_repository_is_followed_to_its_new_name(
    happens: Happens, followed: GitHubRepository, action: str
) -> None:
    Source.objects.update(url="https://github.example/colony/nest")

    assert happens("repository", action, repository=repository_data(followed, "colony/hive"))

    followed.refresh_from_db()
    assert (followed.name, followed.full_name) == ("hive", "colony/hive")
    assert followed.source.url == "https://github.example/colony/hive"
    assert followed.sync_status == SyncStatus.ACTIVE


def test_a_transferred_repository_is_lost_to_the_old_owner_s_installation(
    happens: Happens, followed: GitHubRepository
) -> None:
    data = repository_data(followed, "rival/nest")

    assert happens("repository", "transferred", repository=data, installation={"id": 1})

    assert status(followed) == SyncStatus.DISABLED
    assert followed.full_name == "rival/nest"
    assert "transferred to rival" in followed.sync_error


def test_a_deleted_repository_is_disabled_and_its_messages_stay(
    happens: Happens, followed: GitHubRepository
) -> None:
    assert happens("repository", "deleted", repository=repository_data(followed))

    assert status(followed) == SyncStatus.DISABLED
    assert Message.objects.filter(is_archived=False).count() == 1


@pytest.mark.parametrize("deleted_first", [True, False])
def test_that_a_repository_was_deleted_is_not_said_less_well_by_what_follows(
    happens: Happens, followed: GitHubRepository, deleted_first: bool
) -> None:
    rows = [{"id": followed.github_id, "full_name": followed.full_name}]
    told: list[tuple[str, str, dict[str, Any]]] = [
        ("repository", "deleted", {"repository": repository_data(followed)}),
        ("installation_repositories", "removed", {"repositories_removed": rows}),
    ]

    for name, action, payload in told if deleted_first else reversed(told):
        assert happens(name, action, **payload)

    assert status(followed) == SyncStatus.DISABLED
    assert "It was deleted on GitHub" in followed.sync_error


@pytest.mark.parametrize("action", ["privatized", "publicized"])
def test_a_repository_with_other_readers_is_looked_at_again(
    happens: Happens, followed: GitHubRepository, action: str
) -> None:
    assert happens("repository", action, repository=repository_data(followed))

    assert list(GitHubRepository.objects.due()) == [followed]


@pytest.fixture
def elsewhere(charlie: User, github_app: GitHubApp, followed: GitHubRepository) -> GitHubRepository:
    """The same repository, followed by a stranger's workspace through another installation."""
    theirs = charlie.memberships.get().workspace
    make_installation(workspace=theirs, app=github_app)
    source = make_source(workspace=theirs, name=followed.full_name)
    source.server, source.external_id = followed.source.server, str(followed.github_id)
    source.save()
    return make_repository(source=source)


def test_a_renamed_account_leaves_a_stranger_s_repositories_alone(
    happens: Happens, linked: GitHubInstallation, elsewhere: GitHubRepository
) -> None:
    account = {"id": linked.account_id, "login": "anthill"}

    assert happens("installation_target", "renamed", account=account, changes={})

    elsewhere.refresh_from_db()
    assert elsewhere.full_name == "colony/nest"


@pytest.mark.parametrize("action", ["renamed", "deleted", "privatized", "publicized"])
def test_a_repository_s_event_is_about_the_installation_that_it_names(
    happens: Happens, followed: GitHubRepository, elsewhere: GitHubRepository, action: str
) -> None:
    before = GitHubRepository.objects.filter(pk=elsewhere.pk).values().get()

    assert happens("repository", action, repository=repository_data(followed, "colony/hive"))

    assert GitHubRepository.objects.filter(pk=elsewhere.pk).values().get() == before
    followed.refresh_from_db()
    assert followed.full_name == "colony/hive"


@pytest.mark.parametrize("action", ["renamed", "deleted", "transferred", "publicized"])
def test_an_event_that_names_no_installation_changes_nothing(
    happens: Happens, followed: GitHubRepository, action: str
) -> None:
    data = repository_data(followed, "rival/nest")
    before = GitHubRepository.objects.values().get()

    assert not happens("repository", action, repository=data, installation=None)

    assert GitHubRepository.objects.values().get() == before


@pytest.mark.parametrize("action", ["privatized", "publicized"])
@pytest.mark.parametrize(
    "change", [{"sync_status": SyncStatus.DISABLED}, {"is_archived": True}], ids=str
)
def test_other_readers_do_not_revive_what_is_not_read(
    happens: Happens, followed: GitHubRepository, action: str, change: dict[str, Any]
) -> None:
    GitHubRepository.objects.update(**change)
    before = GitHubRepository.objects.values("sync_status", "is_archived", "next_sync_at").get()

    assert happens("repository", action, repository=repository_data(followed))

    after = GitHubRepository.objects.values("sync_status", "is_archived", "next_sync_at").get()
    assert after == before


def test_what_is_not_ours_changes_nothing(
    happens: Happens, followed: GitHubRepository, linked: GitHubInstallation
) -> None:
    stranger = {**described_like(linked), "id": 1}
    before = GitHubRepository.objects.values().get()

    assert not happens("installation", "deleted", installation=stranger)
    assert not happens("installation_repositories", "removed", installation=stranger)
    assert not happens("repository", "deleted", repository={**repository_data(followed), "id": 1})

    assert GitHubRepository.objects.values().get() == before


def described_like(linked: GitHubInstallation) -> dict[str, Any]:
    account = {"id": linked.account_id, "login": linked.account_login, "type": "Organization"}
    return {"account": account, "permissions": {}}


def test_an_installation_of_another_app_on_the_server_is_not_touched(
    happens: Happens, followed: GitHubRepository, github_app: GitHubApp
) -> None:
    GitHubApp.objects.filter(pk=github_app.pk).update(app_id=2)
    other = GitHubApp.objects.get()
    other.pk, other.app_id = None, 3
    other.save()
    GitHubInstallation.objects.update(app=other)

    assert not happens("installation", "deleted")

    assert status(followed) == SyncStatus.ACTIVE


def test_a_revoked_sign_in_and_a_ping_are_heard(happens: Happens) -> None:
    assert happens("github_app_authorization", "revoked", sender={"id": 1})
    assert happens("ping", zen="Keep it logically awesome.")
