"""Activity that trickles in for the demo."""

from collections import Counter

from dexxy_simulator.live import LiveActivity
from dexxy_simulator.model import Repository
from dexxy_simulator.recorded import recorded_world
from dexxy_simulator.tests.conftest import Clock
from dexxy_simulator.world import World


def run(world: World, clock: Clock, steps: int, seed: int = 1) -> None:
    live = LiveActivity(world, seed)
    for _ in range(steps):
        clock.pass_by(seconds=5)
        live.step()


def test_every_step_is_something_that_the_world_sees(
    world: World, clock: Clock, ants: Repository
) -> None:
    threads = [ants.issues, ants.pull_requests, ants.discussions]
    live = LiveActivity(world)

    for _ in range(100):
        now = clock.pass_by(seconds=5)
        live.step()
        assert now == max(one.updated_at for kind in threads for one in kind.values())  # type: ignore[attr-defined]


def test_a_long_run_does_everything(world: World, clock: Clock) -> None:
    before = Counter(node.typename for node in world.nodes.values())

    run(world, clock, 300)

    after = Counter(node.typename for node in world.nodes.values())
    assert (after - before).keys() >= {
        *("Issue", "PullRequest", "IssueComment", "PullRequestReview", "DiscussionComment"),
        *("PullRequestReviewComment", "ClosedEvent", "ReopenedEvent", "MergedEvent"),
    }


def test_a_step_may_be_told_what_to_do(world: World, ants: Repository) -> None:
    live, before = LiveActivity(world), len(ants.issues)

    assert live.step("open_issue") == "open_issue"

    assert len(ants.issues) == before + 1
    assert {live.step() for _ in range(50)} > {"comment", "review"}


def test_the_same_seed_does_the_same(world: World, clock: Clock) -> None:
    other_clock = Clock()
    other = recorded_world(other_clock)

    run(world, clock, 50, seed=7)
    run(other, other_clock, 50, seed=7)

    assert list(world.nodes) == list(other.nodes)
