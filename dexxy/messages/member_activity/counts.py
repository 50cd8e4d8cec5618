"""How much a member said and did, by kind and by source."""
# ruff: noqa: S608
# The statements are put together from constants; values are parameters.

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dexxy.messages.member_activity.asked import MINE, THREADS, Asked, messages_by
from dexxy.messages.member_activity.lists import OfOthers, others_count
from dexxy.messages.models import Message, MessageKind, ThreadKind, ThreadState
from dexxy.messages.team.stints import is_on_team

RECENT = timedelta(days=90)

_MESSAGES = f"""
WITH mine AS MATERIALIZED (
    SELECT m.kind, m.source_id, m.thread_id, m.occurred_at >= %(recent)s AS is_recent FROM {MINE}
)
SELECT kind, NULL, count(*), count(*) FILTER (WHERE is_recent), count(DISTINCT thread_id)
FROM mine GROUP BY kind
UNION ALL
SELECT NULL, s.name, count(*), 0, 0
FROM mine JOIN sources_source s ON s.id = mine.source_id GROUP BY s.id, s.name
ORDER BY 3 DESC, 2
"""
_THREADS = f"""
SELECT t.kind, t.state, count(*) FROM messages_thread t
WHERE {THREADS} AND t.author_id = ANY(%(accounts)s) GROUP BY 1, 2
"""
_FIRST = f"""
SELECT first.id FROM unnest(%(accounts)s::bigint[]) AS account(id) CROSS JOIN LATERAL (
    SELECT m.id, m.occurred_at
    FROM {messages_by("account.id")} ORDER BY m.occurred_at, m.id LIMIT 1
) first ORDER BY first.occurred_at, first.id LIMIT 1
"""


@dataclass(frozen=True)
class Counts:
    """How much a member said and did.

    Args:
        kinds: messages of each kind that there is, the most first.
        recent: messages in the last 90 days.
        sources: the names of the sources with their messages, the most first.
        reviewed: in how many pull requests they wrote a review.
        threads: those that they opened, by kind and state.
        helped: the threads of other people, outside the team, in which they said something; None
            for somebody who is of the team.
        answered: the threads of people outside the team in which they said something as one of it;
            None for somebody who is not.
        ended: the threads of other people that they closed or merged, or whose answer they chose;
            None as of `answered`.
    """

    kinds: Mapping[MessageKind, int]
    recent: int
    sources: Sequence[tuple[str, int]]
    reviewed: int
    threads: Mapping[tuple[ThreadKind, ThreadState], int]
    helped: int | None
    answered: int | None = None
    ended: int | None = None

    @property
    def messages(self) -> int:
        """All that the feed shows of them."""
        return sum(self.kinds.values())

    @property
    def reviews(self) -> int:
        """How many reviews they wrote."""
        return self.kinds.get(MessageKind.REVIEW, 0)

    @property
    def opened(self) -> int:
        """How many threads they opened."""
        return sum(self.threads.values())

    @property
    def open(self) -> int:
        """How many of them are open."""
        return sum(n for (_, state), n in self.threads.items() if state == ThreadState.OPEN)

    @property
    def merged(self) -> int:
        """How many of their pull requests were merged."""
        return self.threads.get((ThreadKind.PULL_REQUEST, ThreadState.MERGED), 0)

    def opened_of(self, kind: ThreadKind) -> int:
        """How many threads of a kind they opened."""
        return sum(n for (one, _), n in self.threads.items() if one == kind)


def counts_of(
    asked: Asked, opened: Mapping[tuple[ThreadKind, ThreadState], int], now: datetime
) -> Counts:
    """Count what a member said and did.

    Args:
        opened: as `opened_threads` returns it.
    """
    rows = asked.fetch(_MESSAGES, recent=now - RECENT)
    is_team = is_on_team(asked.stints, now)
    kinds = [row for row in rows if row[0] is not None]
    return Counts(
        kinds={MessageKind(kind): number for kind, _, number, _, _ in kinds},
        recent=sum(recent for _, _, _, recent, _ in kinds),
        sources=[(name, number) for kind, name, number, _, _ in rows if kind is None],
        reviewed=sum(row[4] for row in kinds if row[0] == MessageKind.REVIEW),
        threads=opened,
        helped=None if is_team else others_count(asked, OfOthers.HELPED),
        answered=others_count(asked, OfOthers.ANSWERED) if is_team else None,
        ended=others_count(asked, OfOthers.ENDED) if is_team else None,
    )


def opened_threads(asked: Asked) -> Mapping[tuple[ThreadKind, ThreadState], int]:
    """Count the threads that a member opened, by kind and by how they stand now."""
    rows = asked.fetch(_THREADS)
    return {(ThreadKind(kind), ThreadState(state)): number for kind, state, number in rows}


def first_contribution(asked: Asked) -> Message | None:
    """Return the first thing that a member said or did, or None."""
    found = [pk for (pk,) in asked.fetch(_FIRST)]
    of_member = Message.objects.filter(workspace=asked.workspace, pk__in=found)
    return next(iter(of_member.for_display()), None)
