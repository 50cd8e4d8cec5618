"""`python -m benchmarks.insights`: what each card of Insights takes at a million messages.

A year, all kinds, with the year before it. The times are of the processor, in this process and in
that of its database session, so that other work on the machine does not count. Cold is a card of a
session that has read nothing yet; warm is the best of three. Then what a browser waits for, with
other work: the page, all figures on one page (`?all=1`) and the slowest files (CSV).

    python -m benchmarks.insights [CARD ...]
"""

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from time import monotonic, process_time
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.processor import database_session, nanoseconds
from benchmarks.servers import own_servers

THREADS, PEOPLE, DAYS, WORDS = 167_000, 20_000, 5 * 365, 60
# What one waits for with the eye on the page.
MOST_MS = 2000.0


def main() -> None:
    if "BENCH_INSIGHTS" in os.environ:
        _measure(sys.argv[1:])
        return
    with own_servers() as environment:
        command = [sys.executable, "-m", "benchmarks.insights"]
        environment["BENCH_INSIGHTS"] = "1"
        subprocess.run(command, env=environment, check=True)  # noqa: S603


def _measure(only: list[str]) -> None:
    import django

    django.setup()
    from dexxy.messages.figures import scope
    from dexxy.web.insights.catalogue import CARDS

    scope.SECONDS = 600.0  # a machine with other work may take longer
    asked = _asked()
    table = Table("card", "cold, ms", "warm, ms", title="Insights", title_justify="left")
    colds: dict[str, float] = {}
    for slug, card in CARDS.items():
        if only and slug not in only:
            continue
        _another_session()
        draw = partial(card.draw, asked)
        cold = _took(draw)
        warm = min(_took(draw) for _ in range(3))
        colds[slug] = cold
        table.add_row(slug, f"{cold:.0f}", f"{warm:.0f}")
    Console().print(table)
    if not only:
        _waited(asked, sorted(colds, key=colds.__getitem__)[-3:])
    sys.exit(max(colds.values()) > MOST_MS)


def _waited(asked: Any, slowest: list[str]) -> None:
    """Tell how long pages and files take by the clock: the first time, and again at once."""
    from django.core.cache import cache
    from django.test import Client

    cache.clear()
    client = Client(SERVER_NAME="localhost")
    client.force_login(asked.viewer)
    root = f"/w/{asked.workspace.slug}/insights/"
    table = Table("page", "first, ms", "again, ms", title="By the clock", title_justify="left")
    for path in ("", "?all=1&", *(f"{slug}.csv" for slug in slowest)):
        address = f"{root}{path.rstrip('&')}{'&' if '?' in path else '?'}period=12mo"
        _another_session()
        times = []
        for _ in range(2):
            began = monotonic()
            answer = client.get(address)
            times.append((monotonic() - began) * 1000)
            assert answer.status_code == 200, answer.content
        table.add_row(path.rstrip("&") or "page", *(f"{took:.0f}" for took in times))
    Console().print(table)


def _asked() -> Any:
    """Fill the database, unless it is full, and return what the page asks for a year."""
    from datetime import timedelta

    from django.core.management import call_command
    from django.http import QueryDict
    from django.utils import timezone

    from benchmarks.feed_rows import without_indexes
    from dexxy.accounts.services import first_admin_ensure, workspace_ensure
    from dexxy.common.sql import execute
    from dexxy.messages.models import Message, Thread
    from dexxy.messages.waiting.follower import waiting_catch_up
    from dexxy.web.insights.asking import read_asked
    from tests.factories import make_repository, make_source
    from tests.large_community import community_fill

    call_command("migrate", verbosity=0)
    alice = first_admin_ensure()
    workspace = workspace_ensure(slug="bench", admin=alice)
    now = timezone.now()
    if not workspace.threads.exists():
        sources = [make_source(workspace=workspace) for _ in range(2)]
        lasting = timedelta(days=DAYS)
        with without_indexes(Thread, Message):
            community_fill(
                workspace,
                sources,
                begin=now - lasting,
                lasting=lasting,
                threads=THREADS,
                people=PEOPLE,
                words=WORDS,
            )
        for source in sources:
            repository = make_repository(source=source)
            repository.last_synced_at = now
            repository.save()
        while waiting_catch_up(seconds=60):
            pass
        execute("VACUUM ANALYZE", {})
    return read_asked(alice, workspace, QueryDict("period=12mo"), now)


def _another_session() -> None:
    from django.db import connection

    connection.close()
    # Other processes of the database would not be counted.
    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")


def _took(draw: Callable[[], Any]) -> float:
    """Return the processor time of DRAW, in milliseconds."""
    before = _used()
    draw()
    return (_used() - before) * 1000


def _used() -> float:
    """Return the processor time of this process and of its database session, in seconds."""
    return process_time() + nanoseconds(database_session()) / 1e9


if __name__ == "__main__":
    main()
