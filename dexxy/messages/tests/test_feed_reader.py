"""The feed as its reader finds it, beside what a look at every message and thread would give."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar

import pytest

from dexxy.accounts.models import Workspace
from dexxy.common.pages import Cursor
from dexxy.members.models import Identity
from dexxy.messages.feed import reader
from dexxy.messages.feed.reader import FeedQuery, feed_count, feed_find
from dexxy.messages.feed.search import search_catch_up, search_words
from dexxy.messages.ingest.settling import threads_settle
from dexxy.messages.models import (
    ArchivedReason,
    Message,
    MessageKind,
    Thread,
    ThreadKind,
    ThreadState,
)
from dexxy.sources.models import Source
from tests.factories import START, make_identity, make_source, make_workspace

Value = TypeVar("Value")

THREADS, MESSAGES, QUERIES = 90, 700, 40
LABELS = ["bug", "bug", "bug", "question", "question", "p1", "years ago"]
KINDS = [MessageKind.COMMENT, MessageKind.COMMENT, MessageKind.REVIEW, MessageKind.CLOSED]
WORDS = ["apple", "banana", "cherry"]
LIFETIMES = [timedelta(0), timedelta(hours=3), timedelta(days=40), timedelta(days=900)]


@dataclass(frozen=True)
class World:
    """A workspace with everything that is in it, and what its messages say."""

    workspace: Workspace
    sources: list[Source]
    authors: list[Identity]
    threads: dict[int, Thread]
    messages: list[Message]

    def find(self, query: FeedQuery, words: str) -> list[Cursor]:
        """Return the places of all messages of QUERY and with WORDS, the newest first."""
        kept = (m for m in self.messages if self.has(m, query) and words in m.body)
        return sorted(map(place, kept), key=lambda at: (at.time, at.pk), reverse=True)

    def has(self, message: Message, query: FeedQuery) -> bool:
        """Say whether MESSAGE is one that QUERY asks for, whatever it says."""
        thread, at = self.threads[message.thread_id], (message.occurred_at, message.pk)
        return (
            not message.is_archived
            and message.in_feed
            and is_among(message.source_id, query.source_ids)
            and is_among(message.thread_kind, query.thread_kinds)
            and is_among(message.kind, query.kinds)
            and is_among(message.author_id, query.author_ids)
            and message.author_id not in (query.bot_ids or ())
            and is_among(thread.state, query.states)
            and (query.labels is None or not set(query.labels).isdisjoint(thread.labels))
            and not (query.only_unanswered and thread.first_response_at)
            and (query.since is None or message.occurred_at >= query.since)
            and (query.until is None or message.occurred_at < query.until)
            and (query.below is None or at < (query.below.time, query.below.pk))
            and (query.above is None or at > (query.above.time, query.above.pk))
        )


def is_among(value: object, wanted: object) -> bool:
    return wanted is None or value in wanted  # type: ignore[operator]


def place(message: Message) -> Cursor:
    return Cursor(message.occurred_at, message.pk)


def make_world(chance: Random, workspace: Workspace) -> World:
    """Make threads of which many are alive at once, some for years, and speak in one second."""
    sources = [make_source(workspace=workspace, name=f"owner/{n}") for n in range(3)]
    authors = [make_identity(workspace=workspace, username=f"person-{n}") for n in range(5)]
    threads = Thread.objects.bulk_create(
        make_row(chance, chance.choice(sources), chance.choice(authors), number)
        for number in range(1, THREADS + 1)
    )
    lifetimes = {thread.pk: chance.choice(LIFETIMES) for thread in threads}
    Message.objects.bulk_create(
        make_text(chance, number, thread, lifetimes[thread.pk], chance.choice([*authors, None]))
        for number in range(MESSAGES)
        for thread in [chance.choice(threads)]
    )
    threads_settle([thread.pk for thread in threads])
    Message.objects.update(transaction_id=1)
    search_catch_up(seconds=10)
    return World(
        workspace,
        sources,
        authors,
        {thread.pk: thread for thread in Thread.objects.filter(workspace=workspace)},
        list(Message.objects.filter(workspace=workspace)),
    )


def make_row(chance: Random, source: Source, author: Identity, number: int) -> Thread:
    opened_at = START - timedelta(days=chance.randrange(1500))
    return Thread(
        workspace_id=source.workspace_id,
        source=source,
        kind=chance.choice(ThreadKind.values),
        number=number,
        title=f"Thread {number}",
        state=chance.choice(ThreadState.values),
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
    return Message(
        workspace_id=thread.workspace_id,
        source_id=thread.source_id,
        thread=thread,
        thread_kind=thread.kind,
        kind=chance.choice(KINDS),
        external_id=str(number),
        author=author,
        body=" ".join(chance.sample(WORDS, 2)),
        occurred_at=occurred_at,
        version_at=occurred_at,
        in_feed=chance.random() < 0.9,
        is_archived=is_gone,
        archived_reason=ArchivedReason.MISSING if is_gone else "",
    )


def make_queries(chance: Random, world: World) -> Iterator[tuple[FeedQuery, str]]:
    """Yield what may be asked of WORLD, and the word that must be found."""
    source_ids = [source.pk for source in world.sources]
    author_ids = [author.pk for author in world.authors]

    def some(values: Sequence[Value], odds: float = 0.3) -> list[Value] | None:
        wanted = chance.sample(values, chance.randint(1, 2))
        return wanted if chance.random() < odds else None

    def at(odds: float = 0.2) -> datetime | None:
        return chance.choice(world.messages).occurred_at if chance.random() < odds else None

    for _ in range(QUERIES):
        word = chance.choice(WORDS) if chance.random() < 0.2 else ""
        yield (
            FeedQuery(
                workspace_id=world.workspace.pk,
                source_ids=some(source_ids),
                thread_kinds=some(ThreadKind.values, 0.2),
                kinds=some(sorted(set(KINDS)), 0.2),
                author_ids=some(author_ids, 0.2),
                bot_ids=some(author_ids, 0.2),
                states=some(ThreadState.values, 0.4),
                labels=some(sorted(set(LABELS)), 0.4),
                only_unanswered=chance.random() < 0.2,
                words=search_words(world.workspace, word) if word else None,
                since=at(),
                until=at(),
                below=place(chance.choice(world.messages)) if chance.random() < 0.6 else None,
                above=place(chance.choice(world.messages)) if chance.random() < 0.2 else None,
            ),
            word,
        )


@pytest.mark.parametrize("seed", range(6))
def test_a_page_is_what_a_look_at_every_message_would_give(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = Random(seed)
    make_world(chance, make_workspace())
    world = make_world(chance, workspace)
    for query, word in make_queries(chance, world):
        # Whatever the reader's bounds: with small ones all its ways come up in a small world.
        few = chance.choice([1, 3, 10])
        monkeypatch.setattr(reader, "_FEW_THREADS", few)
        monkeypatch.setattr(reader, "_MOST_THREADS", few * chance.choice([1, 4, 40]))
        monkeypatch.setattr(reader, "_DEPTH", chance.choice([1, 5, 30]))
        monkeypatch.setattr(reader, "_DEPTH_FOR_WORDS", chance.choice([1, 5, 30]))
        monkeypatch.setattr(reader, "_MOST_LANES", chance.choice([1, 400]))
        limit = chance.choice([1, 3, 20, 1000])

        found, expected = feed_find(query, limit), world.find(query, word)

        assert found == expected[:limit], query
        assert feed_count(query) == len(expected), query
