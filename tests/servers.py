"""A pytest plugin: a real PostgreSQL and a real Valkey for the whole run.

It is loaded with `-p tests.servers`, before Django's settings are read. With DATABASE_URL and
REDIS_URL set, those servers are used; otherwise private ones start and stop with the run.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from dexxy.embedded import ensure_servers

CHECKOUT = Path(__file__).resolve().parent.parent


def _data_dir() -> Path:
    # One folder a checkout and user, outside the checkout: as root the servers run as somebody
    # else, who may not be allowed to enter it.
    name = hashlib.sha256(str(CHECKOUT).encode()).hexdigest()[:8]
    return Path(tempfile.gettempdir()) / f"dexxy-tests-{os.geteuid()}-{name}"


def _start() -> None:
    data_dir = _data_dir()
    os.environ["DEXXY_DATA_DIR"] = str(data_dir)
    os.environ.setdefault("DEXXY_SECRET_KEY", "the key of the tests: it protects nothing at all")
    _provide(data_dir)
    os.environ["REDIS_URL"] = _queue_of_our_own(os.environ["REDIS_URL"])


def _provide(data_dir: Path) -> None:
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


def _queue_of_our_own(url: str) -> str:
    """Give each of several processes that share out the tests a database of Valkey's of its own.

    Django gives each a database of PostgreSQL's.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker:
        return url
    parts = urlsplit(url)
    number = str(1 + int(worker.removeprefix("gw")))
    if parts.scheme == "unix":
        return f"unix://{parts.path}?{urlencode({**dict(parse_qsl(parts.query)), 'db': number})}"
    return urlunsplit(parts._replace(path=f"/{number}"))


def own_database() -> dict[str, str]:
    """Return the environment that lets a process of a test's own see the test's database."""
    from django.db import connection

    server, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    return {"DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}"}


_start()
