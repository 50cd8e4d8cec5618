"""The statements that find messages of the feed, the newest first.

`m` is a message, `t` its thread, `s` its words. Whatever must hold of a thread or of words is asked
for each message on the way, so that the messages keep the order of the index they are read by.
"""
# ruff: noqa: S608
# The statements are put together from the pieces of this file alone; values are parameters.

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# The columns that tell lanes apart, and their types.
_TYPES = {
    "source_id": "bigint",
    "thread_kind": "text",
    "kind": "text",
    "author_id": "bigint",
    "thread_id": "bigint",
}
# The `messages_life` of a thread that began in the year one.
_LONGEST_LIFE = 25
LIVE = "m.workspace_id = %(workspace)s AND NOT m.is_archived AND m.in_feed"
_LIVE_THREAD = "t.workspace_id = %(workspace)s AND NOT t.is_archived"
_LIMIT = "LIMIT %(limit)s"
NEWEST_FIRST = f"ORDER BY m.occurred_at DESC, m.id DESC {_LIMIT}"
_THREADS_OF = "SELECT t.id, t.last_activity_at FROM"

# What may be asked of a message, by the column that it is about. Ids of the column's own type are
# looked up in a hash; of any other they would be compared one by one.
OF_MESSAGE = {
    "source_id": "m.source_id = ANY(%(sources)s::bigint[])",
    "thread_kind": "m.thread_kind = ANY(%(thread_kinds)s)",
    "kind": "m.kind = ANY(%(kinds)s)",
    "author_id": "m.author_id = ANY(%(authors)s::bigint[])",
    "bots": "(m.author_id IS NULL OR m.author_id <> ALL(%(bots)s::bigint[]))",
    "since": "m.occurred_at >= %(since)s",
    "until": "m.occurred_at < %(until)s",
    "below": "(m.occurred_at, m.id) < (%(below_at)s, %(below_id)s)",
    "above": "(m.occurred_at, m.id) > (%(above_at)s, %(above_id)s)",
}
OF_THREAD = {
    "states": "t.state = ANY(%(states)s)",
    "labels": "t.labels && %(labels)s::text[]",
    "unanswered": "t.first_response_at IS NULL",
}
HAS_WORDS = """(
SELECT s.document @@ %(words)s::tsquery FROM messages_searchentry s WHERE s.message_id = m.id)"""


@dataclass(frozen=True)
class Lanes:
    """Parts of the feed that each have an order of their own in an index.

    Without columns there is one: the whole feed.
    """

    columns: tuple[str, ...] = ()
    keys: Sequence[tuple[Any, ...]] = ((),)

    @property
    def params(self) -> dict[str, Any]:
        if len(self.keys) == 1:
            return dict(zip(map(_lane, self.columns), self.keys[0], strict=True))
        values = zip(*self.keys, strict=True)
        return {_lane(name): list(v) for name, v in zip(self.columns, values, strict=True)}


def walk(
    lanes: Lanes,
    conditions: Sequence[str],
    *,
    of_thread: Sequence[str] = (),
    columns: str = "m.id, m.occurred_at",
) -> str:
    """Return what finds the newest of all LANES that meet CONDITIONS.

    One lane is read by its index until enough is found. Of several, each gives its newest, and
    the newest of those are kept.
    """
    if len(lanes.keys) == 1:
        own = [f"m.{name} = %({_lane(name)})s" for name in lanes.columns]
        return _newest(columns, [*own, *conditions], of_thread)
    arrays = ", ".join(f"%({_lane(name)})s::{_TYPES[name]}[]" for name in lanes.columns)
    own = [f"m.{name} = lane.{name}" for name in lanes.columns]
    return f"""
SELECT {columns} FROM unnest({arrays}) AS lane({", ".join(lanes.columns)})
CROSS JOIN LATERAL ({_newest(columns, [*own, *conditions], of_thread)}) m
{NEWEST_FIRST}"""


def near(walked: str, *, of_thread: Sequence[str], has_words: bool) -> str:
    """Return what finds the newest that meet the rest among the few messages that WALKED finds."""
    among = walked.replace("%(limit)s", "%(depth)s")
    words = HAS_WORDS if has_words else "TRUE"
    return f"""
SELECT m.id, m.occurred_at FROM ({among}) m {_with_thread(of_thread)} WHERE {words}
{NEWEST_FIRST}"""


def end_of(walked: str) -> str:
    """Return what finds the last of the few messages that WALKED finds, if it finds them all."""
    among = walked.replace("%(limit)s", "%(depth)s")
    return f"SELECT m.id, m.occurred_at FROM ({among}) m {NEWEST_FIRST} OFFSET %(depth)s - 1"


def by_words(conditions: Sequence[str], place: Sequence[str], of_thread: Sequence[str]) -> str:
    """Return what finds messages by the index of words, and then asks the rest of each.

    Args:
        place: conditions about the time and the id alone.
    """
    told = [sql.replace("m.occurred_at", "s.occurred_at") for sql in place]
    told = [sql.replace("m.id", "s.message_id") for sql in told]
    return f"""
SELECT m.id, m.occurred_at FROM (
    SELECT s.message_id, s.occurred_at FROM messages_searchentry s
    WHERE {" AND ".join(["s.document @@ %(words)s::tsquery", *told])}
    ORDER BY s.occurred_at DESC, s.message_id DESC
) s JOIN messages_message m ON m.id = s.message_id {_with_thread(of_thread)}
WHERE {" AND ".join([LIVE, *conditions])}
ORDER BY s.occurred_at DESC, s.message_id DESC LIMIT %(limit)s"""


def ended(conditions: Sequence[str], *, by_label: bool) -> str:
    """Return what finds threads whose last activity was before `%(bound)s`, the newest first.

    Args:
        by_label: whether to look for labels month by month, in the order of their places, until
            there is enough. Otherwise an index has the threads in that order.
    """
    below = ["t.last_activity_at < %(bound)s", *conditions]
    if not by_label:
        return _recent(below)
    return f"""
{_THREADS_OF} generate_series(messages_month(%(bound)s), {_month("min")}, -1)
WITH ORDINALITY AS month(number, place)
CROSS JOIN LATERAL ({_recent(_in_month(below))}) t
ORDER BY month.place, t.last_activity_at DESC, t.id DESC {_LIMIT}"""


def alive(conditions: Sequence[str], *, by_label: bool) -> str:
    """Return what finds threads that were active before `%(bound)s` and since, in any order.

    Those of a state that live as long, up to twice, lie side by side, and ended within that time.
    Those with a label are looked for month by month, and at last in the month of that time, when
    many ended that began in it.
    """
    since = ["t.last_activity_at >= %(bound)s", "t.first_activity_at <= %(bound)s", *conditions]
    if by_label:
        return f"""
{_THREADS_OF} (
    SELECT generate_series(messages_month(%(bound)s) + 1, {_month("max")})
    UNION ALL SELECT messages_month(%(bound)s)
) AS month(number)
CROSS JOIN LATERAL ({_those(_in_month(since))} {_LIMIT}) t
{_LIMIT}"""
    side_by_side = [
        "t.state = lane.state",
        "messages_life(t.first_activity_at, t.last_activity_at) = life.size",
        "t.last_activity_at < %(bound)s + make_interval(hours => 1 << life.size)",
        *since,
    ]
    return f"""
{_THREADS_OF} unnest(%(lane_states)s::text[]) AS lane(state)
CROSS JOIN generate_series(0, {_LONGEST_LIFE}) AS life(size)
CROSS JOIN LATERAL ({_those(side_by_side)} {_LIMIT}) t
{_LIMIT}"""


def count(conditions: Sequence[str], thread_conditions: Sequence[str], *, has_words: bool) -> str:
    """Return what counts all messages that meet the conditions, in whatever order."""
    sets = []
    if thread_conditions:
        of = " AND ".join(["t.workspace_id = %(workspace)s", *thread_conditions])
        sets.append(f"m.thread_id IN (SELECT t.id FROM messages_thread t WHERE {of})")
    if has_words:
        found = "SELECT s.message_id FROM messages_searchentry s WHERE s.document @@ %(words)s"
        sets.append(f"m.id IN ({found}::tsquery)")
    return (
        f"SELECT count(*) FROM messages_message m WHERE {' AND '.join([LIVE, *conditions, *sets])}"
    )


def _month(end: str) -> str:
    """Return the month of the last activity of all, the END of which is `min` or `max`."""
    of = f"FROM messages_thread t WHERE {_LIVE_THREAD}"
    return f"(SELECT messages_month({end}(t.last_activity_at)) {of})"


def _in_month(conditions: Sequence[str]) -> list[str]:
    return [
        "t.labels <> '{}'",
        "messages_label_keys(t.workspace_id, t.labels, messages_month(t.last_activity_at))"
        " && messages_label_keys(%(workspace)s, %(labels)s::text[], month.number)",
        *conditions,
    ]


def _recent(conditions: Sequence[str]) -> str:
    return f"{_those(conditions)} ORDER BY t.last_activity_at DESC, t.id DESC {_LIMIT}"


def _those(conditions: Sequence[str]) -> str:
    return f"{_THREADS_OF} messages_thread t WHERE {' AND '.join([_LIVE_THREAD, *conditions])}"


def _newest(columns: str, conditions: Sequence[str], of_thread: Sequence[str]) -> str:
    where = " AND ".join([LIVE, *conditions])
    threads = _with_thread(of_thread)
    return f"SELECT {columns} FROM messages_message m {threads} WHERE {where} {NEWEST_FIRST}"


def _with_thread(conditions: Sequence[str]) -> str:
    """Keep messages whose thread meets CONDITIONS.

    The offset keeps the planner from beginning with the threads; it may remember each one's answer.
    """
    if not conditions:
        return ""
    where = " AND ".join(["t.id = m.thread_id", *conditions])
    return f"CROSS JOIN LATERAL (SELECT FROM messages_thread t WHERE {where} OFFSET 0) t"


def _lane(column: str) -> str:
    return f"lane_{column}"
