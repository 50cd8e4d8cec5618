"""Which Dexxy this is: its version, and the commit that it was built from."""

import subprocess
from functools import cache
from pathlib import Path

from dexxy import __version__

_PACKAGE = Path(__file__).resolve().parent.parent
# Of a commit: as many letters as tell it from all others for a long time.
_LETTERS = 12


def version_told() -> str:
    """Return the version with the commit behind it, as `0.1.0 (0123456789ab)`."""
    known = commit()
    return f"{__version__} ({known})" if known else __version__


@cache
def commit() -> str:
    """Return the beginning of the commit's name, "" where nothing tells it.

    A wheel has it in a file (`hatch_build.py`). A checkout asks git, and says `+` behind it where
    files were changed since.
    """
    note = _PACKAGE / "commit.txt"
    if note.exists():
        return note.read_text(encoding="ascii").strip()[:_LETTERS]
    if not (_PACKAGE.parent / ".git").exists():
        return ""
    return _asked("rev-parse", "HEAD")[:_LETTERS] + ("+" if _asked("status", "--porcelain") else "")


def _asked(*question: str) -> str:
    # Often root installed it and another account runs it: git refuses that, for what settings of
    # a repository may start. What runs here is this checkout's code already.
    root = str(_PACKAGE.parent)
    trusted = ("-c", f"safe.directory={root}", "-c", "core.fsmonitor=false")
    command = ["git", *trusted, "-C", root, *question]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):  # no git, or no commit
        return ""
    return done.stdout.strip()
