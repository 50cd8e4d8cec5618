"""Which workspace reads with which installation, through every change of it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.accounts.selectors import AdminOnlyError, WorkspaceNotFoundError
from dexxy.integrations.models import (
    CredentialKind,
    GitHubApp,
    GitHubInstallation,
    GitHubRepository,
    RunState,
    RunTrigger,
    SyncRun,
    SyncStatus,
)
from dexxy.integrations.services.github.access.installations import installation_delete
from dexxy.integrations.services.github.access.tokens import NotConnectedError, installation_token
from dexxy.integrations.services.github.api.errors import InstallationSuspendedError
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.by_token import (
    repository_connect_by_token,
)
from dexxy.integrations.services.github.connecting.installation_link import (
    Change,
    Linked,
    LinkedElsewhereError,
    installation_disconnect,
    installation_link,
)
from dexxy.integrations.services.github.connecting.repositories import repository_connect_available
from dexxy.integrations.services.github.connecting.token_taking import (
    ConnectedByAppError,
    OtherServerError,
)
from dexxy.integrations.services.github_sync import repository_sync
from dexxy.messages.models import Message, Thread
from dexxy.sources.models import Source
from dexxy_simulator.model import Actor, App, Installation, Repository
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World
from tests.factories import make_message, make_run, make_thread
from tests.github_app import Link, described
from tests.simulated import RECORDED


@pytest.fixture
def followed(
    linked: GitHubInstallation, workspace: Workspace, alice: User, nest: Repository
) -> GitHubRepository:
    """The organisation's private repository, followed and read once."""
    repository = repository_connect_available(
        viewer=alice, workspace=workspace, github_id=nest.database_id
    )
    repository.issues_cursor = "where it is"
    repository.sync_status = SyncStatus.ACTIVE
    repository.save()
    make_message(thread=make_thread(source=repository.source))
    return repository


def relinked(
    app: GitHubApp, installation: Installation, workspace: Workspace, viewer: User
) -> Linked:
    return installation_link(
        viewer=viewer, workspace=workspace, app=app, data=described(installation)
    )


def test_an_installation_is_stored_with_the_fields_that_people_ask_for(
    linked: GitHubInstallation, installed: Installation, colony: Actor, workspace: Workspace
) -> None:
    linked.refresh_from_db()

    assert linked.workspace == workspace
    assert linked.installation_id == installed.database_id
    assert (linked.account_type, linked.account_login) == ("organization", "colony")
    assert linked.account_id == colony.database_id
    assert linked.permissions == {**installed.permissions}
    assert (linked.is_suspended, linked.deleted_at) == (False, None)
    assert linked.credential is not None
    assert linked.credential.kind == CredentialKind.INSTALLATION
    assert AuditEntry.objects.get().action == "github_installation.connected"


def test_from_a_personal_token_to_the_app_everything_is_kept(
    connected: GitHubRepository,
    github_app: GitHubApp,
    workspace: Workspace,
    alice: User,
    world: World,
    simulated_app: App,
    ants: Repository,
) -> None:
    row = connected.installation_id
    GitHubRepository.objects.update(issues_cursor="where it is", sync_status=SyncStatus.ERROR)
    make_message(thread=make_thread(source=connected.source))
    owner = world.install(simulated_app, ants.owner)

    linked = relinked(github_app, owner, workspace, alice)

    assert (linked.installation.pk, linked.change) == (row, Change.FROM_TOKEN)
    assert installation_token(linked.installation).startswith("ghs_")
    connected.refresh_from_db()
    assert (connected.installation_id, connected.issues_cursor) == (row, "where it is")
    assert (connected.sync_error, connected.next_sync_at is not None) == ("", True)
    assert Message.objects.filter(is_archived=False).count() == 1


def test_reinstalled_on_the_same_account_it_is_the_same_connection(
    followed: GitHubRepository,
    linked: GitHubInstallation,
    installed: Installation,
    github_app: GitHubApp,
    workspace: Workspace,
    bob: User,
    world: World,
    colony: Actor,
) -> None:
    world.uninstall(installed)
    installation_delete(linked)
    followed.refresh_from_db()
    assert followed.sync_status == SyncStatus.DISABLED
    anew = world.install(installed.app, colony)

    again = relinked(github_app, anew, workspace, bob)

    assert (again.installation.pk, again.change) == (linked.pk, Change.REINSTALLED)
    assert again.installation.installation_id == anew.database_id
    followed.refresh_from_db()
    assert (followed.sync_status, followed.issues_cursor) == (SyncStatus.PENDING, "where it is")


def test_connected_again_after_a_disconnect_the_repositories_wait_to_be_chosen(
    followed: GitHubRepository,
    linked: GitHubInstallation,
    installed: Installation,
    github_app: GitHubApp,
    workspace: Workspace,
    alice: User,
) -> None:
    installation_disconnect(viewer=alice, workspace=workspace)

    again = relinked(github_app, installed, workspace, alice)

    assert (again.installation.pk, again.change) == (linked.pk, Change.RECONNECTED)
    followed.refresh_from_db()
    assert (followed.is_archived, followed.issues_cursor) == (True, "where it is")

    chosen = repository_connect_available(
        viewer=alice, workspace=workspace, github_id=followed.github_id
    )
    assert (chosen.pk, chosen.is_archived, chosen.issues_cursor) == (
        followed.pk,
        False,
        "where it is",
    )
    assert Source.objects.get().is_archived is False


@pytest.mark.usefixtures("linked")
def test_an_installation_of_another_workspace_is_refused_and_nothing_changes(
    github_app: GitHubApp, installed: Installation, charlie: User, workspace: Workspace
) -> None:
    theirs = charlie.memberships.get().workspace

    with pytest.raises(LinkedElsewhereError, match="Another workspace is connected to colony"):
        relinked(github_app, installed, theirs, charlie)

    assert GitHubInstallation.objects.get().workspace == workspace


def test_what_a_workspace_left_another_may_have_and_the_history_stays_where_it_was(
    followed: GitHubRepository,
    linked: GitHubInstallation,
    installed: Installation,
    github_app: GitHubApp,
    workspace: Workspace,
    alice: User,
    charlie: User,
) -> None:
    installation_disconnect(viewer=alice, workspace=workspace)
    theirs = charlie.memberships.get().workspace

    got = relinked(github_app, installed, theirs, charlie)

    assert (got.installation.pk == linked.pk, got.change) == (False, Change.NEW)
    followed.refresh_from_db()
    assert followed.source.workspace == workspace
    assert followed.installation_id == linked.pk
    assert got.installation.repositories.count() == 0


def test_what_a_webhook_told_of_first_becomes_the_connection(
    github_app: GitHubApp, installed: Installation, workspace: Workspace, alice: User
) -> None:
    told = GitHubInstallation.objects.create(
        app=github_app,
        server=github_app.server,
        installation_id=installed.database_id,
        account_type="organization",
        account_login="colony",
        account_id=1,
    )

    assert relinked(github_app, installed, workspace, alice).installation.pk == told.pk
    assert GitHubInstallation.objects.count() == 1


def test_a_member_connects_but_replaces_no_connection(
    link: Link,
    installed: Installation,
    github_app: GitHubApp,
    workspace: Workspace,
    bob: User,
    world: World,
    ants: Repository,
) -> None:
    link(installed, by=bob)
    other = world.install(installed.app, ants.owner)

    with pytest.raises(AdminOnlyError):
        relinked(github_app, other, workspace, bob)

    assert GitHubInstallation.objects.get().account_login == "colony"


def test_an_admin_replaces_a_connection_and_the_old_account_s_repositories_stay(
    followed: GitHubRepository,
    installed: Installation,
    github_app: GitHubApp,
    workspace: Workspace,
    alice: User,
    world: World,
    ants: Repository,
) -> None:
    other = world.install(installed.app, ants.owner)

    linked = relinked(github_app, other, workspace, alice)

    assert linked.change == Change.REPLACED
    followed.refresh_from_db()
    assert followed.is_archived is False
    assert Message.objects.count() == 1


def test_an_outsider_links_nothing(
    github_app: GitHubApp, installed: Installation, workspace: Workspace, charlie: User
) -> None:
    with pytest.raises(WorkspaceNotFoundError):
        relinked(github_app, installed, workspace, charlie)

    assert not GitHubInstallation.objects.exists()


@pytest.mark.usefixtures("linked")
def test_a_workspace_stays_with_its_server(
    github_app: GitHubApp, installed: Installation, workspace: Workspace, alice: User
) -> None:
    github_app.server = "github:elsewhere"
    github_app.pk = None
    github_app.save()

    with pytest.raises(OtherServerError, match="Disconnect that first"):
        relinked(github_app, installed, workspace, alice)


@pytest.mark.usefixtures("linked")
def test_a_personal_token_does_not_replace_the_app_by_the_way(
    workspace: Workspace, at_github: GitHubServer
) -> None:
    with pytest.raises(ConnectedByAppError, match="through the GitHub App"):
        repository_connect_by_token(
            workspace=workspace, full_name=RECORDED, token=DEMO_TOKEN, server=at_github
        )

    assert GitHubInstallation.objects.get().is_by_app


def test_a_personal_token_takes_over_from_an_app_that_was_removed(
    linked: GitHubInstallation, workspace: Workspace, at_github: GitHubServer
) -> None:
    installation_delete(linked)

    repository_connect_by_token(
        workspace=workspace, full_name=RECORDED, token=DEMO_TOKEN, server=at_github
    )

    row = GitHubInstallation.objects.get()
    assert (row.pk, row.is_by_app, row.installation_id) == (linked.pk, False, None)
    assert installation_token(row) == DEMO_TOKEN


@pytest.mark.django_db(transaction=True)
def test_of_two_workspaces_that_link_an_installation_at_once_one_gets_it(
    github_app: GitHubApp,
    installed: Installation,
    workspace: Workspace,
    alice: User,
    charlie: User,
) -> None:
    theirs = charlie.memberships.get().workspace

    def linked(who: tuple[User, Workspace]) -> str:
        try:
            return relinked(github_app, installed, who[1], who[0]).change
        except LinkedElsewhereError as error:
            return error.code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(linked, [(alice, workspace), (charlie, theirs)]))

    assert outcomes == ["installation_linked_elsewhere", "new"]
    assert GitHubInstallation.objects.count() == 1


def test_a_private_repository_is_read_with_the_app_s_token(followed: GitHubRepository) -> None:
    followed.source.threads.all().delete()

    run = repository_sync(repository_id=followed.pk, trigger=RunTrigger.COMMAND)

    followed.refresh_from_db()
    assert (run.state, followed.sync_status) == (RunState.DONE, SyncStatus.ACTIVE)
    assert Thread.objects.filter(title="Leaks").count() == 1


def test_a_suspension_that_is_met_while_reading_stops_everything_of_the_account(
    followed: GitHubRepository,
    linked: GitHubInstallation,
    installed: Installation,
    world: World,
) -> None:
    world.suspend(installed)
    GitHubInstallation.objects.update(access_token="", token_expires_at=None)

    with pytest.raises(InstallationSuspendedError):
        repository_sync(repository_id=followed.pk, trigger=RunTrigger.COMMAND)

    followed.refresh_from_db()
    linked.refresh_from_db()
    assert (linked.is_suspended, followed.sync_status) == (True, SyncStatus.DISABLED)
    assert not GitHubRepository.objects.due().exists()


def test_a_disconnect_wipes_the_tokens_and_keeps_what_was_read(
    followed: GitHubRepository, linked: GitHubInstallation, workspace: Workspace, alice: User
) -> None:
    installation_token(linked)
    run = make_run(repository=followed, state=RunState.RUNNING)

    installation_disconnect(viewer=alice, workspace=workspace)

    linked.refresh_from_db()
    assert (linked.workspace, linked.access_token.read(), linked.token_expires_at) == (
        None,
        "",
        None,
    )
    followed.refresh_from_db()
    assert (followed.is_archived, followed.next_sync_at) == (True, None)
    assert followed.source.is_archived is True
    assert Message.objects.filter(is_archived=False).count() == 1
    assert SyncRun.objects.get(pk=run.pk).error_code == "repository_disconnected"
    assert AuditEntry.objects.latest("pk").action == "github_installation.disconnected"


@pytest.mark.parametrize(
    ("who", "error"), [("bob", AdminOnlyError), ("charlie", WorkspaceNotFoundError)]
)
def test_only_an_admin_disconnects(
    linked: GitHubInstallation,
    workspace: Workspace,
    request: pytest.FixtureRequest,
    who: str,
    error: type[Exception],
) -> None:
    with pytest.raises(error):
        installation_disconnect(viewer=request.getfixturevalue(who), workspace=workspace)

    linked.refresh_from_db()
    assert linked.workspace == workspace


def test_what_is_not_connected_cannot_be_disconnected(workspace: Workspace, alice: User) -> None:
    with pytest.raises(NotConnectedError):
        installation_disconnect(viewer=alice, workspace=workspace)
