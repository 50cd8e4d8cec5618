"""Whom figures are given, and of what: of one workspace, and of what the filters keep."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dexxy.accounts.models import User, Workspace
from dexxy.accounts.selectors import WorkspaceNotFoundError
from dexxy.messages.feed.filters import MOST_VALUES, FilterError
from dexxy.messages.figures.concentration import absence_factor, elephant_factor
from dexxy.messages.figures.durations import (
    issue_age,
    merge_duration,
    review_duration,
    team_response_time,
    time_to_answer,
    time_to_close,
    time_to_first_response,
)
from dexxy.messages.figures.flow import (
    acceptance_ratio,
    backlog,
    closure_ratio,
    merge_reviews,
    opened_and_closed,
)
from dexxy.messages.figures.flow_trend import flow_trend
from dexxy.messages.figures.left_out import messages_left_out, threads_left_out
from dexxy.messages.figures.people import (
    contributors,
    conversion_rate,
    inactive_contributors,
    new_contributors,
    occasional_contributors,
)
from dexxy.messages.figures.reach import by_source, reach
from dexxy.messages.figures.rhythm import activity_hours, bot_activity, bursts
from dexxy.messages.figures.scope import FigureFilters, Window
from dexxy.messages.figures.trends import participation, response_trend, volume
from dexxy.messages.models import ThreadKind
from dexxy.messages.tests.stories import BEGIN, Teller
from dexxy.sources.models import Source
from tests.factories import make_source, make_workspace

FIGURES = [
    time_to_first_response,
    team_response_time,
    time_to_close,
    issue_age,
    opened_and_closed,
    backlog,
    review_duration,
    merge_duration,
    closure_ratio,
    acceptance_ratio,
    merge_reviews,
    contributors,
    new_contributors,
    occasional_contributors,
    inactive_contributors,
    conversion_rate,
    absence_factor,
    elephant_factor,
    activity_hours,
    bursts,
    bot_activity,
    time_to_answer,
    volume,
    participation,
    response_trend,
    flow_trend,
    reach,
    by_source,
    messages_left_out,
    threads_left_out,
]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WINDOW = Window(since=BEGIN, until=BEGIN + 100 * DAY, now=BEGIN + 100 * DAY)
STORIES = (
    "I A opens 0, T says 1, T closes 2 | I B opens 3 | P A opens 4, T approves 5, T merges 6"
    " | P B opens 5, B closes 7 | D A opens 5, B says 6, T chooses 7 | I b1 opens 8, g says 9"
    " | I A opens 9 | I A opens 10"
)


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.__name__)
def test_who_is_not_in_the_workspace_gets_no_figure(
    charlie: User, workspace: Workspace, figure: Callable[..., Any]
) -> None:
    with pytest.raises(WorkspaceNotFoundError):
        figure(charlie, workspace, WINDOW)


@pytest.mark.in_turns(2)
@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.__name__)
def test_figures_are_of_one_workspace_and_of_what_the_filters_keep(
    alice: User, workspace: Workspace, source: Source, figure: Callable[..., Any]
) -> None:
    def told(**filters: Any) -> str:
        return repr(figure(alice, workspace, WINDOW, FigureFilters(**filters)))

    nothing = told()
    elsewhere = make_source(workspace=make_workspace(admin=alice))
    Teller(elsewhere, team={"T": None}).tell(STORIES)
    Teller(make_source(workspace=workspace, is_archived=True), team={}).tell(STORIES)
    assert told() == nothing

    Teller(source, team={"T": None}, organizations={"A": "acme", "B": "other"}).tell(STORIES)
    assert told() != nothing
    assert told(source_ids=[source.pk]) == told()
    assert told(source_ids=[elsewhere.pk]) == nothing
    assert told(organizations=["nobody's"]) == nothing


def test_an_organization_is_of_whoever_opened_or_acted(
    alice: User, workspace: Workspace, source: Source
) -> None:
    Teller(source, team={"T": None}, organizations={"A": "Acme", "B": "Other"}).tell(STORIES)
    acme = FigureFilters(organizations=["acme"])

    opened = opened_and_closed(alice, workspace, WINDOW, acme)
    assert (len(opened.new), len(opened.closed)) == (3, 1)
    assert len(contributors(alice, workspace, WINDOW, acme).people) == 1


def test_kinds_keep_the_figures_of_other_kinds_empty(
    alice: User, workspace: Workspace, source: Source
) -> None:
    Teller(source, team={"T": None}).tell(STORIES)
    pulls = FigureFilters(kinds=[ThreadKind.PULL_REQUEST])

    found = time_to_first_response(alice, workspace, WINDOW, pulls)
    assert {kind: one.n for kind, one in found.items()} == {
        ThreadKind.ISSUE: 0,
        ThreadKind.PULL_REQUEST: 2,
        ThreadKind.DISCUSSION: 0,
    }
    assert len(contributors(alice, workspace, WINDOW, pulls).people) == 3


def test_who_waits_in_a_source_that_rests_has_waited_until_its_last_check(
    alice: User, workspace: Workspace, source: Source
) -> None:
    resting = make_source(workspace=workspace)
    Teller(source).tell("I A opens 0")
    Teller(resting).tell("I B opens 0 | I C opens 50")
    window = replace(WINDOW, checked_at={resting.pk: BEGIN + 10 * HOUR})

    waited = [
        one.took
        for one in time_to_first_response(alice, workspace, window)[ThreadKind.ISSUE].threads
    ]
    ages = [one.took for one in issue_age(alice, workspace, window).durations.threads]
    assert waited == ages == [100 * DAY, 10 * HOUR, 0 * HOUR]


def test_a_filter_has_no_more_values_than_a_statement_should_get(
    alice: User, workspace: Workspace
) -> None:
    names = [f"organization {number}" for number in range(MOST_VALUES + 1)]

    with pytest.raises(FilterError):
        contributors(alice, workspace, WINDOW, FigureFilters(organizations=names))
