"""What the world does that nobody expects: two names, new actions, odd payloads."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from dexxy_simulator.copilot import NUMBER, copilot
from dexxy_simulator.dialects import Dialect
from dexxy_simulator.model import Installation, Issue, Post, Repository, posts_of
from dexxy_simulator.novelties import NEW_ACTIONS, make_new_change
from dexxy_simulator.tests.conftest import Clock, GitHub
from dexxy_simulator.tests.history import make_history
from dexxy_simulator.webhooks import oddities
from dexxy_simulator.webhooks.deliveries import Delivery
from dexxy_simulator.world import World

ANTS = "/repos/panjf2000/ants"
REVIEWER = "copilot-pull-request-reviewer"


@pytest.fixture
def on_ants(world: World, app: Any, ants: Repository) -> Installation:
    installation = world.install(app, ants.owner)
    world.webhooks.pending.clear()
    return installation


def made(world: World) -> list[Delivery]:
    """Take all deliveries that wait."""
    return world.webhooks.drop(logged=False)


@pytest.mark.parametrize("has_suffix", [True, False])
def test_copilot_has_two_names_and_one_number(
    github: GitHub, world: World, ants: Repository, on_ants: Installation, has_suffix: bool
) -> None:
    world.dialect = Dialect(bot_login_has_suffix=has_suffix)
    pull = world.open_pull_request(ants, ants.owner, "New")
    made(world)
    review = world.review(pull, copilot(world), "COMMENTED", "", [("a.go", 1, "Hm")])

    def name(row: dict[str, Any]) -> tuple[str, int]:
        return row["user"]["login"], row["user"]["id"]

    document = f'''{{ node(id: "{review.node_id}") {{ ... on PullRequestReview {{
      author {{ login ... on Bot {{ databaseId }} }} }} }} }}'''
    by_graphql = github.data(document)["node"]["author"]
    (reviewed,) = github.get(f"{ANTS}/pulls/{pull.number}/reviews").json()
    (commented,) = github.get(f"{ANTS}/pulls/{pull.number}/comments").json()
    told = {one.event: one.payload for one in made(world)}

    login = f"{REVIEWER}[bot]" if has_suffix else REVIEWER
    assert by_graphql == {"login": login, "databaseId": NUMBER}
    assert name(reviewed) == (f"{REVIEWER}[bot]", NUMBER)
    assert name(commented) == ("Copilot", NUMBER)
    assert name(told["pull_request_review"]["review"]) == ("Copilot", NUMBER)
    assert name(told["pull_request_review_comment"]["comment"]) == ("Copilot", NUMBER)
    assert copilot(world) is review.author


@pytest.mark.parametrize("kind", NEW_ACTIONS)
def test_a_new_action_tells_of_the_whole_post_as_it_is_now(
    world: World, clock: Clock, ants: Repository, on_ants: Installation, kind: type[Post]
) -> None:
    make_history(world, clock, ants)
    made(world)
    clock.pass_by(minutes=1)
    random = Random(1)

    actions = {make_new_change(world, ants, random, kind) for _ in range(20)}

    told = made(world)
    assert {f"{kind.kind}.{one.action}" for one in told} == actions
    assert len(actions) == len(NEW_ACTIONS[kind])
    latest = {one.database_id: one for one in posts_of(ants) if type(one) is kind}
    for delivery in told:
        shown = delivery.payload[oddities.SUBJECTS[delivery.event]]
        post = next(one for one in latest.values() if one.node_id == shown["node_id"])
        assert f"New: {delivery.action} " in shown["body"]
        assert post.in_thread.updated_at == clock.time


def test_a_world_without_such_a_post_has_no_new_action(world: World, ants: Repository) -> None:
    ants.issues.clear()

    with pytest.raises(LookupError):
        make_new_change(world, ants, Random(1), Issue)


@pytest.mark.parametrize("oddity", oddities.ODDITIES)
def test_a_payload_may_be_of_an_odd_shape(
    world: World,
    clock: Clock,
    ants: Repository,
    on_ants: Installation,
    oddity: oddities.Oddity,
) -> None:
    world.webhooks.oddity = oddity

    make_history(world, clock, ants)

    told = [one.payload for one in made(world)]
    assert told
    tests: dict[oddities.Oddity, Callable[[Any], bool]] = {
        oddities.without_installation: lambda one: one["installation"] is None,
        oddities.without_sender: lambda one: one["sender"] is None,
        oddities.without_author: lambda one: (
            "issue" not in one
            or None in (one["issue"]["user"], one.get("comment", {"user": 0})["user"])
        ),
        oddities.never_submitted: lambda one: (
            "review" not in one or one["review"]["submitted_at"] is None
        ),
        oddities.without_changes: lambda one: "changes" not in one,
        oddities.without_times: lambda one: (
            "discussion" not in one or "created_at" not in one.get("comment", one["discussion"])
        ),
    }
    assert all(tests[oddity](one) for one in told)


def test_payloads_are_odd_at_random_and_the_same_in_every_run(
    world: World, clock: Clock, ants: Repository, on_ants: Installation
) -> None:
    issue = world.open_issue(ants, ants.owner, "New")
    made(world)

    def told(seed: int) -> list[bytes]:
        world.webhooks.oddity = oddities.drawn_oddity(seed, chance=0.5)
        for _ in range(40):
            world.announce(issue, "summarized")
        return [one.body for one in made(world)]

    first, again = told(1), told(1)

    assert first == again
    usual = json.loads(max(first, key=len))
    odd = [body for body in first if json.loads(body) != usual]
    assert 5 < len(odd) < 30
    assert len(set(odd)) > 2
