"""What people do with repositories, over the API as over the pages: the services are the same."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.integrations.models import (
    Credential,
    GitHubApp,
    GitHubInstallation,
    GitHubRepository,
    RunState,
    SyncStatus,
)
from dexxy.integrations.services.github.access.lease import lease_taken
from dexxy.integrations.services.github.access.tokens import installation_token
from dexxy.integrations.services.github.api.errors import NotFoundError, RateLimitedError
from dexxy.integrations.services.github.connecting.available import available_repositories
from dexxy.integrations.services.github.connecting.repositories import (
    RepositoryNotFoundError,
    repositories_sync_now,
    repository_connect_available,
    repository_disconnect,
    repository_set_paused,
    repository_sync_now,
)
from dexxy.integrations.services.github.scheduling.runs import run_fail
from dexxy.sources.models import Source
from dexxy_simulator.faults import Fault, secondary_limit
from dexxy_simulator.model import Actor, Installation, Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.world import World
from tests.factories import make_repository, make_run, make_source, make_workspace
from tests.github_app import reconcile
from tests.other_writer import other_writer

Ask = Callable[..., dict[str, Any]]

CONNECTION = """query ($id: ID!) { githubInstallation(workspaceId: $id) {
  kind installationId accountLogin accountType accountId permissions missingPermissions
  isSuspended deletedAt settingsUrl } }"""
AVAILABLE = """query ($id: ID!) { availableGithubRepos(workspaceId: $id) {
  githubId fullName isPrivate isConnected wasConnected } }"""
START = "mutation ($id: ID!) { githubStartOauth(workspaceId: $id) { redirectUrl } }"
LEAVE = "mutation ($id: ID!) { githubDisconnectInstallation(workspaceId: $id) { accountLogin } }"
FOLLOW = """mutation ($id: ID!, $number: BigInt!) {
  githubConnectRepo(input: {workspaceId: $id, githubId: $number}) {
    repository { id fullName syncStatus progress { done } } } }"""
DROP = """mutation ($id: ID!) { githubDisconnectRepo(repositoryId: $id) {
  repository { isArchived } } }"""
SYNC_ALL = "mutation ($id: ID!) { githubSyncRepos(workspaceId: $id) { count } }"
SYNC = "mutation ($id: ID!) { githubSyncRepo(repositoryId: $id) { repository { syncStatus } } }"
PAUSE = """mutation ($id: ID!, $paused: Boolean = true) {
  githubSetRepoSyncPaused(repositoryId: $id, paused: $paused) {
    repository { syncStatus nextSyncAt } } }"""


@pytest.fixture
def followed(
    linked: GitHubInstallation, workspace: Workspace, alice: User, nest: Repository
) -> GitHubRepository:
    return repository_connect_available(
        viewer=alice, workspace=workspace, github_id=nest.database_id
    )


def state(repository: GitHubRepository, status: SyncStatus) -> None:
    GitHubRepository.objects.filter(pk=repository.pk).update(
        sync_status=status, sync_error="Something.", next_sync_at=None
    )


def codes(answer: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer.get("errors", [])]


def everything() -> list[Any]:
    """Return all that a denied request must not change."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (GitHubRepository, GitHubInstallation, Source, AuditEntry)
    ]


@pytest.mark.usefixtures("linked")
def test_an_admin_sees_the_connection(
    ask: Ask, alice: User, workspace: Workspace, installed: Installation, colony: Actor
) -> None:
    found = ask(CONNECTION, alice, id=workspace.pk)["data"]["githubInstallation"]

    assert found["settingsUrl"].endswith(
        f"/organizations/colony/settings/installations/{installed.database_id}"
    )
    del found["settingsUrl"]
    assert found == {
        "kind": "APP",
        "installationId": installed.database_id,
        "accountLogin": "colony",
        "accountType": "ORGANIZATION",
        "accountId": colony.database_id,
        "permissions": {
            "metadata": "read",
            "issues": "read",
            "pull_requests": "read",
            "discussions": "read",
            "members": "read",
        },
        "missingPermissions": [],
        "isSuspended": False,
        "deletedAt": None,
    }


def test_a_workspace_without_a_connection_has_none(
    ask: Ask, alice: User, workspace: Workspace
) -> None:
    answer = ask(CONNECTION, alice, id=workspace.pk)

    assert answer == {"data": {"githubInstallation": None}}
    assert codes(ask(AVAILABLE, id=workspace.pk)) == ["NOT_CONNECTED"]


def test_all_pages_of_available_repositories_say_which_are_followed(
    ask: Ask,
    alice: User,
    workspace: Workspace,
    followed: GitHubRepository,
    world: World,
    colony: Actor,
) -> None:
    for number in range(120):
        world.add_repository(colony, f"r{number:03}")
    ask(DROP, alice, id=followed.pk)

    found = ask(AVAILABLE, id=workspace.pk)["data"]["availableGithubRepos"]

    assert len(found) == 122
    assert found[0]["fullName"] == "colony/hill"
    assert found[1] == {
        "githubId": followed.github_id,
        "fullName": "colony/nest",
        "isPrivate": True,
        "isConnected": False,
        "wasConnected": True,
    }


def test_a_personal_token_reaches_its_owner_s_repositories(
    connected: GitHubRepository, workspace: Workspace, alice: User, world: World
) -> None:
    owner = world.actor("dexxy-demo")
    assert owner is not None
    mine = world.add_repository(owner, "mine", is_private=True)

    found = available_repositories(viewer=alice, workspace=workspace).repositories
    again = repository_connect_available(
        viewer=alice, workspace=workspace, github_id=connected.github_id
    )

    assert [one.github_id for one in found] == [mine.database_id, connected.github_id]
    assert again.pk == connected.pk


def test_an_admin_follows_a_repository(
    ask: Ask, alice: User, workspace: Workspace, linked: GitHubInstallation, nest: Repository
) -> None:
    answer = ask(FOLLOW, alice, id=workspace.pk, number=nest.database_id)

    repository = GitHubRepository.objects.get()
    assert answer["data"]["githubConnectRepo"]["repository"] == {
        "id": str(repository.pk),
        "fullName": "colony/nest",
        "syncStatus": "PENDING",
        "progress": {"done": 0},
    }
    assert repository.next_sync_at is not None
    assert repository.installation == linked
    assert AuditEntry.objects.latest("pk").action == "github_repository.connected"


@pytest.fixture
def mine(connected: GitHubRepository, world: World) -> Repository:
    """A private repository of whoever made the workspace's personal token."""
    owner = world.actor("dexxy-demo")
    assert owner is not None
    return world.add_repository(owner, "mine", is_private=True)


def test_only_an_admin_says_what_is_followed(
    ask: Ask,
    alice: User,
    bob: User,
    workspace: Workspace,
    connected: GitHubRepository,
    mine: Repository,
    world: World,
) -> None:
    public = world.add_repository(mine.owner, "public")
    before = everything()

    for number in (mine.database_id, public.database_id):
        assert codes(ask(FOLLOW, bob, id=workspace.pk, number=number)) == ["FORBIDDEN"]
    assert codes(ask(DROP, bob, id=connected.pk)) == ["FORBIDDEN"]
    assert everything() == before

    assert codes(ask(FOLLOW, alice, id=workspace.pk, number=mine.database_id)) == []
    assert GitHubRepository.objects.filter(github_id=mine.database_id).exists()


def test_a_public_repository_outside_the_installation_is_not_followed(
    ask: Ask, alice: User, workspace: Workspace, linked: GitHubInstallation, ants: Repository
) -> None:
    installation_token(linked)
    before = everything()

    for number in (ants.database_id, 1, -1):
        answer = ask(FOLLOW, alice, id=workspace.pk, number=number)
        assert codes(answer) == ["REPOSITORY_NOT_AVAILABLE"]

    assert everything() == before


@pytest.mark.parametrize(
    ("status", "paused", "resumed"),
    [
        (SyncStatus.PENDING, ("PAUSED", False), ("PENDING", True)),
        (SyncStatus.SYNCING, ("PAUSED", False), ("PENDING", True)),
        (SyncStatus.ACTIVE, ("PAUSED", False), ("PENDING", True)),
        (SyncStatus.ERROR, ("PAUSED", False), ("PENDING", True)),
        (SyncStatus.PAUSED, ("PAUSED", False), ("PENDING", True)),
    ],
)
def test_a_member_pauses_and_resumes(
    ask: Ask,
    bob: User,
    followed: GitHubRepository,
    status: SyncStatus,
    paused: tuple[str, bool],
    resumed: tuple[str, bool],
) -> None:
    state(followed, status)

    first = ask(PAUSE, bob, id=followed.pk)["data"]["githubSetRepoSyncPaused"]["repository"]
    second = ask(PAUSE, id=followed.pk, paused=False)["data"]["githubSetRepoSyncPaused"]

    assert (first["syncStatus"], first["nextSyncAt"] is not None) == paused
    found = second["repository"]
    assert (found["syncStatus"], found["nextSyncAt"] is not None) == resumed


def test_what_was_read_before_is_pending_when_it_is_resumed_until_it_has_caught_up(
    ask: Ask, bob: User, followed: GitHubRepository
) -> None:
    GitHubRepository.objects.update(last_synced_at=timezone.now())
    ask(PAUSE, bob, id=followed.pk)

    answer = ask(PAUSE, id=followed.pk, paused=False)

    found = answer["data"]["githubSetRepoSyncPaused"]["repository"]
    assert found["syncStatus"] == "PENDING"


@pytest.mark.parametrize("paused", [True, False])
def test_asking_twice_is_no_mistake_and_no_second_entry(
    ask: Ask, bob: User, followed: GitHubRepository, paused: bool
) -> None:
    ask(PAUSE, bob, id=followed.pk, paused=paused)
    before = everything()

    answer = ask(PAUSE, id=followed.pk, paused=paused)

    assert "errors" not in answer
    assert everything() == before


def test_what_the_app_lost_while_it_was_paused_is_not_active_when_it_is_resumed(
    ask: Ask,
    bob: User,
    followed: GitHubRepository,
    linked: GitHubInstallation,
    installed: Installation,
    world: World,
    hill: Repository,
) -> None:
    ask(PAUSE, bob, id=followed.pk)
    world.select_repositories(installed, [hill])
    reconcile(linked)

    answer = ask(PAUSE, id=followed.pk, paused=False)

    found = answer["data"]["githubSetRepoSyncPaused"]["repository"]
    assert found == {"syncStatus": "DISABLED", "nextSyncAt": None}
    linked.refresh_from_db()
    assert linked.reconcile_at is not None
    assert linked.reconcile_at <= timezone.now()
    world.select_repositories(installed, None)
    reconcile(linked)
    followed.refresh_from_db()
    assert (followed.sync_status, followed.sync_error) == (SyncStatus.PENDING, "")


@pytest.mark.django_db(transaction=True)
def test_what_somebody_disconnects_meanwhile_is_not_resumed(
    bob: User, alice: User, followed: GitHubRepository
) -> None:
    state(followed, SyncStatus.PAUSED)

    with (
        other_writer(lambda: repository_disconnect(viewer=alice, repository_id=followed.pk)),
        pytest.raises(RepositoryNotFoundError),
    ):
        repository_set_paused(viewer=bob, repository_id=followed.pk, paused=False)

    followed.refresh_from_db()
    assert (followed.is_archived, followed.sync_status) == (True, SyncStatus.PAUSED)
    assert Source.objects.get(github_repository=followed).is_archived
    assert not AuditEntry.objects.filter(action="github_repository.resumed").exists()


def test_what_is_out_of_reach_cannot_be_paused(
    ask: Ask, bob: User, followed: GitHubRepository
) -> None:
    state(followed, SyncStatus.DISABLED)

    assert codes(ask(PAUSE, bob, id=followed.pk)) == ["REPOSITORY_DISABLED"]

    followed.refresh_from_db()
    assert followed.sync_status == SyncStatus.DISABLED


@pytest.mark.parametrize(
    "status", [SyncStatus.PENDING, SyncStatus.SYNCING, SyncStatus.ACTIVE, SyncStatus.ERROR]
)
def test_a_member_syncs_at_once(
    ask: Ask, bob: User, followed: GitHubRepository, status: SyncStatus
) -> None:
    state(followed, status)

    answer = ask(SYNC, bob, id=followed.pk)

    assert answer["data"]["githubSyncRepo"]["repository"]["syncStatus"] == status.name
    followed.refresh_from_db()
    assert followed.next_sync_at is not None
    assert followed.next_sync_at <= timezone.now()


def test_what_the_app_lost_is_looked_for_in_its_list_and_not_read(
    ask: Ask, bob: User, followed: GitHubRepository
) -> None:
    state(followed, SyncStatus.DISABLED)
    GitHubInstallation.objects.update(reconcile_at=timezone.now() + timedelta(hours=1))

    answer = ask(SYNC, bob, id=followed.pk)

    assert answer["data"]["githubSyncRepo"]["repository"]["syncStatus"] == "DISABLED"
    reconcile_at = GitHubInstallation.objects.get().reconcile_at
    assert reconcile_at is not None
    assert reconcile_at <= timezone.now()
    assert not GitHubRepository.objects.due().exists()


def test_what_a_personal_token_lost_is_tried_at_once(
    bob: User, workspace: Workspace, connected: GitHubRepository
) -> None:
    state(connected, SyncStatus.DISABLED)

    repository_sync_now(viewer=bob, repository_id=connected.pk)

    assert list(GitHubRepository.objects.due()) == [connected]


@pytest.mark.parametrize("by_app", [True, False])
def test_only_what_a_personal_token_lost_is_tried_again_by_itself(
    connected: GitHubRepository, github_app: GitHubApp, by_app: bool
) -> None:
    run = make_run(repository=connected, state=RunState.RUNNING)
    run.repository.installation.app = github_app if by_app else None

    run_fail(run, NotFoundError("It is gone."))

    connected.refresh_from_db()
    assert (connected.next_sync_at is None) == by_app


@pytest.mark.parametrize("door", ["page", "api"])
def test_all_that_can_be_read_is_synced_at_once_with_one_entry_of_the_audit_log(
    ask: Ask,
    client: Client,
    bob: User,
    workspace: Workspace,
    connected: GitHubRepository,
    door: str,
) -> None:
    paused, archived, _elsewhere = (
        make_repository(source=make_source(workspace=one))
        for one in (workspace, workspace, make_workspace())
    )
    state(paused, SyncStatus.PAUSED)
    GitHubRepository.objects.update(next_sync_at=None)
    GitHubRepository.objects.filter(pk=archived.pk).update(is_archived=True)

    client.force_login(bob)
    if door == "api":
        assert ask(SYNC_ALL, id=workspace.pk)["data"]["githubSyncRepos"]["count"] == 1
    else:
        page = client.post(f"/w/{workspace.slug}/repositories/sync/", follow=True)
        assert "Sync started: 1 repository." in page.content.decode()

    assert list(GitHubRepository.objects.exclude(next_sync_at=None)) == [connected]
    entry = AuditEntry.objects.get(action="github_repository.all_sync_requested")
    assert (entry.actor, entry.details) == (bob, {"number": 1})


def test_nothing_is_synced_at_once_of_a_suspended_account_and_what_was_lost_is_looked_for(
    bob: User, workspace: Workspace, followed: GitHubRepository
) -> None:
    state(followed, SyncStatus.DISABLED)
    GitHubInstallation.objects.update(reconcile_at=timezone.now() + timedelta(hours=1))

    assert repositories_sync_now(viewer=bob, workspace=workspace) == 1

    assert GitHubInstallation.objects.filter(reconcile_at__lte=timezone.now()).exists()
    assert not GitHubRepository.objects.due().exists()
    GitHubInstallation.objects.update(is_suspended=True)
    assert repositories_sync_now(viewer=bob, workspace=workspace) == 0


def test_what_is_paused_is_not_synced_at_once(
    ask: Ask, bob: User, followed: GitHubRepository
) -> None:
    state(followed, SyncStatus.PAUSED)

    assert codes(ask(SYNC, bob, id=followed.pk)) == ["REPOSITORY_PAUSED"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"is_suspended": True}, "INSTALLATION_SUSPENDED"),
        ({"deleted_at": timezone.now()}, "INSTALLATION_DELETED"),
    ],
)
def test_what_github_does_not_let_us_read_is_not_synced_at_once(
    ask: Ask, bob: User, followed: GitHubRepository, change: dict[str, object], code: str
) -> None:
    GitHubInstallation.objects.update(**change)
    before = everything()

    assert codes(ask(SYNC, bob, id=followed.pk)) == [code]

    assert everything() == before


@pytest.mark.usefixtures("linked")
def test_a_list_that_somebody_waits_for_keeps_github_s_pauses_and_begins_them(
    alice: User, workspace: Workspace, simulator: SimulatorServer
) -> None:
    simulator.faults.add(Fault(secondary_limit(), on="installation_repositories"))
    with pytest.raises(RateLimitedError):
        available_repositories(viewer=alice, workspace=workspace)
    credential = Credential.objects.get()
    assert credential.paused_until is not None
    asked = simulator.requests.count("installation_repositories")

    with pytest.raises(RateLimitedError, match=re.escape(credential.pause_reason)):
        available_repositories(viewer=alice, workspace=workspace)

    assert simulator.requests.count("installation_repositories") == asked


def test_a_list_that_somebody_waits_for_does_not_wait_for_the_lease(
    alice: User, workspace: Workspace, linked: GitHubInstallation
) -> None:
    assert linked.credential is not None
    with lease_taken(linked.credential):
        found = available_repositories(viewer=alice, workspace=workspace).repositories

    assert [one.full_name for one in found] == ["colony/hill", "colony/nest"]


def test_an_admin_stops_following_and_follows_again(
    ask: Ask, alice: User, workspace: Workspace, followed: GitHubRepository
) -> None:
    GitHubRepository.objects.update(issues_cursor="where it is")

    assert ask(DROP, alice, id=followed.pk)["data"]["githubDisconnectRepo"] == {
        "repository": {"isArchived": True}
    }
    assert Source.objects.get().is_archived
    assert codes(ask(SYNC, id=followed.pk)) == ["NOT_FOUND"]

    ask(FOLLOW, id=workspace.pk, number=followed.github_id)
    followed.refresh_from_db()
    assert (followed.is_archived, followed.issues_cursor) == (False, "where it is")
    assert not Source.objects.get().is_archived


@pytest.mark.usefixtures("github_app")
def test_a_member_begins_to_connect(ask: Ask, bob: User, workspace: Workspace) -> None:
    answer = ask(START, bob, id=workspace.pk)

    url = answer["data"]["githubStartOauth"]["redirectUrl"]
    assert "/installations/new?state=" in url


def test_an_admin_disconnects(
    ask: Ask, alice: User, workspace: Workspace, followed: GitHubRepository
) -> None:
    answer = ask(LEAVE, alice, id=workspace.pk)

    assert answer["data"] == {"githubDisconnectInstallation": {"accountLogin": "colony"}}
    followed.refresh_from_db()
    assert followed.is_archived
    assert codes(ask(LEAVE, id=workspace.pk)) == ["NOT_CONNECTED"]


@pytest.mark.parametrize("document", [CONNECTION, AVAILABLE, LEAVE])
def test_what_is_for_admins_is_refused_to_members_and_changes_nothing(
    ask: Ask, bob: User, workspace: Workspace, followed: GitHubRepository, document: str
) -> None:
    before = everything()

    assert codes(ask(document, bob, id=workspace.pk)) == ["FORBIDDEN"]

    assert everything() == before


@pytest.mark.parametrize("document", [CONNECTION, AVAILABLE, LEAVE, START, FOLLOW])
def test_to_an_outsider_the_workspace_does_not_exist(
    ask: Ask, charlie: User, workspace: Workspace, followed: GitHubRepository, document: str
) -> None:
    before = everything()

    for viewer, code in ((None, "UNAUTHENTICATED"), (charlie, "NOT_FOUND")):
        answer = ask(document, viewer, id=workspace.pk, number=followed.github_id)
        assert codes(answer) == [code]

    assert everything() == before


@pytest.mark.parametrize("document", [DROP, SYNC, PAUSE])
def test_to_an_outsider_the_repository_does_not_exist(
    ask: Ask, charlie: User, followed: GitHubRepository, document: str
) -> None:
    before = everything()

    for viewer, code in ((None, "UNAUTHENTICATED"), (charlie, "NOT_FOUND")):
        assert codes(ask(document, viewer, id=followed.pk)) == [code]
    assert codes(ask(document, id="x")) == ["NOT_FOUND"]

    assert everything() == before


def test_a_suspended_connection_reaches_nothing(
    ask: Ask,
    alice: User,
    workspace: Workspace,
    linked: GitHubInstallation,
    installed: Installation,
    world: World,
    nest: Repository,
) -> None:
    world.suspend(installed)

    assert codes(ask(AVAILABLE, alice, id=workspace.pk)) == ["INSTALLATION_SUSPENDED"]
    answer = ask(FOLLOW, id=workspace.pk, number=nest.database_id)
    assert codes(answer) == ["INSTALLATION_SUSPENDED"]
    assert not GitHubRepository.objects.exists()


def test_one_workspace_s_repository_is_not_reached_through_another(
    ask: Ask, charlie: User, followed: GitHubRepository, github_app: GitHubApp
) -> None:
    theirs = charlie.memberships.get().workspace

    answer = ask(FOLLOW, charlie, id=theirs.pk, number=followed.github_id)

    assert codes(answer) == ["NOT_CONNECTED"]
