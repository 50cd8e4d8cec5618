"""Figures in the API that are told day by day, week by week, or source by source."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Self

import strawberry

from dexxy.accounts.models import Workspace
from dexxy.accounts.selectors import Viewer
from dexxy.common.graphql_cost import cost
from dexxy.messages.figures import flow_trend, reach, rhythm, trends, waiting_trend
from dexxy.messages.figures.outcomes import Durations
from dexxy.messages.figures.scope import FigureFilters, Window
from dexxy.messages.figures.small_numbers import shown
from dexxy.messages.figures.steps import Step
from dexxy.messages.graphql_kinds import ThreadKind

# A figure takes as long as so many values of other fields; two years have 106 weeks.
FIGURE = cost(objects=1000)
STEPS = cost(items=106, objects=1000)
WithTeam = Annotated[
    bool, strawberry.argument(description="Count threads that the team opened, too.")
]


@strawberry.type(description="The list behind a number: ids of threads, or of members.")
class FigureList:
    count: int
    ids: list[strawberry.ID] = strawberry.field(metadata=cost(items=0))

    @classmethod
    def of(cls, found: Iterable[int]) -> Self:
        ids = [strawberry.ID(str(pk)) for pk in found]
        return cls(count=len(ids), ids=ids)


@strawberry.type(description="A day, or a week of a longer window; weeks begin on Monday.")
class FigureStep:
    since: datetime
    until: datetime

    @classmethod
    def of(cls, step: Step) -> Self:
        return cls(since=step.since, until=step.until)


@strawberry.type(description="What people said and did in a step; bots are left out.")
class FigureVolume:
    step: FigureStep
    messages: int
    before: int = strawberry.field(description="In the same days of the window before.")


@strawberry.type(description="Who took part in a step.")
class FigureParticipation:
    step: FigureStep
    people: int
    new: int | None = strawberry.field(description="Null until each repository was read once.")


@strawberry.type(description="What was opened and closed in a step.")
class FigureFlowStep:
    step: FigureStep
    new: int
    closed: int
    reopened: int
    open_after: int


@strawberry.type(description="How soon issues opened in a step were answered.")
class FigureResponseStep:
    step: FigureStep
    anybody_median_seconds: float | None
    team_median_seconds: float | None


@strawberry.type(description="How many threads waited for the team at the end of a step.")
class FigureWaitingStep:
    step: FigureStep
    waiting: int


@strawberry.type(description="How the queue grew and shrank.")
class FigureWaiting:
    before: int = strawberry.field(description="How many waited when the window began.")
    steps: list[FigureWaitingStep] = strawberry.field(metadata=cost(items=53))
    at_the_end: FigureList = strawberry.field(description="Whoever waits longest comes first.")


@strawberry.type(description="How far people went; each list is part of `acted`.")
class FigureReach:
    acted: FigureList
    opened: FigureList
    proposed: FigureList = strawberry.field(description="Opened a pull request.")
    merged: FigureList = strawberry.field(description="Had a pull request merged.")
    reviewed: FigureList = strawberry.field(description="Reviewed somebody else's.")

    @classmethod
    def of(cls, found: reach.Reach) -> Self:
        return cls(
            acted=FigureList.of(found.acted),
            opened=FigureList.of(found.opened),
            proposed=FigureList.of(found.proposed),
            merged=FigureList.of(found.merged),
            reviewed=FigureList.of(found.reviewed),
        )


@strawberry.type(description="Acts in one hour of the week.")
class FigureHour:
    weekday: int = strawberry.field(description="1 is Monday.")
    hour: int
    acts: int


@strawberry.type(description="When people act; null where fewer than 5 do.")
class FigureHours:
    hours: list[FigureHour] | None = strawberry.field(metadata=cost(items=7 * 24))
    acts: int
    people: int

    @classmethod
    def of(cls, figure: rhythm.Hours) -> Self:
        found = shown(figure)
        hours = None
        if found.hours is not None:
            hours = [
                FigureHour(weekday=one.weekday, hour=one.hour, acts=one.acts) for one in found.hours
            ]
        return cls(hours=hours, acts=found.acts, people=found.people)


@strawberry.type(description="What people said and did in a source.")
class FigureSource:
    source_id: strawberry.ID
    acts: int
    people: int
    opened: int


@strawberry.type
class FigureTrends:
    asked: strawberry.Private[tuple[Viewer, Workspace, Window, FigureFilters]]

    @strawberry.field(description="What was written, step by step.", metadata=STEPS)
    def volume(self) -> list[FigureVolume]:
        return [
            FigureVolume(step=FigureStep.of(one.step), messages=one.messages, before=one.before)
            for one in trends.volume(*self.asked)
        ]

    @strawberry.field(description="Who took part, step by step.", metadata=STEPS)
    def participation(self) -> list[FigureParticipation]:
        return [
            FigureParticipation(step=FigureStep.of(one.step), people=one.people, new=one.new)
            for one in trends.participation(*self.asked)
        ]

    @strawberry.field(description="What was opened and closed, step by step.", metadata=STEPS)
    def flow_steps(self, kind: ThreadKind = ThreadKind.ISSUE) -> list[FigureFlowStep]:
        return [
            FigureFlowStep(
                step=FigureStep.of(one.step),
                new=one.new,
                closed=one.closed,
                reopened=one.reopened,
                open_after=one.open_after,
            )
            for one in flow_trend.flow_trend(*self.asked, kind=kind)
        ]

    @strawberry.field(description="How soon issues were answered, step by step.", metadata=STEPS)
    def response_steps(self, with_team: WithTeam = False) -> list[FigureResponseStep]:
        return [
            FigureResponseStep(
                step=FigureStep.of(step),
                anybody_median_seconds=_median(found.anybody),
                team_median_seconds=_median(found.team),
            )
            for step, found in trends.response_trend(*self.asked, with_team=with_team).steps
        ]

    @strawberry.field(
        description="How many threads waited for the team, step by step.", metadata=FIGURE
    )
    def waiting(self) -> FigureWaiting:
        found = waiting_trend.waiting_trend(*self.asked)
        return FigureWaiting(
            before=found.before,
            steps=[
                FigureWaitingStep(step=FigureStep.of(one.step), waiting=one.waiting)
                for one in found.steps
            ],
            at_the_end=FigureList.of(found.at_the_end),
        )

    @strawberry.field(description="How far people went.", metadata=FIGURE)
    def reach(self) -> FigureReach:
        return FigureReach.of(reach.reach(*self.asked))

    @strawberry.field(description="What each source has of it.", metadata=STEPS)
    def by_source(self) -> list[FigureSource]:
        return [
            FigureSource(
                source_id=strawberry.ID(str(one.source_id)),
                acts=one.acts,
                people=one.people,
                opened=one.opened,
            )
            for one in reach.by_source(*self.asked)
        ]


def _median(found: Durations) -> float | None:
    median = shown(found).median
    return None if median is None else median.total_seconds()
