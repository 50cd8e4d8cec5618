"""Dexxy itself, by `dexxy sync`, as anybody runs it by hand."""

import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import psycopg
import redis

from benchmarks.peers import kinds
from benchmarks.peers.github import FULL_NAME
from benchmarks.peers.peer import TOKEN, Command, Peer

TEMPLATE = "peers_template"
THREADS = {
    "issue": kinds.ISSUES,
    "pull_request": kinds.PULL_REQUESTS,
    "discussion": kinds.DISCUSSIONS,
}
MESSAGES = {
    ("discussion", "comment"): kinds.DISCUSSION_COMMENTS,
    ("discussion", "reply"): kinds.DISCUSSION_COMMENTS,
    ("issue", "comment"): kinds.COMMENTS,
    ("pull_request", "comment"): kinds.COMMENTS,
    ("pull_request", "review"): kinds.REVIEWS,
    ("pull_request", "review_comment"): kinds.REVIEW_COMMENTS,
}
OPENING = "opened"
THREADS_COUNTED = "SELECT kind, count(*) FROM messages_thread WHERE NOT is_archived GROUP BY kind"
MESSAGES_COUNTED = """
SELECT thread_kind, kind, count(*) FROM messages_message WHERE NOT is_archived
GROUP BY thread_kind, kind
"""


class Dexxy(Peer):
    """This Dexxy, with a PostgreSQL and a Valkey of its own and an empty database each time."""

    name = "Dexxy"
    package = "dexxy"
    requirement = "dexxy"
    home = ""
    address = "its setting `DEXXY_GITHUB_API_URL`"
    choice = "`dexxy sync`, which reads everything that Dexxy reads"
    goes_on = "the same command again: each page that was stored stays"
    has_servers = True
    database: ClassVar[str] = "peers"
    is_installed = False

    def __init__(self, servers: Mapping[str, str]) -> None:
        self._servers = servers
        self._address = servers["DATABASE_URL"]
        self._is_made = False

    def environment(self, url: str) -> dict[str, str]:
        """Return the environment of the servers, with the database of a run."""
        return {
            **self._servers,
            "DATABASE_URL": self._url_of(self.database),
            "DEXXY_GITHUB_API_URL": url,
            "GITHUB_TOKEN": TOKEN,
        }

    def arrange(self, folder: Path, url: str) -> list[Command]:
        """Make an empty database, by migrations the first time."""
        with psycopg.connect(self._address, autocommit=True) as connection:
            if not self._is_made:
                connection.execute(f"CREATE DATABASE {self.database}")
                return [Command([sys.executable, "-m", "dexxy.cli.main", "manage", "migrate"])]
            self._copy(connection, TEMPLATE, self.database)
        redis.Redis.from_url(self._servers["REDIS_URL"]).flushall()
        return []

    def arranged(self, folder: Path) -> None:
        """Keep the empty database, to copy it the next time."""
        if not self._is_made:
            with psycopg.connect(self._address, autocommit=True) as connection:
                self._copy(connection, self.database, TEMPLATE)
            self._is_made = True

    def commands(self, folder: Path, url: str, *, again: bool) -> list[Command]:
        """Read the repository."""
        return [Command([sys.executable, "-m", "dexxy.cli.main", "sync", FULL_NAME, "--json"])]

    def count(self, folder: Path) -> Counter[str]:
        """Count the rows of its database."""
        with psycopg.connect(self._url_of(self.database)) as connection:
            threads = connection.execute(THREADS_COUNTED).fetchall()
            messages = connection.execute(MESSAGES_COUNTED).fetchall()
        return counted(threads, messages)

    def _copy(self, connection: psycopg.Connection, source: str, target: str) -> None:
        connection.execute(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {target} TEMPLATE {source}")

    def _url_of(self, database: str) -> str:
        head, _, tail = self._address.partition("?")
        return f"{head.rpartition('/')[0]}/{database}{'?' * bool(tail)}{tail}"


def counted(threads: list[tuple[str, int]], messages: list[tuple[str, str, int]]) -> Counter[str]:
    """Count threads by their kind, and messages by that of their thread and their own."""
    found: Counter[str] = Counter()
    for kind, number in threads:
        found[THREADS[kind]] += number
    for thread_kind, kind, number in messages:
        if (thread_kind, kind) in MESSAGES:
            found[MESSAGES[thread_kind, kind]] += number
        elif thread_kind != "discussion" and kind != OPENING:
            found[kinds.EVENTS] += number
    return found
