"""The page of settings says what the code does: its tables are written from it."""

import re

from dexxy.config.catalogue import CATALOGUE
from tools import settings_reference
from tools.settings_reference import CONFIG, PAGE, Read, reads


def test_the_reference_is_what_the_code_says() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert page == settings_reference.written(), "run make fmt and review the diff"


def test_every_setting_is_described_once_and_every_described_one_is_read() -> None:
    described = [name for part in CATALOGUE.values() for name in part]

    assert sorted(described) == sorted(reads())


def test_every_part_of_the_catalogue_has_its_table() -> None:
    tables = re.findall(r"<!-- (\w+): written by", PAGE.read_text(encoding="utf-8"))

    assert sorted(tables) == sorted(CATALOGUE)


def test_a_default_that_is_computed_is_put_in_words() -> None:
    # Else the page would be silent about it.
    silent = [
        name
        for part in CATALOGUE.values()
        for name, described in part.items()
        if reads()[name].arguments[:1] == (None,) and not described.default
    ]

    assert silent == []


def test_what_is_read_is_understood() -> None:
    known = reads()

    assert known["DEXXY_SYNC_SLICE"] == Read("integer", (60,), {"least": 1, "most": 3600})
    assert known["DEXXY_API_BUDGET"].allowed == ". A whole number from 1 to 1000000000"
    assert known["DEXXY_SYNC_INTERVAL"].limits["most"] == 365 * 24 * 3600
    assert known["DEXXY_SIGN_IN_GITHUB"].default == "no"
    assert known["DEXXY_IMAGES"].default == "proxy"
    assert known["DEXXY_GITHUB_APP_ID"].allowed == ""


def test_settings_read_the_environment_only_through_env() -> None:
    # Otherwise a variable would have no _FILE, and this page would not know of it.
    settings = (CONFIG / "settings.py").read_text(encoding="utf-8")

    assert re.findall(r"os\.environ|getenv", settings) == []
