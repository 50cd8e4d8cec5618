from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.accounts.selectors import AdminOnlyError, WorkspaceNotFoundError
from dexxy.integrations.models import GitHubInstallation, GitHubRepository, RunTrigger, SyncStatus
from dexxy.integrations.services.github.access.token_ends import end_told, token_scopes_note
from dexxy.integrations.services.github.access.tokens import installation_token
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.token_facts import InvalidTokenError
from dexxy.integrations.services.github.connecting.token_replacing import token_connect
from dexxy.integrations.services.github.connecting.token_taking import ConnectedByAppError
from dexxy.integrations.services.github_sync import repository_sync
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World
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
    ).installation

    connected.refresh_from_db()
    assert installation.access_token.read() == DEMO_TOKEN
    assert connected.installation == installation
    assert (connected.sync_status, connected.sync_error) == (SyncStatus.PENDING, "")
    assert connected.next_sync_at is not None
    assert connected.sync_requested
    [entry] = AuditEntry.objects.filter(action="github_installation.token_connected", actor=alice)
    assert entry.details == {"account": installation.account_login}
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


def test_until_when_a_token_lasts_is_kept_and_learned_of_one_that_was_there_before(
    alice: User,
    workspace: Workspace,
    connected: GitHubRepository,
    github: GitHubServer,
    world: World,
) -> None:
    ends = (timezone.now() + timedelta(days=30)).replace(microsecond=0)
    assert connected.installation.token_expires_at is None
    world.tokens[DEMO_TOKEN].expires_at = ends

    repository_sync(repository_id=connected.pk, trigger=RunTrigger.COMMAND)

    assert GitHubInstallation.objects.get().token_expires_at == ends

    def again() -> GitHubInstallation:
        taken = token_connect(viewer=alice, workspace=workspace, token=DEMO_TOKEN, server=github)
        return taken.installation

    # It is used to its last second: nobody can ask for another one.
    soon = (timezone.now() + timedelta(seconds=20)).replace(microsecond=0)
    world.tokens[DEMO_TOKEN].expires_at = soon
    installation = again()
    assert (installation.token_expires_at, installation_token(installation)) == (soon, DEMO_TOKEN)
    world.tokens[DEMO_TOKEN].expires_at = None
    installation = again()
    assert installation.token_expires_at is None


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2027-05-27 10:00:00 UTC", "2027-05-27T10:00:00+00:00"),
        ("2027-05-27 10:00:00 +0200", "2027-05-27T10:00:00+02:00"),
        ("", None),
        ("never", None),
        ("2027-05-27 10:00:00", None),
    ],
)
def test_the_end_of_a_token_is_read_in_each_way_that_github_writes_it(
    written: str, read: str | None
) -> None:
    told = end_told({"github-authentication-token-expiration": written})

    assert told == (read and datetime.fromisoformat(read))


def test_the_scopes_of_a_token_are_kept_as_github_told_them_last(
    alice: User, workspace: Workspace, github: GitHubServer
) -> None:
    token_connect(viewer=alice, workspace=workspace, token=DEMO_TOKEN, server=github)
    kept = GitHubInstallation.objects.get()
    assert kept.tells_scopes

    token_scopes_note(kept, {"x-oauth-scopes": "repo, read:user"})
    token_scopes_note(kept, {})

    assert GitHubInstallation.objects.get().token_scopes == ["read:user", "repo"]
