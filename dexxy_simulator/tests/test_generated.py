"""Generated repositories: the same for the same seed, of the asked size, with everything in."""

from collections import Counter
from dataclasses import fields
from random import Random

import pytest

from dexxy_simulator.dialects import UNSURE_CHANGES, Dialect
from dexxy_simulator.generated import Size, add_generated_repository, generated_world
from dexxy_simulator.generated.generator import QUIET_FOR
from dexxy_simulator.generated.texts import LONGEST
from dexxy_simulator.model import (
    Actor,
    Discussion,
    Issue,
    PullRequest,
    Repository,
    Review,
    TimelineEvent,
    census,
    posts_in,
    posts_of,
)
from dexxy_simulator.tests.conftest import Clock
from dexxy_simulator.world import World

THREADS = 400
MESSAGE_KINDS = ("comment", "review", "review comment", "discussion comment", "reply", "tombstone")


@pytest.fixture(scope="module")
def world() -> World:
    return generated_world(7, clock=Clock(), threads=THREADS, messages=3000)


@pytest.fixture(scope="module")
def generated(world: World) -> Repository:
    repository = world.repository("colony/generated")
    assert repository is not None
    return repository


def messages(repository: Repository) -> int:
    return sum(census(repository)[kind] for kind in MESSAGE_KINDS)


def test_the_same_seed_generates_the_same(world: World) -> None:
    other = generated_world(7, clock=Clock(), threads=THREADS, messages=3000)

    assert list(other.nodes) == list(world.nodes)
    assert [vars(one).get("body") for one in other.nodes.values()] == [
        vars(one).get("body") for one in world.nodes.values()
    ]


def test_another_seed_generates_another_repository(world: World) -> None:
    other = generated_world(8, clock=Clock(), threads=THREADS, messages=3000)

    assert list(other.nodes) != list(world.nodes)


def test_there_are_as_many_threads_and_messages_as_asked(generated: Repository) -> None:
    assert THREADS <= len(generated.threads) <= THREADS + 20
    assert 3000 <= messages(generated) <= 3100


def test_nothing_has_happened_lately(generated: Repository) -> None:
    assert max(thread.updated_at for thread in generated.threads) == Clock()() - QUIET_FOR


@pytest.mark.parametrize("threads", [0, 1, 9, 50])
def test_a_small_repository_is_small(threads: int) -> None:
    world = generated_world(1, clock=Clock(), threads=threads, messages=threads * 3, giants=0)

    (repository, *_) = world.repositories.values()
    extra = 3 if threads >= 10 else 0
    assert len(repository.threads) == threads + extra
    assert threads * 3 <= messages(repository) <= threads * 3 + 4


def test_most_threads_are_short_and_a_few_are_very_long(generated: Repository) -> None:
    lengths = sorted(len(list(posts_in(thread))) for thread in generated.threads)

    assert lengths[len(lengths) // 2] <= 4
    assert lengths[-3] > 200


def test_many_threads_were_created_in_one_second(generated: Repository) -> None:
    seconds = Counter(thread.created_at for thread in generated.threads)

    ((_, most),) = seconds.most_common(1)
    assert 0.3 * THREADS < most < 0.45 * THREADS


@pytest.mark.parametrize(
    "nested",
    [
        lambda one: isinstance(one, Issue) and one.comments,
        lambda one: isinstance(one, Issue) and one.timeline,
        lambda one: isinstance(one, PullRequest) and one.comments,
        lambda one: isinstance(one, PullRequest) and one.reviews,
        lambda one: isinstance(one, PullRequest) and one.review_threads,
        lambda one: isinstance(one, Review) and one.comments,
        lambda one: isinstance(one, Discussion) and one.comments,
        lambda one: getattr(one, "replies", ()),
    ],
    ids=["issue", "timeline", "pull", "reviews", "threads", "review", "discussion", "replies"],
)
def test_every_nested_list_is_somewhere_longer_than_a_page(
    generated: Repository, nested: object
) -> None:
    assert max(len(nested(post) or ()) for post in posts_of(generated)) > 100  # type: ignore[operator]


def test_everybody_writes_even_nobody(generated: Repository) -> None:
    kinds = Counter(post.author and post.author.kind for post in posts_of(generated))

    assert kinds.keys() == {
        "User", "Bot", "Mannequin", "Organization", "EnterpriseUserAccount", None
    }  # fmt: skip
    assert kinds["User"] > 0.75 * kinds.total()


def test_a_few_people_write_most(generated: Repository) -> None:
    writers = Counter(post.author for post in posts_of(generated) if post.author)

    assert sum(n for _, n in writers.most_common(5)) > 0.4 * writers.total()
    assert len(writers) > 20


def test_all_kinds_of_states_and_traces_are_there(world: World, generated: Repository) -> None:
    posts = list(posts_of(generated))
    reviews = [one for pull in generated.pull_requests.values() for one in pull.reviews]

    assert {one.state for one in generated.pull_requests.values()} == {"OPEN", "CLOSED", "MERGED"}
    assert {one.state_reason for one in generated.issues.values()} >= {
        None, "COMPLETED", "NOT_PLANNED", "DUPLICATE", "REOPENED"
    }  # fmt: skip
    assert {one.state for one in reviews} == {
        "COMMENTED", "APPROVED", "CHANGES_REQUESTED", "DISMISSED", "PENDING"
    }  # fmt: skip
    assert census(generated)["tombstone"] > 0
    assert sum(one.answer is not None for one in generated.discussions.values()) > 0
    assert sum(one.is_draft for one in generated.pull_requests.values()) > 0
    assert sum(one.last_edited_at is not None for one in posts) > 0
    assert sum(one.is_minimized for one in posts) > 0
    events = [one for one in world.nodes.values() if isinstance(one, TimelineEvent)]
    assert {event.kind for event in events} >= {
        *("ClosedEvent", "ReopenedEvent", "MergedEvent", "LabeledEvent", "LockedEvent"),
        *("TransferredEvent", "RenamedTitleEvent", "CommentDeletedEvent"),
        *("ConvertedToDiscussionEvent", "ReadyForReviewEvent", "LockedEvent"),
    }
    assert generated.transferred
    assert generated.deleted_numbers


def test_bodies_are_in_several_scripts_and_some_are_very_long(generated: Repository) -> None:
    bodies = [post.body for post in posts_of(generated)]
    text = "".join(bodies)

    assert max(map(len, bodies)) == LONGEST
    assert min(map(len, bodies)) == 0
    for letter in ("ü", "é", "同", "リ", "자", "о", "ا", "ह", "ב", "👍🏽", "𝔘"):
        assert letter in text


def test_ids_are_beyond_32_bits_where_githubs_are(generated: Repository) -> None:
    (thread, *_) = generated.issues.values()

    assert thread.database_id > 2**31
    assert all(one.database_id < 2**31 for one in generated.discussions.values())


def test_a_timeline_tells_the_state_of_its_thread(generated: Repository) -> None:
    ends = {"ClosedEvent": "CLOSED", "ReopenedEvent": "OPEN", "MergedEvent": "MERGED"}
    threads: list[Issue | PullRequest] = [*generated.issues.values()]
    threads += generated.pull_requests.values()

    for thread in threads:
        state = "OPEN"
        for event in thread.timeline:
            if event.kind in ends and state != "MERGED":
                state = ends[event.kind]
        assert state == thread.state
        assert (thread.closed_at is not None) == (state != "OPEN")


def test_times_and_numbers_are_in_order(generated: Repository, world: World) -> None:
    now = world.now()
    for thread in generated.threads:
        written = [post.created_at for post in posts_in(thread)]
        assert all(thread.created_at <= moment <= thread.updated_at <= now for moment in written)
        if not isinstance(thread, Discussion):
            events = [event.created_at for event in thread.timeline]
            assert events == sorted(events)
    numbered = sorted(generated.threads, key=lambda thread: thread.number)
    opened = [one.created_at for one in numbered if one not in _moved_in(generated)]
    assert opened == sorted(opened)


def _moved_in(generated: Repository) -> list[Issue]:
    return [
        issue
        for issue in generated.issues.values()
        if any(event.kind == "TransferredEvent" for event in issue.timeline)
    ]


def test_every_object_leads_back_to_where_it_is(generated: Repository, world: World) -> None:
    for post in posts_of(generated):
        assert world.nodes[post.node_id] is post
        assert post.repository is generated
        assert post.author is None or world.actors[post.author.database_id] is post.author


def test_several_repositories_of_one_world_share_people(clock: Clock) -> None:
    world = World(clock)

    many = [add_generated_repository(world, f"r{n}", n, Size(threads=30, giants=0)) for n in (1, 2)]

    first, second = ({post.author for post in posts_of(one) if post.author} for one in many)
    assert first & second
    assert second - first


def test_a_feature_can_be_switched_off(clock: Clock) -> None:
    size = Size(threads=30, giants=0)

    repository = add_generated_repository(World(clock), "r", 1, size, has_issues_enabled=False)

    assert repository.issues
    assert repository.has_issues_enabled is False


def test_the_actors_of_a_generated_world_have_what_accounts_have(world: World) -> None:
    for actor in world.actors.values():
        assert isinstance(actor, Actor)
        assert actor.login
        assert actor.avatar_url.startswith("https://")


@pytest.mark.parametrize("seed", range(5))
def test_a_repository_can_be_generated_in_any_dialect(seed: int) -> None:
    dialect = Dialect.draw(Random(seed))

    world = generated_world(seed, clock=Clock(), dialect=dialect, threads=40, giants=0)

    assert len(next(iter(world.repositories.values())).threads) >= 40
    assert dialect.moving <= set(UNSURE_CHANGES)
    assert {one.name for one in fields(Dialect)} >= dialect.differences().keys()
