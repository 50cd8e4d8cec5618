"""`make release`, in a clone of this checkout."""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests import needs

VERSION = "99.0.0a1"


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with what is committed, on a branch with a change to release."""
    if not (needs.ROOT / ".git").exists():
        pytest.skip("this is no checkout")
    target = tmp_path / "clone"
    done = subprocess.run(
        ["git", "clone", "--quiet", "--no-hardlinks", needs.ROOT, target], capture_output=True
    )
    if done.returncode:
        pytest.skip(f"the checkout cannot be cloned: {done.stderr!r}")
    log = target / "CHANGELOG.md"
    text = log.read_text().replace(
        "## [Unreleased]\n", "## [Unreleased]\n\n### Added\n\n- What is made up.\n", 1
    )
    log.write_text(text)
    git(target, "commit", "--all", "--quiet", "--message", "Make something up")
    return target


def environment() -> dict[str, str]:
    who = {
        f"GIT_{role}_{what}": "a@b.example"
        for role in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    path = f"{os.environ['PATH']}{os.pathsep}{needs.ROOT / '.uv/bin'}"
    return {**os.environ, **who, "PATH": path, "PYTHONWARNINGS": "ignore"}


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def release(clone: Path, version: str, *options: str) -> "subprocess.CompletedProcess[str]":
    return tool(clone, "release", version, *options)


def checked_elsewhere(clone: Path) -> tuple[str, str]:
    """Return the options by which somebody says that the checks passed on another machine."""
    return "--checked", git(clone, "rev-parse", "HEAD")


def tool(clone: Path, name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", f"tools.{name}", *arguments],
        cwd=clone,
        env=environment(),
        capture_output=True,
        text=True,
    )


@pytest.mark.slow
@pytest.mark.slow  # all is built
def test_a_release_is_a_tag_with_its_changes_and_what_is_published(clone: Path) -> None:
    before = git(clone, "rev-parse", "HEAD")

    done = release(clone, VERSION, *checked_elsewhere(clone))

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1] == f"Nothing was pushed: git push origin HEAD v{VERSION}"
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "rev-parse", f"v{VERSION}^{{}}~1") == before
    assert git(clone, "tag", "--list", "--format=%(contents:body)", f"v{VERSION}").startswith(
        "### Added\n\n- What is made up."
    )
    log = (clone / "CHANGELOG.md").read_text()
    assert f"## [Unreleased]\n\n## [{VERSION}] - " in log
    dist = {path.name: path for path in (clone / "dist").iterdir()}
    assert set(dist) == {
        f"dexxy-{VERSION}-py3-none-any.whl",
        f"dexxy-{VERSION}.tar.gz",
        f"dexxy-{VERSION}.cdx.json",
        "SHA256SUMS",
    }
    sums = dict(line.split("  ")[::-1] for line in dist["SHA256SUMS"].read_text().splitlines())
    assert sums == {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in dist.items()
        if name != "SHA256SUMS"
    }
    commit = git(clone, "rev-parse", "HEAD")
    with zipfile.ZipFile(dist[f"dexxy-{VERSION}-py3-none-any.whl"]) as wheel:
        assert wheel.read("dexxy/commit.txt").decode().strip() == commit
        assert b"Webhooks wait" in wheel.read("dexxy/web/docs/html/how-to/runbooks.html")
    with tarfile.open(dist[f"dexxy-{VERSION}.tar.gz"]) as source:
        names = source.getnames()
        assert f"dexxy-{VERSION}/dexxy/commit.txt" in names
    assert [name for name in names if {"tests", "conftest.py"} & set(name.split("/"))] == []
    bill = json.loads(dist[f"dexxy-{VERSION}.cdx.json"].read_text())
    assert (bill["bomFormat"], bill["metadata"]["component"]["version"]) == ("CycloneDX", VERSION)
    assert {"django", "psycopg"} <= {one["name"] for one in bill["components"]}
    assert "pytest" not in {one["name"] for one in bill["components"]}


@pytest.mark.slow
def test_a_release_writes_down_what_it_uses(clone: Path) -> None:
    done = tool(clone, "released")

    assert (done.returncode, done.stderr) == (0, "")
    released = json.loads((clone / "dexxy/cli/upgrading/released.json").read_text())
    assert "mail_outgoingmail" in released["tables"]
    assert ["mail", "0001_initial"] in released["migrations"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "says"),
    [
        ("next", "next is no version: write it as 1.2.3 or 1.2.3a1."),
        ("0.0.1", "0.0.1 is not newer than "),
        (VERSION, f"there is a tag v{VERSION} already."),
    ],
)
def test_a_version_that_cannot_be_is_refused(clone: Path, version: str, says: str) -> None:
    git(clone, "tag", f"v{VERSION}")
    before = git(clone, "rev-parse", "HEAD")

    done = release(clone, version)

    assert done.returncode == 1
    assert done.stderr.startswith(f"No release was made: {says}")
    assert (git(clone, "rev-parse", "HEAD"), git(clone, "status", "--porcelain")) == (before, "")


def test_a_checkout_with_changes_is_refused_and_kept(clone: Path) -> None:
    (clone / "README.md").write_text("mine")

    done = release(clone, VERSION)

    assert done.stderr == (
        "No release was made: files were changed: commit them, or take them back.\n"
    )
    assert (clone / "README.md").read_text() == "mine"


def test_a_release_that_fails_half_way_leaves_the_checkout_as_it_was(clone: Path) -> None:
    (clone / "deploy/helm/dexxy/Chart.yaml").write_text("nothing like it\n")
    git(clone, "commit", "--all", "--quiet", "--message", "Break the chart")
    before = git(clone, "rev-parse", "HEAD")

    done = release(clone, VERSION, *checked_elsewhere(clone))

    assert done.returncode == 1
    assert "Chart.yaml has nothing like" in done.stderr
    assert (git(clone, "rev-parse", "HEAD"), git(clone, "status", "--porcelain")) == (before, "")
    assert git(clone, "tag", "--list", f"v{VERSION}") == ""


@pytest.fixture
def broken(clone: Path) -> Path:
    """A clone of which a release fails as soon as nothing refuses it any more."""
    (clone / "deploy/helm/dexxy/Chart.yaml").write_text("nothing like it\n")
    git(clone, "commit", "--all", "--quiet", "--message", "Break the chart")
    return clone


def is_refused_as_unchecked(clone: Path) -> bool:
    """Return whether a release is refused because not all checks have passed for it."""
    before = git(clone, "rev-parse", "HEAD")
    done = release(clone, VERSION)
    assert done.returncode == 1
    assert (git(clone, "rev-parse", "HEAD"), git(clone, "status", "--porcelain")) == (before, "")
    if "Chart.yaml has nothing like" in done.stderr:
        return False
    assert done.stderr == (
        "No release was made: make check-all has not passed for this commit. Run it here, or add"
        f" CHECKED={before} if it passed for this commit elsewhere.\n"
    )
    return True


def test_a_commit_is_released_once_all_checks_have_passed_for_its_files(broken: Path) -> None:
    assert is_refused_as_unchecked(broken)

    tool(broken, "checked", "begins")
    assert is_refused_as_unchecked(broken)
    done = tool(broken, "checked", "passed")
    assert (done.stdout, done.stderr) == ("A release can be made of this commit.\n", "")
    assert not is_refused_as_unchecked(broken)

    git(broken, "commit", "--amend", "--quiet", "--message", "Say it otherwise")
    assert not is_refused_as_unchecked(broken)
    (broken / "README.md").write_text("mine")
    git(broken, "commit", "--all", "--quiet", "--message", "Change a file")
    assert is_refused_as_unchecked(broken)


def test_what_passed_is_forgotten_as_soon_as_the_checks_begin_again(broken: Path) -> None:
    tool(broken, "checked", "begins")
    tool(broken, "checked", "passed")

    tool(broken, "checked", "begins")

    assert is_refused_as_unchecked(broken)


@pytest.mark.parametrize("changed_at", ["the beginning", "the end"])
def test_checks_of_files_that_are_not_committed_count_for_nothing(
    broken: Path, changed_at: str
) -> None:
    readme = broken / "README.md"
    committed = readme.read_text("utf-8")
    if changed_at == "the beginning":
        readme.write_text("mine")
    tool(broken, "checked", "begins")
    readme.write_text(committed if changed_at == "the beginning" else "mine")

    done = tool(broken, "checked", "passed")

    assert (done.returncode, done.stdout) == (
        0,
        "No release can be made of this: not all files were committed from the beginning.\n",
    )
    readme.write_text(committed)
    assert is_refused_as_unchecked(broken)


def test_whoever_says_that_the_checks_passed_elsewhere_names_this_commit(broken: Path) -> None:
    before = git(broken, "rev-parse", "HEAD~1")

    done = release(broken, VERSION, "--checked", before)

    now = git(broken, "rev-parse", "HEAD")
    assert done.stderr == (
        f"No release was made: make check-all passed for {before}, and this is {now}.\n"
    )


@pytest.mark.parametrize(("options", "is_noted"), [((), True), (("ARGS=-k feed",), False)])
def test_the_checks_are_noted_unless_some_tests_are_left_out(
    clone: Path, options: tuple[str, ...], is_noted: bool
) -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "--dry-run", "check-all", *options],
        cwd=clone,
        # `make` hands on what it was given to those that it starts, and so to the tests.
        env={**environment(), "MAKEFLAGS": "", "ARGS": ""},
        capture_output=True,
        text=True,
        check=True,
    )

    steps = ["tools.checked begins", "ruff check", "pytest", "tools.checked passed"]
    found = [next((step for step in steps if step in line), "") for line in done.stdout.split("\n")]
    assert [step for step in found if step] == (steps if is_noted else steps[1:3])
