"""`python -m benchmarks.search`: what each filter of a search reads in a large community.

It prints the rows and the blocks that a page by each filter reads, and by which indexes, because
those are the same on a busy machine. The time is printed beside them.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from benchmarks.servers import own_servers

MESSAGES = 1_000_000
# So many rows of a table may be read for a page, whatever is asked for: what is beyond has to be
# rare in all lists, and is told.
MOST_ROWS = 20_000
PAGE_ROWS = 2_000

SEARCHES = (
    "",
    "thread",
    "crashes",
    "sometimes",
    "seldom",
    "xylophone",
    "zyzzyva",
    '"an error"',
    "内存泄漏",
    "-error",
    "thread in:title",
    "crashes in:title",
    "sometimes in:title",
    "once in:title",
    "seldom in:title",
    "zyzzyva in:title",
    '"thread 5000" in:title',
    "#5000",
    "name-1#5000",
    "repo:name-1",
    "repo:name-50",
    "-repo:name-1",
    "is:open",
    "is:closed",
    "is:merged",
    "is:draft",
    "is:answered",
    "is:unanswered",
    "is:waiting",
    "is:unread",
    "-is:unread",
    "is:bot",
    "-is:bot",
    "is:team",
    "kind:issue",
    "kind:discussion",
    "-kind:pr",
    "type:review",
    "type:answered",
    "label:bug",
    "label:hundredth",
    "label:rare",
    "label:legacy",
    "label:none",
    "-label:bug",
    "author:person15000",
    "author:person20",
    "author:nobody",
    "-author:person20",
    "org:halden",
    "assignee:me",
    "assignee:none",
    "assignee:often",
    "assignee:seldom",
    "assignee:once",
    "assignee:nobody",
    "waiting:>30d",
    "waiting:<30d",
    "since:30d",
    "until:2020",
    "before:8y",
    "is:draft label:legacy",
    "is:open label:legacy before:3y",
    "kind:discussion is:open since:1y",
    "error is:open",
    "thread is:unread kind:discussion",
)


@dataclass
class Reading:
    """What statements have read.

    Args:
        rows: of tables and indexes, whether they were kept or not.
        blocks: of eight kilobytes.
        whole: the tables that were read from end to end.
    """

    rows: int = 0
    blocks: int = 0
    milliseconds: float = 0.0
    indexes: set[str] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "statement_timeout" in sql:
            return None  # on a busy machine it would end what reads little
        if sql.lstrip(" (\n").startswith(("SELECT", "WITH")) and "messages_" in sql:
            execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params, many, context)
            [found] = context["cursor"].fetchone()[0]
            self.milliseconds += found["Execution Time"]
            self.blocks += found["Plan"]["Shared Hit Blocks"] + found["Plan"]["Shared Read Blocks"]
            for node in _nodes(found["Plan"]):
                self._add(node)
        return execute(sql, params, many, context)

    def _add(self, node: Mapping[str, Any]) -> None:
        name = node.get("Relation Name") or node.get("Index Name")
        if name is None:
            return
        if node.get("Index Name", "").startswith("messages_"):
            self.indexes.add(node["Index Name"].removeprefix("messages_"))
        removed = ("Rows Removed by Filter", "Rows Removed by Index Recheck")
        each = node["Actual Rows"] + sum(node.get(one, 0) for one in removed)
        rows = round(each * node["Actual Loops"])
        self.rows += rows
        # A small table is read so as well.
        if node["Node Type"] == "Seq Scan" and rows > PAGE_ROWS:
            self.whole.add(name)


def _nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for one in plan.get("Plans", ()):
        yield from _nodes(one)


def main() -> None:
    if "BENCH_SEARCH" in os.environ:
        _measure()
        return
    with own_servers() as environment:
        command = [sys.executable, "-m", "benchmarks.search"]
        subprocess.run(command, env={**environment, "BENCH_SEARCH": "fill"}, check=True)  # noqa: S603


def _measure() -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from benchmarks import feed_rows, search_rows
    from dexxy.accounts.models import Membership, User, Workspace

    if os.environ["BENCH_SEARCH"] == "fill":
        call_command("migrate", verbosity=0)
        feed_rows.fill(MESSAGES, with_words=True)
    workspace = Workspace.objects.get(pk=1)
    viewer, _ = User.objects.get_or_create(email="bench@example.com")
    Membership.objects.get_or_create(workspace=workspace, user=viewer)
    # What they have not read yet is a tenth of all.
    joined = timezone.now() - timedelta(days=365)
    Membership.objects.filter(user=viewer).update(created_at=joined)
    if os.environ["BENCH_SEARCH"] in ("fill", "add"):
        search_rows.add(viewer.pk)
    _print(_readings(viewer, workspace))


def _readings(viewer: Any, workspace: Any) -> Iterator[tuple[str, str, Reading]]:
    """Yield of each search and list what its first page reads."""
    from django.db import connection

    for text in SEARCHES:
        for place, read in _lists(viewer, workspace, text).items():
            reading = Reading()
            with connection.execute_wrapper(reading):
                read()
            yield text, place, reading


def _lists(viewer: Any, workspace: Any, text: str) -> dict[str, Callable[[], object]]:
    """Return what reads the first page of each list that the search TEXT means something in."""
    from dexxy.messages.searching import first_threads
    from dexxy.messages.selectors import feed_page, thread_list
    from dexxy.web.search.grammar import Query
    from dexxy.web.search.views import sought

    found = sought(Query.parse(text))
    lists: dict[str, Callable[[], object]] = {}
    if found.threads is not None:
        kept = found.threads
        lists["threads"] = lambda: thread_list(viewer, workspace, kept)
        if kept.search:
            lists["search"] = lambda: first_threads(viewer, workspace, kept, 8)
    if found.messages is not None:
        said = found.messages
        lists["feed"] = lambda: feed_page(viewer, workspace, said)
    return lists


def _print(found: Iterator[tuple[str, str, Reading]]) -> None:
    """Print a line as soon as it is known: all of them take minutes."""
    line = "{:34} {:8} {:>9} {:>9} {:>8}  {}\n"
    sys.stdout.write(f"A page of 50 of {MESSAGES:,} messages\n\n")
    sys.stdout.write(line.format("search", "list", "rows", "blocks", "ms", "by"))
    for text, place, reading in found:
        by = sorted(reading.indexes) + [f"ALL OF {one}" for one in sorted(reading.whole)]
        if reading.rows > MOST_ROWS:
            by.append("MANY ROWS")
        numbers = (f"{reading.rows:,}", f"{reading.blocks:,}", f"{reading.milliseconds:.0f}")
        sys.stdout.write(line.format(text or "(nothing)", place, *numbers, " ".join(by)))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
