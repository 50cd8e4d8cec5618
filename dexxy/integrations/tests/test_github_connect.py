"""Connecting by personal access token."""

import pytest
from django.db import connection

from dexxy.accounts.models import Workspace
from dexxy.integrations.models import Credential, GitHubInstallation, GitHubRepository
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.by_token import (
    InvalidRepositoryNameError,
    RepositoryUnknownError,
    repository_connect_by_token,
)
from dexxy.integrations.services.github.connecting.token_facts import (
    InvalidTokenError,
    TokenRefusedError,
)
from dexxy.integrations.services.github.connecting.token_taking import OtherServerError
from dexxy.sources.models import Source
from dexxy_simulator.faults import Effect, Fault, reset, status
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World
from tests.factories import make_workspace
from tests.simulated import RECORDED


def test_a_repository_is_connected_with_its_source_and_credential(
    connected: GitHubRepository, github: GitHubServer
) -> None:
    installation = connected.installation

    assert connected.sync_status == "pending"
    assert connected.next_sync_at is not None
    assert (connected.name, connected.full_name) == ("ants", RECORDED)
    assert connected.github_id == 134018330
    assert connected.source.external_id == "134018330"
    assert connected.source.server == installation.server == github.name
    assert installation.installation_id is None
    assert (installation.account_type, installation.account_login) == ("user", "dexxy-demo")
    assert installation.credential is not None
    assert installation.credential.account_id == installation.account_id


@pytest.mark.parametrize("path", ["/user", f"/repos/{RECORDED}"])
@pytest.mark.parametrize("trouble", [status(502), reset()], ids=["502", "reset"])
def test_a_trouble_that_passes_keeps_nobody_from_connecting(
    simulator: SimulatorServer,
    workspace: Workspace,
    github: GitHubServer,
    path: str,
    trouble: Effect,
) -> None:
    simulator.faults.add(Fault(trouble, on=lambda asked: asked.path == path))

    repository_connect_by_token(
        workspace=workspace, full_name=RECORDED, token=DEMO_TOKEN, server=github
    )

    assert GitHubRepository.objects.get().full_name == RECORDED


def test_the_token_is_encrypted_at_rest(connected: GitHubRepository) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token FROM integrations_githubinstallation")
        (stored,) = cursor.fetchone()

    assert DEMO_TOKEN not in stored
    assert GitHubInstallation.objects.get().access_token.read() == DEMO_TOKEN


def test_connecting_again_renews_the_token_and_keeps_the_rows(
    connected: GitHubRepository, workspace: Workspace, github: GitHubServer, world: World
) -> None:
    owner = world.actor("dexxy-demo")
    assert owner is not None
    world.add_token("ghp_new", owner)

    again = repository_connect_by_token(
        workspace=workspace, full_name=RECORDED, token="ghp_new", server=github
    )

    assert again.pk == connected.pk
    assert GitHubInstallation.objects.get().access_token.read() == "ghp_new"
    assert (Source.objects.count(), Credential.objects.count()) == (1, 1)


def test_tokens_of_one_user_share_a_credential_across_workspaces(
    connected: GitHubRepository, github: GitHubServer
) -> None:
    repository_connect_by_token(
        workspace=make_workspace(), full_name=RECORDED, token=DEMO_TOKEN, server=github
    )

    assert GitHubRepository.objects.count() == 2
    assert Credential.objects.count() == 1


@pytest.mark.parametrize("name", ["ants", "a/b/c", "", "a b/c", "../x", "panjf2000/", "ö/x"])
def test_a_name_that_is_not_owner_and_repo_is_refused(
    workspace: Workspace, github: GitHubServer, name: str
) -> None:
    with pytest.raises(InvalidRepositoryNameError, match="OWNER/REPO"):
        repository_connect_by_token(
            workspace=workspace, full_name=name, token=DEMO_TOKEN, server=github
        )


def test_an_unknown_repository_is_refused_and_nothing_is_stored(
    workspace: Workspace, github: GitHubServer
) -> None:
    with pytest.raises(RepositoryUnknownError, match="no repository panjf2000/bees"):
        repository_connect_by_token(
            workspace=workspace, full_name="panjf2000/bees", token=DEMO_TOKEN, server=github
        )

    assert not GitHubInstallation.objects.exists()
    assert not Source.objects.exists()


def test_a_wrong_token_is_refused_and_nothing_is_stored(
    workspace: Workspace, github: GitHubServer
) -> None:
    with pytest.raises(TokenRefusedError, match="GitHub does not accept this token"):
        repository_connect_by_token(
            workspace=workspace, full_name=RECORDED, token="ghp_wrong", server=github
        )

    assert not GitHubInstallation.objects.exists()


@pytest.mark.usefixtures("connected")
def test_a_workspace_stays_with_its_server(workspace: Workspace, world: World) -> None:
    with SimulatorServer(world) as other, pytest.raises(OtherServerError, match="--workspace"):
        repository_connect_by_token(
            workspace=workspace,
            full_name=RECORDED,
            token=DEMO_TOKEN,
            server=GitHubServer(other.url, other.graphql_url, other.url),
        )

    assert GitHubRepository.objects.count() == 1


@pytest.mark.parametrize("name", ["{web}/panjf2000/ants", "panjf2000/ants.git", "panjf2000/ants/"])
def test_an_address_that_people_paste_is_understood(
    workspace: Workspace, github: GitHubServer, name: str
) -> None:
    repository = repository_connect_by_token(
        workspace=workspace,
        full_name=name.format(web=github.web_url),
        token=DEMO_TOKEN,
        server=github,
    )

    assert repository.full_name == RECORDED


def test_white_space_around_a_token_is_left_out(workspace: Workspace, github: GitHubServer) -> None:
    repository_connect_by_token(
        workspace=workspace, full_name=RECORDED, token=f" {DEMO_TOKEN}\r\n", server=github
    )

    assert GitHubInstallation.objects.get().access_token.read() == DEMO_TOKEN


def test_a_token_that_cannot_be_one_is_refused_and_not_repeated(
    workspace: Workspace, github: GitHubServer
) -> None:
    with pytest.raises(InvalidTokenError) as caught:
        repository_connect_by_token(
            workspace=workspace, full_name=RECORDED, token="ghp_a\nb ghp_c", server=github
        )

    assert "ghp" not in str(caught.value)


def test_connecting_again_mends_a_token_whose_key_is_lost(
    connected: GitHubRepository, workspace: Workspace, github: GitHubServer
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_githubinstallation SET access_token = 'unreadable'")

    again = repository_connect_by_token(
        workspace=workspace, full_name=RECORDED, token=DEMO_TOKEN, server=github
    )

    assert again.pk == connected.pk
    assert GitHubInstallation.objects.get().access_token.read() == DEMO_TOKEN
