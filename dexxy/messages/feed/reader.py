"""Find a page of the feed by keyset pagination: the newest messages behind a cursor.

An index has the messages in the order of the feed, behind the columns that filters name: source,
kinds, author. What only a thread knows (state, labels, whether it is answered), and words, are in
no such index. For them the reader works in stages, until a page is sure to be complete:

1. Read a number of messages in the order of the feed, and look up the thread or the words of
   each. That is enough for whatever is common.
2. Find threads that meet the conditions, and read the messages of those that were active last. That
   is enough for whatever is rare. They are read by the index of the condition that fewest of the
   messages of stage 1 meet. Words have an index of their own.
3. Read on in the order of the feed until the page is full.

Messages of quiet kinds are in no feed that does not ask for them. They have an index by kind, are
read beside the others, and are merged with them. Their threads know nothing of them, so that for
them stage 2 is left out.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

from dexxy.common.pages import Cursor
from dexxy.common.sql import fetch_all
from dexxy.messages.feed import sql
from dexxy.messages.feed.conditions import (
    AUTHOR,
    KIND,
    SOURCE,
    THREAD,
    THREAD_KIND,
    Condition,
    ThreadCondition,
)
from dexxy.messages.feed.query import FeedQuery, sort_key
from dexxy.messages.feed.sql import Ranges
from dexxy.messages.models import MessageKind, ThreadKind

# More ranges take longer to merge than the whole feed to read; fewer where each is read deep.
_MOST_RANGES, _MOST_DEEP_RANGES = 400, 6
# Messages to look up the thread or the words of, in all ranges; and how many times as many where
# the next stage is dear.
_DEPTH, _DEEPER = 1000, 20
# Candidate threads to read the messages of. Each has one at least, so that a few more than the
# messages of the page are enough. They are not where most of them were active after the cursor, or
# where there are conditions on messages, too.
_SPARE_THREADS, _FEW_THREADS, _MOST_THREADS = 10, 110, 500


@dataclass(frozen=True)
class Found:
    """The newest messages that a stage has found, and whether they are the newest of all."""

    messages: list[Cursor]
    is_sure: bool


Stage = Callable[[FeedQuery, int], Found]


def feed_find(query: FeedQuery, limit: int) -> list[Cursor]:
    """Return the cursors of the newest LIMIT messages that meet QUERY, the newest first."""
    found = [cursor for part in query.parts() for cursor in _find(part, limit)]
    return sorted(found, key=sort_key, reverse=True)[:limit]


def _find(query: FeedQuery, limit: int) -> list[Cursor]:
    if query.is_empty:
        return []
    found = (stage(query, limit) for stage in _stages(query, limit))
    return next(one.messages for one in found if one.is_sure)


def feed_count(query: FeedQuery, most: int | None = None) -> int:
    """Count all messages that meet QUERY, or up to MOST of them."""
    counted = sum(_count(part, most) for part in query.parts())
    return counted if most is None else min(counted, most)


def _count(query: FeedQuery, most: int | None) -> int:
    if query.is_empty:
        return 0
    of_message = [*query.of_message(), *query.phrases]
    counted = sql.count(of_message, query.thread, has_words=query.words is not None)
    [(number,)] = fetch_all(counted, {**query.params, "most": most})
    return int(number)


def is_complete(messages: Sequence[Cursor], limit: int, others: datetime | None) -> bool:
    """Return whether MESSAGES are the newest LIMIT of all threads.

    Args:
        messages: the newest of some threads, the newest first.
        limit: how many were asked for.
        others: the time of the newest message that another thread may have; None where there is no
            other thread.
    """
    if others is None:
        return True
    return len(messages) == limit and sort_key(messages[-1])[0] > others


def _stages(query: FeedQuery, limit: int) -> Sequence[Stage]:
    """Return the stages for QUERY; what the last one finds is sure."""
    by_threads: Sequence[Stage] = () if query.is_quiet else (_by_threads,)
    if query.words is None:
        return (_among_newest, *by_threads, _in_order) if query.thread else (_in_order,)
    return (_among_newest, *by_threads, _by_words) if query.thread else (_among_newest, _by_words)


def _among_newest(query: FeedQuery, limit: int) -> Found:
    """Look up the threads and the words of the newest messages.

    Threads are found by one of their conditions alone, and all messages with a word have to be
    sorted. So for several conditions, and for words, it is quicker to look at more messages where
    a good part of the page was found.
    """
    messages = _of_newest(query, limit, _DEPTH)
    is_dear = query.words is not None or len(query.thread) > 1
    if is_dear and limit // 10 < len(messages) < limit:
        messages = _of_newest(query, limit, _DEPTH * _DEEPER)
    return Found(messages, len(messages) == limit)


def _of_newest(query: FeedQuery, limit: int, depth: int) -> list[Cursor]:
    ranges = _ranges(query, _MOST_DEEP_RANGES)
    of_message = query.of_message(besides=ranges.columns)
    newest = sql.among_newest(ranges, of_message, query.thread, _words(query))
    return _read(query, newest, limit, depth=depth // len(ranges.keys), **ranges.params)


def _by_threads(query: FeedQuery, limit: int) -> Found:
    """Read the messages of the candidate threads that were active last: of a few, or of more."""
    by = _rarest(query)
    found = _of_candidates(query, limit, by, min(limit + _SPARE_THREADS, _FEW_THREADS))
    return found if found.is_sure else _of_candidates(query, limit, by, _MOST_THREADS)


def _rarest(query: FeedQuery) -> ThreadCondition | None:
    """Return the condition with ranges that fewest of the newest messages' threads meet.

    What is common among all threads may be rare at that time, and the other way round.
    """
    of_thread = [one for one in query.thread if isinstance(one, ThreadCondition)]
    if len(of_thread) < 2:
        return next(iter(of_thread), None)
    ranges = _ranges(query, _MOST_DEEP_RANGES)
    of_message = query.of_message(besides=ranges.columns)
    statement = sql.count_of_newest(ranges, of_message, of_thread)
    params = {**query.params, **ranges.params, "depth": _DEPTH // len(ranges.keys)}
    [counts] = fetch_all(statement, params)
    return min(zip(counts, of_thread, strict=True), key=lambda one: one[0])[1]


def _of_candidates(query: FeedQuery, limit: int, by: ThreadCondition | None, most: int) -> Found:
    besides = [*(one for one in query.thread if one is not by), *query.of_thread()]
    threads = _read(query, sql.candidates(by, besides), most)
    if not threads:
        return Found([], is_sure=True)
    ranges = Ranges((THREAD,), [(thread.pk,) for thread in threads])
    statement = ranges.scan([*query.of_message(), *_words(query)])
    messages = _read(query, statement, limit, **ranges.params)
    others = sort_key(threads[-1])[0] if len(threads) == most else None
    return Found(messages, is_complete(messages, limit, others))


def _by_words(query: FeedQuery, limit: int) -> Found:
    """Read the messages that the index of words has."""
    entries = query.range(pk="message_id")
    found = sql.by_words([*query.of_message(), *query.phrases], entries, query.thread)
    return Found(_read(query, found, limit), is_sure=True)


def _in_order(query: FeedQuery, limit: int) -> Found:
    """Read as many messages as it takes, looking up the thread of each."""
    ranges = _ranges(query, _MOST_DEEP_RANGES if query.thread else _MOST_RANGES)
    statement = ranges.scan(query.of_message(besides=ranges.columns), thread=query.thread)
    return Found(_read(query, statement, limit, **ranges.params), is_sure=True)


def _words(query: FeedQuery) -> list[Condition]:
    return [] if query.words is None else [sql.MESSAGE_HAS_WORDS, *query.phrases]


def _ranges(query: FeedQuery, most: int) -> Ranges:
    choices = list(_choices(query))
    return next((ranges for ranges in choices if len(ranges.keys) <= most), choices[-1])


def _choices(query: FeedQuery) -> Iterator[Ranges]:
    """Yield what QUERY may be read by, the most selective index first."""
    if query.is_quiet:
        yield Ranges((KIND,), [(kind,) for kind in query.wanted[KIND]])
        return
    sources = [(pk,) for pk in query.wanted.get(SOURCE, ())]
    kinds = list(
        product(query.wanted.get(THREAD_KIND, ThreadKind), query.wanted.get(KIND, MessageKind))
    )
    has_kinds = THREAD_KIND in query.wanted or KIND in query.wanted
    if THREAD in query.wanted:
        yield Ranges((THREAD,), [(pk,) for pk in query.wanted[THREAD]])
    if AUTHOR in query.wanted:
        yield Ranges((AUTHOR,), [(pk,) for pk in query.wanted[AUTHOR]])
    if sources and has_kinds:
        keys = [(*source, *pair) for source in sources for pair in kinds]
        yield Ranges((SOURCE, THREAD_KIND, KIND), keys)
    if sources:
        yield Ranges((SOURCE,), sources)
    if has_kinds:
        yield Ranges((THREAD_KIND, KIND), kinds)
    yield Ranges()


def _read(query: FeedQuery, statement: str, limit: int, **params: Any) -> list[Cursor]:
    rows = fetch_all(statement, {**query.params, **params, "limit": limit})
    return [Cursor(at, pk) for pk, at in rows]
