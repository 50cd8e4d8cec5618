"""Changes that no time shows, one by one and many together."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import pytest

from dexxy_simulator.dialects import UNSURE_CHANGES, USUAL, Dialect
from dexxy_simulator.generated import generated_world
from dexxy_simulator.model import Repository, Review, ReviewComment, census, posts_of
from dexxy_simulator.silent import DEEP_CHANGES, SILENT_CHANGES, make_silent_change
from dexxy_simulator.tests.conftest import Clock, GitHub
from dexxy_simulator.tests.documents import DOCUMENTS
from dexxy_simulator.world import World

# In this dialect every silent change is silent.
STILL = replace(USUAL, moving=frozenset())


@pytest.fixture
def world(clock: Clock) -> World:
    return generated_world(3, clock=clock, dialect=STILL, threads=60)


@pytest.fixture
def generated(world: World) -> Repository:
    repository = world.repository("colony/generated")
    assert repository is not None
    return repository


def facts(repository: Repository) -> dict[str, object]:
    """Everything that a reader may have stored of a repository."""
    return {
        post.node_id: (
            post.body,
            post.author and (post.author.database_id, post.author.login),
            post.minimized_reason,
            getattr(post, "state", None),
            [label.name for label in getattr(post, "labels", ())],
            (milestone := getattr(post, "milestone", None)) and milestone.title,
            getattr(post, "deleted_at", None),
            sum(post.reactions.values()),
            getattr(post, "upvote_count", None),
            getattr(post, "head_ref", None) is None,
        )
        for post in posts_of(repository)
    }


@pytest.mark.parametrize("kind", [*SILENT_CHANGES, *DEEP_CHANGES])
def test_a_silent_change_changes_something_and_moves_the_time_of_no_thread(
    world: World, generated: Repository, clock: Clock, kind: str
) -> None:
    if kind == "author shown again":
        make_silent_change(world, generated, Random(1), ["author hidden"])
    inside = next(iter(generated.issues.values()))
    with world.at(inside.updated_at):
        world.set_milestone(inside, None, world.add_milestone(generated, "1.0"))
    before, times = facts(generated), {one: one.updated_at for one in generated.threads}
    clock.pass_by(minutes=1)

    made = make_silent_change(world, generated, Random(1), [kind])

    assert made == kind
    assert facts(generated) != before
    assert all(one.updated_at < clock() for one in generated.threads)
    kept = times.keys() & set(generated.threads)
    assert {one: times[one] for one in kept} == {one: one.updated_at for one in kept}


@pytest.mark.parametrize("change", sorted(set(UNSURE_CHANGES) & set(SILENT_CHANGES)))
def test_a_change_that_is_not_silent_in_a_dialect_is_not_made(
    world: World, generated: Repository, change: str
) -> None:
    world.dialect = Dialect(moving=frozenset({change}))

    with pytest.raises(LookupError):
        make_silent_change(world, generated, Random(1), [change])


def test_three_hundred_changes_are_of_every_kind_and_leave_most_of_it(
    world: World, generated: Repository, clock: Clock
) -> None:
    world = generated_world(5, clock=clock, dialect=STILL, threads=400)
    repository = next(one for one in world.repositories.values() if one.name == "generated")
    before, random = census(repository).total(), Random(5)

    made = Counter(make_silent_change(world, repository, random) for _ in range(300))

    assert made.keys() == set(SILENT_CHANGES)
    assert census(repository).total() > 0.3 * before
    assert all(world.nodes[post.node_id] is post for post in posts_of(repository))


def test_the_same_seed_makes_the_same_changes(clock: Clock) -> None:
    made = []
    for _ in range(2):
        world = generated_world(3, clock=clock, threads=60)
        repository = next(one for one in world.repositories.values() if one.name == "generated")
        random = Random(9)
        names = [make_silent_change(world, repository, random) for _ in range(60)]
        made.append((names, facts(repository)))

    assert made[0] == made[1]


def test_a_seed_chooses_the_same_thing_for_a_kind_that_is_told_as_for_one_that_is_drawn(
    clock: Clock,
) -> None:
    made, kinds = [], None
    for _ in range(2):
        world = generated_world(3, clock=clock, dialect=STILL, threads=60)
        repository = next(one for one in world.repositories.values() if one.name == "generated")
        kinds = [make_silent_change(world, repository, Random(9), kinds)]
        made.append((kinds, facts(repository)))

    assert made[0] == made[1]


def test_nothing_can_be_changed_where_nothing_is(world: World, generated: Repository) -> None:
    empty = world.add_repository(generated.owner, "empty")

    with pytest.raises(LookupError):
        make_silent_change(world, empty, Random(1))


def test_a_hidden_author_takes_everything_along_and_brings_it_back(
    world: World, generated: Repository
) -> None:
    before, nodes = facts(generated), set(world.nodes)
    authors = {post.author for post in posts_of(generated) if post.author}

    for author in authors:
        world.hide_author(author)
    left = {post.author for post in posts_of(generated)}
    for author in authors:
        world.show_author(author)

    assert len(left) < len(authors)
    assert facts(generated) == before
    assert set(world.nodes) == nodes
    assert not world.out_of_sight


def test_what_is_hidden_cannot_be_found_and_returns_only_where_its_thread_is(
    world: World, generated: Repository
) -> None:
    author = world.add_actor("spammer")
    kept, gone = (world.open_issue(generated, None, title) for title in ("Kept", "Gone"))
    comments = [world.comment(issue, author, "Buy") for issue in (kept, gone)]
    thread = world.open_issue(generated, author, "Buy")
    inside = world.comment(thread, None, "Spam?")

    world.hide_author(author)
    found = [world.find(one.node_id) for one in (*comments, thread, inside)]
    world.delete(gone)
    world.show_author(author)

    assert found == [None] * 4
    assert (kept.comments, thread.comments) == ([comments[0]], [inside])
    assert generated.issues[thread.number] is thread
    assert [world.find(one.node_id) for one in (*comments, thread, inside)] == [
        comments[0], None, thread, inside
    ]  # fmt: skip


def test_an_account_that_is_deleted_is_gone_from_what_is_hidden_too(
    world: World, generated: Repository
) -> None:
    spammer, leaver = world.add_actor("spammer"), world.add_actor("leaver")
    thread = world.open_issue(generated, spammer, "Buy")
    comment = world.comment(thread, leaver, "No")

    world.hide_author(spammer)
    world.delete_actor(leaver)
    world.show_author(spammer)

    assert comment.author is None


def test_a_comment_with_replies_leaves_a_tombstone_that_github_shows(
    github: GitHub, world: World, generated: Repository
) -> None:
    discussion = next(one for one in generated.discussions.values() if len(one.comments) > 100)
    comment = next(one for one in discussion.comments if one.replies and not one.is_answer)
    author = world.add_actor("late")
    comment.author = author

    world.delete(comment)

    document = """query($id: ID!) { node(id: $id) { ... on DiscussionComment {
      body deletedAt author { login } replies { totalCount } } } }"""
    assert github.data(document, id=comment.node_id)["node"] == {
        "body": "",
        "deletedAt": "2026-11-23T12:00:00Z",
        "author": None,
        "replies": {"totalCount": len(comment.replies)},
    }


def drafts(world: World) -> set[str]:
    """The node ids of what belongs to pending reviews: only their authors see them."""
    nodes = [one for one in world.nodes.values() if isinstance(one, Review | ReviewComment)]
    reviews = [one for one in nodes if isinstance(one, Review) and one.state == "PENDING"]
    comments = [comment for review in reviews for comment in review.comments]
    threads = [
        thread
        for review in reviews
        for thread in review.pull_request.review_threads
        if thread.comments[0] in comments
    ]
    return {one.node_id for one in (*reviews, *comments, *threads)}


def pages(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), 100):
        yield ids[start : start + 100]


def test_everything_can_be_shown_after_many_changes(
    github: GitHub, world: World, generated: Repository
) -> None:
    random = Random(2)
    for _ in range(200):
        make_silent_change(world, generated, random, [*SILENT_CHANGES, *DEEP_CHANGES])

    hidden = drafts(world)
    visible = [node_id for node_id in world.nodes if node_id not in hidden]
    shown = [
        node["id"]
        for ids in pages(visible)
        for node in github.data(DOCUMENTS["nodes"], ids=ids)["nodes"]
    ]

    assert shown == visible


def test_a_discussion_can_be_transferred(world: World, generated: Repository) -> None:
    discussion = next(one for one in generated.discussions.values() if one.comments)
    number, target = discussion.number, world.add_repository(generated.owner, "target")

    world.transfer(discussion, target)

    assert number not in generated.discussions
    assert target.discussions == {discussion.number: discussion}
    assert discussion.category.repository is target
    assert discussion.comments[0].repository is target
