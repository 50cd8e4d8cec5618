"""Measures pages of the feed in a database of a given size, and prints what each took.

The filters are measured at the selector that the API and the app share, and then the feed as
either sends it, with everything else that the request asks the database.
"""

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from statistics import quantiles
from time import perf_counter
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from benchmarks import feed_rows  # noqa: E402
from dexxy.accounts.models import Membership, User, Workspace  # noqa: E402
from dexxy.common.pages import PAGE, Cursor  # noqa: E402
from dexxy.messages.feed.filters import EVERYTHING, Bots, FeedFilters  # noqa: E402
from dexxy.messages.feed.query import feed_query  # noqa: E402
from dexxy.messages.feed.reader import feed_find  # noqa: E402
from dexxy.messages.models import Message, MessageKind, ThreadKind, ThreadState  # noqa: E402
from dexxy.messages.selectors import feed_page  # noqa: E402

PAGES = (1, 100, 10_000)
# Enough that the slowest of all, which finds nothing in memory, is not the 95th percentile.
ROUNDS = 60
MIDDLE = 5  # years ago, of ten
DOCUMENT = """query ($after: String) { activityFeed(workspaceId: "1", after: $after) {
  edges { cursor node { id kind body url occurredAt source { name }
    author { username member { displayName } } thread { title state labels } } }
  pageInfo { hasNextPage endCursor } } }"""

Read = Callable[[str | None], object]


def filters() -> dict[str, FeedFilters]:
    """Return each filter by its name, the skewed ones first of all."""
    newest = Message.objects.order_by("-occurred_at").values_list("occurred_at", flat=True)[0]
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
        "a member with five accounts": FeedFilters(member_ids=[feed_rows.PERSON_WITH_FIVE]),
        "an account": FeedFilters(author_ids=[15_000]),
        "closed threads": FeedFilters(thread_states=[ThreadState.CLOSED]),
        "open threads": FeedFilters(thread_states=[ThreadState.OPEN]),
        "merged threads": FeedFilters(thread_states=[ThreadState.MERGED]),
        "a common label": FeedFilters(labels=["bug"]),
        "a label on three threads": FeedFilters(labels=["rare"]),
        "a label used years ago": FeedFilters(labels=["legacy"]),
        "a label nobody uses": FeedFilters(labels=["none"]),
        "without bots": FeedFilters(bots=Bots.EXCLUDED),
        "bots only": FeedFilters(bots=Bots.ONLY),
        "a label nobody used before a time": FeedFilters(labels=["none"], until=long_ago),
        "open threads before a time": FeedFilters(thread_states=[ThreadState.OPEN], until=long_ago),
        "unanswered": FeedFilters(only_unanswered=True),
        "before a time": FeedFilters(until=long_ago),
        "after a time": FeedFilters(since=long_ago),
        "between two times": FeedFilters(
            since=long_ago.replace(month=1, day=1), until=long_ago.replace(month=12, day=31)
        ),
    }


def searches() -> dict[str, FeedFilters]:
    words = {
        "a common word": "error",
        "a rare word": "xylophone",
        "a common Chinese word": "内存",
        "a rare Chinese word": "鲸鱼",
        "two words": "error 内存泄漏",
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


def milliseconds(read: Read, places: list[str | None]) -> float:
    """Return the 95th percentile of the database's time to READ what is behind PLACES."""
    taken = []
    for number in range(ROUNDS):
        clock = Clock()
        with connection.execute_wrapper(clock):
            read(places[number % len(places)])
        taken.append(clock.milliseconds)
    return quantiles(taken, n=20)[-1]


def starts(workspace: Workspace, kept: FeedFilters, page: int) -> list[str | None]:
    """Return where PAGE begins, and some pages behind it; of a short feed, its last page."""
    if page == 1:
        return [None]
    found = feed_find(feed_query(workspace, kept), (page - 1 + ROUNDS) * PAGE)
    places: list[Cursor] = found[(page - 1) * PAGE - 1 :: PAGE] or found[-PAGE::PAGE]
    return [str(place) for place in places] or [None]


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
        "the app, the whole request": lambda after: sent("/w/workspace-1/", after),
        "the app, what is newer": lambda after: sent("/w/workspace-1/newer/", after),
    }


def main() -> None:
    size = int(os.environ["BENCH_MESSAGES"])
    call_command("migrate", verbosity=0)
    began = perf_counter()
    with_words = size <= 1_000_000
    feed_rows.fill(size, with_words=with_words)
    workspace = Workspace.objects.get(pk=1)
    viewer = User.objects.create_user(f"bench-{size}@example.com")
    Membership.objects.create(workspace=workspace, user=viewer)
    figures: dict[str, Any] = {
        "filled": perf_counter() - began,
        "messages": Message.objects.count(),
    }
    asked = {**filters(), **(searches() if with_words else {})}
    figures["pages"] = {}
    for name, kept in asked.items():
        places = [starts(workspace, kept, page) for page in PAGES]
        read: Read = partial(feed_page, viewer, workspace, kept, PAGE)
        figures["pages"][name] = [milliseconds(read, some) for some in places]
    places = [starts(workspace, EVERYTHING, page) for page in PAGES]
    for name, read in requests(viewer).items():
        figures["pages"][name] = [milliseconds(read, some) for some in places]
    sys.stdout.write(f"{json.dumps(figures)}\n")


if __name__ == "__main__":
    main()
