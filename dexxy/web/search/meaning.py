"""What a search means: for each list, the filters that its selector takes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from dexxy.members.directory import EVERYBODY, MemberFilters
from dexxy.messages.feed.filters import (
    ALL_THREADS,
    EVERYTHING,
    Bots,
    FeedFilters,
    ThreadFilters,
)
from dexxy.messages.models import MessageKind, ThreadKind, ThreadState
from dexxy.messages.waiting.lists import QueueFilters, Tab
from dexxy.web.search.grammar import Query, qualifier_text
from dexxy.web.search.qualifiers import Where, day_of, span_of

_STATES = {state.value: state for state in ThreadState}
_KINDS = {
    "issue": ThreadKind.ISSUE,
    "pr": ThreadKind.PULL_REQUEST,
    "discussion": ThreadKind.DISCUSSION,
}
_TYPES: Mapping[str, Sequence[MessageKind]] = {
    "opened": [MessageKind.OPENED],
    "comment": [MessageKind.COMMENT, MessageKind.REPLY],
    "review": [MessageKind.REVIEW, MessageKind.REVIEW_COMMENT],
    "closed": [MessageKind.CLOSED],
    "reopened": [MessageKind.REOPENED],
    "merged": [MessageKind.MERGED],
    "answered": [MessageKind.ANSWERED],
}
_SWITCHES = {
    "draft": "only_drafts",
    "answered": "only_answered",
    "unanswered": "only_unanswered",
    "waiting": "only_waiting",
    "unread": "only_unread",
    "team": "only_team",
}


def feed_filters(query: Query, base: FeedFilters = EVERYTHING) -> FeedFilters:
    """Return what QUERY keeps of the feed.

    Args:
        base: filters that hold beside it.
    """
    since, until = _times(query)
    kept, left_out = _of_feed(query), _of_feed(query, is_negated=True)
    return replace(
        base,
        **kept,
        **_bots(query),
        since=_latest(base.since, since),
        until=_earliest(base.until, until),
        without=FeedFilters(**left_out) if left_out else base.without,
    )


def thread_filters(query: Query, base: ThreadFilters = ALL_THREADS) -> ThreadFilters:
    """Return what QUERY keeps of the threads; its times are those of their last activity.

    Args:
        base: filters that hold beside it.
    """
    since, until = _times(query)
    return replace(
        _threads(query, base),
        active_since=_latest(base.active_since, since),
        active_until=_earliest(base.active_until, until),
    )


def queue_filters(query: Query, tab: Tab = Tab.ALL) -> QueueFilters:
    """Return what QUERY keeps of a list of the queue; its times are those when waits began."""
    since, until = _times(query)
    threads = _threads(query, ALL_THREADS)
    if threads.waiting_days:
        # In every list of the queue somebody waits, or did: only how long is asked.
        until = _earliest(until, timezone.now() - timedelta(days=threads.waiting_days))
    threads = replace(threads, only_waiting=False, waiting_days=0)
    return QueueFilters(tab=tab, threads=threads, since=since, until=until)


def queue_search(
    repositories: Sequence[str], kinds: Sequence[ThreadKind], organizations: Sequence[str]
) -> Query | None:
    """Return the search of the queue that keeps these; None where it cannot be written down."""
    terms = [
        *(qualifier_text("repo", name) for name in repositories),
        *(qualifier_text("kind", name) for name, kind in _KINDS.items() if kind in kinds),
        *(qualifier_text("org", name) for name in organizations),
    ]
    query = Query.parse(" ".join(terms), Where.WAITING)
    wanted = [len(repositories), len(set(kinds)), len(organizations)]
    # Too many do not fit into a search, and a name may have white space and quotes.
    is_whole = [len(query.values(name)) for name in ("repo", "kind", "org")] == wanted
    return query if is_whole and query.values("org") == list(organizations) else None


def member_filters(query: Query, base: MemberFilters = EVERYBODY) -> MemberFilters:
    """Return whom QUERY keeps of the people; its times are those when they were last seen.

    Args:
        base: filters that hold beside it.
    """
    since, until = _times(query)
    given: dict[str, Any] = {
        "search": " ".join(query.words.replace('"', " ").split()),
        "organization": " ".join(query.values("org")),
        "tags": query.values("tag"),
        "last_seen_since": _latest(base.last_seen_since, since),
        "last_seen_until": _earliest(base.last_seen_until, until),
    }
    kept = replace(base, **{name: value for name, value in given.items() if value})
    bots = _bots(query).get("bots")
    return replace(kept, is_bot=bots == Bots.ONLY) if bots else kept


def _threads(query: Query, base: ThreadFilters) -> ThreadFilters:
    kept, left_out = _of_threads(query), _of_threads(query, is_negated=True)
    without = ThreadFilters(**left_out) if left_out else base.without
    return replace(base, **kept, **_bots(query), without=without)


def _of_feed(query: Query, *, is_negated: bool = False) -> dict[str, Any]:
    found = _of_threads(query, is_negated=is_negated)
    for name in ("kinds", "states"):
        if name in found:
            found[f"thread_{name}"] = found.pop(name)
    types = [kind for v in query.values("type", is_negated=is_negated) for kind in _TYPES[v]]
    return {**found, "message_kinds": types} if types else found


def _of_threads(query: Query, *, is_negated: bool = False) -> dict[str, Any]:
    """Return the filters that QUERY sets, by their names."""
    found = _common(query, is_negated=is_negated)
    found["kinds"] = [_KINDS[value] for value in query.values("kind", is_negated=is_negated)]
    stands = query.values("is", is_negated=is_negated)
    found["states"] = [_STATES[value] for value in stands if value in _STATES]
    found["labels"] = query.values("label", is_negated=is_negated)
    return {name: value for name, value in found.items() if value}


def _common(query: Query, *, is_negated: bool) -> dict[str, Any]:
    numbers = query.numbers(is_negated=is_negated)
    words = query.words_left_out if is_negated else query.words
    is_of_title = "title" in query.values("in") and not is_negated
    stands = query.values("is", is_negated=is_negated)
    repositories = [term.name for term in numbers if term.name]
    return {
        "title" if is_of_title else "search": words,
        "numbers": [int(term.value) for term in numbers],
        "source_names": [*query.values("repo", is_negated=is_negated), *repositories],
        "authors": query.values("author", is_negated=is_negated),
        "organizations": query.values("org", is_negated=is_negated),
        "assignees": query.values("assignee", is_negated=is_negated),
        "issue_types": query.values("issuetype", is_negated=is_negated),
        **{filter_: value in stands for value, filter_ in _SWITCHES.items()},
        **_waiting(query, is_negated=is_negated),
    }


def _waiting(query: Query, *, is_negated: bool) -> dict[str, Any]:
    """Return how long somebody has waited: `>7d` at least, and `<7d` less."""
    at_least = [v for v in query.values("waiting", is_negated=is_negated) if "<" not in v]
    less = [] if not is_negated else [v for v in query.values("waiting") if "<" in v]
    only = not is_negated and any("<" in v for v in query.values("waiting"))
    days = [span.days for v in (*at_least, *less) if (span := span_of(v.lstrip("<>=")))]
    found: dict[str, Any] = {"waiting_days": (min if is_negated else max)(days)} if days else {}
    return {**found, "only_waiting": True} if only else found


def _bots(query: Query) -> dict[str, Any]:
    if "bot" in query.values("is"):
        return {"bots": Bots.ONLY}
    return {"bots": Bots.EXCLUDED} if "bot" in query.values("is", is_negated=True) else {}


def _times(query: Query) -> tuple[datetime | None, datetime | None]:
    """Return from when on, and before when, by the clock of the reader."""
    since, until = None, None
    for value in query.values("since"):
        since = _latest(since, _moment(value, is_end=False))
    for value in query.values("until"):
        until = _earliest(until, _moment(value, is_end=True))
    for value in query.values("before"):
        until = _earliest(until, _moment(value, is_end=False))
    return since, until


def _moment(value: str, *, is_end: bool) -> datetime | None:
    span, days = span_of(value), day_of(value)
    if span is not None:
        return timezone.now() - span
    return _midnight(days[is_end]) if days else None


def _midnight(day: date) -> datetime | None:
    # The first and the last days that there are have no time in some zones.
    if not date.min + timedelta(days=2) < day < date.max - timedelta(days=2):
        return None
    return datetime.combine(day, time(), tzinfo=timezone.get_current_timezone())


def _latest(first: datetime | None, second: datetime | None) -> datetime | None:
    return max(filter(None, (first, second)), default=None)


def _earliest(first: datetime | None, second: datetime | None) -> datetime | None:
    return min(filter(None, (first, second)), default=None)
