"""The connection and what people do with repositories, on the pages."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import GitHubApp, GitHubInstallation, GitHubRepository, SyncStatus
from dexxy.integrations.services.github.connecting.repositories import repository_connect_available
from dexxy_simulator.model import Installation, Repository
from dexxy_simulator.world import World
from tests.factories import make_repository, make_source, make_workspace

Show = Callable[..., str]


@pytest.fixture
def show(client: Client, workspace: Workspace) -> Show:
    """Open the pages of the repositories and of their connection as somebody."""

    def shown(user: User) -> str:
        client.force_login(user)
        root = f"/w/{workspace.slug}"
        pages = [client.get(f"{root}/{path}/") for path in ("repositories", "settings/github")]
        return " ".join(b" ".join(page.content for page in pages).decode().split())

    return shown


@pytest.fixture
def followed(
    linked: GitHubInstallation, workspace: Workspace, alice: User, nest: Repository
) -> GitHubRepository:
    return repository_connect_available(
        viewer=alice, workspace=workspace, github_id=nest.database_id
    )


def path_of(repository: GitHubRepository, action: str) -> str:
    return f"/w/{repository.source.workspace.slug}/repositories/{repository.pk}/{action}/"


def test_without_an_app_the_page_says_who_registers_one(
    show: Show, alice: User, charlie: User
) -> None:
    page = show(alice)

    assert "GitHub is not connected" in page
    assert "has to register a GitHub App first" in page
    assert "Connect GitHub</button>" not in page


@pytest.mark.usefixtures("github_app")
def test_members_can_connect_what_is_not_connected(show: Show, bob: User) -> None:
    assert "Connect GitHub</button>" in show(bob)


def test_an_admin_sees_the_connection_and_what_can_be_done_with_it(
    show: Show, alice: User, bob: User, followed: GitHubRepository
) -> None:
    admin, member = show(alice), show(bob)

    assert "repositories/add/" in admin
    assert "/organizations/colony/settings/installations/" in admin
    assert "Issues (read)" in admin
    assert "github/disconnect/" in admin
    for word in (
        "repositories/add/",
        "settings/installations",
        "Issues (read)",
        "github/disconnect",
    ):
        assert word not in member
    assert "colony" in member
    assert "Only an admin can add repositories." in member
    assert "can add repositories" not in admin


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"is_suspended": True}, "suspended Dexxy’s access"),
        ({"deleted_at": timezone.now()}, "The GitHub App was removed from colony"),
        (
            {"permissions": {"metadata": "read"}},
            "lacks permissions: Issues, Pull requests, Discussions, Members.",
        ),
    ],
)
def test_what_stands_in_the_way_is_said(
    show: Show, bob: User, linked: GitHubInstallation, change: dict[str, object], words: str
) -> None:
    GitHubInstallation.objects.update(**change)

    assert words in show(bob)


@pytest.mark.parametrize(
    ("base_url", "secret", "words"),
    [
        ("http://localhost:8000", "", "GitHub cannot reach this Dexxy, so there are no webhooks"),
        ("https://dexxy.example.org", "", "no webhook secret, so there are no webhooks"),
        ("https://dexxy.example.org", "hook", None),
    ],
)
def test_a_connection_says_whether_and_why_there_are_no_webhooks(
    show: Show,
    bob: User,
    linked: GitHubInstallation,
    settings: Settings,
    base_url: str,
    secret: str,
    words: str | None,
) -> None:
    settings.DEXXY_BASE_URL = base_url
    GitHubApp.objects.update(webhook_secret=secret)

    page = show(bob)

    assert ("no webhooks" in page) is (words is not None)
    assert words is None or words in page


def test_a_webhook_secret_that_no_key_fits_does_not_stop_the_page(
    show: Show, bob: User, linked: GitHubInstallation, settings: Settings
) -> None:
    settings.DEXXY_BASE_URL = "https://dexxy.example.org"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_githubapp SET webhook_secret = 'unreadable'")

    assert "no webhooks" not in show(bob)


@pytest.mark.usefixtures("github_app")
def test_a_personal_token_can_be_moved_to_the_app_by_an_admin(
    show: Show, alice: User, bob: User, connected: GitHubRepository
) -> None:
    assert "Move to the GitHub App" in show(alice)
    assert "Move to the GitHub App" not in show(bob)


def test_an_admin_chooses_repositories(
    client: Client, alice: User, workspace: Workspace, followed: GitHubRepository, hill: Repository
) -> None:
    client.force_login(alice)
    path = f"/w/{workspace.slug}/repositories/add/"

    page = client.get(path).content.decode()
    response = client.post(path, {"repository": [str(hill.database_id), "x"]})

    assert f'value="{followed.github_id}" checked disabled' in page
    assert f'value="{hill.database_id}">' in page
    assert response["Location"] == f"/w/{workspace.slug}/repositories/"
    assert set(GitHubRepository.objects.values_list("full_name", flat=True)) == {
        "colony/nest",
        "colony/hill",
    }


@pytest.mark.usefixtures("linked")
def test_who_chooses_nothing_is_told_so_and_can_choose_again(
    client: Client, alice: User, workspace: Workspace
) -> None:
    client.force_login(alice)

    page = client.post(f"/w/{workspace.slug}/repositories/add/").content.decode()

    assert "None is chosen." in page
    assert "colony/hill" in page
    assert not GitHubRepository.objects.exists()


def test_a_repository_that_is_out_of_reach_is_said_and_not_followed(
    client: Client, alice: User, workspace: Workspace, linked: GitHubInstallation
) -> None:
    client.force_login(alice)

    page = client.post(f"/w/{workspace.slug}/repositories/add/", {"repository": "1"}, follow=True)

    assert b"does not reach this repository" in page.content
    assert not GitHubRepository.objects.exists()


def test_what_github_says_no_to_is_shown_on_the_page(
    client: Client,
    alice: User,
    workspace: Workspace,
    linked: GitHubInstallation,
    installed: Installation,
    world: World,
) -> None:
    world.suspend(installed)
    client.force_login(alice)

    page = client.get(f"/w/{workspace.slug}/repositories/add/")

    assert (page.status_code, b"GitHub suspended" in page.content) == (200, True)


def test_a_member_pauses_resumes_and_syncs(
    client: Client, bob: User, followed: GitHubRepository, show: Show
) -> None:
    client.force_login(bob)

    for action, status in (
        ("pause", SyncStatus.PAUSED),
        ("resume", SyncStatus.PENDING),
        ("sync", SyncStatus.PENDING),
    ):
        assert client.post(path_of(followed, action)).status_code == 302
        followed.refresh_from_db()
        assert followed.sync_status == status

    assert client.post(path_of(followed, "nonsense")).status_code == 404


def test_what_cannot_be_done_is_said(client: Client, bob: User, followed: GitHubRepository) -> None:
    GitHubRepository.objects.update(sync_status=SyncStatus.PAUSED)
    client.force_login(bob)

    page = client.post(path_of(followed, "sync"), follow=True)

    assert b"is paused. Resume it first." in page.content


@pytest.mark.parametrize("part", ["repositories/", "repositories/ by htmx", "feed/"])
def test_connected_by_the_app_an_empty_list_leads_to_choosing_repositories(
    client: Client,
    alice: User,
    bob: User,
    workspace: Workspace,
    linked: GitHubInstallation,
    part: str,
) -> None:
    path, _, by_htmx = part.partition(" ")
    headers = {"HX-Request": "true", "HX-Target": "repositories"} if by_htmx else {}

    pages = {}
    for user in (alice, bob):
        client.force_login(user)
        page = client.get(f"/w/{workspace.slug}/{path}", headers=headers).content.decode()
        pages[user] = page.partition('class="empty"')[2]

    link = f'href="/w/{workspace.slug}/repositories/add/">Add repositories</a>'
    assert (link in pages[alice], link in pages[bob]) == (True, False)
    assert "An admin" in pages[bob]
    assert "--token" not in pages[alice] + pages[bob]


def test_an_empty_list_under_a_removed_app_says_to_connect_again(
    show: Show, alice: User, linked: GitHubInstallation
) -> None:
    GitHubInstallation.objects.update(deleted_at=timezone.now())

    empty = show(alice).partition('class="empty"')[2]

    assert "Connect GitHub again" in empty
    assert "--token" not in empty


def test_an_admin_stops_following_after_a_question_and_a_member_reads_why_not(
    client: Client, alice: User, bob: User, followed: GitHubRepository
) -> None:
    client.force_login(bob)
    path = path_of(followed, "disconnect")
    shown = client.get(f"/w/{followed.source.workspace.slug}/repositories/").content.decode()

    assert client.post(path).status_code == 403
    assert "Only an admin can do this" in shown
    assert path not in shown
    client.force_login(alice)
    assert b"Disconnect colony/nest?" in client.get(path).content
    page = client.post(path, follow=True)

    assert b"is disconnected" in page.content
    assert client.get(path).status_code == 404


def test_a_repository_of_another_workspace_is_not_at_this_address(
    client: Client, alice: User, followed: GitHubRepository, github_app: GitHubApp
) -> None:
    other = make_repository(source=make_source(workspace=make_workspace(admin=alice)))
    client.force_login(alice)
    slug = followed.source.workspace.slug

    for action in ("pause", "disconnect"):
        path = f"/w/{slug}/repositories/{other.pk}/{action}/"
        assert client.post(path).status_code == 404
    other.refresh_from_db()
    assert other.sync_status == SyncStatus.ACTIVE


def test_an_admin_disconnects_after_a_question(
    client: Client, alice: User, workspace: Workspace, followed: GitHubRepository
) -> None:
    client.force_login(alice)
    path = f"/w/{workspace.slug}/github/disconnect/"

    assert b"Disconnect colony?" in client.get(path).content
    page = client.post(path, follow=True)

    assert b"GitHub is disconnected" in page.content
    assert client.get(path).status_code == 302
    followed.refresh_from_db()
    assert followed.is_archived
