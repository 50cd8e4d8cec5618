"""`python -m benchmarks.waiting`: what the statements of the queue take in a large workspace.

Ten million messages are half a million threads; ten thousand of them wait, as many as numbers are
counted to. Messages themselves are left out: no statement of the queue reads more than a page of
them, by their keys. Each statement runs again and again; the median of the processor time of its
session is printed, which other work on the machine does not change, with the pages that it reads.
The command fails if one is over the limit.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from statistics import median
from typing import Any

from benchmarks.processor import database_session, nanoseconds
from benchmarks.servers import own_servers

THREADS, WAITING = 500_000, 10_000
TIMES = 11
MOST_MS = 10.0


def main() -> None:
    if "BENCH_WAITING" in os.environ:
        _measure()
        return
    with own_servers() as environment:
        command = [sys.executable, "-m", "benchmarks.waiting"]
        subprocess.run(command, env={**environment, "BENCH_WAITING": "1"}, check=True)  # noqa: S603


# Each tenth thread waits, some of them for years; people open fifty threads each.
_ROWS = (
    """INSERT INTO members_member (workspace_id, display_name, avatar_url, bio, company, location,
           is_bot, tags, created_at, updated_at)
       SELECT %(workspace)s, 'Person ' || n, '', '', '', '', FALSE, '{}', now(), now()
       FROM generate_series(1, %(threads)s / 50) n""",
    """INSERT INTO members_identity (workspace_id, provider, external_id, node_id, kind, username,
           name, email, avatar_url, url, member_id, home_member_id, version_at, message_count,
           created_at, updated_at)
       SELECT %(workspace)s, 'github', id, '', 'user', 'person' || id, '', '', '', '', id, id,
           now(), 0, now(), now()
       FROM members_member""",
    """INSERT INTO messages_thread (workspace_id, source_id, kind, number, node_id, title, state,
           state_reason, labels, url, author_id, opened_at, first_activity_at, last_activity_at,
           message_count, version_at, is_archived, archived_reason, moved_to_url,
           created_at, updated_at)
       SELECT %(workspace)s, %(source)s, 'issue', n, '', 'Thread ' || n,
           CASE WHEN n %% 10 = 0 THEN 'open' ELSE 'closed' END, '', '{bug}', '',
           (SELECT min(id) FROM members_identity) + n %% (%(threads)s / 50),
           now() - n * interval '10 minutes', now(), now(), 1, now(), FALSE, '', '',
           now(), now()
       FROM generate_series(1, %(threads)s) n""",
    """INSERT INTO messages_standing (thread_id, workspace_id, source_id, kind, side, reason,
           since, turned_at, others_replied, is_old, is_first, labels)
       SELECT id, workspace_id, source_id, kind, 'team', 'no_reply', opened_at, opened_at,
           number %% 30 = 0, FALSE, number %% 70 = 0, labels
       FROM messages_thread WHERE state = 'open' ORDER BY id LIMIT %(waiting)s""",
    """INSERT INTO messages_triage (thread_id, workspace_id, snoozed_until, is_set_aside, seen_at,
           note, created_at, updated_at)
       SELECT thread_id, workspace_id, now() + interval '1 day', FALSE, now(), '', now(), now()
       FROM messages_standing WHERE thread_id %% 20 = 0""",
    "VACUUM ANALYZE messages_thread",
    "VACUUM ANALYZE messages_standing",
    "VACUUM ANALYZE messages_triage",
)


def _measure() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from dexxy.accounts.services import first_admin_ensure, workspace_ensure
    from dexxy.common.sql import execute
    from dexxy.messages.feed.filters import ThreadFilters
    from dexxy.messages.models import ThreadKind
    from dexxy.messages.waiting.lists import QueueFilters, Tab
    from dexxy.messages.waiting.position import queue_position
    from dexxy.messages.waiting.queue import queue_page
    from dexxy.messages.waiting.summary import list_counts, queue_number, queue_summary
    from dexxy.sources.models import Source

    call_command("migrate", verbosity=0)
    alice = first_admin_ensure()
    workspace = workspace_ensure(slug="bench", admin=alice)
    source = Source.objects.create(
        workspace=workspace,
        kind="github_repository",
        server="github",
        external_id="1",
        name="owner/repo",
    )
    params = {"workspace": workspace.pk, "source": source.pk, "threads": THREADS}
    for statement in _ROWS:
        execute(statement, {**params, "waiting": WAITING})
    page = queue_page(alice, workspace, first=100)
    middle, last = page.end, page.items[-1].pk
    first_time = QueueFilters(tab=Tab.FIRST)
    snoozed, aside = QueueFilters(tab=Tab.SNOOZED), QueueFilters(tab=Tab.ASIDE)
    of_one = QueueFilters(threads=ThreadFilters(source_ids=[source.pk], kinds=[ThreadKind.ISSUE]))
    labelled = QueueFilters(threads=ThreadFilters(labels=["bug"]))
    unlike = QueueFilters(threads=ThreadFilters(labels=["what no thread has"]))
    reads: dict[str, Callable[[], Any]] = {
        "the number of every page": lambda: queue_number(alice, workspace),
        "the first page": lambda: queue_page(alice, workspace),
        "a later page": lambda: queue_page(alice, workspace, after=middle),
        "the bands": lambda: queue_summary(alice, workspace),
        "all lists": lambda: list_counts(alice, workspace),
        "first-time contributors": lambda: queue_page(alice, workspace, first_time),
        "their bands": lambda: queue_summary(alice, workspace, first_time),
        "what is snoozed": lambda: queue_page(alice, workspace, snoozed),
        "bands of it": lambda: queue_summary(alice, workspace, snoozed),
        "what is set aside": lambda: queue_page(alice, workspace, aside),
        "the place of a thread": lambda: queue_position(alice, workspace, last),
        "issues of a repository": lambda: queue_page(alice, workspace, of_one),
        "their lists": lambda: list_counts(alice, workspace, of_one),
        "the place of one of them": lambda: queue_position(alice, workspace, last, of_one),
        "a label that all have": lambda: queue_page(alice, workspace, labelled),
        "its bands": lambda: queue_summary(alice, workspace, labelled),
        "its lists": lambda: list_counts(alice, workspace, labelled),
        "the place in them": lambda: queue_position(alice, workspace, last, labelled),
        "a label that none has": lambda: queue_page(alice, workspace, unlike),
        "the bands of none": lambda: queue_summary(alice, workspace, unlike),
        "the lists of none": lambda: list_counts(alice, workspace, unlike),
    }
    slowest = 0.0
    for name, read in reads.items():
        for took, pages, tables in _measured(read):
            sys.stdout.write(f"{name}: {took:.2f} ms, {pages} pages ({tables})\n")
            slowest = max(slowest, took)
    sys.exit(slowest > MOST_MS)


def _measured(read: Callable[[], Any]) -> Iterator[tuple[float, int, str]]:
    """Yield of each statement of READ on the queue the median of what it takes, in milliseconds,
    how many pages it reads, and of which tables."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    read()
    session = database_session()
    with CaptureQueriesContext(connection) as statements:
        read()
    for one in statements.captured_queries:
        if "messages_standing" not in one["sql"]:
            continue
        sql = one["sql"].replace("%", "%%")
        spent = []
        with connection.cursor() as cursor:
            for _ in range(TIMES):
                before = nanoseconds(session)
                cursor.execute(sql, ())
                cursor.fetchall()
                spent.append((nanoseconds(session) - before) / 1e6)
            # Apart: to time each row takes longer than to read it.
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql}", ())
            top = cursor.fetchall()[0][0][0]["Plan"]
        pages = top["Shared Hit Blocks"] + top["Shared Read Blocks"]
        yield median(spent), pages, ", ".join(sorted(set(re.findall(r"messages_\w+", one["sql"]))))


if __name__ == "__main__":
    main()
