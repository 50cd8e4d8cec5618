"""Figures in the API are those of the functions, after the rules of small numbers."""

from datetime import timedelta

import pytest

from conftest import Ask
from dexxy.accounts.models import User, Workspace
from dexxy.messages.tests.stories import BEGIN, Teller
from dexxy.sources.models import Source

DAY = timedelta(days=1)
STORIES = " | ".join(["I A opens 0, T says 1, T closes 2"] * 5 + ["P B opens 3, B merges 9"])
ASKED = """
query ($workspace: ID!, $since: DateTime!, $until: DateTime!, $zone: String!,
       $filters: FigureFilterInput) {
  figures(workspaceId: $workspace, since: $since, until: $until, zone: $zone, filters: $filters) {
    hasHistory
    firstResponse { kind done { count ids } medianSeconds p90Seconds leftOut { reason count } }
    flows { kind new { count } closed { count } backlogIndex }
    mergeReviews { selfMerged { count } selfMergedRatio { part of percent } }
    contributors { people { count } team ghostMessages }
    activityHours { hours { weekday } acts people }
    waiting { before steps { waiting } atTheEnd { count } }
  }
}"""


def asked(workspace: Workspace, **more: object) -> dict[str, object]:
    until = BEGIN + 30 * DAY
    times = {"since": BEGIN.isoformat(), "until": until.isoformat()}
    return {"workspace": workspace.pk, "zone": "Europe/Berlin", **times, **more}


def test_figures_are_given_with_the_lists_behind_them(
    ask: Ask, alice: User, workspace: Workspace, source: Source
) -> None:
    threads = Teller(source, team={"T": None}).tell(STORIES)

    found = ask(ASKED, alice, **asked(workspace))["data"]["figures"]

    issues, pulls, _ = found["firstResponse"]
    assert issues == {
        "kind": "ISSUE",
        "done": {"count": 5, "ids": [str(thread.pk) for thread in threads[:5]]},
        "medianSeconds": 3600.0,
        "p90Seconds": None,
        "leftOut": [],
    }
    assert (pulls["done"]["count"], pulls["medianSeconds"]) == (0, None)
    flows = [(one["new"]["count"], one["closed"]["count"]) for one in found["flows"]]
    assert flows == [(5, 5), (1, 1), (0, 0)]
    assert found["mergeReviews"] == {
        "selfMerged": {"count": 1},
        "selfMergedRatio": {"part": 1, "of": 1, "percent": None},
    }
    assert found["contributors"] == {"people": {"count": 3}, "team": 1, "ghostMessages": 0}
    assert found["activityHours"] == {"hours": None, "acts": 17, "people": 3}
    assert found["waiting"]["steps"] == [{"waiting": 0}] * 31
    assert (found["waiting"]["before"], found["waiting"]["atTheEnd"]) == (0, {"count": 0})


def test_figures_are_of_what_the_filters_keep(
    ask: Ask, alice: User, workspace: Workspace, source: Source
) -> None:
    Teller(source, team={"T": None}).tell(STORIES)

    pulls = asked(workspace, filters={"kinds": ["PULL_REQUEST"]})
    found = ask(ASKED, alice, **pulls)["data"]["figures"]

    assert [one["new"]["count"] for one in found["flows"]] == [0, 1, 0]
    assert found["contributors"]["people"]["count"] == 1


def test_a_zone_that_is_none_is_an_error(ask: Ask, alice: User, workspace: Workspace) -> None:
    [error] = ask(ASKED, alice, **asked(workspace, zone="Nowhere"))["errors"]

    assert error["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    ("since", "until"),
    [
        ("0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-02-01T00:00:00Z"),
        ("2020-01-01T00:00:00Z", "2023-01-01T00:00:00Z"),
    ],
)
def test_a_window_has_so_many_steps_and_no_more(
    ask: Ask, alice: User, workspace: Workspace, since: str, until: str
) -> None:
    steps = """query ($workspace: ID!, $since: DateTime!, $until: DateTime!, $zone: String!) {
      figures(workspaceId: $workspace, since: $since, until: $until, zone: $zone) {
        weeks { acts } volume { step { since } } } }"""
    times = {"since": since, "until": until, "zone": "America/New_York"}

    [error] = ask(steps, alice, **asked(workspace, **times))["errors"]

    assert error["extensions"]["code"] == "BAD_USER_INPUT"
