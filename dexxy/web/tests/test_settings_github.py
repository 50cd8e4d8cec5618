from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from dexxy.accounts.models import User, Workspace
from dexxy.doctor.installations import installations
from dexxy.integrations.models import (
    LEFT_OUT,
    Credential,
    GitHubInstallation,
    GitHubRepository,
    RunState,
    RunTrigger,
    StreamName,
    SyncStatus,
)
from dexxy.integrations.services.github.access.app_settings import AppSettings
from dexxy.integrations.services.github.api.errors import BadCredentialsError
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github_sync import repository_sync
from dexxy_simulator.tokens import DEMO_TOKEN
from tests.factories import (
    make_app,
    make_installation,
    make_repository,
    make_run,
    make_source,
    make_stream,
    make_user,
    make_workspace,
)


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


@pytest.mark.parametrize("token", ["ghs_1234", "ghu_1234", "ghr_1234", "gho_1234"])
def test_a_token_of_the_wrong_kind_is_refused_with_what_would_be_right(
    client: Client, alice: User, path: str, settings: Settings, token: str
) -> None:
    settings.DEXXY_GITHUB_API_URL = "http://127.0.0.1:1"
    client.force_login(alice)

    status, page = sent(client, path, f" {token}\n")

    assert status == 422
    assert "A personal one begins with github_pat_ or ghp_." in page
    assert not GitHubInstallation.objects.exists()


@pytest.mark.parametrize(
    ("token", "whose"), [("dxy_1234", "Dexxy"), ("glpat-1234", "GitLab"), ("xoxb-1-2", "Slack")]
)
def test_the_token_of_another_service_is_not_told_to_github(
    client: Client, alice: User, path: str, settings: Settings, token: str, whose: str
) -> None:
    settings.DEXXY_GITHUB_API_URL = "http://127.0.0.1:1"
    client.force_login(alice)

    status, page = sent(client, path, f" {token}\n")

    assert status == 422
    assert f"This is a token of {whose}, and none of GitHub’s: it was not sent there." in page
    assert not GitHubInstallation.objects.exists()


def test_a_github_that_cannot_be_asked_is_a_sentence(
    client: Client, alice: User, path: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEXXY_GITHUB_API_URL = "http://127.0.0.1:1"
    monkeypatch.setattr("dexxy.integrations.services.github.connecting.token_facts.RETRY_AFTER", ())
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


@pytest.mark.parametrize(
    ("days", "says", "warns"),
    [
        (40, "It lasts until", False),
        (13, "After that nothing new is read.", True),
        (-1, "Nothing new is read until it is replaced.", True),
        (-1, '<span class="tag is-bad">Token ended', True),
    ],
)
def test_a_token_s_end_is_shown_and_warned_of_two_weeks_before(
    client: Client, alice: User, workspace: Workspace, path: str, days: int, says: str, warns: bool
) -> None:
    make_repository(source=make_source(workspace=workspace))
    GitHubInstallation.objects.update(
        token_expires_at=timezone.now() + timedelta(days=days), workspace=workspace
    )
    client.force_login(alice)

    page = " ".join(client.get(path).content.decode().split())
    elsewhere = client.get(f"/w/{workspace.slug}/feed/").content.decode()

    assert says in page
    assert ("Replace the token" in elsewhere) == warns
    [finding] = [one for one in installations() if one.name == f"Connection of {workspace.slug}"]
    ends = GitHubInstallation.objects.get().token_expires_at
    assert ends is not None
    told = f"on {ends:%Y-%m-%d}" in finding.says and f"/w/{workspace.slug}/settings" in finding.fix
    assert told == warns


def test_a_token_that_github_refused_is_red_until_another_one_is_tried(
    client: Client,
    alice: User,
    bob: User,
    workspace: Workspace,
    connected: GitHubRepository,
    path: str,
    at_github: GitHubServer,
) -> None:
    GitHubInstallation.objects.update(access_token="ghp_revoked")
    with pytest.raises(BadCredentialsError):
        repository_sync(repository_id=connected.pk, trigger=RunTrigger.COMMAND)
    client.force_login(bob)

    for page in (path, f"/w/{workspace.slug}/repositories/"):
        shown = client.get(page).content.decode()
        card = shown.partition('aria-labelledby="connection"')[2].partition("</section>")[0]
        assert "Token refused" in card
        assert "Connected<" not in card
        assert "GitHub does not accept the token any more." in card
        assert "#token" not in card
    client.force_login(alice)
    assert f'href="{path}#token">Replace the token' in client.get(path).content.decode()

    sent(client, path, DEMO_TOKEN)
    client.post(path, {"do": "use"})
    assert "Token refused" not in client.get(path).content.decode()


@pytest.mark.parametrize(("minutes", "is_shown"), [(30, True), (-1, False)])
def test_what_is_left_of_the_limits_of_this_hour_is_shown(
    client: Client,
    alice: User,
    connected: GitHubRepository,
    path: str,
    minutes: int,
    is_shown: bool,
) -> None:
    ends = timezone.now() + timedelta(minutes=minutes)
    Credential.objects.update(requests_remaining=4321, points_remaining=4990, points_reset_at=ends)
    client.force_login(alice)

    said = "Left of GitHub’s limits in this hour: 4,321 requests and 4,990 points."
    assert (said in client.get(path).content.decode()) == is_shown


def test_a_token_without_an_end_says_so(
    client: Client, alice: User, workspace: Workspace, path: str
) -> None:
    make_installation(workspace=workspace, token="ghp_whole")
    client.force_login(alice)

    assert "GitHub names no day on which it ends." in client.get(path).content.decode()


@pytest.mark.parametrize(
    ("permissions", "says"),
    [
        ({"scopes": ["read:user", "repo"]}, "GitHub told them last: read:user, repo."),
        ({"scopes": []}, "It has no scopes, so it reads public repositories only."),
        ({"scopes": None}, "It is fine-grained: GitHub does not tell what it may read"),
        ({}, ""),
    ],
)
def test_admins_see_what_a_token_may_do_as_github_told_it_last(
    client: Client,
    alice: User,
    bob: User,
    workspace: Workspace,
    path: str,
    permissions: dict[str, list[str] | None],
    says: str,
) -> None:
    make_installation(workspace=workspace, token="ghp_whole")
    GitHubInstallation.objects.update(permissions=permissions)
    client.force_login(alice)

    page = client.get(path).content.decode()

    assert says in page
    assert ("scopes" in page or "fine-grained:" in page) == bool(says)
    client.force_login(bob)
    assert says == "" or says not in client.get(path).content.decode()


def test_lists_that_rest_are_named_with_what_mends_them(
    client: Client, bob: User, workspace: Workspace, path: str
) -> None:
    repository = make_repository(source=make_source(workspace=workspace, name="colony/hill"))
    for name, refusal in (
        ("issues", "They are off."),
        ("pull_requests", ""),
        ("discussions", LEFT_OUT),
    ):
        make_stream(repository=repository, name=StreamName(name))
        repository.streams.filter(name=name).update(refusal=refusal)
    GitHubInstallation.objects.update(workspace=workspace)
    client.force_login(bob)

    page = client.get(path).content.decode()

    resting = page.partition('id="resting"')[2]
    assert "They are off." in resting
    assert "https://github.com/colony/hill/settings" in resting
    assert resting.count("<li>") == 1


AUTHORIZE = "https://github.com/orgs/colony/sso?authorization_request=A7Q2"
SAML = f"It wants the token authorized by its single sign-on (SAML): open {AUTHORIZE} in a browser"


def test_an_organization_that_keeps_dexxy_out_is_named_once_with_what_lets_it_in(
    client: Client, bob: User, workspace: Workspace, path: str
) -> None:
    for name in ("colony/hill", "colony/nest"):
        repository = make_repository(
            source=make_source(workspace=workspace, name=name),
            status=SyncStatus.DISABLED,
            sync_error=SAML,
        )
        make_run(
            repository=repository,
            state=RunState.FAILED,
            error=SAML,
            error_code="single_sign_on_required",
        )
    client.force_login(bob)

    page = " ".join(client.get(path).content.decode().split())

    kept_out = page.partition('id="kept-out"')[2].partition("</section>")[0]
    assert kept_out.count("colony wants the token authorized by its single sign-on") == 1
    assert "2 repositories rest" in kept_out
    assert f'href="{AUTHORIZE}" rel="noopener">Authorize the token on GitHub' in kept_out
    GitHubRepository.objects.update(sync_status=SyncStatus.ACTIVE, sync_error="")
    assert "kept-out" not in client.get(path).content.decode()


@pytest.mark.parametrize(
    ("refusal", "leads"),
    [(SAML, True), ("It lets only the addresses of its IP allow list in.", False)],
)
def test_a_list_that_an_organization_keeps_back_is_not_said_to_be_switched_off(
    client: Client, bob: User, workspace: Workspace, path: str, refusal: str, leads: bool
) -> None:
    repository = make_repository(source=make_source(workspace=workspace, name="colony/hill"))
    make_stream(repository=repository)
    repository.streams.update(refusal=refusal)
    client.force_login(bob)

    resting = client.get(path).content.decode().partition('id="resting"')[2]

    assert "colony/hill" in resting
    assert "Features on GitHub" not in resting
    assert (f'href="{AUTHORIZE}"' in resting) == leads


def test_the_app_s_state_is_shown_and_who_can_exchange_its_secrets(
    client: Client, alice: User, workspace: Workspace, path: str, settings: Settings
) -> None:
    settings.DEXXY_BASE_URL = "https://dexxy.example.com"
    app = make_app()
    make_installation(workspace=workspace, app=app)
    other = make_workspace(admin=make_user())
    client.force_login(alice)

    assert "https://dexxy.example.com/webhooks/github/" in client.get(path).content.decode()
    assert "none has arrived yet" in client.get(path).content.decode()
    assert "Whoever runs this Dexxy can exchange its key" in client.get(path).content.decode()
    assert client.get(f"/setup/github/{app.pk}/keys/").status_code == 403
    # Who is admin of everything there is runs it.
    other.delete()
    assert f"/setup/github/{app.pk}/keys/" in client.get(path).content.decode()
    settings.DEXXY_GITHUB_APP = AppSettings(1, "a", "b", "c", "d")
    assert "The environment of this Dexxy names the App" in client.get(path).content.decode()
