"""A cluster with a migrated database, made once and copied by each process that runs tests."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

from dexxy.embedded import ensure_servers
from dexxy.embedded.folder import open_data_folder
from dexxy.embedded.locks import acquire

CHECKOUT = Path(__file__).resolve().parent.parent
DATABASE = "dexxy_template"

_SECONDS = 300.0  # how long another process may take


def folder() -> Path:
    """Return the folder of all that the tests' servers keep; one a checkout and user.

    It is outside the checkout: as root the servers run as somebody else, who may not be allowed
    to enter it.
    """
    name = hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:8]
    path = Path(tempfile.gettempdir()) / f"dexxy-tests-{os.geteuid()}-{name}"
    path.mkdir(exist_ok=True)
    path.chmod(0o711)
    return path


def copy_cluster(data_dir: Path) -> None:
    """Give a data folder, which nobody else uses, a fresh copy of the cluster and no jobs."""
    cluster, data = _cluster(), open_data_folder(data_dir)
    for server in ("postgres", "valkey"):
        # The servers of a run that was killed take a moment to stop.
        owner = _locked(data.lock(server, "owner"))
        shutil.rmtree(data.servers / server, ignore_errors=True)
        os.close(owner)
    # `cp`, for it keeps the owners, and shares the blocks where the file system can do that.
    kept = data.servers / "postgres"
    subprocess.run(["cp", "-Rp", cluster, kept], check=True)
    if data.account.drops and kept.stat().st_uid != data.account.uid:
        # Somebody has made a user `dexxy` since the cluster was made.
        ours = f"{data.account.uid}:{data.account.gid}"
        subprocess.run(["chown", "-R", ours, kept], check=True)


def copy_of_cluster(target: Path) -> None:
    """Make a fresh copy of the cluster, which nobody runs, where there is nothing yet."""
    subprocess.run(["cp", "-Rp", _cluster(), target], check=True)


def _cluster() -> Path:
    """Return the cluster of today's migrations; the first who asks makes it."""
    cluster = folder() / f"cluster-{_fingerprint()}"
    lock = _locked(folder() / "template.lock")
    try:
        if not cluster.exists():
            for old in folder().glob("cluster-*"):
                shutil.rmtree(old)
            _make(cluster)
    finally:
        os.close(lock)
    return cluster


def _locked(path: Path) -> int:
    lock = acquire(path, exclusive=True, timeout=_SECONDS)
    if lock is None:
        raise TimeoutError(f"somebody keeps {path} locked")
    return lock


def _fingerprint() -> str:
    """Return a digest of all that decides what the migrations make: ours, and all libraries."""
    digest = hashlib.sha256((CHECKOUT / "uv.lock").read_bytes())
    for path in sorted((CHECKOUT / "dexxy").glob("*/migrations/*.py")):
        digest.update(str(path).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _make(cluster: Path) -> None:
    data_dir = folder() / "template"
    shutil.rmtree(data_dir / "servers" / "postgres", ignore_errors=True)
    servers = ensure_servers(data_dir, valkey=False, durable=False)
    server, _, _ = str(servers.database_url).rpartition("/")
    with psycopg.connect(str(servers.database_url), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {DATABASE}")
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--verbosity", "0"],
        env={
            **os.environ,
            "DATABASE_URL": f"{server}/{DATABASE}",
            "DJANGO_SETTINGS_MODULE": "dexxy.config.settings",
            "PYTHONWARNINGS": "ignore",
        },
        check=True,
        cwd=CHECKOUT,
    )
    servers.close()
    (data_dir / "servers" / "postgres").rename(cluster)
