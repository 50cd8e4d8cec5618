"""Find the messages of a feed by an index that has them in their order.

What a message itself says (source, kinds, author, time) is read straight from the index made for
it. What only its thread says (state, labels, unanswered), and words, cannot be part of such an
index: the newest messages are asked first, which is enough for whatever is common, and only then
the index of threads or of words, which is quick for whatever is rare.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

from dexxy.common.pages import Cursor
from dexxy.common.sql import fetch_all
from dexxy.messages.feed import sql
from dexxy.messages.feed.sql import Lanes
from dexxy.messages.models import MessageKind, ThreadKind, ThreadState

# So many lanes are merged; more of them take longer than reading all the feed in its order.
_MOST_LANES = 400
# Where each message is asked about its thread or its words, every lane is read to its full depth.
_MOST_LANES_NEAR = 6
# So many of the newest messages are asked for what no index of theirs holds: more for words, whose
# index has no order.
_DEPTH, _DEPTH_FOR_WORDS = 500, 1000
# So many threads are looked into for the newest messages of a set of threads. Each has one at
# least, so that a few more than the largest page are enough unless more is asked of the messages.
_FEW_THREADS, _MOST_THREADS = 110, 500
_END_OF_TIME = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class FeedQuery:
    """A feed with everything looked up that its filters name.

    None holds nothing back; where a list is empty, or `words`, nothing is left.
    """

    workspace_id: int
    source_ids: Sequence[int] | None = None
    thread_kinds: Sequence[str] | None = None
    kinds: Sequence[str] | None = None
    author_ids: Sequence[int] | None = None
    bot_ids: Sequence[int] | None = None
    states: Sequence[str] | None = None
    labels: Sequence[str] | None = None
    only_unanswered: bool = False
    words: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    below: Cursor | None = None
    above: Cursor | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it is clear without looking that there is nothing."""
        lists = (self.source_ids, self.author_ids, self.words)
        return any(values is not None and not values for values in lists)

    @property
    def params(self) -> dict[str, Any]:
        """What the conditions of the statements are filled with."""
        return {
            "workspace": self.workspace_id,
            "sources": _list(self.source_ids),
            "thread_kinds": _list(self.thread_kinds),
            "kinds": _list(self.kinds),
            "authors": _list(self.author_ids),
            "bots": _list(self.bot_ids),
            "states": _list(self.states),
            "lane_states": list(self.states or ThreadState),
            "labels": _list(self.labels),
            "words": self.words,
            "since": self.since,
            "until": self.until,
            "below_at": self.below and _time(self.below),
            "below_id": self.below and self.below.pk,
            "above_at": self.above and _time(self.above),
            "above_id": self.above and self.above.pk,
        }

    def of_message(self, *, besides: Sequence[str] = ()) -> list[str]:
        """Return the conditions about the message itself, BESIDES those that lanes hold."""
        given = {
            "source_id": self.source_ids,
            "thread_kind": self.thread_kinds,
            "kind": self.kinds,
            "author_id": self.author_ids,
            "bots": self.bot_ids or None,
        }
        names = [name for name, value in given.items() if value is not None]
        return [*(sql.OF_MESSAGE[name] for name in names if name not in besides), *self.place()]

    def place(self) -> list[str]:
        """Return the conditions about time and id."""
        given = {"since": self.since, "until": self.until, "below": self.below, "above": self.above}
        # Of two upper bounds the index begins at either, and may walk from one to the other.
        if self.until is not None and self.below is not None:
            del given["until" if _time(self.below) < self.until else "below"]
        return [sql.OF_MESSAGE[name] for name, value in given.items() if value is not None]

    def of_thread(self) -> list[str]:
        """Return the conditions that only the thread can answer."""
        given = {
            "states": self.states is not None,
            "labels": self.labels is not None,
            "unanswered": self.only_unanswered,
        }
        return [sql.OF_THREAD[name] for name, is_given in given.items() if is_given]


def feed_find(query: FeedQuery, limit: int) -> list[Cursor]:
    """Return the places of the newest LIMIT messages that QUERY asks for, the newest first."""
    if query.is_empty:
        return []
    if query.words is None and not query.of_thread():
        return _walk(query, _lanes(query, _MOST_LANES), limit)
    lanes = _lanes(query, _MOST_LANES_NEAR)
    found = _near(query, lanes, limit)
    end = None if len(found) == limit else _end(query, lanes)
    if end is None:
        return found
    return [*found, *_far(replace(query, below=end), lanes, _time(end), limit - len(found))]


def feed_count(query: FeedQuery) -> int:
    """Count all messages that QUERY asks for."""
    if query.is_empty:
        return 0
    counted = sql.count(query.of_message(), query.of_thread(), has_words=query.words is not None)
    [(number,)] = fetch_all(counted, query.params)
    return int(number)


def _near(query: FeedQuery, lanes: Lanes, limit: int) -> list[Cursor]:
    """Look among the newest messages, asking each what no index of messages holds."""
    has_words = query.words is not None
    near = sql.near(_walked(query, lanes), of_thread=query.of_thread(), has_words=has_words)
    return _read(query, near, limit, depth=_depth(query), **lanes.params)


def _end(query: FeedQuery, lanes: Lanes) -> Cursor | None:
    """Return the last of the newest messages that were asked; None where there are no more."""
    end = sql.end_of(_walked(query, lanes))
    return next(iter(_read(query, end, 1, depth=_depth(query), **lanes.params)), None)


def _walked(query: FeedQuery, lanes: Lanes) -> str:
    columns = "m.id, m.occurred_at, m.thread_id"
    return sql.walk(lanes, query.of_message(besides=lanes.columns), columns=columns)


def _far(query: FeedQuery, lanes: Lanes, bound: datetime, limit: int) -> list[Cursor]:
    """Look by words, or by threads up to BOUND; message by message where those are too many."""
    if query.words is not None:
        rest = sql.by_words(query.of_message(), query.place(), query.of_thread())
        return _read(query, rest, limit)
    messages = _by_threads(query, bound, limit)
    return _walk(query, lanes, limit, query.of_thread()) if messages is None else messages


def _walk(
    query: FeedQuery, lanes: Lanes, limit: int, of_thread: Sequence[str] = ()
) -> list[Cursor]:
    conditions = query.of_message(besides=lanes.columns)
    return _read(query, sql.walk(lanes, conditions, of_thread=of_thread), limit, **lanes.params)


def _depth(query: FeedQuery) -> int:
    return _DEPTH if query.words is None else _DEPTH_FOR_WORDS


def _by_threads(query: FeedQuery, bound: datetime, limit: int) -> list[Cursor] | None:
    """Look into the threads alive at BOUND, and those that ended before; None if it takes more.

    None of the latter counts that ended before the last message of the former.
    """
    alive = _threads(query, sql.alive, bound, _MOST_THREADS)
    if len(alive) == _MOST_THREADS:
        return None
    among = _in_threads(query, alive, limit)
    if len(among) == limit:
        query = replace(query, since=_time(among[-1]))
    for most in (_FEW_THREADS, _MOST_THREADS):
        ended = _threads(query, sql.ended, bound, most)
        messages = sorted([*among, *_in_threads(query, ended, limit)], key=_place)[-limit:]
        # Any thread left out had its last message no later than the last one that was looked into.
        if len(ended) < most or _is_sure(messages, limit, _time(ended[-1])):
            return messages[::-1]
    return None


def _threads(
    query: FeedQuery, statement: Callable[..., str], bound: datetime, most: int
) -> list[Cursor]:
    """Return up to MOST threads of QUERY with the time of their last activity."""
    found = statement(_of_thread(query), by_label=query.labels is not None)
    return _read(query, found, most, bound=bound)


def _in_threads(query: FeedQuery, threads: Sequence[Cursor], limit: int) -> list[Cursor]:
    if not threads:
        return []
    return _walk(query, Lanes(("thread_id",), [(thread.pk,) for thread in threads]), limit)


def _is_sure(messages: Sequence[Cursor], limit: int, others: datetime) -> bool:
    """Say whether MESSAGES are full, and none can be newer that came no later than OTHERS."""
    return len(messages) == limit and _time(messages[0]) > others


def _of_thread(query: FeedQuery) -> list[str]:
    conditions = query.of_thread()
    if query.source_ids is not None:
        conditions.append("t.source_id = ANY(%(sources)s)")
    if query.thread_kinds is not None:
        conditions.append("t.kind = ANY(%(thread_kinds)s)")
    if query.since is not None:
        conditions.append("t.last_activity_at >= %(since)s")
    if query.above is not None:
        conditions.append("t.last_activity_at >= %(above_at)s")
    return conditions


def _lanes(query: FeedQuery, most: int) -> Lanes:
    return next(lanes for lanes in _ways(query) if len(lanes.keys) <= most)


def _ways(query: FeedQuery) -> Iterator[Lanes]:
    """Yield the ways to read QUERY in order, the most selective first."""
    sources = [(pk,) for pk in query.source_ids or ()]
    kinds = list(product(query.thread_kinds or ThreadKind, query.kinds or MessageKind))
    has_kinds = query.thread_kinds is not None or query.kinds is not None
    if query.author_ids is not None:
        yield Lanes(("author_id",), [(pk,) for pk in query.author_ids])
    if sources and has_kinds:
        keys = [(*source, *pair) for source in sources for pair in kinds]
        yield Lanes(("source_id", "thread_kind", "kind"), keys)
    if sources:
        yield Lanes(("source_id",), sources)
    if has_kinds:
        yield Lanes(("thread_kind", "kind"), kinds)
    yield Lanes()


def _read(query: FeedQuery, statement: str, limit: int, **params: Any) -> list[Cursor]:
    rows = fetch_all(statement, {**query.params, **params, "limit": limit})
    return [Cursor(occurred_at, pk) for pk, occurred_at in rows]


def _place(message: Cursor) -> tuple[datetime, int]:
    return _time(message), message.pk


def _time(place: Cursor) -> datetime:
    # Each message has a time; a cursor of a list whose rows need none stands at its very top.
    return place.time or _END_OF_TIME


def _list(values: Sequence[Any] | None) -> list[Any] | None:
    return None if values is None else list(values)
