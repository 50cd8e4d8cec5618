"""The last release, installed beside this checkout from its commit, with the libraries of its lock
file: `.cache/released/VERSION`."""

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from dexxy.cli.upgrading.released import last_release
from dexxy.embedded.locks import acquire
from tests import needs

_SECONDS = 900.0


def released_python() -> Path:
    """Return the Python of the last release's own environment; the first who asks makes it.

    Needs the history of git and, the first time, a network or uv's cache: where one is missing the
    test is skipped, and fails with CI set.
    """
    version = last_release().version
    folder = needs.ROOT / ".cache" / "released" / version
    python = folder / ".venv" / "bin" / "python"
    folder.parent.mkdir(parents=True, exist_ok=True)
    lock = acquire(folder.parent / "lock", exclusive=True, timeout=_SECONDS)
    try:
        if not (folder / "installed").exists():
            _install(version, folder)
            (folder / "installed").touch()
    finally:
        if lock is not None:
            os.close(lock)
    return python


def _commit(version: str) -> str:
    """Return the commit of a release: that of its tag, or without tags the one that made it."""
    for question in (
        ["rev-parse", "--verify", "--quiet", f"v{version}^{{commit}}"],
        ["log", "-1", "--format=%H", f"--grep=^Call this state {version}$"],
    ):
        with suppress(OSError):
            asked = subprocess.run(
                ["git", "-C", needs.ROOT, *question], capture_output=True, text=True
            )
            if found := asked.stdout.strip():
                return found
    return needs.missing(f"the history has no v{version}: fetch all of it, with its tags")


def _install(version: str, folder: Path) -> None:
    commit = _commit(version)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    archive = subprocess.run(
        ["git", "-C", needs.ROOT, "archive", commit], capture_output=True, check=True
    )
    subprocess.run(["tar", "-xf", "-", "-C", folder], input=archive.stdout, check=True)
    uv = shutil.which("uv", path=f"{needs.ROOT / '.uv/bin'}{os.pathsep}{os.environ['PATH']}")
    if uv is None:
        needs.missing("there is no uv: `make .venv/.dev` brings it")
    synced = subprocess.run(
        [uv, "sync", "--frozen", "--no-dev", "--quiet"],
        cwd=folder,
        env={
            **{name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"},
            "UV_PROJECT_ENVIRONMENT": ".venv",
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_LINK_MODE": "copy",
            "UV_SYSTEM_CERTS": "true",
        },
        capture_output=True,
        text=True,
    )
    if synced.returncode:
        last = (synced.stderr.strip().splitlines() or ["it does not say why"])[-1]
        needs.missing(f"{version} cannot be installed without a network: {last.strip()}")
