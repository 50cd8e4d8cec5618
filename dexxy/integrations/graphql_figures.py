"""Figures about a workspace in the API, after the rules of small numbers."""
# mypy: disallow-untyped-decorators=False
# Strawberry declares what its decorators return as Any.

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Self

import strawberry

from dexxy.accounts.graphql import in_workspace
from dexxy.common.graphql import Info, keys
from dexxy.common.graphql_cost import cost
from dexxy.common.times import aware
from dexxy.integrations.figure_window import figure_window
from dexxy.members.graphql import remember_members
from dexxy.messages.figures import (
    concentration,
    durations,
    flow,
    left_out,
    outcomes,
    people,
    rhythm,
)
from dexxy.messages.figures.cohort import LeftOut
from dexxy.messages.figures.people import Step
from dexxy.messages.figures.scope import EVERYTHING, FigureFilters
from dexxy.messages.figures.small_numbers import Ratio, shown
from dexxy.messages.figures.steps import window_before
from dexxy.messages.graphql_figure_trends import (
    FIGURE,
    STEPS,
    FigureHours,
    FigureList,
    FigureTrends,
    WithTeam,
)
from dexxy.messages.graphql_insights import Insights
from dexxy.messages.graphql_kinds import ThreadKind
from dexxy.messages.insights import Comparison, InsightsBucket, insights

_BY_KIND = cost(items=len(ThreadKind), objects=1000)


@strawberry.input(description="What to count alone; an empty list keeps everything.")
class FigureFilterInput:
    source_ids: list[strawberry.ID] | None = None
    kinds: list[ThreadKind] | None = None
    organizations: list[str] | None = None
    member_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="What these people opened, said and did."
    )

    def read(self) -> FigureFilters:
        """Return what was sent as the filters of figures."""
        return FigureFilters(
            source_ids=keys(self.source_ids or [], "sourceIds"),
            kinds=self.kinds or [],
            organizations=self.organizations or [],
            member_ids=keys(self.member_ids or [], "memberIds"),
        )


@strawberry.type(description="Some of all.")
class FigureRatio:
    part: int
    of: int
    percent: float | None = strawberry.field(description="Null where there are fewer than 10.")

    @classmethod
    def from_(cls, found: Ratio) -> Self:
        return cls(part=found.part, of=found.of, percent=found.percent)


@strawberry.type(description="How many threads were left out, and why.")
class FigureLeftOut:
    reason: str
    count: int


@strawberry.type(description="How long something takes in the threads of a cohort.")
class FigureDuration:
    kind: ThreadKind
    done: FigureList
    open: FigureList
    never: FigureList = strawberry.field(description="Closed by somebody else without it.")
    withdrawn: FigureList = strawberry.field(description="Closed before by whoever opened it.")
    median_seconds: float | None = strawberry.field(
        description="Half of the threads have it within; null if not yet, or of fewer than 5."
    )
    p90_seconds: float | None = strawberry.field(description="Null of fewer than 20.")
    left_out: list[FigureLeftOut] = strawberry.field(metadata=cost(items=len(LeftOut)))

    @classmethod
    def of(cls, kind: ThreadKind, found: outcomes.Durations) -> Self:
        lists = {one: FigureList.of(found.ended(one)) for one in outcomes.Outcome}
        return cls(
            kind=kind,
            done=lists[outcomes.Outcome.DONE],
            open=lists[outcomes.Outcome.OPEN],
            never=lists[outcomes.Outcome.NEVER],
            withdrawn=lists[outcomes.Outcome.WITHDRAWN],
            median_seconds=_seconds(found.median),
            p90_seconds=_seconds(found.p90),
            left_out=[
                FigureLeftOut(reason=str(why), count=number)
                for why, number in found.left_out.items()
            ],
        )


@strawberry.type(description="How long threads take until they are closed for good.")
class FigureClosings:
    duration: FigureDuration
    by_bots: int
    not_planned: int

    @classmethod
    def of(cls, kind: ThreadKind, found: durations.Closings) -> Self:
        duration = FigureDuration.of(kind, found.durations)
        return cls(duration=duration, by_bots=found.by_bots, not_planned=found.not_planned)


@strawberry.type(description="What to expect, and what was worked off.")
class FigureTimeToClose:
    opened: FigureClosings = strawberry.field(description="Of what was opened in the window.")
    closed: FigureClosings = strawberry.field(description="Of what was closed in the window.")


@strawberry.type(description="How old the open issues are.")
class FigureAges:
    duration: FigureDuration
    bands: list[int] = strawberry.field(
        description="Up to 30 days, up to 90, up to a year, and older.", metadata=cost(items=0)
    )


@strawberry.type(description="How long discussions wait for their chosen answer.")
class FigureAnswers:
    duration: FigureDuration
    by_opener: int
    unanswered: int
    unknown: int = strawberry.field(
        description="Of how many nobody knows yet whether their category takes answers."
    )


@strawberry.type(description="How long merged pull requests took.")
class FigureMerges:
    duration: FigureDuration
    is_young: bool = strawberry.field(description="Only what was quick is merged yet.")


@strawberry.type(description="What was opened and closed; each list has a thread once.")
class FigureFlow:
    kind: ThreadKind
    open_before: FigureList
    new: FigureList
    active: FigureList
    closed: FigureList
    reopened: FigureList
    open_after: FigureList
    closed_by_bots: FigureList
    backlog_index: float | None = strawberry.field(description="Closed / new x 100.")

    @classmethod
    def of(cls, kind: ThreadKind, found: flow.Backlog) -> Self:
        lists = found.flow
        return cls(
            kind=kind,
            open_before=FigureList.of(lists.open_before),
            new=FigureList.of(lists.new),
            active=FigureList.of(lists.active),
            closed=FigureList.of(lists.closed),
            reopened=FigureList.of(lists.reopened),
            open_after=FigureList.of(lists.open_after),
            closed_by_bots=FigureList.of(lists.closed_by_bots),
            backlog_index=found.index,
        )


@strawberry.type(description="How many threads of a kind bots opened.")
class FigureBotThreads:
    kind: ThreadKind
    count: int


@strawberry.type(description="What bots did in the window: only `botActivity` counts it.")
class FigureBotsLeftOut:
    messages: int = strawberry.field(description="Left out of `volume`.")
    bots: int = strawberry.field(description="Left out of `contributors` and `participation`.")
    threads: list[FigureBotThreads] = strawberry.field(
        description="Left out of `flows` and `flowSteps`.", metadata=cost(items=len(ThreadKind))
    )


@strawberry.type(description="What became of pull requests that were finished.")
class FigureAcceptance:
    ratio: FigureRatio
    merged: FigureList
    declined: FigureList
    withdrawn: FigureList


@strawberry.type(description="Who looked at pull requests that were merged.")
class FigureMergeReviews:
    reviewed_ratio: FigureRatio
    self_merged_ratio: FigureRatio
    reviewed: FigureList
    self_merged: FigureList
    others: FigureList


@strawberry.type(description="Who took part.")
class FigureContributors:
    people: FigureList
    team: int
    ghost_messages: int


@strawberry.type(description="Some of the people, of all who are asked about.")
class FigurePeople:
    ratio: FigureRatio
    people: FigureList
    others: FigureList
    recent: FigureList = strawberry.field(description="Who came too lately to tell.")

    @classmethod
    def of_step(cls, found: Step) -> Self:
        return cls(
            ratio=FigureRatio.from_(found.ratio),
            people=FigureList.of(found.taken),
            others=FigureList.of(found.not_taken),
            recent=FigureList.of(found.recent),
        )


@strawberry.type(description="What became of the newcomers of the window.")
class FigureConversion:
    converted: FigurePeople | None
    came_back: FigurePeople | None


@strawberry.type(description="On how few half of what was said and done rests.")
class FigureFactor:
    factor: int | None
    of: int
    acts: int


@strawberry.type(description="What was released in a week.")
class FigureRelease:
    id: strawberry.ID
    name: str = strawberry.field(description="Its tag where it has no name.")
    published_at: datetime


@strawberry.type(description="A complete week.")
class FigureWeek:
    begins_on: date
    acts: int
    limit: float | None
    is_burst: bool
    releases: list[FigureRelease] = strawberry.field(metadata=cost(items=2))

    @classmethod
    def of(cls, week: rhythm.Week) -> Self:
        return cls(
            begins_on=week.begins_on,
            acts=week.acts,
            limit=week.limit,
            is_burst=week.is_burst,
            releases=[
                FigureRelease(
                    id=strawberry.ID(str(one.release_id)),
                    name=one.name,
                    published_at=one.published_at,
                )
                for one in week.releases
            ],
        )


@strawberry.type(description="What bots said, of all that was said.")
class FigureBots:
    ratio: FigureRatio
    bots: FigureList
    suspects: FigureList = strawberry.field(description="People who may be bots.")


@strawberry.type(description="Figures of a window; null where they would tell too little.")
class Figures(FigureTrends):
    now: datetime = strawberry.field(description="Up to when the copy of GitHub is complete.")
    has_history: bool = strawberry.field(description="Each repository was read to its beginning.")

    @strawberry.field(description="Until another person spoke.", metadata=_BY_KIND)
    def first_response(self, with_team: WithTeam = False) -> list[FigureDuration]:
        return _by_kind(durations.time_to_first_response(*self.asked, with_team=with_team))

    @strawberry.field(description="Until the team spoke.", metadata=_BY_KIND)
    def team_response(self, with_team: WithTeam = False) -> list[FigureDuration]:
        return _by_kind(durations.team_response_time(*self.asked, with_team=with_team))

    @strawberry.field(description="Of issues and discussions.", metadata=_BY_KIND)
    def time_to_close(self) -> list[FigureTimeToClose]:
        return [
            FigureTimeToClose(
                opened=FigureClosings.of(kind, shown(found.opened)),
                closed=FigureClosings.of(kind, shown(found.closed)),
            )
            for kind, found in durations.time_to_close(*self.asked).items()
        ]

    @strawberry.field(description="Of open issues, now.", metadata=FIGURE)
    def issue_age(self) -> FigureAges:
        found = shown(durations.issue_age(*self.asked))
        return FigureAges(
            duration=FigureDuration.of(ThreadKind.ISSUE, found.durations), bands=list(found.bands)
        )

    @strawberry.field(description="Until the first review of pull requests.", metadata=FIGURE)
    def review_duration(self) -> FigureDuration:
        found = shown(durations.review_duration(*self.asked))
        return FigureDuration.of(ThreadKind.PULL_REQUEST, found)

    @strawberry.field(description="Until the merge, of what was merged.", metadata=FIGURE)
    def merge_duration(self) -> FigureMerges:
        found = shown(durations.merge_duration(*self.asked))
        duration = FigureDuration.of(ThreadKind.PULL_REQUEST, found)
        return FigureMerges(duration=duration, is_young=found.is_young)

    @strawberry.field(description="Until discussions had their answer.", metadata=FIGURE)
    def time_to_answer(self, with_team: WithTeam = False) -> FigureAnswers:
        found = shown(durations.time_to_answer(*self.asked, with_team=with_team))
        return FigureAnswers(
            duration=FigureDuration.of(ThreadKind.DISCUSSION, found.durations),
            by_opener=found.by_opener,
            unanswered=found.unanswered,
            unknown=found.unknown,
        )

    @strawberry.field(description="What was opened and closed, by kind.", metadata=_BY_KIND)
    def flows(self) -> list[FigureFlow]:
        return [
            FigureFlow.of(kind, shown(flow.backlog(*self.asked, kind=kind))) for kind in ThreadKind
        ]

    @strawberry.field(description="What bots did, which other figures leave out.", metadata=FIGURE)
    def left_out(self) -> FigureBotsLeftOut:
        found = left_out.messages_left_out(*self.asked)
        return FigureBotsLeftOut(
            messages=found.messages,
            bots=found.bots,
            threads=[
                FigureBotThreads(kind=kind, count=number)
                for kind, number in left_out.threads_left_out(*self.asked).items()
            ],
        )

    @strawberry.field(description="Pull requests closed, of all that were open.", metadata=FIGURE)
    def closure_ratio(self) -> FigureRatio:
        return FigureRatio.from_(shown(flow.closure_ratio(*self.asked)).ratio)

    @strawberry.field(description="Pull requests merged, of all finished.", metadata=FIGURE)
    def acceptance(self) -> FigureAcceptance:
        found = shown(flow.acceptance_ratio(*self.asked))
        return FigureAcceptance(
            ratio=FigureRatio.from_(found.ratio),
            merged=FigureList.of(found.merged),
            declined=FigureList.of(found.declined),
            withdrawn=FigureList.of(found.withdrawn),
        )

    @strawberry.field(description="Of merged pull requests.", metadata=FIGURE)
    def merge_reviews(self) -> FigureMergeReviews:
        found = shown(flow.merge_reviews(*self.asked))
        return FigureMergeReviews(
            reviewed_ratio=FigureRatio.from_(found.reviewed_ratio),
            self_merged_ratio=FigureRatio.from_(found.self_merged_ratio),
            reviewed=FigureList.of(found.reviewed),
            self_merged=FigureList.of(found.self_merged),
            others=FigureList.of(found.others),
        )

    @strawberry.field(description="Who took part.", metadata=FIGURE)
    def contributors(self) -> FigureContributors:
        found = shown(people.contributors(*self.asked))
        return FigureContributors(
            people=FigureList.of(one.member_id for one in found.people),
            team=found.team,
            ghost_messages=found.ghost_messages,
        )

    @strawberry.field(description="Who had never taken part before.", metadata=FIGURE)
    def new_contributors(self) -> FigureList | None:
        found = shown(people.new_contributors(*self.asked)).people
        return None if found is None else FigureList.of(one.member_id for one in found)

    @strawberry.field(description="Took part in at most two threads.", metadata=FIGURE)
    def occasional_contributors(self) -> FigurePeople:
        found = shown(people.occasional_contributors(*self.asked))
        return FigurePeople(
            ratio=FigureRatio.from_(found.ratio),
            people=FigureList.of(found.occasional),
            others=FigureList.of(found.regular),
            recent=FigureList.of(found.new),
        )

    @strawberry.field(description="Regulars who have gone quiet.", metadata=FIGURE)
    def inactive_contributors(self) -> FigurePeople:
        found = shown(people.inactive_contributors(*self.asked))
        return FigurePeople(
            ratio=FigureRatio.from_(found.ratio),
            people=FigureList.of(found.inactive),
            others=FigureList.of(found.active),
            recent=FigureList.of([]),
        )

    @strawberry.field(description="What became of newcomers.", metadata=FIGURE)
    def conversion(self) -> FigureConversion:
        found = shown(people.conversion_rate(*self.asked))
        return FigureConversion(
            converted=FigurePeople.of_step(found.converted) if found.converted else None,
            came_back=FigurePeople.of_step(found.came_back) if found.came_back else None,
        )

    @strawberry.field(
        description="Of people, without names. The page takes the last 365 days by default.",
        metadata=FIGURE,
    )
    def absence_factor(self) -> FigureFactor:
        found = shown(concentration.absence_factor(*self.asked))
        return FigureFactor(factor=found.factor, of=len(found.people), acts=found.acts)

    @strawberry.field(description="Of organizations as they are today.", metadata=FIGURE)
    def elephant_factor(self) -> FigureFactor:
        found = shown(concentration.elephant_factor(*self.asked))
        known = found.known.part
        return FigureFactor(factor=found.factor, of=len(found.organizations), acts=known)

    @strawberry.field(description="Acts by weekday and hour.", metadata=FIGURE)
    def activity_hours(self) -> FigureHours:
        return FigureHours.of(rhythm.activity_hours(*self.asked))

    @strawberry.field(description="The complete weeks of the window.", metadata=STEPS)
    def weeks(self) -> list[FigureWeek]:
        return [FigureWeek.of(week) for week in shown(rhythm.bursts(*self.asked)).weeks]

    @strawberry.field(description="What bots said.", metadata=FIGURE)
    def bot_activity(self) -> FigureBots:
        found = shown(rhythm.bot_activity(*self.asked))
        return FigureBots(
            ratio=FigureRatio.from_(found.ratio),
            bots=FigureList.of(bot.member_id for bot in found.bots),
            suspects=FigureList.of(one.member_id for one in found.suspects),
        )


@strawberry.type
class FiguresQuery:
    @strawberry.field(
        description="Figures of a window: what each counts is in docs/reference/figures.md."
    )
    def figures(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        since: datetime,
        until: datetime,
        zone: str = "UTC",
        filters: FigureFilterInput | None = None,
    ) -> Figures:
        viewer, workspace = in_workspace(info, workspace_id)
        window = figure_window(viewer, workspace, since=aware(since), until=aware(until), zone=zone)
        kept = filters.read() if filters else EVERYTHING
        return Figures(
            asked=(viewer, workspace, window, kept),
            now=window.now,
            has_history=window.has_history,
        )

    # It reads a year, and another one to compare it with.
    @strawberry.field(
        description="Figures of up to a year; bots count nowhere.",
        metadata=cost(work=50),
    )
    def insights(
        self,
        info: Info,
        workspace_id: strawberry.ID,
        since: datetime,
        until: datetime,
        source_ids: list[strawberry.ID] | None = None,
        bucket: InsightsBucket = InsightsBucket.DAY,
        compare: Comparison = Comparison.NONE,
    ) -> Insights:
        viewer, workspace = in_workspace(info, workspace_id)
        window = figure_window(viewer, workspace, since=aware(since), until=aware(until))
        kept = FigureFilters(source_ids=keys(source_ids or [], "sourceIds"))
        windows = [window]
        if compare is Comparison.BEFORE:
            windows.append(window_before(window))
        found = [insights(viewer, workspace, one, kept, bucket) for one in windows]
        remember_members(info, (member for one in found for member, _ in one.top_people))
        now, *before = [
            Insights.of(one, (viewer, workspace, window, kept))
            for one, window in zip(found, windows, strict=True)
        ]
        now.before = before[0] if before else None
        return now


def _by_kind(found: Mapping[ThreadKind, outcomes.Durations]) -> list[FigureDuration]:
    return [FigureDuration.of(kind, shown(one)) for kind, one in found.items()]


def _seconds(lasting: timedelta | None) -> float | None:
    return None if lasting is None else lasting.total_seconds()
