"""Settings fail loudly, in one line."""

from pathlib import Path

import pytest

from dexxy.config import env, github_urls, keys

NAME = "DEXXY_TEST_SETTING"


def test_a_setting_comes_from_the_variable_or_from_the_file_it_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert env.text(NAME, "default") == "default"

    (tmp_path / "secret").write_text("from a file\n")
    monkeypatch.setenv(f"{NAME}_FILE", str(tmp_path / "secret"))
    assert env.text(NAME) == "from a file"

    monkeypatch.setenv(NAME, "and from the variable")
    with pytest.raises(env.SettingError, match="not both"):
        env.text(NAME)


def test_a_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{NAME}_FILE", "/does/not/exist")

    with pytest.raises(env.SettingError, match="/does/not/exist cannot be read"):
        env.text(NAME)


@pytest.mark.parametrize("value", ["-5", "x", "1.5", "0", "11", "9" * 30, "٣"])
def test_a_number_out_of_its_range_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)

    with pytest.raises(env.SettingError, match="not a whole number from 1 to 10"):
        env.integer(NAME, 5, least=1, most=10)


@pytest.mark.parametrize("value", ["ftp://x", "nonsense", "http://", "http://x:99999"])
def test_an_address_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(NAME, value)

    with pytest.raises(env.SettingError, match="not an http"):
        env.url(NAME, "https://example.com")


def test_yes_and_no_are_understood_and_anything_else_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for value, expected in (("Yes", True), ("1", True), ("off", False), ("false", False)):
        monkeypatch.setenv(NAME, value)
        assert env.flag(NAME, not expected) is expected

    monkeypatch.setenv(NAME, "maybe")
    with pytest.raises(env.SettingError, match="neither yes nor no"):
        env.flag(NAME, True)


@pytest.mark.parametrize(
    ("api", "graphql", "web"),
    [
        ("https://api.github.com", "https://api.github.com/graphql", "https://github.com"),
        ("https://ghe.acme.com/api/v3", "https://ghe.acme.com/api/graphql", "https://ghe.acme.com"),
        ("https://api.acme.ghe.com", "https://api.acme.ghe.com/graphql", "https://acme.ghe.com"),
        ("http://127.0.0.1:81", "http://127.0.0.1:81/graphql", "http://127.0.0.1:81"),
    ],
)
def test_the_other_addresses_follow_from_the_rest_root(api: str, graphql: str, web: str) -> None:
    assert (github_urls.graphql_url(api), github_urls.web_url(api)) == (graphql, web)


@pytest.fixture
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEXXY_SECRET_KEY", raising=False)


@pytest.mark.usefixtures("no_key")
def test_a_key_is_made_once_and_only_its_user_can_read_it(tmp_path: Path) -> None:
    first, second = keys.secret_keys(lambda: tmp_path), keys.secret_keys(lambda: tmp_path)

    assert first == second
    assert len(first[0]) > 48
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("no_key")
@pytest.mark.parametrize("content", [b"", b"short", b"\xff\xfe" * 20])
def test_a_damaged_key_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret.key").write_bytes(content)

    with pytest.raises(env.SettingError, match=r"secret\.key is damaged"):
        keys.secret_keys(lambda: tmp_path)


def test_a_key_that_could_be_guessed_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DEXXY_SECRET_KEY", "x")

    with pytest.raises(env.SettingError, match="shorter than 12"):
        keys.secret_keys(lambda: tmp_path)


@pytest.mark.parametrize(
    "address",
    ["https://x.example/a?b=c", "https://x.example/#a", "https://x.example/a b", "http://x/%2e"],
)
def test_an_address_is_scheme_host_and_path(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv(NAME, address)

    with pytest.raises(env.SettingError, match="not an http"):
        env.url(NAME, "https://example.com")


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("valkey://host:6379/0", "redis://host:6379/0"),
        ("valkeys://host:6379/0", "rediss://host:6379/0"),
        ("rediss://host:6379/0", "rediss://host:6379/0"),
        ("unix:///run/x.sock?db=0", "unix:///run/x.sock?db=0"),
        ("", ""),
    ],
)
def test_the_address_of_a_valkey_is_that_of_a_redis(
    monkeypatch: pytest.MonkeyPatch, given: str, found: str
) -> None:
    monkeypatch.setenv(NAME, given)

    assert env.queue_url(NAME) == found


@pytest.mark.parametrize("given", ["http://host:6379", "host:6379", "redis:host"])
def test_what_is_no_address_of_a_queue_is_refused(
    monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    monkeypatch.setenv(NAME, given)

    with pytest.raises(env.SettingError, match=f"{NAME} must look like redis://host:6379/0"):
        env.queue_url(NAME)
