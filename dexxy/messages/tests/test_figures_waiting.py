"""How many waited at the end of each day is what the queue was then."""

from collections.abc import Sequence
from datetime import timedelta
from random import Random

import pytest

from dexxy.accounts.models import User
from dexxy.messages.figures.scope import FigureFilters, Window
from dexxy.messages.figures.waiting_trend import WaitingTrend, waiting_trend
from dexxy.messages.models import Side, Thread, ThreadKind
from dexxy.messages.team.roster import team_of
from dexxy.messages.tests.stories import BEGIN, Teller
from dexxy.messages.tests.test_figures_naive import story
from dexxy.messages.waiting.acts import acts_read
from dexxy.messages.waiting.standings import standings_recompute
from dexxy.messages.waiting.turns import standing
from dexxy.sources.models import Source

DAY = timedelta(days=1)
WINDOW = Window(since=BEGIN, until=BEGIN + 3 * DAY, now=BEGIN + 9 * DAY)


@pytest.fixture
def source(source: Source) -> Source:
    source.created_at = BEGIN
    source.save()
    return source


def trend(
    alice: User, source: Source, window: Window = WINDOW, kinds: Sequence[ThreadKind] = ()
) -> WaitingTrend:
    workspace = source.workspace
    threads = list(Thread.objects.values_list("pk", flat=True))
    standings_recompute(workspace.pk, threads, team_of(workspace.pk))
    return waiting_trend(alice, workspace, window, FigureFilters(kinds=kinds))


@pytest.mark.parametrize(
    ("stories", "before", "at_each_end"),
    [
        ("I A opens 1, T says 30 | I B opens 30", 0, [1, 1, 1]),
        # What happens at the very end is of the next step.
        ("I A opens 24, T says 48", 0, [0, 1, 0]),
        ("I A opens -5, A says 30, T says 50", 1, [1, 1, 0]),
        ("I A opens 1, T closes 30, A reopens 50", 0, [1, 0, 1]),
        ("I A opens 1, T dismisses 30, A says 50", 0, [1, 0, 1]),
        ("I A opens 1, b1 says 2, C says 3, T hides 4", 0, [1, 1, 1]),
        ("P A opens 1, A readies 30", 0, [0, 1, 1]),
        ("P A opens 1, T asks 2, A pushes 30, T approves 50", 0, [0, 1, 1]),
        ("I T opens 1, A says 2 | I g opens 1 | I b1 opens 1", 0, [0, 0, 0]),
        # The old pile, until its opener asks again.
        ("I A opens -100d, A says 30", 0, [0, 1, 1]),
        ("I A opens 1, T says 200", 0, [1, 1, 1]),
    ],
)
def test_who_waited_at_the_end_of_a_day_is_who_was_in_the_queue_then(
    alice: User, source: Source, stories: str, before: int, at_each_end: list[int]
) -> None:
    Teller(source, team={"T": None}).tell(stories)

    found = trend(alice, source)

    assert found.before == before
    assert [one.waiting for one in found.steps] == at_each_end
    assert len(found.at_the_end) == at_each_end[-1]


def test_what_is_kept_follows_what_turns_out_later(alice: User, source: Source) -> None:
    teller = Teller(source, team={"T": None})
    [thread, _] = teller.tell("I A opens 1, T says 30, A says 40 | P B opens 1")
    assert [one.waiting for one in trend(alice, source).steps] == [2, 2, 2]
    assert trend(alice, source, kinds=[ThreadKind.ISSUE]).at_the_end == [thread.pk]

    thread.messages.filter(occurred_at__gt=BEGIN + 35 * timedelta(hours=1)).update(
        is_archived=True, archived_reason="deleted"
    )

    assert [one.waiting for one in trend(alice, source).steps] == [2, 1, 1]
    assert thread.waits.count() == 1


def test_in_a_random_community_it_is_what_a_walk_until_then_says(
    alice: User, source: Source
) -> None:
    random = Random(4)
    Teller(source, team={"T": BEGIN + 200 * DAY, "U": BEGIN}).tell(
        " | ".join(story(random) for _ in range(60))
    )
    window = Window(since=BEGIN, until=BEGIN + 700 * DAY, now=BEGIN + 800 * DAY)

    found = trend(alice, source, window)

    workspace = source.workspace
    threads = list(Thread.objects.values_list("pk", flat=True))
    told = acts_read(workspace.pk, threads, team_of(workspace.pk))
    for one in found.steps[::7]:
        end, expected = one.step.until, 0
        for thread in told:
            acts = [act for act in thread.acts if act.at < end]
            then = standing(thread.opened, acts, as_draft=thread.as_draft)
            expected += thread.opened.at < end and then.side is Side.TEAM
        assert one.waiting == expected
    assert any(one.waiting for one in found.steps)
