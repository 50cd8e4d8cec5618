"""A new key takes over from an old one, and nothing secret is lost."""

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from dexxy.accounts.models import Workspace
from dexxy.common.crypto import UndecryptableSecretError, decrypt
from dexxy.integrations.models import GitHubApp, GitHubInstallation
from dexxy.safekeeping import key_rotation
from tests.factories import make_installation, make_workspace

OLD, NEW, LOST = "the key of before", "the key of from now on", "a key that nobody has"


def keys(settings: Settings, *known: str) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = known[0], list(known[1:])


@pytest.fixture
def stored(settings: Settings, workspace: Workspace) -> GitHubInstallation:
    """A token and an App's secrets, encrypted with the old key."""
    keys(settings, OLD)
    GitHubApp.objects.create(
        server="github",
        app_id=1,
        client_secret="client",
        private_key="private",
        webhook_secret="",
    )
    return make_installation(workspace=workspace, token="token")


def test_everything_is_encrypted_with_the_new_key(
    stored: GitHubInstallation, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    keys(settings, NEW, OLD)

    call_command("rotate_keys")

    keys(settings, NEW)
    stored.refresh_from_db()
    app = GitHubApp.objects.get()
    assert stored.access_token.read() == "token"
    assert (app.client_secret.read(), app.private_key.read(), app.webhook_secret.read()) == (
        "client",
        "private",
        "",
    )
    said = capsys.readouterr().out
    assert "GitHub installation, access token: 1 encrypted anew, 0 already so" in said
    assert "GitHub App, client secret: 1 encrypted anew" in said
    assert "GitHub App, webhook secret: 0 encrypted anew, 0 already so" in said
    assert said.endswith("Only the first key of DEXXY_SECRET_KEY is needed now.\n")


def test_what_was_done_before_is_left_as_it_is(
    stored: GitHubInstallation,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(key_rotation, "BATCH", 1)
    keys(settings, NEW, OLD)
    make_installation(workspace=make_workspace(), token="newer")

    call_command("rotate_keys")
    call_command("rotate_keys")

    first, second = (
        line for line in capsys.readouterr().out.splitlines() if "access token" in line
    )
    assert "1 encrypted anew, 1 already so, 0 unreadable" in first
    assert "0 encrypted anew, 2 already so, 0 unreadable" in second


def test_what_no_key_fits_is_counted_and_does_not_stop_the_rest(
    stored: GitHubInstallation, settings: Settings
) -> None:
    keys(settings, LOST)
    make_installation(workspace=make_workspace(), token="lost")
    keys(settings, NEW, OLD)

    with pytest.raises(UndecryptableSecretError, match="1 cannot be read"):
        call_command("rotate_keys")

    keys(settings, NEW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT access_token FROM integrations_githubinstallation ORDER BY id")
        (readable,), (lost,) = cursor.fetchall()
    assert decrypt(readable) == "token"
    with pytest.raises(UndecryptableSecretError):
        decrypt(lost)
