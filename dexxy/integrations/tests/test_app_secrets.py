"""The App's key and secrets are exchanged, and nothing that was connected is lost."""

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from django.test import Client
from pytest_django import Settings

from dexxy.accounts.models import AuditEntry, User, Workspace
from dexxy.accounts.selectors import AdminOnlyError
from dexxy.integrations.models import GitHubApp, GitHubInstallation, WebhookDelivery
from dexxy.integrations.services.github.access.app import app_client
from dexxy.integrations.services.github.access.app_settings import AppSettings
from dexxy.integrations.services.github.connecting.app_registration import AppOfEnvironmentError
from dexxy.integrations.services.github.connecting.app_secrets import (
    app_client_secret_replace,
    app_key_replace,
    app_webhook_secret_rotate,
)
from dexxy_simulator.model import App, Repository
from dexxy_simulator.world import World
from tests.factories import make_user
from tests.simulated import to_dexxy


def pem(app: App) -> str:
    """Let GitHub make another key for APP, and return its file."""
    app.private_key = generate_private_key(public_exponent=65537, key_size=2048)
    form = Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    return app.private_key.private_bytes(*form).decode()


@pytest.fixture(autouse=True)
def reachable(settings: Settings) -> None:
    """GitHub sends no webhooks to a machine that only knows itself."""
    settings.DEXXY_BASE_URL = "https://dexxy.example.com"


@pytest.fixture
def path(client: Client, alice: User, linked: GitHubInstallation) -> str:
    client.force_login(alice)
    return f"/setup/github/{linked.app_id}/keys/"


def test_a_new_key_is_tried_and_then_signs(
    client: Client, path: str, simulated_app: App, workspace: Workspace
) -> None:
    written = pem(simulated_app).replace("\n", "\r\n")

    page = client.post(path, {"do": "key", "private_key": f"  {written}  "}, follow=True)

    assert "GitHub takes the new key." in page.content.decode()
    app = GitHubApp.objects.get()
    with app_client(app) as asked:
        assert asked.get("app").data["id"] == app.app_id
    entry = AuditEntry.objects.get(action="github_app.key_replaced")
    assert (entry.workspace, entry.details) == (workspace, {"name": app.slug})


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("", "This is no private key."),
        ("a\0b", "This is no private key."),
        ("-----BEGIN RSA PRIVATE KEY-----\nnothing", "This is no private key."),
        ("another", "GitHub does not take this key for that of the App."),
    ],
)
def test_what_is_no_key_of_the_app_changes_nothing(
    client: Client, path: str, key: str, said: str
) -> None:
    before = GitHubApp.objects.values().get()
    if key == "another":
        other = generate_private_key(public_exponent=65537, key_size=2048)
        form = Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        key = other.private_bytes(*form).decode()

    page = client.post(path, {"do": "key", "private_key": key})

    assert (page.status_code, said in page.content.decode()) == (422, True)
    assert "BEGIN RSA PRIVATE KEY-----\n" not in page.content.decode()
    assert GitHubApp.objects.values().get() == before
    assert not AuditEntry.objects.filter(action__startswith="github_app.").exists()


@pytest.mark.parametrize("secret", ["", "two words", "ä", "a" * 201, "a\0b"])
def test_what_cannot_be_a_client_secret_is_refused(client: Client, path: str, secret: str) -> None:
    before = GitHubApp.objects.values().get()

    page = client.post(path, {"do": "client_secret", "client_secret": secret})

    assert page.status_code == 422
    assert GitHubApp.objects.values().get() == before


def test_a_client_secret_is_replaced(client: Client, path: str) -> None:
    client.post(path, {"do": "client_secret", "client_secret": " abc123 "})

    assert GitHubApp.objects.get().client_secret.read() == "abc123"


def test_a_webhook_secret_is_exchanged_on_both_sides(
    client: Client,
    path: str,
    simulated_app: App,
    world: World,
    hill: Repository,
    settings: Settings,
) -> None:
    before = GitHubApp.objects.get().webhook_secret.read()

    page = client.post(path, {"do": "webhook_secret"}, follow=True).content.decode()

    app = GitHubApp.objects.get()
    secret = app.webhook_secret.read()
    assert "GitHub signs with a new secret now." in page
    assert secret not in page
    assert (simulated_app.hook.secret, secret != before) == (secret, True)
    # What GitHub sends now is believed.
    world.webhooks.transport = to_dexxy
    world.webhooks.drop(logged=False)
    world.open_issue(hill, world.actor("worker"), "News")
    world.webhooks.deliver()
    assert WebhookDelivery.objects.filter(event="issues").exists()


def test_only_who_runs_this_dexxy_exchanges_them_and_not_those_of_the_environment(
    client: Client,
    path: str,
    alice: User,
    bob: User,
    linked: GitHubInstallation,
    settings: Settings,
) -> None:
    pk = linked.app_id or 0
    client.force_login(bob)
    assert client.post(path, {"do": "webhook_secret"}).status_code == 403
    assert client.get("/setup/github/99/keys/").status_code == 403
    for viewer in (bob, make_user()):
        with pytest.raises(AdminOnlyError):
            app_webhook_secret_rotate(viewer=viewer, app_pk=pk)
    settings.DEXXY_GITHUB_APP = AppSettings(1, "a", "b", "c", "d")
    with pytest.raises(AppOfEnvironmentError):
        app_key_replace(viewer=alice, app_pk=pk, private_key="x")
    with pytest.raises(AppOfEnvironmentError):
        app_client_secret_replace(viewer=alice, app_pk=pk, client_secret="x")
    client.force_login(alice)
    assert client.get(path).status_code == 403
