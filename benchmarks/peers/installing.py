"""Installs each peer from PyPI into an environment of its own, below .cache/peers/."""

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.peers.peer import Peer

MARK = "installed"


def install(peer: Peer) -> None:
    """Install a peer as it is pinned, unless it is there already.

    Raises:
        SystemExit: PyPI does not have it, or it does not install on this Python.
    """
    folder = peer.environment_folder
    mark = folder / MARK
    if mark.exists() and mark.read_text(encoding="utf-8") == peer.requirement:
        return
    shutil.rmtree(folder, ignore_errors=True)
    uv, python = _uv(), str(folder / "bin" / "python")
    if uv is not None:
        steps = [
            [uv, "venv", "--quiet", "--python", sys.executable, str(folder)],
            [uv, "pip", "install", "--quiet", "--python", python, peer.requirement],
        ]
    else:
        steps = [
            [sys.executable, "-m", "venv", str(folder)],
            [python, "-m", "pip", "install", "--quiet", peer.requirement],
        ]
    for step in steps:
        if subprocess.run(step).returncode:  # noqa: S603
            raise SystemExit(f"{peer.requirement} cannot be installed: see above.")
    mark.write_text(peer.requirement, encoding="utf-8")


def _uv() -> str | None:
    own = Path(".uv/bin/uv")
    return str(own.resolve()) if own.exists() else shutil.which("uv")
