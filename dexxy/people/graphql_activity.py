"""What a person did, in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from datetime import date, datetime
from typing import Self, cast

import strawberry

from dexxy.common.graphql_cost import cost
from dexxy.members.graphql import Member
from dexxy.members.overviews import Organization
from dexxy.messages.graphql_kinds import MessageKind, ThreadKind, ThreadState
from dexxy.messages.member_activity.counts import Counts
from dexxy.messages.member_activity.days import Year
from dexxy.messages.member_activity.lists import Companion

# Hardly any community has more repositories that one person writes in.
_SOURCES = 20


@strawberry.type(description="One day on which they said or did something.")
class MemberDay:
    date: date
    messages: int
    level: int = strawberry.field(
        description="1 to 4: one more than there are quartiles of these days below it."
    )

    @classmethod
    def all_of(cls, year: Year) -> list[Self]:
        """Return the days on which something happened."""
        return [cls(date=d.date, messages=d.messages, level=d.level) for d in year.days if d.level]


@strawberry.type(description="How many messages there are of a kind.")
class MemberMessageCount:
    kind: MessageKind
    count: int


@strawberry.type(description="How many threads they opened of a kind that are in a state now.")
class MemberThreadCount:
    kind: ThreadKind
    state: ThreadState
    count: int


@strawberry.type(description="How many messages of theirs a source has.")
class MemberSourceCount:
    name: str
    count: int


@strawberry.type(description="How much somebody said and did, as the feed shows it now.")
class MemberCounts:
    messages: int
    recent_messages: int = strawberry.field(description="In the last 90 days.")
    by_kind: list[MemberMessageCount] = strawberry.field(metadata=cost(items=len(MessageKind)))
    by_source: list[MemberSourceCount] = strawberry.field(metadata=cost(items=_SOURCES))
    threads: list[MemberThreadCount] = strawberry.field(
        metadata=cost(items=len(ThreadKind) * len(ThreadState))
    )
    reviewed_pull_requests: int
    helped_threads: int | None = strawberry.field(
        description="Of other people, outside the team, in which they said something; null for"
        " somebody who is of the team."
    )
    answered_threads: int | None = strawberry.field(
        description="Of people outside the team, in which they said something as one of it; null"
        " for somebody who is not."
    )
    ended_threads: int | None = strawberry.field(
        description="Of other people, which they closed or merged, or whose answer they chose;"
        " null for somebody who is not of the team."
    )

    counted_at: datetime = strawberry.field(
        description="Of who said very much, the counts are kept for an hour at most."
    )

    @classmethod
    def of(cls, found: Counts, counted_at: datetime) -> Self:
        return cls(
            counted_at=counted_at,
            messages=found.messages,
            recent_messages=found.recent,
            by_kind=[MemberMessageCount(kind=kind, count=n) for kind, n in found.kinds.items()],
            by_source=[MemberSourceCount(name=name, count=n) for name, n in found.sources],
            threads=[
                MemberThreadCount(kind=kind, state=state, count=n)
                for (kind, state), n in found.threads.items()
            ],
            reviewed_pull_requests=found.reviewed,
            helped_threads=found.helped,
            answered_threads=found.answered,
            ended_threads=found.ended,
        )


@strawberry.type(description="Somebody with whom they talk.")
class MemberCompanion:
    member: Member
    threads: int = strawberry.field(
        description="Of the newest 200 threads of a year in which they said something: in how many"
        " this person did, too."
    )
    is_team: bool

    @classmethod
    def of(cls, found: Companion) -> Self:
        return cls(member=cast(Member, found.member), threads=found.threads, is_team=found.is_team)


@strawberry.type(description="Where some accounts work, as their profiles say today.")
class MemberOrganization:
    name: str
    since: datetime | None = strawberry.field(description="Of the first word of these accounts.")
    until: datetime | None = strawberry.field(description="Of their last word.")

    @classmethod
    def of(cls, found: Organization) -> Self:
        return cls(name=found.name, since=found.since, until=found.until)
