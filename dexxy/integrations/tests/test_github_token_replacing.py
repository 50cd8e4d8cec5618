import pytest
from django.utils import timezone

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.accounts.selectors import AdminOnlyError, WorkspaceNotFoundError
from dexxy.integrations.models import GitHubInstallation, GitHubRepository, SyncStatus
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.by_token import (
    ConnectedByAppError,
    InvalidTokenError,
)
from dexxy.integrations.services.github.connecting.token_replacing import token_connect
from dexxy_simulator.tokens import DEMO_TOKEN
from tests.factories import make_app, make_installation


def test_a_new_token_reads_what_the_dead_one_could_not(
    alice: User, workspace: Workspace, connected: GitHubRepository, github: GitHubServer
) -> None:
    GitHubInstallation.objects.update(access_token="ghp_dead")
    GitHubRepository.objects.update(
        sync_status=SyncStatus.DISABLED,
        access_lost_at=timezone.now(),
        next_sync_at=None,
        sync_error="The token may not read it.",
    )

    installation = token_connect(
        viewer=alice, workspace=workspace, token=f" {DEMO_TOKEN}\n", server=github
    )

    connected.refresh_from_db()
    assert installation.access_token.read() == DEMO_TOKEN
    assert connected.installation == installation
    assert (connected.sync_status, connected.sync_error) == (SyncStatus.PENDING, "")
    assert connected.next_sync_at is not None
    assert connected.sync_requested
    [entry] = AuditEntry.objects.filter(action="github_installation.token_connected")
    assert (entry.actor, entry.details) == (alice, {"account": installation.account_login})
    assert DEMO_TOKEN not in str(entry.details)


def test_a_first_token_connects_a_workspace(
    alice: User, workspace: Workspace, github: GitHubServer
) -> None:
    token_connect(viewer=alice, workspace=workspace, token=DEMO_TOKEN, server=github)

    assert GitHubInstallation.objects.get().workspace == workspace


def test_a_token_that_github_does_not_accept_changes_nothing(
    alice: User, workspace: Workspace, connected: GitHubRepository, github: GitHubServer
) -> None:
    before = GitHubInstallation.objects.values().get()

    with pytest.raises(InvalidTokenError, match="GitHub does not accept this token"):
        token_connect(viewer=alice, workspace=workspace, token="ghp_dead", server=github)

    assert GitHubInstallation.objects.values().get() == before


def test_a_token_does_not_take_the_place_of_the_app(
    alice: User, workspace: Workspace, github: GitHubServer
) -> None:
    installation = make_installation(workspace=workspace, app=make_app())
    GitHubInstallation.objects.update(server=github.name)

    with pytest.raises(ConnectedByAppError):
        token_connect(viewer=alice, workspace=workspace, token=DEMO_TOKEN, server=github)

    assert GitHubInstallation.objects.get() == installation


def test_only_an_admin_of_the_workspace_may(
    bob: User, charlie: User, workspace: Workspace, github: GitHubServer
) -> None:
    for viewer, refusal in ((bob, AdminOnlyError), (charlie, WorkspaceNotFoundError)):
        with pytest.raises(refusal):
            token_connect(viewer=viewer, workspace=workspace, token=DEMO_TOKEN, server=github)
