import pytest

from dexxy.config import env
from dexxy.config.sign_in import OidcSettings, oidc_settings

WHOLE = {
    "ISSUER": "https://sso.example.org/realms/team/",
    "CLIENT_ID": "dexxy",
    "CLIENT_SECRET": "secret",
}


def give(monkeypatch: pytest.MonkeyPatch, given: dict[str, str]) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"DEXXY_OIDC_{name}", value)


def test_a_provider_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, WHOLE)

    found = oidc_settings()

    assert found == OidcSettings(
        "https://sso.example.org/realms/team", "dexxy", "secret", "OpenID Connect"
    )
    assert "secret" not in repr(found)


def test_without_settings_there_is_none() -> None:
    assert oidc_settings() is None


@pytest.mark.parametrize("missing", WHOLE)
def test_a_provider_by_halves_is_refused(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    give(monkeypatch, {name: value for name, value in WHOLE.items() if name != missing})

    with pytest.raises(env.SettingError, match=f"DEXXY_OIDC_{missing} is not set"):
        oidc_settings()


def test_an_issuer_that_is_no_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    give(monkeypatch, {**WHOLE, "ISSUER": "sso.example.org"})

    with pytest.raises(env.SettingError, match=r"DEXXY_OIDC_ISSUER=sso\.example\.org"):
        oidc_settings()
