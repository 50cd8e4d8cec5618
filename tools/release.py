"""Make a release of this checkout, and push nothing: `make release VERSION=1.2.3`.

The last line says what to push. Where a step fails, the checkout is as it was before.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from packaging.version import InvalidVersion, Version

from tools.checked import has_passed

CHANGELOG = Path("CHANGELOG.md")
PACKAGE = Path("dexxy/__init__.py")
CHART = Path("deploy/helm/dexxy/Chart.yaml")
DIST = Path("dist")
_NOTHING_YET = "## [Unreleased]\n"


class ReleaseError(Exception):
    """No release is made; the message is one line that says why."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools.release", description=__doc__)
    parser.add_argument("version", help="the version to release, as 1.2.3 or 1.2.3a1")
    parser.add_argument("--checked", help="the commit for which `make check-all` passed elsewhere")
    arguments = parser.parse_args()
    try:
        version = check(arguments.version, arguments.checked)
        before = git("rev-parse", "HEAD")
        try:
            files = make(version)
        except BaseException:
            undo(version, before)
            raise
    except (ReleaseError, subprocess.CalledProcessError) as error:
        said = str(getattr(error, "stderr", "") or error).strip()
        print(f"No release was made: {said}", file=sys.stderr)  # noqa: T201
        return 1
    for path in files:
        print(path)  # noqa: T201
    print(f"Nothing was pushed: git push origin HEAD v{version}")  # noqa: T201
    return 0


def check(text: str, checked: str | None) -> str:
    """Return the version to release, if there can be such a release now.

    Args:
        checked: the commit for which all checks passed elsewhere, if they did.

    Raises:
        ReleaseError: there cannot.
    """
    try:
        version = Version(text)
    except InvalidVersion:
        raise ReleaseError(f"{text} is no version: write it as 1.2.3 or 1.2.3a1.") from None
    if git("status", "--porcelain"):
        raise ReleaseError("files were changed: commit them, or take them back.")
    if version <= Version(current()):
        raise ReleaseError(f"{version} is not newer than {current()}.")
    if git("tag", "--list", f"v{version}"):
        raise ReleaseError(f"there is a tag v{version} already.")
    if not unreleased():
        raise ReleaseError("nothing stands below Unreleased in CHANGELOG.md.")
    commit = git("rev-parse", "HEAD")
    if checked is not None and checked != commit:
        raise ReleaseError(f"make check-all passed for {checked}, and this is {commit}.")
    if checked is None and not has_passed():
        raise ReleaseError(
            "make check-all has not passed for this commit. Run it here, or add"
            f" CHECKED={commit} if it passed for this commit elsewhere."
        )
    return str(version)


def make(version: str) -> list[Path]:
    """Write the version down, commit, tag, and build.

    Returns: what is to be published.
    """
    notes = unreleased()
    today = datetime.now(UTC).date()
    put(CHANGELOG, re.escape(_NOTHING_YET), f"{_NOTHING_YET}\n## [{version}] - {today}\n")
    put(PACKAGE, r'__version__ = ".*"', f'__version__ = "{version}"')
    put(CHART, r'appVersion: ".*"', f'appVersion: "{version}"')
    run(sys.executable, "-W", "ignore", "-m", "tools.released")
    why = "What is new in it is in CHANGELOG.md."
    git("commit", "--all", "--quiet", "--message", f"Call this state {version}\n\n{why}")
    tag(version, notes)
    shutil.rmtree(DIST, ignore_errors=True)
    # An installation serves its own pages at /docs/, to which alerts lead.
    run(sys.executable, "-W", "ignore", "-m", "tools.documentation")
    run(sys.executable, "-m", "hatchling", "build", "--directory", str(DIST))
    bill_of_materials(DIST / f"dexxy-{version}.cdx.json", version)
    files = sorted(DIST.iterdir())
    sums = DIST / "SHA256SUMS"
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    sums.write_text("".join(lines))
    return [*files, sums]


def bill_of_materials(target: Path, version: str) -> None:
    """Write which libraries a release is locked to, as CycloneDX, from `uv.lock`."""
    uv = shutil.which("uv", path=f".uv/bin:{os.environ['PATH']}")
    if uv is None:
        raise ReleaseError("there is no uv: `make .venv/.dev` brings it.")
    options = ("--frozen", "--no-dev", "--quiet", "--output-file", str(target))
    run(uv, "export", "--format", "cyclonedx1.5", *options)
    bill = json.loads(target.read_text())
    if not bill.get("components"):
        raise ReleaseError("the bill of materials is empty.")
    # The lock file does not know it: it comes from the package.
    bill["metadata"]["component"] |= {"version": version, "purl": f"pkg:pypi/dexxy@{version}"}
    target.write_text(json.dumps(bill, indent=1) + "\n")


def undo(version: str, before: str) -> None:
    """Bring the checkout back to the commit BEFORE, which it was a clean one of."""
    if git("tag", "--list", f"v{version}"):
        git("tag", "--delete", f"v{version}")
    git("reset", "--hard", "--quiet", before)


def tag(version: str, notes: str) -> None:
    # Its lines that begin with # are headings, and no comments.
    git(
        *("tag", "--annotate", f"v{version}", "--cleanup=verbatim"),
        *("--message", f"Dexxy {version}\n\n{notes}\n"),
    )


def unreleased() -> str:
    """Return what CHANGELOG.md has below Unreleased."""
    text = CHANGELOG.read_text("utf-8").partition(_NOTHING_YET)[2]
    return re.split(r"^## \[", text, maxsplit=1, flags=re.MULTILINE)[0].strip()


def current() -> str:
    """Return the version that this checkout is, or is after."""
    found = re.search(r'__version__ = "(.*)"', PACKAGE.read_text())
    if found is None:
        raise ReleaseError(f"{PACKAGE} names no version.")
    return found[1]


def put(path: Path, pattern: str, replacement: str) -> None:
    text, found = re.subn(pattern, lambda _: replacement, path.read_text("utf-8"), count=1)
    if not found:
        raise ReleaseError(f"{path} has nothing like {pattern}.")
    path.write_text(text, "utf-8")


def git(*arguments: str) -> str:
    return run("git", *arguments)


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
