"""Marked threads: who wins between a refetch and a webhook, and what ends a problem."""

from datetime import timedelta

import pytest
from django.utils import timezone

from dexxy.integrations.models import GitHubRepository, RunTrigger, SyncPart, SyncProblem, SyncRun
from dexxy.integrations.services.github.reading import session
from dexxy.integrations.services.github_sync import credential_work, repository_sync
from dexxy.messages.models import Message, Thread
from dexxy_simulator.faults import Fault, asking_for, status
from dexxy_simulator.model import Actor, Issue, Repository
from dexxy_simulator.server import SimulatorServer
from dexxy_simulator.world import World
from tests.truth import assert_source_equals

MINUTE = timedelta(minutes=1)


def sync(repository: GitHubRepository) -> SyncRun:
    return repository_sync(repository_id=repository.pk, trigger=RunTrigger.COMMAND)


def read_a_page(repository: GitHubRepository) -> None:
    credential_id = repository.installation.credential_id
    assert credential_id is not None
    credential_work(credential_id=credential_id, seconds=0)


@pytest.fixture
def synced(connected: GitHubRepository) -> GitHubRepository:
    sync(connected)
    return connected


@pytest.fixture
def jo(world: World) -> Actor:
    return world.add_actor("jo", name="Jo Doe")


@pytest.fixture
def long_issue(world: World, ants: Repository, jo: Actor) -> Issue:
    """An issue of yesterday whose comments do not fit in a page."""
    with world.at(world.now() - timedelta(days=1)):
        issue = world.open_issue(ants, jo, "Much to say")
        for number in range(150):
            world.comment(issue, jo, f"Comment {number}")
    return issue


def mark(number: int, hinted_ago: timedelta) -> Thread:
    """Mark an issue as a webhook did so long ago."""
    threads = Thread.objects.filter(kind="issue", number=number)
    threads.update(hinted_at=timezone.now() - hinted_ago, refetch_at=timezone.now())
    return threads.get()


def test_a_thread_that_is_not_found_right_after_a_webhook_is_asked_for_again(
    synced: GitHubRepository, world: World, ants: Repository
) -> None:
    world.delete(ants.issues[44])
    hinted = mark(44, hinted_ago=MINUTE / 2)

    sync(synced)

    thread = Thread.objects.get(pk=hinted.pk)
    assert hinted.hinted_at is not None
    assert (thread.is_archived, thread.refetch_at) == (False, hinted.hinted_at + MINUTE)
    assert thread.messages.filter(is_archived=False).exists()


def test_a_thread_that_is_not_found_once_the_webhook_has_settled_is_archived(
    synced: GitHubRepository, world: World, ants: Repository
) -> None:
    world.delete(ants.issues[44])
    hinted = mark(44, hinted_ago=2 * MINUTE)

    sync(synced)

    thread = Thread.objects.get(pk=hinted.pk)
    assert (thread.archived_reason, thread.refetch_at) == ("missing", None)
    assert_source_equals(synced.source, ants)


def test_a_thread_that_moved_right_after_a_webhook_is_asked_for_again(
    synced: GitHubRepository, world: World, ants: Repository
) -> None:
    other = world.add_repository(ants.owner, "bees")
    world.transfer(ants.issues[44], other)
    hinted = mark(44, hinted_ago=MINUTE / 2)

    sync(synced)

    thread = Thread.objects.get(pk=hinted.pk)
    assert hinted.hinted_at is not None
    assert (thread.is_archived, thread.refetch_at) == (False, hinted.hinted_at + MINUTE)


def test_a_thread_of_a_feature_that_is_switched_off_is_left_as_it_is(
    synced: GitHubRepository, ants: Repository
) -> None:
    ants.has_issues_enabled = False
    marked = mark(44, hinted_ago=2 * MINUTE)
    SyncProblem.objects.create(repository=synced, thread_kind="issue", number=44, error="502")

    sync(synced)

    thread = Thread.objects.get(pk=marked.pk)
    assert (thread.is_archived, thread.refetch_at) == (False, None)
    assert SyncProblem.objects.get().retry_at > timezone.now() + 50 * MINUTE


def test_a_thread_with_a_problem_that_is_gone_is_archived_and_the_problem_forgotten(
    synced: GitHubRepository, world: World, ants: Repository
) -> None:
    world.delete(ants.issues[44])
    SyncProblem.objects.create(repository=synced, thread_kind="issue", number=44, error="502")

    sync(synced)

    assert Thread.objects.get(kind="issue", number=44).archived_reason == "missing"
    assert not SyncProblem.objects.exists()


def test_a_part_of_a_thread_that_was_hinted_meanwhile_archives_nothing(
    connected: GitHubRepository, world: World, ants: Repository, long_issue: Issue
) -> None:
    sync(connected)
    vanished = long_issue.comments[120]
    world.delete(vanished)
    mark(long_issue.number, hinted_ago=2 * MINUTE)
    read_due_page(connected)
    part = SyncPart.objects.get(connection="issue_comments")
    Thread.objects.filter(pk=part.thread_id).update(hinted_at=timezone.now())

    while SyncPart.objects.exists():
        read_due_page(connected)

    stored = Message.objects.get(kind="comment", external_id=str(vanished.database_id))
    assert not stored.is_archived

    mark(long_issue.number, hinted_ago=2 * MINUTE)
    sync(connected)
    assert_source_equals(connected.source, ants)


def read_due_page(repository: GitHubRepository) -> None:
    # As where a person asks: otherwise a look at what changed last would come first.
    due = {"next_sync_at": timezone.now(), "is_due_by_time": False}
    GitHubRepository.objects.filter(pk=repository.pk).update(**due)
    read_a_page(repository)


def try_again(repository: GitHubRepository) -> SyncProblem:
    """Try the one problem again at once, and return it."""
    SyncProblem.objects.update(retry_at=timezone.now())
    sync(repository)
    return SyncProblem.objects.get()


def test_a_list_of_a_thread_that_fails_alone_is_tried_again_ever_later(
    connected: GitHubRepository,
    ants: Repository,
    long_issue: Issue,
    simulator: SimulatorServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session, "RETRY_AFTER", (0,))
    simulator.faults.add(Fault(status(502), on=asking_for(long_issue.node_id), times=None))
    sync(connected)
    first = SyncProblem.objects.get()

    second, third = try_again(connected), try_again(connected)

    assert [p.attempts for p in (first, second, third)] == [1, 2, 3]
    assert third.retry_at - timezone.now() > timedelta(hours=7)
    simulator.faults.clear()
    SyncProblem.objects.update(retry_at=timezone.now())
    sync(connected)
    assert not SyncProblem.objects.exists()
    assert_source_equals(connected.source, ants)


def test_a_problem_lasts_until_the_last_part_of_its_thread_was_read(
    synced: GitHubRepository, world: World, ants: Repository, long_issue: Issue
) -> None:
    SyncProblem.objects.create(
        repository=synced, thread_kind="issue", number=long_issue.number, error="502"
    )

    read_due_page(synced)
    assert SyncPart.objects.exists()
    assert SyncProblem.objects.get().retry_at > timezone.now()

    sync(synced)
    assert not SyncProblem.objects.exists()
