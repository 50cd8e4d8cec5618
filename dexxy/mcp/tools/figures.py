"""`get_insights`: figures about a period."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from dexxy.common.times import aware
from dexxy.integrations.figure_window import figure_window
from dexxy.mcp import answers
from dexxy.mcp.arguments import Figure, InsightsArguments
from dexxy.mcp.tool import Call, Tool, WrongCallError
from dexxy.members.who_may_see import members_by_id
from dexxy.messages.figures import durations, flow, people, trends, waiting_trend
from dexxy.messages.figures.outcomes import Durations
from dexxy.messages.figures.scope import FigureFilters, Window
from dexxy.messages.figures.small_numbers import shown
from dexxy.messages.models import ThreadKind
from dexxy.sources.selectors import sources_called, visible_sources

_USUAL = timedelta(days=30)
_MOST_ACTIVE = 5
# As a figure costs in the GraphQL API.
_POINTS = 10

Asked = tuple[Any, Any, Window, FigureFilters]


def get_insights(call: Call, taken: InsightsArguments) -> answers.InsightsAnswer:
    """Tell the figures that are asked for."""
    until = aware(taken.until) if taken.until else call.now
    since = aware(taken.since) if taken.since else until - _USUAL
    zone = call.workspace.time_zone
    window = figure_window(call.viewer, call.workspace, since=since, until=until, zone=zone)
    kept = FigureFilters(source_ids=_sources(call, taken.repositories), kinds=taken.kinds)
    asked = (call.viewer, call.workspace, window, kept)
    told: dict[str, Any] = {}
    for figure in dict.fromkeys(taken.figures):
        told[figure.value] = _FIGURES[figure](call, asked)
    return answers.InsightsAnswer(
        notice=call.marks.notice,
        since=since,
        until=until,
        complete_until=window.now,
        has_history=window.has_history,
        **told,
    )


def _sources(call: Call, names: list[str]) -> list[int]:
    if not names:
        return []
    found = sources_called(call.workspace, names)
    if not found:
        known = ", ".join(one.name for one in visible_sources(call.viewer, call.workspace)[:20])
        raise WrongCallError(f"None of these repositories is followed here. There are: {known}.")
    return found


def _activity(call: Call, asked: Asked) -> answers.Activity:
    steps = trends.volume(*asked)
    found = shown(people.contributors(*asked))
    first = found.people[:_MOST_ACTIVE]
    keys = [one.member_id for one in first]
    names = {one.pk: one.display_name for one in members_by_id(call.viewer, call.workspace, keys)}
    return answers.Activity(
        messages=sum(one.messages for one in steps),
        messages_before=sum(one.before for one in steps),
        people=len(found.people),
        team_people=found.team,
        most_active=[
            answers.ActivePerson(
                member_id=str(one.member_id),
                name=call.marks.around(names[one.member_id]),
                acts=one.acts,
            )
            for one in first
            if one.member_id in names
        ],
    )


def _newcomers(call: Call, asked: Asked) -> int | None:
    found = shown(people.new_contributors(*asked)).people
    return None if found is None else len(found)


def _first_response(call: Call, asked: Asked) -> list[answers.Duration]:
    return _by_kind(durations.time_to_first_response(*asked))


def _team_response(call: Call, asked: Asked) -> list[answers.Duration]:
    return _by_kind(durations.team_response_time(*asked))


def _time_to_close(call: Call, asked: Asked) -> list[answers.Duration]:
    found = durations.time_to_close(*asked)
    return _by_kind({kind: both.opened.durations for kind, both in found.items()})


def _flow(call: Call, asked: Asked) -> list[answers.Flow]:
    told = []
    for kind in asked[3].kinds or ThreadKind:
        lists = shown(flow.backlog(*asked, kind=kind)).flow
        told.append(
            answers.Flow(
                kind=kind,
                open_before=len(lists.open_before),
                opened=len(lists.new),
                closed=len(lists.closed),
                reopened=len(lists.reopened),
                open_after=len(lists.open_after),
            )
        )
    return told


def _pull_requests(call: Call, asked: Asked) -> answers.PullRequests:
    found = shown(flow.acceptance_ratio(*asked))
    kind = ThreadKind.PULL_REQUEST
    return answers.PullRequests(
        merged=len(found.merged),
        declined=len(found.declined),
        withdrawn=len(found.withdrawn),
        merged_percent=_rounded(found.ratio.percent),
        until_first_review=_duration(kind, durations.review_duration(*asked)),
        until_merge=_duration(kind, durations.merge_duration(*asked)),
    )


def _waiting(call: Call, asked: Asked) -> answers.WaitingTrend:
    found = waiting_trend.waiting_trend(*asked)
    return answers.WaitingTrend(before=found.before, at_the_end=len(found.at_the_end))


_FIGURES: Mapping[Figure, Callable[[Call, Asked], Any]] = {
    Figure.ACTIVITY: _activity,
    Figure.NEWCOMERS: _newcomers,
    Figure.FIRST_RESPONSE: _first_response,
    Figure.TEAM_RESPONSE: _team_response,
    Figure.TIME_TO_CLOSE: _time_to_close,
    Figure.FLOW: _flow,
    Figure.PULL_REQUESTS: _pull_requests,
    Figure.WAITING: _waiting,
}


def _by_kind(found: Mapping[ThreadKind, Durations]) -> list[answers.Duration]:
    return [_duration(kind, one) for kind, one in found.items()]


def _duration(kind: ThreadKind, counted: Durations) -> answers.Duration:
    found = shown(counted)
    return answers.Duration(
        kind=kind,
        threads=found.n,
        done=found.done,
        still_open=found.open,
        closed_without=found.never,
        withdrawn=found.withdrawn,
        median_hours=_hours(found.median),
        p90_hours=_hours(found.p90),
    )


def _hours(lasting: timedelta | None) -> float | None:
    return None if lasting is None else round(lasting.total_seconds() / 3600, 1)


def _rounded(percent: float | None) -> float | None:
    return None if percent is None else round(percent, 1)


TOOL = Tool(
    name="get_insights",
    title="Figures of a period",
    description="Figures of the community over a period of up to two years: messages and people,"
    " newcomers, how soon people are answered, what was opened and closed, pull requests, how many"
    " waited. Durations are hours; threads that still wait count as such, so a median is absent"
    " while fewer than half have an answer. What would tell of too few is left out. Bots count"
    f" nowhere. Each figure costs {_POINTS} points of the minute.",
    takes=InsightsArguments,
    tells=answers.InsightsAnswer,
    run=get_insights,
    points=lambda taken: _POINTS * len(set(taken.figures)),
)
