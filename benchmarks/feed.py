"""Measures pages of the feed in a database of a given size, and prints what each took.

The filters are measured at the selector that the API and the app share, and then the feed as
either sends it, with everything else that the request asks the database.

Of each filter it measures the first hundred pages, and pages behind cursors that are spread over
all that is below them.
"""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from statistics import quantiles
from typing import Any
from uuid import uuid4

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from benchmarks import feed_rows  # noqa: E402
from dexxy.accounts.models import Membership, User, Workspace  # noqa: E402
from dexxy.common.pages import PAGE, Cursor  # noqa: E402
from dexxy.messages.feed.filters import EVERYTHING, Bots, FeedFilters  # noqa: E402
from dexxy.messages.feed.query import FeedQuery, feed_query, sort_key  # noqa: E402
from dexxy.messages.feed.reader import feed_count, feed_find  # noqa: E402
from dexxy.messages.models import Message, MessageKind, ThreadKind, ThreadState  # noqa: E402
from dexxy.messages.selectors import feed_page  # noqa: E402

NEAR = 100  # pages
# Enough that the slowest of all, which finds nothing in memory, is not the 95th percentile.
ROUNDS = 60
MIDDLE = 5  # years ago, of ten
DOCUMENT = """query ($after: String) { activityFeed(workspaceId: "1", after: $after) {
  edges { cursor node { id kind body url occurredAt source { name }
    author { username member { displayName } } thread { title state labels } } }
  pageInfo { hasNextPage endCursor } } }"""

SIZES = """
SELECT relname, pg_relation_size(oid) FROM pg_class
WHERE relkind IN ('r', 'i') AND relname LIKE 'messages\\_%' AND pg_relation_size(oid) > 0
ORDER BY relkind DESC, relname"""

Read = Callable[[str | None], object]


def filters() -> dict[str, FeedFilters]:
    """Return each filter by its name, the skewed ones first of all."""
    shown = Message.objects.in_feed().filter(workspace=1)
    newest = shown.order_by("-occurred_at").values_list("occurred_at", flat=True)[0]
    long_ago = newest.replace(year=newest.year - MIDDLE)
    return {
        "everything": EVERYTHING,
        "the busy source": FeedFilters(source_ids=[1]),
        "a silent source": FeedFilters(source_ids=[101]),
        "a hundred silent sources": FeedFilters(source_ids=list(range(2, 102))),
        "threads of a kind": FeedFilters(thread_kinds=[ThreadKind.PULL_REQUEST]),
        "a kind used years ago": FeedFilters(thread_kinds=[ThreadKind.DISCUSSION]),
        "messages of a kind": FeedFilters(message_kinds=[MessageKind.REVIEW]),
        "messages of a kind used years ago": FeedFilters(message_kinds=[MessageKind.REPLY]),
        "that kind in the busy source": FeedFilters(
            source_ids=[1], message_kinds=[MessageKind.REPLY]
        ),
        "a quiet kind": FeedFilters(message_kinds=[MessageKind.LABELED]),
        "a quiet kind and another one": FeedFilters(
            message_kinds=[MessageKind.REVIEW_REQUESTED, MessageKind.REVIEW]
        ),
        "a quiet kind in open threads": FeedFilters(
            message_kinds=[MessageKind.LABELED], thread_states=[ThreadState.OPEN]
        ),
        "a member with five accounts": FeedFilters(member_ids=[feed_rows.PERSON_WITH_FIVE]),
        "an account": FeedFilters(author_ids=[15_000]),
        "closed threads": FeedFilters(thread_states=[ThreadState.CLOSED]),
        "open threads": FeedFilters(thread_states=[ThreadState.OPEN]),
        "merged threads": FeedFilters(thread_states=[ThreadState.MERGED]),
        "a common label": FeedFilters(labels=["bug"]),
        "a label on one thread in a hundred": FeedFilters(labels=["hundredth"]),
        "a label on one thread in a thousand": FeedFilters(labels=["thousandth"]),
        "a label on three threads": FeedFilters(labels=["rare"]),
        "a label used years ago": FeedFilters(labels=["legacy"]),
        "a label nobody uses": FeedFilters(labels=["none"]),
        "without bots": FeedFilters(bots=Bots.EXCLUDED),
        "bots only": FeedFilters(bots=Bots.ONLY),
        "a label nobody used before a time": FeedFilters(labels=["none"], until=long_ago),
        "a common label in open threads": FeedFilters(
            labels=["bug"], thread_states=[ThreadState.OPEN]
        ),
        "a common label in open threads before a time": FeedFilters(
            labels=["bug"], thread_states=[ThreadState.OPEN], until=long_ago
        ),
        "a label on one thread in a hundred, in open threads": FeedFilters(
            labels=["hundredth"], thread_states=[ThreadState.OPEN]
        ),
        "a common label in unanswered threads": FeedFilters(labels=["bug"], only_unanswered=True),
        "a label on three threads, before a time": FeedFilters(labels=["rare"], until=long_ago),
        "a label on one thread in a hundred, before a time": FeedFilters(
            labels=["hundredth"], until=long_ago
        ),
        "unanswered before a time": FeedFilters(only_unanswered=True, until=long_ago),
        "open threads before a time": FeedFilters(thread_states=[ThreadState.OPEN], until=long_ago),
        "unanswered": FeedFilters(only_unanswered=True),
        "before a time": FeedFilters(until=long_ago),
        "a repository by its name": FeedFilters(source_names=["name-1"]),
        "a person by their login": FeedFilters(authors=["person15000"]),
        "the number of a thread": FeedFilters(numbers=[5000]),
        "a word in one title": FeedFilters(title="5000"),
        "a word in all titles": FeedFilters(title="thread"),
        "without a common label": FeedFilters(without=FeedFilters(labels=["bug"])),
        "without a person": FeedFilters(without=FeedFilters(authors=["person20"])),
        "after a time": FeedFilters(since=long_ago),
        "between two times": FeedFilters(
            since=long_ago.replace(month=1, day=1), until=long_ago.replace(month=12, day=31)
        ),
    }


def searches() -> dict[str, FeedFilters]:
    words = {
        "a common word": "error",
        "a word in one message of a hundred": "hundredth",
        "a word in one message of a thousand": "thousandth",
        "a rare word": "xylophone",
        "a common Chinese word": "内存",
        "a rare Chinese word": "鲸鱼",
        "two words": "error 内存泄漏",
        "a common phrase": '"about an error"',
        "a phrase nobody wrote": '"hundredth thousandth"',
        "a word nobody wrote": "zyzzyva",
    }
    return {name: FeedFilters(search=word) for name, word in words.items()}


class Clock:
    """Adds up how long the database plans and runs the reading statements inside, by itself."""

    def __init__(self) -> None:
        self.milliseconds = 0.0

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip(" (\n").startswith(("SELECT", "WITH")):
            execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}", params, many, context)
            [plan] = context["cursor"].fetchone()[0]
            self.milliseconds += plan["Planning Time"] + plan["Execution Time"]
        return execute(sql, params, many, context)


def milliseconds(read: Read, cursors: list[str | None]) -> float:
    """Return the 95th percentile of the database's time to READ what is behind CURSORS."""
    taken = []
    for number in range(ROUNDS):
        clock = Clock()
        with connection.execute_wrapper(clock):
            read(cursors[number % len(cursors)])
        taken.append(clock.milliseconds)
    return quantiles(taken, n=20)[-1]


def near(query: FeedQuery) -> list[str | None]:
    """Return the cursors of the first hundred pages, in an order that takes all parts of them."""
    cursors = [None, *map(str, _ends_of_pages(query, NEAR - 1))]
    # Every seventh of a hundred, and round again: sixty of them are spread over all.
    return [cursors[number * 7 % len(cursors)] for number in range(len(cursors))]


def far(query: FeedQuery) -> list[str | None]:
    """Return cursors at all depths below the first hundred pages; none if there are no more."""
    ends = _ends_of_pages(query, NEAR)
    if len(ends) < NEAR:
        return []
    shown = Message.objects.in_feed().filter(workspace=query.workspace_id)
    oldest = shown.order_by("occurred_at").values_list("occurred_at", flat=True)[0]
    newest = ends[-1].time or oldest
    step = (newest - oldest) / ROUNDS
    return [str(Cursor(newest - number * step, 0)) for number in range(ROUNDS)]


def _ends_of_pages(query: FeedQuery, most: int) -> list[Cursor]:
    """Return the last cursor of each full page, of MOST pages from the first on."""
    ends: list[Cursor] = []
    while len(ends) < most and len(page := feed_find(query, PAGE)) == PAGE:
        ends.append(page[-1])
        query = replace(query, below=sort_key(page[-1]))
    return ends


def measured(workspace: Workspace, kept: FeedFilters, read: Read, total: int) -> dict[str, Any]:
    """Return the share of the messages that KEPT keeps, and how long pages of them take."""
    query = feed_query(workspace, kept)
    cursors = far(query)
    return {
        "share": feed_count(query) / total,
        "near": milliseconds(read, near(query)),
        "far": milliseconds(read, cursors) if cursors else None,
    }


def bytes_of_a_message(total: int) -> dict[str, float]:
    """Return the size of each table and index of the app, divided by TOTAL messages."""
    with connection.cursor() as cursor:
        cursor.execute(SIZES)
        return {name: size / total for name, size in cursor.fetchall()}


def requests(viewer: User) -> dict[str, Read]:
    """Return what asks for the feed from outside, by the name of who does so."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(viewer)

    def sent(path: str, after: str | None) -> None:
        answer = client.get(path, {"after": after} if after else {})
        assert answer.status_code == 200, answer.content

    def asked(after: str | None) -> None:
        body = {"query": DOCUMENT, "variables": {"after": after}}
        answer = client.post("/graphql/", body, content_type="application/json")
        assert "errors" not in answer.json(), answer.content

    return {
        "the API, the whole request": asked,
        "the app, the whole request": lambda after: sent("/w/workspace-1/feed/", after),
        "the app, what is newer": lambda after: sent("/w/workspace-1/feed/newer/", after),
    }


def measure(*, with_words: bool) -> dict[str, Any]:
    """Return what pages of the first workspace take, and how large tables and indexes are."""
    workspace = Workspace.objects.get(pk=1)
    viewer = User.objects.create_user(f"bench-{uuid4()}@example.com")
    Membership.objects.create(workspace=workspace, user=viewer)
    messages = Message.objects.count()
    total = Message.objects.in_feed().filter(workspace=workspace).count()
    asked = {**filters(), **(searches() if with_words else {})}
    pages = {
        name: measured(workspace, kept, partial(feed_page, viewer, workspace, kept, PAGE), total)
        for name, kept in asked.items()
    }
    pages |= {
        name: measured(workspace, EVERYTHING, read, total)
        for name, read in requests(viewer).items()
    }
    return {"messages": messages, "bytes": bytes_of_a_message(messages), "pages": pages}


def main() -> None:
    size = int(os.environ["BENCH_MESSAGES"])
    call_command("migrate", verbosity=0)
    with_words = size <= 1_000_000
    feed_rows.fill(size, with_words=with_words)
    sys.stdout.write(f"{json.dumps(measure(with_words=with_words))}\n")


if __name__ == "__main__":
    main()
