"""For which files `make check-all` has passed: `make release` makes no release of others.

It is told when the tests begin, and when they have passed: what was changed in between was tested
in part.
"""

import argparse
import subprocess
import sys
from pathlib import Path

_BEGUN = Path(".cache/check-all-begun")
_PASSED = Path(".cache/check-all-passed")


def main() -> int:
    parser = argparse.ArgumentParser(prog="tools.checked", description=__doc__)
    parser.add_argument("what", choices=["begins", "passed"], help="what `make check-all` does")
    if parser.parse_args().what == "begins":
        begin()
    else:
        print(end())  # noqa: T201
    return 0


def begin() -> None:
    """Note which files are about to be checked; what was known of these is known no more."""
    _PASSED.unlink(missing_ok=True)
    _BEGUN.parent.mkdir(exist_ok=True)
    _BEGUN.write_text(files_committed())


def end() -> str:
    """Note that the files have passed, if they are those of the beginning.

    Returns: what that means for a release, as a sentence.
    """
    files = files_committed()
    if not files or not _BEGUN.exists() or _BEGUN.read_text() != files:
        return "No release can be made of this: not all files were committed from the beginning."
    _PASSED.write_text(files)
    return "A release can be made of this commit."


def has_passed() -> bool:
    """Return whether all checks have passed here for the files as they are."""
    files = files_committed()
    return bool(files) and _PASSED.exists() and _PASSED.read_text() == files


def files_committed() -> str:
    """Return the id of all files of the commit; '' where some differ, or where there is no git."""
    try:
        changed = _git("status", "--porcelain")
        return "" if changed else _git("rev-parse", "HEAD^{tree}")
    except (OSError, subprocess.CalledProcessError):
        return ""


def _git(*arguments: str) -> str:
    command = ["git", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
