"""Figures about a workspace in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from datetime import date, datetime
from typing import Self, cast

import strawberry

from dexxy.common.graphql_cost import cost
from dexxy.members.graphql import Member
from dexxy.messages.insights import LONGEST, MOST_TOP
from dexxy.messages.insights import Insights as Figures


@strawberry.type(description="One day of UTC on which something happened.")
class InsightsDay:
    date: date
    messages: int
    people: int


@strawberry.type(description="A person and how much they said and did.")
class InsightsPerson:
    member: Member
    messages: int


@strawberry.type(description="Figures of the time from `since` until before `until`.")
class Insights:
    since: datetime
    until: datetime
    days: list[InsightsDay] = strawberry.field(metadata=cost(items=LONGEST.days + 1))
    new_people: int = strawberry.field(description="Who had said nothing before.")
    returning_people: int
    threads: int = strawberry.field(description="Opened in that time.")
    unanswered_threads: int = strawberry.field(
        description="Those of them that are unanswered now, as `onlyUnanswered` finds them."
    )
    median_first_answer_seconds: float | None = strawberry.field(
        description="Within how long half of the threads opened in that time, of all kinds"
        " together, had a first answer by another person; who still waits counts, too.",
        deprecation_reason="Kinds differ: `figures` has `firstResponse` by kind.",
    )
    top_people: list[InsightsPerson] = strawberry.field(metadata=cost(items=MOST_TOP))

    @classmethod
    def of(cls, found: Figures) -> Self:
        median = found.median_first_answer
        return cls(
            since=found.since,
            until=found.until,
            days=[
                InsightsDay(date=day.date, messages=day.messages, people=day.people)
                for day in found.days
            ],
            new_people=found.new_people,
            returning_people=found.returning_people,
            threads=found.threads,
            unanswered_threads=found.unanswered_threads,
            median_first_answer_seconds=None if median is None else median.total_seconds(),
            top_people=[
                InsightsPerson(member=cast(Member, member), messages=number)
                for member, number in found.top_people
            ],
        )
