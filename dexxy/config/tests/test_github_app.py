"""The App of the environment is whole or not there."""

from collections.abc import Callable

import pytest

from dexxy.config import env
from dexxy.config.github_app import app_settings

WHOLE = {
    "APP_ID": "7",
    "CLIENT_ID": "Iv1.x",
    "CLIENT_SECRET": "secret",
    "PRIVATE_KEY": "-----BEGIN RSA PRIVATE KEY-----\\nabc\\n-----END",
    "WEBHOOK_SECRET": "hook",
}
Set = Callable[[dict[str, str]], None]


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Set:
    def set_all(parts: dict[str, str]) -> None:
        for name, value in parts.items():
            monkeypatch.setenv(f"DEXXY_GITHUB_{name}", value)

    return set_all


def test_an_environment_that_names_no_app_has_none() -> None:
    assert app_settings() is None


def test_a_whole_app_is_read_and_shows_no_secret(given: Set) -> None:
    given(WHOLE)

    found = app_settings()

    assert found is not None
    assert (found.app_id, found.client_id, found.webhook_secret) == (7, "Iv1.x", "hook")
    assert found.private_key == "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END"
    assert repr(found) == "AppSettings(app_id=7, client_id='Iv1.x')"


@pytest.mark.parametrize("missing", ["APP_ID", "CLIENT_ID", "CLIENT_SECRET", "PRIVATE_KEY"])
def test_an_app_by_halves_is_refused(given: Set, missing: str) -> None:
    given({name: value for name, value in WHOLE.items() if name != missing})

    with pytest.raises(env.SettingError, match=f"DEXXY_GITHUB_{missing} is not set"):
        app_settings()


def test_a_webhook_secret_by_itself_is_refused(given: Set) -> None:
    given({"WEBHOOK_SECRET": "hook"})

    with pytest.raises(env.SettingError, match="DEXXY_GITHUB_APP_ID is not set"):
        app_settings()


def test_an_app_without_webhooks_is_whole(given: Set) -> None:
    given({name: value for name, value in WHOLE.items() if name != "WEBHOOK_SECRET"})

    found = app_settings()

    assert found is not None
    assert found.webhook_secret == ""


def test_a_key_that_is_none_is_refused(given: Set) -> None:
    given({**WHOLE, "PRIVATE_KEY": "/path/to/key.pem"})

    with pytest.raises(env.SettingError, match="PRIVATE_KEY_FILE"):
        app_settings()
