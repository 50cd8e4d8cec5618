"""Whatever happens on GitHub and whatever fails, the database ends up equal to the truth.

make torture N=1000             # so many histories
make torture SEED=4711          # one of them, again
make torture SEED=4711 SHRINK=1 # and as few of its steps as still fail
"""

import os
import sys
from pathlib import Path
from typing import Final
from unittest.mock import patch

import pytest

from dexxy.messages.models import Thread
from dexxy_simulator.activity.base import Activity
from dexxy_simulator.model import Repository
from dexxy_simulator.world import World
from tests.torture.events import EVENTS, TELLING
from tests.torture.history import FAULTS, LEAST_EVENTS, LEAST_FAULTS, History, Step, shortest
from tests.torture.playing import Playing, play
from tests.torture.seeds import seed_of
from tests.torture.stage import Outcome, staged

pytestmark = pytest.mark.django_db
# Histories that failed once, as short as they still failed. Each is kept with all that was drawn
# for it, and is named after what was wrong: so it means the same whatever else can happen one day.
FAILED: Final = sorted((Path(__file__).parent / "failed").glob("*.json"))


@pytest.mark.parametrize("number", range(int(os.environ.get("DEXXY_TEST_HISTORIES") or 20)))
def test_a_random_history_ends_at_the_truth(number: int) -> None:
    assert_ends_at_the_truth(History.draw(seed_of(number, among="DEXXY_TEST_HISTORIES")))


@pytest.mark.parametrize("path", FAILED, ids=lambda path: path.stem)
def test_a_history_that_failed_once_ends_at_the_truth(path: Path) -> None:
    assert_ends_at_the_truth(History.read(path.read_text("utf-8")))


@pytest.mark.slow
def test_a_history_that_is_kept_fails_where_its_mistake_is_back() -> None:
    [path] = [path for path in FAILED if "one_number" in path.stem]

    def highest_that_is_shown(_: Activity, repository: Repository) -> int:
        return max(repository.discussions, default=0) + 1

    with patch.object(Activity, "next_discussion_number", highest_that_is_shown):
        outcome = play(History.read(path.read_text("utf-8")))

    assert outcome.wrong


def assert_ends_at_the_truth(history: History) -> None:
    # Shown with whatever fails: a history that never ends is cut off before there is a report.
    sys.stdout.write(f"To repeat it: make torture SEED={history.seed}\n")
    outcome = play(history)
    if outcome.wrong and os.environ.get("DEXXY_TEST_SHRINK"):
        history = shortest(history, lambda one: bool(play(one).wrong))
        outcome = play(history)
    if outcome.wrong:
        pytest.fail(report(history, outcome), pytrace=False)


def report(history: History, outcome: Outcome) -> str:
    return "\n".join(
        [
            f"History {history.seed} does not end at the truth; as (stored, true):",
            *outcome.wrong[:10],
            f"{len(outcome.wrong)} differences in all, in the dialect",
            str(history.dialect.differences()),
            f"and the setting {history.setting}",
            f"with these faults: {dict(outcome.fell)}",
            f"after these {len(history.steps)} steps:",
            *outcome.told,
            f"To repeat it: make torture SEED={history.seed}",
            f"To shorten it: make torture SEED={history.seed} SHRINK=1",
            "To keep it as a test, in tests/torture/failed/what_was_wrong.json:",
            str(history.pinned(outcome.kinds)),
        ]
    )


def test_a_history_is_long_and_the_same_for_the_same_seed() -> None:
    history = History.draw(7)

    names = [step.name for step in history.steps]
    assert sum(name in EVENTS for name in names) >= LEAST_EVENTS
    assert sum(name in FAULTS for name in names) >= LEAST_FAULTS
    assert history == History.draw(7) == History.read(str(history))
    assert history != History.draw(8)


def test_a_history_that_fails_is_shortened_to_the_steps_that_matter() -> None:
    steps = tuple(Step("work", number) for number in range(50))
    history = History.draw(1).only(steps)

    def fails(history: History) -> bool:
        return {11, 37} <= {step.seed for step in history.steps}

    assert [step.seed for step in shortest(history, fails).steps] == [11, 37]


@pytest.mark.slow
def test_what_is_played_twice_ends_the_same_and_faults_fall_in_it() -> None:
    history = History.draw(7)
    first, second = play(history), play(history)

    assert (first.told, first.fell) == (second.told, second.fell)
    assert first.fell["kill"] > 0
    assert first.fell.total() > 5


@pytest.mark.slow
def test_a_history_that_is_kept_means_the_same_when_other_things_can_happen_too() -> None:
    history = History.draw(9)
    drawn = play(history)
    kept = History.read(str(history.pinned(drawn.kinds)))
    assert {step.name for step in kept.steps if step.kind} >= TELLING

    def another(world: World, repository: Repository, random: object) -> bool:
        raise AssertionError("it was not drawn then")

    more = {f"new {number}": another for number in range(50)}
    with (
        patch.dict("dexxy_simulator.silent._CHANGES", more),
        patch.dict("tests.torture.faults.ANSWERS", more),
        patch.dict("tests.torture.events.registry.WEIGHTS", dict.fromkeys(more, 100)),
    ):
        played = play(kept)

    assert [line.split()[-1] for line in played.told] == [line.split()[-1] for line in drawn.told]
    assert (played.fell, played.wrong) == (drawn.fell, [])


def test_what_is_stored_and_not_true_is_named_with_the_command_that_repeats_it() -> None:
    history = History.draw(7).only([])
    with staged(history, Playing) as stage:
        stage.become_quiet()
        stage.compare()
        assert stage.outcome.wrong == []
        thread = Thread.objects.filter(is_archived=False).earliest("pk")
        Thread.objects.filter(pk=thread.pk).update(title="Something else")

        stage.compare()

    [wrong] = stage.outcome.wrong
    assert wrong.endswith(f"{{'title': ('Something else', {thread.title!r})}}")
    lines = report(history, stage.outcome).splitlines()
    assert wrong in lines
    assert "To repeat it: make torture SEED=7" in lines
