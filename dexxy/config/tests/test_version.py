"""A version with its commit, from wherever it is run."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dexxy import __version__
from dexxy.config import version

Placed = Callable[[Path], str]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Placed:
    """What is told where the package lies in a folder."""

    def at(folder: Path) -> str:
        monkeypatch.setattr(version, "_PACKAGE", folder / "dexxy")
        version.commit.cache_clear()
        try:
            return version.version_told()
        finally:
            version.commit.cache_clear()

    return at


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example")
    (tmp_path / "dexxy").mkdir()
    (tmp_path / "dexxy" / "file").touch()
    for words in (["init", "--quiet"], ["add", "."], [*who, "commit", "--quiet", "-m", "One"]):
        subprocess.run(["git", "-C", tmp_path, *words], check=True)
    return tmp_path


def test_a_checkout_tells_its_commit_and_whether_it_was_changed(
    checkout: Path, told: Placed
) -> None:
    asked = ["git", "-C", str(checkout), "rev-parse", "HEAD"]
    commit = subprocess.run(asked, capture_output=True, text=True, check=True).stdout

    clean = told(checkout)
    (checkout / "dexxy" / "file").write_text("changed")

    assert clean == f"{__version__} ({commit[:12]})"
    assert told(checkout) == f"{__version__} ({commit[:12]}+)"


def test_a_checkout_of_another_account_tells_its_commit_too(
    checkout: Path, told: Placed, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = told(checkout)

    # What git itself is tested with: nothing belongs to whoever asks.
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")

    assert told(checkout) == own != __version__


def test_what_was_built_tells_the_commit_that_it_was_built_from(
    tmp_path: Path, told: Placed
) -> None:
    (tmp_path / "dexxy").mkdir()
    (tmp_path / "dexxy" / "commit.txt").write_text("0123456789abcdef0123456789abcdef01234567\n")

    assert told(tmp_path) == f"{__version__} (0123456789ab)"


def test_where_nothing_tells_the_commit_the_version_stands_alone(
    tmp_path: Path, told: Placed
) -> None:
    assert told(tmp_path) == __version__
