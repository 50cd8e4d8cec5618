"""Measures what storing costs: bytes a message, WAL an insert, and how many updates are HOT.

A generated repository is synced in its natural order and made findable. Then it goes on: some
comments are edited, some threads get a comment or a label, and it is synced again.
"""

import os
import random
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.servers import own_servers
from benchmarks.worlds import NAME
from dexxy_simulator.generated import generated_world
from dexxy_simulator.model import Issue, Post, PullRequest
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World

THREADS, MESSAGES = 3000, 14000
# People write from a large vocabulary, the more of a word the lower its place in it; and now and
# then a word that nobody else writes: a hash, a number, a misspelling.
VOCABULARY, LENGTH, OWN_WORDS = 20_000, 70, 0.03
# With what TOAST holds of a table, and without the indexes that are counted by themselves.
_SIZES = """
SELECT relname, CASE relkind WHEN 'r' THEN pg_table_size(oid) ELSE pg_relation_size(oid) END
FROM pg_class WHERE relkind IN ('r', 'i') AND relname LIKE 'messages\\_%' ORDER BY 1
"""
_WAL = "SELECT pg_current_wal_insert_lsn() - '0/0'"
_UPDATES = """
SELECT relname, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables
WHERE relname IN ('messages_message', 'messages_thread', 'messages_searchentry')
"""


def main() -> None:
    world = generated_world(1, threads=THREADS, messages=MESSAGES, giants=2)
    _write_at_length(world)
    with own_servers() as environment, SimulatorServer(world) as simulator:
        os.environ |= {**environment, "DEXXY_GITHUB_API_URL": simulator.url}
        import django

        django.setup()
        _measure(world)


def _write_at_length(world: World) -> None:
    """Give what is written as many and as various words as people use."""
    chance = random.Random(1)  # noqa: S311 - reproducible
    letters = "etaoinshrdlucmfwypvbgk"
    words = ["".join(chance.choices(letters, k=chance.randint(2, 9))) for _ in range(VOCABULARY)]
    weights = list(accumulate(1 / (place + 10) for place in range(VOCABULARY)))
    for post in world.nodes.values():
        if isinstance(post, Post) and post.body:
            length = 3 + round(chance.expovariate(1 / LENGTH))
            chosen = chance.choices(words, cum_weights=weights, k=length)
            own = [f"{chance.getrandbits(40):x}" for _ in range(round(length * OWN_WORDS))]
            post.body = " ".join([*chosen, *own])


def _measure(world: World) -> None:
    from dexxy.messages.feed.search import search_catch_up

    sync = _first_sync()
    began = _number(_WAL)
    sync()
    wal = _number(_WAL) - began
    messages = _number("SELECT count(*) FROM messages_message")
    search_catch_up(seconds=600)
    wal_of_search = _number(_WAL) - began - wal
    _run("VACUUM ANALYZE")
    sizes = {name: size / messages for name, size in _rows(_SIZES) if size}
    before = _updates()
    _go_on(world)
    began = _number(_WAL)
    sync()
    search_catch_up(seconds=600)
    _report(messages, sizes, wal / messages, wal_of_search / messages)
    _report_updates(before, _updates(), _number(_WAL) - began)


def _first_sync() -> Callable[[], object]:
    """Connect the repository in an empty database; return what syncs it."""
    from django.core.management import call_command

    from dexxy.accounts.services import first_admin_ensure, workspace_ensure
    from dexxy.integrations.models import RunTrigger
    from dexxy.integrations.services.github.connecting.by_token import repository_connect_by_token
    from dexxy.integrations.services.github_sync import repository_sync

    call_command("migrate", verbosity=0)
    repository = repository_connect_by_token(
        workspace=workspace_ensure(slug="bench", admin=first_admin_ensure()),
        full_name=NAME,
        token=DEMO_TOKEN,
    )
    return lambda: repository_sync(repository_id=repository.pk, trigger=RunTrigger.COMMAND)


def _go_on(world: World) -> None:
    """Let a tenth of the threads get a comment, and a tenth an edit of one."""
    repository, author = world.repository(NAME), world.actor("colony")
    assert repository is not None
    chosen = random.Random(1)  # noqa: S311 - reproducible
    threads: list[Issue | PullRequest] = [
        *repository.issues.values(),
        *repository.pull_requests.values(),
    ]
    for thread in threads:
        luck = chosen.random()
        if luck < 0.1:
            world.comment(thread, author, "It is the same here, with the newest version.")
        elif luck < 0.2 and thread.comments:
            world.edit(chosen.choice(list(thread.comments)), "I was wrong: it does work.")
        elif luck < 0.25:
            world.rename_title(thread, author, "It does not work as it did before")


def _report(messages: int, sizes: dict[str, float], wal: float, wal_of_search: float) -> None:
    table = Table("", f"{messages:,} messages", title="Bytes a message", title_justify="left")
    for name, size in sorted(sizes.items(), key=lambda one: -one[1]):
        table.add_row(name, f"{size:.1f}")
    table.add_row("all", f"{sum(sizes.values()):.1f}")
    table.add_row("WAL of storing it", f"{wal:.0f}")
    table.add_row("WAL of making it findable", f"{wal_of_search:.0f}")
    Console().print(table)


def _report_updates(
    before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]], wal: int
) -> None:
    title = f"Updates when it goes on ({wal / 1e6:.1f} MB of WAL)"
    table = Table("", "updates", "of them HOT", title=title, title_justify="left")
    for name, (updates, hot) in after.items():
        more, more_hot = updates - before[name][0], hot - before[name][1]
        table.add_row(name, f"{more}", f"{more_hot / more:.0%}" if more else "")
    Console().print(table)


def _updates() -> dict[str, tuple[int, int]]:
    _run("SELECT pg_stat_force_next_flush()")
    _run("SELECT 1")
    return {name: (updates, hot) for name, updates, hot in _rows(_UPDATES)}


def _number(sql: str) -> int:
    return int(next(_rows(sql))[0])


def _run(sql: str) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql)


def _rows(sql: str) -> Iterator[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(sql)
        yield from cursor.fetchall()


if __name__ == "__main__":
    main()
