"""Whatever happens on GitHub and whatever fails, the database ends up equal to the truth.

make torture N=1000             # so many histories
make torture SEED=4711          # one of them, again
make torture SEED=4711 SHRINK=1 # and as few of its steps as still fail
"""

import os
import sys
from random import SystemRandom

import pytest

from dexxy.messages.models import Thread
from tests.torture.events import EVENTS
from tests.torture.failed_histories import FAILED
from tests.torture.history import FAULTS, LEAST_EVENTS, LEAST_FAULTS, History, Step, shortest
from tests.torture.playing import Outcome, play, stage_of

pytestmark = pytest.mark.django_db


def seed_of(number: int) -> int:
    """Return the seed of a history: the one asked for, a new one, or the same in each run."""
    if asked := os.environ.get("DEXXY_TEST_HISTORY_SEED"):
        return int(asked)
    return SystemRandom().randrange(10**9) if "DEXXY_TEST_HISTORIES" in os.environ else number


@pytest.mark.parametrize("number", range(int(os.environ.get("DEXXY_TEST_HISTORIES") or 4)))
def test_a_random_history_ends_at_the_truth(number: int) -> None:
    assert_ends_at_the_truth(History.draw(seed_of(number)))


@pytest.mark.parametrize("text", FAILED)
def test_a_history_that_failed_once_ends_at_the_truth(text: str) -> None:
    assert_ends_at_the_truth(History.read(text))


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
            f"with these faults: {dict(outcome.fell)}",
            f"after these {len(history.steps)} steps:",
            *outcome.told,
            f"To repeat it: make torture SEED={history.seed}",
            f"To shorten it: make torture SEED={history.seed} SHRINK=1",
            f"To keep it as a test, in tests/torture/failed_histories.py: {history}",
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

    def fails(history: History) -> bool:
        return {11, 37} <= {step.seed for step in history.steps}

    assert [step.seed for step in shortest(History(1, steps), fails).steps] == [11, 37]


@pytest.mark.slow
def test_what_is_played_twice_ends_the_same_and_faults_fall_in_it() -> None:
    first, second = play(History.draw(7)), play(History.draw(7))

    assert (first.told, first.fell) == (second.told, second.fell)
    assert first.fell["kill"] > 0
    assert first.fell.total() > 5


def test_what_is_stored_and_not_true_is_named_with_the_command_that_repeats_it() -> None:
    history = History.draw(7).only([])
    with stage_of(history) as stage:
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
