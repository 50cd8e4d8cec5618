import pytest
from django.test import Client
from pytest_django import Settings

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import GitHubInstallation
from tests.factories import make_app, make_installation


@pytest.fixture
def path(workspace: Workspace) -> str:
    return f"/w/{workspace.slug}/settings/github/"


def sent(client: Client, path: str, token: str) -> tuple[int, str]:
    answer = client.post(path, {"token": token}, follow=True)
    return answer.status_code, " ".join(answer.content.decode().split())


@pytest.mark.parametrize("token", ["", "  ", "no token", "a\0b", "ü" * 40, "<b>"])
def test_what_cannot_be_a_token_is_refused_before_github_is_asked(
    client: Client, alice: User, path: str, settings: Settings, token: str
) -> None:
    settings.DEXXY_GITHUB_API_URL = "http://127.0.0.1:1"
    client.force_login(alice)

    status, page = sent(client, path, token)

    assert status == 422
    assert "The token has characters that no token has." in page
    assert not GitHubInstallation.objects.exists()


def test_a_github_that_cannot_be_asked_is_a_sentence(
    client: Client, alice: User, path: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEXXY_GITHUB_API_URL = "http://127.0.0.1:1"
    monkeypatch.setattr("dexxy.integrations.services.github.connecting.by_token.RETRY_AFTER", ())
    client.force_login(alice)

    status, page = sent(client, path, "ghp_whole")

    assert status == 422
    assert "127.0.0.1 cannot be reached" in page


def test_only_an_admin_pastes_a_token_and_a_member_reads_why(
    client: Client, bob: User, path: str
) -> None:
    client.force_login(bob)

    page = client.get(path).content.decode()

    assert "Only an admin can change this." in page
    assert 'name="token"' not in page
    assert client.post(path, {"token": "ghp_whole"}).status_code == 403


def test_what_the_app_reads_is_read_with_no_token(
    client: Client, alice: User, workspace: Workspace, path: str
) -> None:
    make_installation(workspace=workspace, app=make_app())
    client.force_login(alice)

    assert 'name="token"' not in client.get(path).content.decode()
