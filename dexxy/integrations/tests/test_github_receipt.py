"""What a sweep met is compared with what is stored, message by message."""

import json
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from dexxy.accounts.models import User
from dexxy.integrations.models import Credential, GitHubRepository, RunTrigger, SyncRun, SyncStream
from dexxy.integrations.services.github.api.errors import RateLimitedError
from dexxy.integrations.services.github.reading.receipt import COUNTED
from dexxy.integrations.services.github_sync import repository_sync
from dexxy.messages.models import Message
from dexxy_simulator.model import Actor, Issue, Repository
from dexxy_simulator.tokens import DEMO_TOKEN
from dexxy_simulator.world import World
from tests.truth import assert_source_equals

COUNTS = """query ($workspace: ID!) {
  syncRuns(workspaceId: $workspace) { edges { node { counts { name count } } } } }"""


def sync(repository: GitHubRepository, *, sweep: bool = False) -> SyncRun:
    return repository_sync(repository_id=repository.pk, trigger=RunTrigger.COMMAND, sweep=sweep)


def numbers(run: SyncRun, side: str) -> list[int | None]:
    """Return the numbers of comments, reviews, review comments and replies on one side."""
    return [run.receipt.get(kind, {}).get(side) for kind in COUNTED]


def stored() -> list[int | None]:
    live = Message.objects.filter(is_archived=False)
    return [live.filter(kind=kind).count() for kind in COUNTED]


@pytest.fixture
def jo(world: World) -> Actor:
    return world.add_actor("jo")


@pytest.fixture
def long_issue(world: World, ants: Repository, jo: Actor) -> Issue:
    issue = world.open_issue(ants, jo, "Much to say")
    for number in range(230):
        world.comment(issue, jo, f"Comment {number}")
    return issue


@pytest.mark.usefixtures("long_issue")
def test_what_a_run_counted_is_told_as_numbers(
    connected: GitHubRepository, alice: User, ask: Callable[..., dict[str, Any]]
) -> None:
    run = sync(connected)

    answer = ask(COUNTS, alice, workspace=connected.source.workspace_id)

    assert "errors" not in answer
    [edge] = answer["data"]["syncRuns"]["edges"]
    told = {one["name"]: one["count"] for one in edge["node"]["counts"]}
    assert told == run.counts
    assert told["stored_comment"] == Message.objects.filter(kind="comment").count()


def test_the_database_takes_no_count_that_is_no_number(connected: GitHubRepository) -> None:
    run = sync(connected)

    with pytest.raises(IntegrityError), transaction.atomic():
        SyncRun.objects.filter(pk=run.pk).update(counts={"stored": {"comment": 1}})


def test_counts_of_before_become_numbers(db: None) -> None:
    migration = import_module("dexxy.integrations.migrations.0002_counts_are_numbers")
    with connection.cursor() as cursor:
        # It stands before the table of that name, and takes what that one refuses.
        cursor.execute("CREATE TEMPORARY TABLE integrations_syncrun (counts jsonb) ON COMMIT DROP")
        cursor.execute(
            "INSERT INTO integrations_syncrun VALUES"
            """ ('{"threads": 2, "stored": {"reply": 3}}'), ('{"stored": {}}'),"""
            """ ('{"threads": 1}')"""
        )
        cursor.execute(migration.FLATTEN)
        cursor.execute("SELECT counts FROM integrations_syncrun ORDER BY counts")
        counts = [json.loads(row) for (row,) in cursor.fetchall()]

    assert counts == [{}, {"threads": 1}, {"threads": 2, "stored_reply": 3}]


@pytest.mark.usefixtures("long_issue")
def test_a_sweep_counts_the_messages_of_each_kind_with_those_of_long_lists(
    connected: GitHubRepository,
) -> None:
    first = sync(connected)
    swept = sync(connected, sweep=True)

    assert numbers(first, "github") == [None] * 4
    assert numbers(swept, "github") == numbers(swept, "here") == stored()
    assert 0 not in stored()


def test_the_counts_of_the_last_sweep_stand_until_the_next(connected: GitHubRepository) -> None:
    sync(connected)
    swept = sync(connected, sweep=True)

    later = sync(connected)

    assert [later.receipt[kind] for kind in COUNTED] == [swept.receipt[kind] for kind in COUNTED]


def test_a_difference_of_messages_makes_one_more_sweep_due_at_once_and_no_other(
    connected: GitHubRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(connected)

    def another_count(stream: SyncStream, messages: object) -> None:
        stream.met = {"reply": 1_000_000}

    monkeypatch.setattr(
        "dexxy.integrations.services.github.reading.thread_lists.sweep_meets", another_count
    )
    sync(connected, sweep=True)

    swept = [sync(connected).counts.get("sweep_pages", 0) for _ in range(3)]

    assert swept == [4, 0, 0]


def test_a_sweep_that_lost_count_of_a_list_compares_no_messages(
    connected: GitHubRepository, long_issue: Issue
) -> None:
    sync(connected)

    def lose_a_part(_: SyncRun) -> None:
        SyncStream.objects.filter(name="sweep_issues").update(met=None)

    run = repository_sync(
        repository_id=connected.pk, trigger=RunTrigger.COMMAND, sweep=True, on_page=lose_a_part
    )

    assert numbers(run, "github") == [None] * 4


def test_a_sweep_that_a_person_asks_for_begins_anew(
    connected: GitHubRepository, world: World, ants: Repository, settings: object
) -> None:
    sync(connected)
    connected.streams.filter(name="issues").update(page_size=5)
    for name in ("sweep_issues", "sweep_pull_requests", "sweep_discussions"):
        connected.streams.create(name=name, page_size=10, is_done=True)
    settings.DEXXY_SWEEP_PAGES = 2  # type: ignore[attr-defined]
    GitHubRepository.objects.update(next_sweep_at=connected.created_at)
    sync(connected)
    oldest = min(ants.issues.values(), key=lambda issue: issue.created_at)
    world.delete(oldest)

    sync(connected, sweep=True)

    assert_source_equals(connected.source, ants)


def test_a_sweep_goes_on_after_a_pause_of_github_s(
    connected: GitHubRepository, world: World
) -> None:
    sync(connected)
    bucket = world.bucket(world.token(DEMO_TOKEN), "graphql")

    def use_up(run: SyncRun) -> None:
        if run.counts.get("sweep_pages") == 2:
            bucket.spend(bucket.remaining)

    with pytest.raises(RateLimitedError):
        repository_sync(
            repository_id=connected.pk, trigger=RunTrigger.COMMAND, sweep=True, on_page=use_up
        )
    bucket.used = 0
    Credential.objects.update(paused_until=None)

    run = repository_sync(
        repository_id=connected.pk, trigger=RunTrigger.COMMAND, sweep=True, goes_on=True
    )

    assert run.counts["sweep_pages"] == 4
