"""What looks like a secret is found before it is committed."""

import subprocess
from pathlib import Path

import pytest

from tests.needs import ROOT
from tools.find_secrets import KNOWN, found

# Put together here, or the scan would find it in this file.
TOKEN = "ghp_" + "Ab3dE5gH1jK9mN0pQ7rS" * 2
NAMED = 'password = "correct horse battery"\n'


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: str, text: str) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text)
    return path


@pytest.mark.parametrize("path", ["dexxy/web/new.py", "tests/test_new.py", *KNOWN])
def test_a_token_is_found_in_every_file(copies: Path, path: str) -> None:
    assert found([write(path, f"\nkey: {TOKEN}\n")]) == [f"{path}:2: GitHub Token"]


def test_what_is_called_a_secret_is_found_outside_tests(copies: Path) -> None:
    assert found([write("dexxy/web/new.py", NAMED)]) == ["dexxy/web/new.py:1: Secret Keyword"]
    assert found([write("tests/test_new.py", NAMED)]) == []


def test_what_is_known_is_there() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)

    assert set(KNOWN) - set(listed.stdout.splitlines()) == set()
