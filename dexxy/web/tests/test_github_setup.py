"""Registering the App of this Dexxy from the pages."""

import html
import json
import re
from urllib.parse import urlsplit

import httpx
import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from dexxy.accounts.models import User, Workspace
from dexxy.integrations.models import GitHubApp, OAuthState
from dexxy.integrations.services.github.access.app import app_current
from dexxy.integrations.services.github.access.app_settings import AppSettings
from dexxy.integrations.services.github.api.server import GitHubServer
from dexxy.integrations.services.github.connecting.app_registration import (
    EVENTS,
    LONGEST_NAME,
    manifest,
)
from dexxy_simulator.model import Actor
from dexxy_simulator.world import World
from tests.factories import make_user
from tests.github_app import query_of

SETUP = "/setup/github/"


@pytest.fixture
def operator(client: Client, db: None) -> User:
    user = make_user(email="operator@example.com", is_staff=True)
    client.force_login(user)
    return user


def form_of(page: bytes) -> tuple[str, str]:
    """Return the address and the manifest of the form that registers the App."""
    text = page.decode()
    action = re.search(r'<form method="post" action="([^"]+settings/apps/new[^"]+)"', text)
    field = re.search(r'name="manifest" value="([^"]+)"', text)
    assert action is not None
    assert field is not None
    return html.unescape(action[1]), html.unescape(field[1])


def register(page: bytes, login: str) -> str:
    """Post the form to GitHub, confirm there, and return where it sends the browser back."""
    action, text = form_of(page)
    headers = {"X-Simulator-As": login}
    shown = httpx.post(action, headers=headers, data={"manifest": text})
    assert shown.status_code == 200, shown.text
    name = json.loads(text)["name"]
    data = {"manifest": text, "do": "create", "name": name}
    back = httpx.post(action, headers=headers, data=data).headers["location"]
    parts = urlsplit(back)
    assert parts.path == "/setup/github/registered/"
    return f"{parts.path}?{parts.query}"


@pytest.mark.usefixtures("operator", "at_github")
def test_an_app_is_registered_in_one_step_and_kept_encrypted(client: Client, world: World) -> None:
    world.add_actor("octocat")

    back = register(client.get(SETUP).content, "octocat")
    page = client.get(back, follow=True)

    assert (page.status_code, b"The App is registered" in page.content) == (200, True)
    assert page.redirect_chain == [(f"{SETUP}registered/", 302)]
    assert b"The App is registered" in client.get(f"{SETUP}registered/").content
    app, theirs = app_current(), next(iter(world.apps.values()))
    assert (app.app_id, app.client_id) == (theirs.database_id, theirs.client_id)
    assert app.client_secret.read() == theirs.client_secret
    assert app.private_key.read().startswith("-----BEGIN")
    assert theirs.owner.login == "octocat"
    with connection.cursor() as cursor:
        cursor.execute("SELECT client_secret, private_key FROM integrations_githubapp")
        stored = "".join(cursor.fetchone())
    assert theirs.client_secret not in stored
    assert "BEGIN" not in stored


@pytest.mark.usefixtures("operator", "at_github")
def test_an_organisation_can_own_it(client: Client, world: World, colony: Actor) -> None:
    back = register(client.get(f"{SETUP}?organization=colony").content, "queen")

    assert client.get(back).status_code == 302
    assert next(iter(world.apps.values())).owner is colony


@pytest.mark.usefixtures("operator", "at_github")
@pytest.mark.parametrize("name", ["a/b", "../x", "-", "a b", "ö", "a" * 200])
def test_an_organisation_that_cannot_be_one_is_refused(client: Client, name: str) -> None:
    page = client.get(SETUP, {"organization": name})

    assert (page.status_code, b"is not the name of" in page.content) == (400, True)


@pytest.mark.usefixtures("operator", "at_github")
def test_the_way_back_works_once_and_for_its_session_alone(
    client: Client, world: World, operator: User
) -> None:
    world.add_actor("octocat")
    back = register(client.get(SETUP).content, "octocat")
    other = Client()
    other.force_login(operator)

    assert other.get(back).status_code == 400
    assert client.get(back).status_code == 302
    again = client.get(back)
    assert (again.status_code, b"This was done already</h1>" in again.content) == (400, True)
    assert GitHubApp.objects.count() == 1


@pytest.mark.usefixtures("github_app")
def test_what_was_registered_is_shown_to_who_did_it_alone(client: Client, alice: User) -> None:
    client.force_login(alice)

    assert client.get(f"{SETUP}registered/")["location"] == SETUP


def test_the_admin_who_registered_the_first_app_sees_it(
    client: Client, alice: User, workspace: Workspace, at_github: GitHubServer, world: World
) -> None:
    world.add_actor("octocat")
    client.force_login(alice)

    page = client.get(register(client.get(SETUP).content, "octocat"), follow=True)

    assert (page.status_code, b"Connect " in page.content) == (200, True)


@pytest.mark.usefixtures("operator", "at_github")
@pytest.mark.parametrize("code", ["", "unknown", "../app", "x" * 300])
def test_a_code_that_github_does_not_know_is_refused(client: Client, code: str) -> None:
    state = query_of(form_of(client.get(SETUP).content)[0])["state"]

    page = client.get(f"{SETUP}registered/", {"state": state, "code": code})

    assert (page.status_code, b"once more" in page.content) == (400, True)
    assert not GitHubApp.objects.exists()


def test_a_state_of_a_connection_registers_no_app(
    client: Client, operator: User, github_app: GitHubApp, workspace: Workspace
) -> None:
    workspace.memberships.create(user=operator)
    location = client.post(
        "/integrations/github/connect/", {"workspace": workspace.pk, "elsewhere": "yes"}
    )["location"]

    page = client.get(f"{SETUP}registered/", {"state": query_of(location)["state"], "code": "x"})

    assert page.status_code == 400
    assert GitHubApp.objects.count() == 1


def test_without_a_public_address_the_app_has_no_webhook(settings: Settings) -> None:
    for url in ("http://localhost:8000", "http://127.0.0.1", "http://[::1]", "http://10.0.0.1"):
        settings.DEXXY_BASE_URL = url
        found = manifest()
        assert "hook_attributes" not in found
        assert "default_events" not in found


def test_with_a_public_address_it_gets_webhooks_for_what_we_read(settings: Settings) -> None:
    settings.DEXXY_BASE_URL = "https://dexxy.example.org"

    found = manifest()

    assert found["hook_attributes"] == {
        "url": "https://dexxy.example.org/webhooks/github/",
        "active": True,
    }
    assert found["default_events"] == EVENTS
    assert found["public"] is False
    assert found["redirect_url"] == "https://dexxy.example.org/setup/github/registered/"
    assert set(found["default_permissions"].values()) == {"read"}


def test_a_server_in_the_house_reaches_its_neighbours(settings: Settings) -> None:
    settings.DEXXY_GITHUB_API_URL = "https://github.example.org/api/v3"
    settings.DEXXY_BASE_URL = "http://10.0.0.1"

    assert "hook_attributes" in manifest()


@pytest.mark.usefixtures("operator")
def test_the_page_says_that_the_schedule_alone_keeps_a_laptop_true(client: Client) -> None:
    assert b"on its own schedule" in client.get(SETUP).content


@pytest.mark.usefixtures("operator", "at_github")
def test_both_pages_say_that_only_its_owner_can_install_the_app(
    client: Client, world: World
) -> None:
    world.add_actor("octocat")
    before = client.get(SETUP).content
    after = client.get(register(before, "octocat"), follow=True).content

    assert b"private to the account that owns it" in before
    assert b"private to the account that owns it" in after


@pytest.mark.usefixtures("operator")
def test_the_app_of_the_environment_is_changed_there(client: Client, settings: Settings) -> None:
    settings.DEXXY_GITHUB_APP = AppSettings(7, "Iv1.x", "secret", "-----BEGIN x", "hook")

    page = client.get(SETUP).content

    assert b"DEXXY_GITHUB_APP_ID" in page
    assert b'name="manifest"' not in page
    assert not OAuthState.objects.exists()
    row = GitHubApp.objects.get()
    assert (row.app_id, row.private_key.read(), row.webhook_secret.read()) == (
        7,
        "-----BEGIN x",
        "hook",
    )


@pytest.mark.usefixtures("db")
def test_a_secret_changed_in_the_environment_is_changed_here(settings: Settings) -> None:
    for secret in ("old", "new", "new"):
        settings.DEXXY_GITHUB_APP = AppSettings(7, "Iv1.x", secret, "-----BEGIN x", "")
        assert app_current().client_secret.read() == secret

    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_githubapp SET client_secret = 'unreadable'")
    assert app_current().client_secret.read() == "new"
    assert GitHubApp.objects.count() == 1


def test_the_admin_of_everything_registers_the_first_app(
    client: Client, alice: User, workspace: Workspace
) -> None:
    client.force_login(alice)

    assert client.get(SETUP).status_code == 200


@pytest.mark.usefixtures("workspace")
def test_nobody_else_registers_an_app(
    client: Client, alice: User, bob: User, charlie: User, github: GitHubServer
) -> None:
    assert client.get(SETUP)["Location"] == f"/accounts/login/?next={SETUP}"
    for user in (alice, bob, charlie):
        # Alice and Charlie are admins, but not of each other's workspaces.
        client.force_login(user)
        for path in (SETUP, f"{SETUP}registered/?state=x&code=y"):
            assert client.get(path).status_code == 403, user

    assert not OAuthState.objects.exists()


def test_the_app_that_is_there_is_not_replaced_by_an_admin(
    client: Client, alice: User, workspace: Workspace, github_app: GitHubApp
) -> None:
    client.force_login(alice)

    assert client.get(SETUP).status_code == 403


@pytest.mark.usefixtures("github_app")
def test_somebody_who_is_in_no_workspace_registers_nothing(client: Client) -> None:
    client.force_login(make_user())

    assert client.get(SETUP).status_code == 403


def test_the_page_may_send_its_form_to_github(client: Client, operator: User) -> None:
    policy = client.get(SETUP)["Content-Security-Policy"]

    assert "form-action 'self' https://github.com;" in f"{policy};"


def test_an_app_whose_secrets_cannot_be_read_can_be_replaced(
    client: Client, operator: User, github_app: GitHubApp
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE integrations_githubapp SET private_key = 'unreadable'")

    assert client.get(SETUP).status_code == 200


@pytest.mark.parametrize("host", ["localhost", f"{'a' * 60}.example.com"])
def test_two_apps_of_one_address_are_given_different_names(settings: Settings, host: str) -> None:
    settings.DEXXY_BASE_URL = f"https://{host}"

    one, another = manifest()["name"], manifest()["name"]

    assert one != another
    assert max(len(one), len(another)) <= LONGEST_NAME
