"""The reader of the feed against a look at every message, and the parts that need no database."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import TypeVar

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dexxy.accounts.models import Workspace
from dexxy.common.pages import Cursor
from dexxy.members.models import Identity, IdentityKind
from dexxy.messages.feed import reader
from dexxy.messages.feed.filters import Bots, FeedFilters
from dexxy.messages.feed.query import feed_query, sort_key
from dexxy.messages.feed.reader import feed_count, feed_find
from dexxy.messages.feed.search import search_catch_up
from dexxy.messages.ingest.settling import threads_settle
from dexxy.messages.models import (
    QUIET_KINDS,
    ArchivedReason,
    Message,
    MessageKind,
    Thread,
    ThreadKind,
    ThreadState,
)
from dexxy.sources.models import Source
from tests.factories import (
    START,
    make_identity,
    make_message,
    make_source,
    make_thread,
    make_workspace,
)

DAY = timedelta(days=1)
Value = TypeVar("Value")

# Enough for threads that overlap in time; what is looked at is each message for each page.
THREADS, MESSAGES, PAGES = 40, 240, 40
LABELS = ["bug", "bug", "bug", "question", "question", "p1", "years ago"]
KINDS = [
    *(MessageKind.COMMENT, MessageKind.COMMENT, MessageKind.REVIEW, MessageKind.CLOSED),
    *(MessageKind.LABELED, MessageKind.PUSHED),
]
WORDS = ["apple", "banana", "cherry"]
LIFETIMES = [timedelta(0), timedelta(hours=3), timedelta(days=40), timedelta(days=900)]


@dataclass(frozen=True)
class World:
    """A workspace with everything that is in it."""

    workspace: Workspace
    sources: list[Source]
    authors: list[Identity]
    threads: dict[int, Thread]
    messages: list[Message]

    def find(self, asked: "Asked") -> list[Cursor]:
        """Look at every message, and return those that ASKED keeps, the newest first."""
        kept = (message for message in self.messages if self.is_kept(message, asked))
        return sorted(map(cursor, kept), key=sort_key, reverse=True)

    def is_kept(self, message: Message, asked: "Asked") -> bool:
        """Say whether the feed shows MESSAGE to who asks so."""
        filters, thread = asked.filters, self.threads[message.thread_id]
        bots = {author.pk for author in self.authors if author.member.is_bot}
        is_bot, at = message.author_id in bots, sort_key(cursor(message))
        return (
            not message.is_archived
            and (message.in_feed or message.kind in QUIET_KINDS & set(filters.message_kinds))
            and is_any(message.source_id, filters.source_ids)
            and is_any(message.thread_kind, filters.thread_kinds)
            and is_any(message.kind, filters.message_kinds)
            and is_any(message.author_id, filters.author_ids)
            and is_bot
            in {Bots.INCLUDED: (True, False), Bots.ONLY: (True,)}.get(filters.bots, (False,))
            and is_any(thread.state, filters.thread_states)
            and (not filters.labels or not set(filters.labels).isdisjoint(thread.labels))
            and (not filters.only_unanswered or self.is_unanswered(thread))
            and filters.search in message.body
            and (filters.since is None or message.occurred_at >= filters.since)
            and (filters.until is None or message.occurred_at < filters.until)
            and (asked.below is None or at < sort_key(asked.below))
            and (asked.above is None or at > sort_key(asked.above))
        )

    def is_unanswered(self, thread: Thread) -> bool:
        """Say whether THREAD is open, no draft, a person's, and nobody else has said anything."""
        accounts = {author.pk: author for author in self.authors}
        opener = accounts.get(thread.author_id or 0)
        if opener is None or opener.kind != IdentityKind.USER:
            return False
        words = (
            message
            for message in self.messages
            if message.thread_id == thread.pk
            and not message.is_archived
            and message.in_feed
            and message.kind in (MessageKind.COMMENT, MessageKind.REVIEW)
            and message.details.get("minimized") != "spam"
        )
        others = {one.author_id for one in words if one.author_id} - {opener.pk}
        is_asking = thread.state == ThreadState.OPEN and thread.state_reason != "draft"
        return is_asking and all(accounts[pk].kind == IdentityKind.BOT for pk in others)


@dataclass(frozen=True)
class Asked:
    """A page of the feed that somebody asks for."""

    filters: FeedFilters
    below: Cursor | None
    above: Cursor | None


def is_any(value: object, wanted: Sequence[object]) -> bool:
    return not wanted or value in wanted


def cursor(message: Message) -> Cursor:
    return Cursor(message.occurred_at, message.pk)


def make_world(chance: Random, workspace: Workspace) -> World:
    """Make threads of which many are alive at once, some for years, and speak in one second."""
    sources = [make_source(workspace=workspace, name=f"owner/{n}") for n in range(3)]
    kinds = [*[IdentityKind.USER] * 3, *[IdentityKind.BOT] * 2, IdentityKind.MANNEQUIN]
    authors = [make_identity(workspace=workspace, kind=kind) for kind in kinds]
    threads = Thread.objects.bulk_create(
        make_row(chance, chance.choice(sources), chance.choice([*authors, None]), number)
        for number in range(1, THREADS + 1)
    )
    lifetimes = {thread.pk: chance.choice(LIFETIMES) for thread in threads}
    Message.objects.bulk_create(
        make_text(chance, number, thread, lifetimes[thread.pk], chance.choice([*authors, None]))
        for number in range(MESSAGES)
        for thread in [chance.choice(threads)]
    )
    threads_settle([thread.pk for thread in threads])
    search_catch_up(seconds=10)
    return World(
        workspace,
        sources,
        authors,
        {thread.pk: thread for thread in Thread.objects.filter(workspace=workspace)},
        list(Message.objects.filter(workspace=workspace)),
    )


def make_row(chance: Random, source: Source, author: Identity | None, number: int) -> Thread:
    opened_at = START - timedelta(days=chance.randrange(1500))
    return Thread(
        workspace_id=source.workspace_id,
        source=source,
        kind=chance.choice(ThreadKind.values),
        number=number,
        title=f"Thread {number}",
        state=chance.choice(ThreadState.values),
        state_reason=chance.choice(["", "", "draft"]),
        labels=sorted(set(chance.sample(LABELS, chance.randrange(3)))),
        url=f"{source.url}/{number}",
        author=author,
        opened_at=opened_at,
        first_activity_at=opened_at,
        last_activity_at=opened_at,
        version_at=opened_at,
    )


def make_text(
    chance: Random, number: int, thread: Thread, lifetime: timedelta, author: Identity | None
) -> Message:
    # What was brought here from elsewhere may be older than the thread it is in.
    before = timedelta(days=chance.choice([0, 0, 0, 0, 300]))
    occurred_at = thread.opened_at - before + chance.choice([0, 0.1, 0.5, 1]) * lifetime
    is_gone = chance.random() < 0.1
    kind = chance.choice(KINDS)
    return Message(
        workspace_id=thread.workspace_id,
        source_id=thread.source_id,
        thread=thread,
        thread_kind=thread.kind,
        kind=kind,
        external_id=str(number),
        author=author,
        body=" ".join(chance.sample(WORDS, 2)),
        occurred_at=occurred_at,
        version_at=occurred_at,
        in_feed=kind not in QUIET_KINDS and chance.random() < 0.9,
        details=chance.choice([{}, {}, {"minimized": "spam"}, {"minimized": "resolved"}]),
        is_archived=is_gone,
        archived_reason=ArchivedReason.MISSING if is_gone else "",
    )


def make_asked(chance: Random, world: World) -> Iterator[Asked]:
    """Yield what may be asked of WORLD."""
    source_ids = [source.pk for source in world.sources]
    author_ids = [author.pk for author in world.authors]

    def some(values: Sequence[Value], odds: float) -> list[Value]:
        wanted = chance.sample(values, chance.randint(1, 2))
        return wanted if chance.random() < odds else []

    def message(odds: float) -> Message | None:
        return chance.choice(world.messages) if chance.random() < odds else None

    for _ in range(PAGES):
        since, until, below, above = message(0.2), message(0.2), message(0.6), message(0.2)
        yield Asked(
            FeedFilters(
                source_ids=some(source_ids, 0.3),
                thread_kinds=some(list(ThreadKind), 0.2),
                message_kinds=some(sorted(set(KINDS)), 0.4),
                author_ids=some(author_ids, 0.2),
                bots=chance.choice([Bots.INCLUDED, Bots.INCLUDED, Bots.EXCLUDED, Bots.ONLY]),
                thread_states=some(list(ThreadState), 0.4),
                labels=some(sorted(set(LABELS)), 0.4),
                only_unanswered=chance.random() < 0.2,
                search=chance.choice(WORDS) if chance.random() < 0.2 else "",
                since=None if since is None else since.occurred_at,
                until=None if until is None else until.occurred_at,
            ),
            below=None if below is None else cursor(below),
            above=None if above is None else cursor(above),
        )


@pytest.mark.parametrize("seed", range(6))
def test_a_page_is_what_a_look_at_every_message_would_give(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = Random(seed)
    make_world(chance, make_workspace())
    world = make_world(chance, workspace)
    for asked in make_asked(chance, world):
        # Whatever the reader's bounds: with small ones all its stages come up in a small world.
        few = chance.choice([1, 3, 10])
        monkeypatch.setattr(reader, "_FEW_THREADS", few)
        monkeypatch.setattr(reader, "_MOST_THREADS", few * chance.choice([1, 4, 40]))
        monkeypatch.setattr(reader, "_DEPTH", chance.choice([1, 5, 30]))
        monkeypatch.setattr(reader, "_MOST_RANGES", chance.choice([1, 400]))
        limit = chance.choice([1, 3, 20, 1000])
        query = feed_query(workspace, asked.filters, below=asked.below, above=asked.above)

        found, expected = feed_find(query, limit), world.find(asked)

        assert found == expected[:limit], asked
        assert feed_count(query) == len(expected), asked


@pytest.mark.parametrize(
    ("is_below", "index"), [(False, "labels, messages_month"), (True, "state = r.key")]
)
def test_threads_are_found_by_the_condition_that_is_rarer_at_the_time_of_the_page(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, is_below: bool, index: str
) -> None:
    """All old threads have the label, and few are open; of the new ones it is the other way."""
    monkeypatch.setattr(reader, "_DEPTH", 30)
    source, begin = make_source(workspace=workspace), START
    for number in range(60):
        is_old, is_one_of_ten, at = number < 30, number % 10 == 0, begin + number * DAY
        make_message(
            thread=make_thread(
                source=source,
                labels=["bug"] if is_old or is_one_of_ten else [],
                state=ThreadState.CLOSED if is_old and not is_one_of_ten else ThreadState.OPEN,
                opened_at=at,
            ),
            occurred_at=at,
        )
    below = Cursor(begin + 30 * DAY, 0) if is_below else None
    filters = FeedFilters(labels=["bug"], thread_states=[ThreadState.OPEN])

    with CaptureQueriesContext(connection) as asked:
        found = feed_find(feed_query(workspace, filters, below=below), 50)

    assert len(found) == (3 if is_below else 6)
    candidates = [one["sql"] for one in asked if " AS r(key, number)" in one["sql"]]
    assert candidates
    assert all(index in one for one in candidates)
