"""The guides for those who change Dexxy: what they show applies to the code as it is, and works."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dexxy.embedded.tests.conftest import place
from dexxy.embedded.tests.observing import wait_until_deserted
from tests.documented import blocks

__all__ = ["place"]
ROOT = Path(__file__).resolve().parent.parent
# The one about a platform changes nothing: `test_documented_commands.py` runs what it shows.
GUIDES = [ROOT / f"docs/how-to/add-a-{what}.md" for what in ("filter", "page", "webhook-event")]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Copy the files that the guides change, so that their changes can be made one by one."""
    for guide in GUIDES:
        for name in re.findall(r"^--- a/(.+)$", guide.read_text("utf-8"), re.MULTILINE):
            copy = tmp_path / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes((ROOT / name).read_bytes())
    return tmp_path


@pytest.fixture
def checkout(place: Path) -> Path:
    """A copy of this checkout, with what `make test` fetches."""
    copy = place / "dexxy"
    made = shutil.ignore_patterns(".*_cache", ".cache", ".git", ".uv", ".venv", "__pycache__")
    shutil.copytree(ROOT, copy, symlinks=True, ignore=made)
    (copy / ".cache").symlink_to(ROOT / ".cache")
    return copy


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_the_changes_of_the_guide_apply_one_after_the_other(guide: Path, tree: Path) -> None:
    apply(guide, tree)


def apply(guide: Path, tree: Path) -> None:
    """Make the changes of a guide in a copy of the files."""
    changes = re.findall(r"^```diff\n(.*?)^```", guide.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(changes) >= 4
    for change in changes:
        done = subprocess.run(
            ["git", "apply", "--unidiff-zero", "-"],
            cwd=tree,
            env={"GIT_CEILING_DIRECTORIES": str(tree.parent), "PATH": "/usr/bin:/bin"},
            input=change,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{change}\n{done.stderr}"


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_what_the_guide_changes_is_python_afterwards(guide: Path, tree: Path) -> None:
    changed = guide.read_text("utf-8")

    apply(guide, tree)

    for name in re.findall(r"^\+\+\+ b/(.+\.py)$", changed, re.MULTILINE):
        compile((tree / name).read_text("utf-8"), name, "exec")


@pytest.mark.slow  # it runs whole files of tests, on servers of their own
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_the_tests_that_the_guide_shows_pass_after_its_changes(guide: Path, checkout: Path) -> None:
    apply(guide, checkout)

    done = run_tests(checkout, "-m", "not slow", *shown_tests(guide))

    assert done.returncode == 0, done.stdout


def shown_tests(guide: Path) -> list[str]:
    """Return the options that a guide gives to `make test`."""
    page = guide.relative_to(ROOT).as_posix()
    typed = [one.text.partition("make test ARGS=")[2] for block in blocks(page) for one in block]
    [options] = [text for text in typed if text]
    [together] = shlex.split(options)
    return together.split()


def run_tests(checkout: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """Run tests of a copy as `make test` would, but in one process."""
    # They start servers of their own, and are nobody's worker.
    ours = ("DATABASE_URL", "REDIS_URL", "DEXXY_DATA_DIR", "PYTEST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=checkout,
        # The copy's cluster goes with the copy.
        env={**kept, "TMPDIR": str(checkout.parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    for folder in checkout.parent.glob("dexxy-tests-*/*/lock"):
        wait_until_deserted(folder.parent)
    return done


def test_a_change_that_does_not_apply_would_be_found(tree: Path) -> None:
    done = subprocess.run(
        ["git", "apply", "--check", "-"],
        cwd=tree,
        env={"GIT_CEILING_DIRECTORIES": str(tree.parent), "PATH": "/usr/bin:/bin"},
        input="--- a/dexxy/web/urls.py\n+++ b/dexxy/web/urls.py\n@@ -1 +1 @@\n-no line\n+one\n",
        capture_output=True,
        text=True,
    )

    assert done.returncode != 0
