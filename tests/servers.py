"""A pytest plugin: a real PostgreSQL and a real Valkey for each process that runs tests.

It is loaded with `-p tests.servers`, before Django's settings are read. With DATABASE_URL and
REDIS_URL set, those servers are used; otherwise private ones start and stop with the process.

Private ones begin as copies of a cluster with a migrated database (`tests.template`), so that
nobody waits for the migrations twice, and no test finds what an earlier run left behind.
"""

import argparse
import os
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from dexxy.embedded import ensure_servers
from dexxy.embedded.locks import acquire
from tests import template

# Of several processes that share out the tests, each has servers of its own: one that holds a
# transaction open would keep the others from seeing what they wrote as settled.
_slots: list[int] = []
_copied = False


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    """Start the servers before Django's settings are read, unless this process runs no tests."""
    os.environ.setdefault("DEXXY_SECRET_KEY", "the key of the tests: it protects nothing at all")
    data_dir = _free_data_dir(template.folder())
    os.environ["DEXXY_DATA_DIR"] = str(data_dir)
    if not _only_shares_out_tests(early_config.known_args_namespace):
        _start(data_dir)
    return (yield)


def _only_shares_out_tests(options: argparse.Namespace) -> bool:
    is_worker = "PYTEST_XDIST_WORKER" in os.environ
    shares = bool(getattr(options, "numprocesses", None)) and not options.usepdb
    return shares and not is_worker


def _free_data_dir(folder: Path) -> Path:
    """Return a data folder that no other process uses, and keep it until this one ends."""
    number = 0
    while True:
        lock = acquire(folder / f"{number}.lock", exclusive=True)
        if lock is not None:
            _slots.append(lock)
            return folder / str(number)
        number += 1


def _start(data_dir: Path) -> None:
    global _copied
    wanted = {name: name not in os.environ for name in ("DATABASE_URL", "REDIS_URL")}
    if wanted["DATABASE_URL"]:
        template.copy_cluster(data_dir)
        _copied = True
    if not any(wanted.values()):
        return
    servers = ensure_servers(
        data_dir, postgres=wanted["DATABASE_URL"], valkey=wanted["REDIS_URL"], durable=False
    )
    if servers.database_url:
        os.environ["DATABASE_URL"] = servers.database_url
    if servers.redis_url:
        os.environ["REDIS_URL"] = servers.redis_url


def migrated_database() -> str | None:
    """Return the name of a migrated database on our server that a test database can copy."""
    return template.DATABASE if _copied else None


def own_database() -> dict[str, str]:
    """Return the environment that lets a process of a test's own see the test's database."""
    from django.db import connection

    server, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    return {"DATABASE_URL": f"{server}/{connection.settings_dict['NAME']}"}


@contextmanager
def new_database(name: str, *, template: str = "template0") -> Iterator[str]:
    """Make a database on our server, yield its address, and drop it with its sessions.

    Args:
        template: the name of the database that it begins as a copy of.
    """
    import psycopg

    server, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    with closing(psycopg.connect(f"{server}/postgres", autocommit=True)) as ours:
        ours.execute(f'CREATE DATABASE "{name}" TEMPLATE {template}')
        try:
            yield f"{server}/{name}"
        finally:
            # WITH (FORCE) fails while autovacuum looks at it, which is not ours to end.
            ours.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            ours.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = %s AND usename = current_user",
                [name],
            )
            ours.execute(f'DROP DATABASE "{name}"')


@contextmanager
def using(url: str) -> Iterator[None]:
    """Let this process work on another database."""
    import dj_database_url
    from django.db import connections

    of_tests = connections["default"]
    connections["default"] = other = of_tests.copy()
    other.settings_dict |= dj_database_url.parse(url)
    try:
        yield
    finally:
        other.close()
        connections["default"] = of_tests
