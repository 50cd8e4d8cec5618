"""A GitHub that gives up on heavy answers is read to its end, and wrongly asked seldom."""

import re
from collections import Counter
from dataclasses import replace
from typing import Final, Literal

import pytest

from dexxy.messages.models import Thread
from dexxy_simulator.tokens import ComputeBudget
from tests.scene import Scene

# As many as a large project has in its whole life.
MANY: Final = 20_000


@pytest.mark.parametrize("how", ["timed out", "cut off"])
def test_a_repository_whose_pages_are_too_heavy_is_read_whole(
    scene: Scene, how: Literal["timed out", "cut off"]
) -> None:
    world = scene.world
    world.dialect = replace(world.dialect, heavy_queries=how)
    for number in range(60):
        issue = world.open_issue(scene.repository, scene.owner, f"Issue {number}")
        for place in range(number % 4):
            world.comment(issue, scene.owner, f"Comment {place}")
    # An issue weighs about a dozen objects, so that a page of ten is too heavy.
    world.compute_budget = ComputeBudget(weight=90, points=50)
    scene.server.requests.clear()

    assert scene.outcome() == ("done", "")

    refused = Counter(
        re.findall(r"list: (\w+)", entry.document)[0]
        for entry in scene.server.requests.entries
        if entry.points > 50
    )
    # Each list learns its own size.
    assert refused.keys() <= {"issues", "pullRequests"}
    assert 1 <= refused["issues"] <= 3
    assert refused["pullRequests"] <= 2
    world.compute_budget = None
    scene.recover()


@pytest.mark.slow  # every issue is made, shown and stored
@pytest.mark.timeout(1800)
def test_a_large_repository_is_read_whole_in_pages_that_pass(scene: Scene) -> None:
    world = scene.world
    for number in range(MANY):
        world.open_issue(scene.repository, scene.owner, f"Issue {number}")
    # About a hundred issues that nobody answered.
    world.compute_budget = ComputeBudget(weight=1200, points=10)
    scene.server.requests.clear()

    assert scene.outcome() == ("done", "")

    scene.connected.refresh_from_db()
    assert (scene.connected.sync_status, scene.connected.sync_error) == ("active", "")
    assert Thread.objects.filter(kind="issue", is_archived=False).count() == MANY + 3
    asked = [entry for entry in scene.server.requests.entries if "issues(" in entry.document]
    refused = [entry for entry in asked if entry.points > 10]
    assert len(refused) <= 3
    # So a hundred thousand take an hour and a bit, by the points.
    assert scene.server.requests.points < 6000 * MANY / 100_000
