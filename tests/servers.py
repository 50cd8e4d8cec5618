"""A pytest plugin: a real PostgreSQL and a real Valkey for the whole run.

It is loaded with `-p tests.servers`, before Django's settings are read. With DATABASE_URL and
REDIS_URL set, those servers are used; otherwise private ones start and stop with the run.
"""

import hashlib
import os
import tempfile
from pathlib import Path

from dexxy.embedded import ensure_servers

CHECKOUT = Path(__file__).resolve().parent.parent


# Of several processes that share out the tests, each has servers of its own: one that holds a
# transaction open would keep the others from seeing what they wrote as settled.
_WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
# Set by the process that shares out the tests, whose servers are none of its workers' business.
_OURS = "DEXXY_TESTS_SERVERS"


def _data_dir() -> Path:
    # One folder a checkout and user, outside the checkout: as root the servers run as somebody
    # else, who may not be allowed to enter it.
    name = hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:8]
    return Path(tempfile.gettempdir()) / f"dexxy-tests-{os.geteuid()}-{name}{_WORKER}"


def _start() -> None:
    data_dir = _data_dir()
    os.environ["DEXXY_DATA_DIR"] = str(data_dir)
    os.environ.setdefault("DEXXY_SECRET_KEY", "the key of the tests: it protects nothing at all")
    if _WORKER:
        for name in filter(None, os.environ.pop(_OURS, "").split()):
            del os.environ[name]
    wanted = {name: name not in os.environ for name in ("DATABASE_URL", "REDIS_URL")}
    if not any(wanted.values()):
        return
    servers = ensure_servers(
        data_dir, postgres=wanted["DATABASE_URL"], valkey=wanted["REDIS_URL"], durable=False
    )
    if servers.database_url:
        os.environ["DATABASE_URL"] = servers.database_url
    if servers.redis_url:
        os.environ["REDIS_URL"] = servers.redis_url
    os.environ[_OURS] = " ".join(name for name, is_ours in wanted.items() if is_ours)


def own_database() -> dict[str, str]:
    """Return the environment that lets a process of a test's own see the test's database."""
    from django.db import connection

    server, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    return {"DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}"}


_start()
