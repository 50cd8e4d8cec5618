"""Figures about a workspace in the API."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from datetime import date, datetime, timedelta
from typing import Optional, Self, cast

import strawberry

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.common.graphql_cost import cost
from dexxy.members.graphql import Member
from dexxy.messages.figures import reach, rhythm
from dexxy.messages.figures.scope import FigureFilters, Window
from dexxy.messages.graphql_figure_trends import FIGURE, FigureHours, FigureReach
from dexxy.messages.insights import LONGEST, MOST_TOP, Comparison, InsightsBucket
from dexxy.messages.insights import Insights as Figures

strawberry.enum(InsightsBucket, description="What figures are told by; weeks begin on Monday.")
strawberry.enum(
    Comparison,
    name="InsightsComparison",
    description="BEFORE is the time of the same length that ends where `since` is.",
)


@strawberry.type(description="A day of UTC, or a week by its Monday, in which something happened.")
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
    asked: strawberry.Private[tuple[Viewer, Workspace, Window, FigureFilters]]
    since: datetime
    until: datetime
    days: list[InsightsDay] = strawberry.field(
        description="By day, or by week where `bucket` says so.",
        metadata=cost(items=LONGEST.days + 1),
    )
    new_people: int = strawberry.field(
        description="Who had said nothing before, in any repository."
    )
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
    p90_first_answer_seconds: float | None = strawberry.field(
        description="The same of nine in ten; `figures` has it by kind. Null of fewer than 20."
    )
    top_people: list[InsightsPerson] = strawberry.field(metadata=cost(items=MOST_TOP))
    before: Optional["Insights"] = strawberry.field(
        default=None, description="Of the time before; null unless `compare` asks for it."
    )

    @strawberry.field(description="How far people went: `reach` of `figures`.", metadata=FIGURE)
    def funnel(self) -> FigureReach:
        return FigureReach.of(reach.reach(*self.asked))

    @strawberry.field(
        description="When people act, by UTC: `activityHours` of `figures`.", metadata=FIGURE
    )
    def hours(self) -> FigureHours:
        return FigureHours.of(rhythm.activity_hours(*self.asked))

    @classmethod
    def of(cls, found: Figures, asked: tuple[Viewer, Workspace, Window, FigureFilters]) -> Self:
        return cls(
            asked=asked,
            since=found.since,
            until=found.until,
            days=[
                InsightsDay(date=step.date, messages=step.messages, people=step.people)
                for step in found.steps
            ],
            new_people=found.new_people,
            returning_people=found.returning_people,
            threads=found.threads,
            unanswered_threads=found.unanswered_threads,
            median_first_answer_seconds=_seconds(found.median_first_answer),
            p90_first_answer_seconds=_seconds(found.p90_first_answer),
            top_people=[
                InsightsPerson(member=cast(Member, member), messages=number)
                for member, number in found.top_people
            ],
        )


def _seconds(lasting: timedelta | None) -> float | None:
    return None if lasting is None else lasting.total_seconds()
